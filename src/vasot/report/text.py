"""Text in pictures, in any script: letters that one font lacks are taken from another."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from unicodedata import category

import matplotlib as mpl
import numpy as np
from jaxtyping import UInt8
from matplotlib.font_manager import FontProperties, findfont, fontManager
from matplotlib.ft2font import FT2Font
from PIL import Image, ImageDraw, ImageFont

from vasot.errors import SettingsError

__all__ = ["draw_line"]

_LAST_RESORT = Path(mpl.get_data_path()) / "fonts" / "ttf" / "LastResortHE-Regular.ttf"
"""Has a sign for every letter there is: one that says which script it belongs to."""

_HEIGHT_OF_LETTERS = 0.7
"""Size of the font in a line of height 1."""

_BASELINE = 0.74

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_ELLIPSIS = "…"

Colour = tuple[int, int, int]


def draw_line(
    text: str,
    height: int,
    most_width: int,
    colour: Colour = (255, 255, 255),
    ground: Colour = (0, 0, 0),
) -> UInt8[np.ndarray, "h w 3"]:
    """Return one line of text as an RGB picture, ``height`` pixels high and as wide as the text.

    Line breaks become spaces, and what cannot be printed a replacement sign. Text that is wider than ``most_width`` is
    shortened in the middle.

    Raises:
        SettingsError: a height or a width below 1.

    >>> draw_line("Ж 木 ✓", 20, 200).shape[0], draw_line("a long name", 20, 40).shape[1] <= 40
    (20, True)
    """
    if height < 1 or most_width < 1:
        raise SettingsError(f"a line of text {most_width} x {height} pixels large holds nothing; give at least 1 pixel")
    size = max(1, round(height * _HEIGHT_OF_LETTERS))
    runs = _fitting(_printable(text), size, most_width)
    width = min(most_width, max(1, round(sum(font.getlength(part) for font, part in runs))))
    picture = Image.new("RGB", (width, height), ground)
    pen, at = ImageDraw.Draw(picture), 0.0
    for font, part in runs:
        pen.text((at, round(height * _BASELINE)), part, fill=colour, font=font, anchor="ls")
        at += font.getlength(part)
    return np.array(picture)


def _printable(text: str) -> str:
    # Marks of direction and of joined letters are no letters themselves.
    letters = (letter for letter in " ".join(text.split()) if category(letter) != "Cf")
    return "".join(letter if letter.isprintable() else _REPLACEMENT for letter in letters)


def _fitting(text: str, size: int, most_width: int) -> list[tuple[ImageFont.FreeTypeFont, str]]:
    """The text in runs of one font each, shortened until it fits or nothing but its ends is left."""
    runs = list(_runs(text, size))
    kept = len(text)
    while kept > 2 and sum(font.getlength(part) for font, part in runs) > most_width:
        kept -= max(1, kept // 12)
        runs = list(_runs(f"{text[: (kept + 1) // 2]}{_ELLIPSIS}{text[len(text) - kept // 2 :]}", size))
    return runs


def _runs(text: str, size: int) -> Iterator[tuple[ImageFont.FreeTypeFont, str]]:
    for path, letters in groupby(text, key=_font_of):
        yield _font(path, size), "".join(letters)


@lru_cache(maxsize=4096)
def _font_of(letter: str) -> str:
    """The file of a font that has this letter: the usual one, any that is installed, or the last resort."""
    usual = findfont(FontProperties(family="DejaVu Sans"))
    if ord(letter) in _letters(usual):
        return usual
    for entry in fontManager.ttflist:
        if Path(entry.fname) != _LAST_RESORT and ord(letter) in _letters(entry.fname):
            return entry.fname
    return str(_LAST_RESORT) if _LAST_RESORT.is_file() else usual


@lru_cache(maxsize=4096)
def _letters(path: str) -> frozenset[int]:
    """Code points of a font; none where it cannot be read or drawn at any size, as fonts of coloured pictures."""
    try:
        ImageFont.truetype(path, 16)
        return frozenset(FT2Font(path).get_charmap())
    except (OSError, RuntimeError):
        return frozenset()


@lru_cache(maxsize=64)
def _font(path: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, size)
