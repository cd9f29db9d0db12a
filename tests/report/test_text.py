from __future__ import annotations

import numpy as np
import pytest

from vasot.errors import SettingsError
from vasot.report.text import draw_line


@pytest.mark.parametrize("text", ["plain", "Ж", "木", "🙂", "العربية", "हिन्दी", "$x_1$", "\x07", "\U000e0100x", "{a}"])
def test_every_letter_leaves_a_mark(text: str) -> None:
    drawn = draw_line(text, 24, 300)
    assert drawn.shape[0] == 24
    assert drawn.max() > 128


def test_letters_that_no_font_has_look_like_their_script_and_not_like_nothing() -> None:
    assert not np.array_equal(draw_line("木", 24, 300), draw_line("ह", 24, 300))


def test_a_line_is_never_wider_than_its_room_and_keeps_both_ends() -> None:
    for text in ("take_0001_" * 20, "木" * 200, "W"):
        assert draw_line(text, 20, 90).shape[1] <= 90
    long = draw_line("first " + "middle " * 30 + "last", 20, 120)
    np.testing.assert_array_equal(long[:, :20], draw_line("first x", 20, 120)[:, :20])
    np.testing.assert_array_equal(draw_line("a\nb", 20, 90), draw_line("a b", 20, 90))


def test_a_line_without_room_is_refused() -> None:
    with pytest.raises(SettingsError, match="0 x 20"):
        draw_line("a", 20, 0)
