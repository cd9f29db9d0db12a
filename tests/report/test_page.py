from __future__ import annotations

import base64
from pathlib import Path

import cv2
import jinja2
import numpy as np
import pytest

from vasot.errors import RunFolderError
from vasot.report.page import clock, picture_uri, render_page, write_page


def test_a_picture_in_a_page_is_the_picture_that_was_given() -> None:
    image = np.zeros((40, 60, 3), np.uint8)
    image[:, :30] = (220, 30, 40)
    kind, data = picture_uri(image, quality=95).split(",")
    assert kind == "data:image/jpeg;base64"
    decoded = cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_COLOR_RGB)
    assert decoded is not None
    assert decoded.shape == image.shape
    # Away from the border between the two colours, where JPEG blurs.
    assert np.abs(decoded.astype(int) - image)[:, np.r_[:24, 36:60]].max() < 12


def test_a_page_forbids_scripts_and_the_network() -> None:
    html = render_page("base.html")
    assert "default-src 'none'; img-src data:; style-src 'unsafe-inline'" in html
    assert "<script" not in html
    assert "http://" not in html
    assert "https://" not in html


def test_a_page_is_not_overwritten_unasked(tmp_path: Path) -> None:
    write_page(tmp_path / "a.html", "first")
    with pytest.raises(RunFolderError, match="exists already"):
        write_page(tmp_path / "a.html", "second")
    assert (tmp_path / "a.html").read_text() == "first"
    write_page(tmp_path / "a.html", "third", force=True)
    assert (tmp_path / "a.html").read_text() == "third"


def test_a_template_that_does_not_exist_is_named() -> None:
    with pytest.raises(jinja2.TemplateNotFound, match=r"nothing\.html"):
        render_page("nothing.html")


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0, "0:00.0"), (9.94, "0:09.9"), (59.96, "1:00.0"), (3599.99, "1:00:00.0")]
)
def test_times_are_written_as_a_player_shows_them(seconds: float, text: str) -> None:
    assert clock(seconds) == text
