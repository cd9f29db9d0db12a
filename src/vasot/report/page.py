"""Pages of HTML that stand alone: one file, no network, readable in light and dark, on paper and on a phone.

A page extends the template ``base.html``: blocks ``title``, ``lead`` and ``content``, and ``style`` for rules of its
own. Text is escaped; the page's own policy forbids scripts and anything from outside, so that a name or a label cannot
become code.
"""

from __future__ import annotations

import base64
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jaxtyping import UInt8
from jinja2 import Environment, PackageLoader, StrictUndefined

from vasot import __version__
from vasot.files import atomic_write

__all__ = ["clock", "jpeg", "picture_uri", "render_page", "write_page"]

_JPEG_QUALITY = 80


def render_page(template: str, **context: Any) -> str:
    """Return the HTML of a template of ``vasot/report/templates``; a value that it misses is an error.

    Templates have the filters ``clock`` (seconds as minutes and seconds) and ``percent`` (a fraction as ``12 %``, None
    as a dash), and the variable ``version``.
    """
    return _environment().get_template(template).render(version=__version__, **context)


def write_page(path: Path, html: str, force: bool = False) -> None:
    """Write a page, whole or not at all.

    Raises:
        RunFolderError: the file exists and ``force`` is not given.
        VasotError: the file cannot be written.
    """
    with atomic_write(path, force) as partial:
        partial.write_text(html, encoding="utf-8")


def picture_uri(image: UInt8[np.ndarray, "h w 3"], quality: int = _JPEG_QUALITY) -> str:
    """Return an RGB picture as the address of an ``img`` that holds it, as JPEG.

    >>> picture_uri(np.zeros((8, 8, 3), np.uint8))[:30]
    'data:image/jpeg;base64,/9j/4AA'
    """
    return "data:image/jpeg;base64," + base64.b64encode(jpeg(image, quality)).decode("ascii")


def jpeg(image: UInt8[np.ndarray, "h w 3"], quality: int = _JPEG_QUALITY) -> bytes:
    """Return an RGB picture as the bytes of a JPEG file."""
    _, encoded = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])
    return encoded.tobytes()


def clock(seconds: float, decimals: int = 1) -> str:
    """Return seconds as a player shows them, hours only where there are some.

    >>> clock(75.04), clock(3725, 0), clock(59.96)
    ('1:15.0', '1:02:05', '1:00.0')
    """
    scale = 10**decimals
    whole, rest = divmod(round(seconds * scale), scale)
    minutes, left = divmod(whole, 60)
    text = f"{minutes // 60}:{minutes % 60:02}:{left:02}" if minutes >= 60 else f"{minutes}:{left:02}"
    return f"{text}.{rest:0{decimals}}" if decimals else text


def _percent(share: float | None, decimals: int = 0) -> str:
    return "–" if share is None else f"{100 * share:.{decimals}f} %"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("vasot.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"clock": clock, "percent": _percent}
    return environment
