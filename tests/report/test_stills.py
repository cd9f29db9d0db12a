from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.image import imread
from matplotlib.patches import Rectangle

from vasot.errors import DataError
from vasot.report import Still, StillRow, action_style, plot_stills, save_stills

PICTURE = np.zeros((3, 4, 3), dtype=np.uint8)
ROWS = [
    StillRow("bench_1", [Still(PICTURE, "0.4 s: saw", action_style(1)), Still(PICTURE, "1.2 s: pour")]),
    StillRow("bench_2", [Still(PICTURE, "0.9 s: saw", action_style(1)), Still(None, "no counterpart")]),
]


def test_stills_that_correspond_stand_below_each_other_with_their_captions() -> None:
    ax = plot_stills(ROWS)
    extents = [image.get_extent() for image in ax.images]
    assert extents[0][:2] == extents[2][:2] != extents[1][:2]
    # The axis runs down: a smaller value is further up.
    assert extents[0][2] < extents[2][3]
    assert [text.get_text() for text in ax.texts] == [still.caption for row in ROWS for still in row.stills]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["bench_1", "bench_2"]


def test_a_still_is_framed_in_the_colour_of_its_action_and_a_missing_one_is_an_empty_field() -> None:
    boxes = [patch for patch in plot_stills(ROWS).patches if isinstance(patch, Rectangle)]
    framed = [to_hex(box.get_edgecolor()).upper() for box in boxes if not box.get_fill()]
    assert framed == [action_style(1).colour] * 2
    assert sum(box.get_fill() for box in boxes) == 1


def test_pictures_keep_their_proportions_and_their_top_is_up(tmp_path: Path) -> None:
    high = np.zeros((8, 4, 3), dtype=np.uint8)
    high[:2] = 255, 0, 0
    save_stills([StillRow("a", [Still(high, "")])], tmp_path / "a.png")
    saved = imread(tmp_path / "a.png")
    red, black = (
        np.argwhere((np.abs(saved[..., :3] - colour) < 0.05).all(axis=2)) for colour in ((1, 0, 0), (0, 0, 0))
    )
    upright = red[:, 0].max() - red[:, 0].min(), red[:, 1].max() - red[:, 1].min()
    assert upright[1] / upright[0] == pytest.approx(2.0, rel=0.1)
    assert red[:, 0].mean() < black[:, 0].mean()


def test_rows_of_different_length_and_rows_without_a_picture_are_refused() -> None:
    for rows in ([], [ROWS[0], StillRow("b", [])], [StillRow("b", [Still(None, "")])]):
        with pytest.raises(DataError, match="rows of"):
            plot_stills(rows)
