from __future__ import annotations

import pytest

from vasot.errors import SettingsError
from vasot.selection.counts import parse_counts


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("7", (7,)),
        ("4-6", (4, 5, 6)),
        ("8,4,6", (4, 6, 8)),
        (" 4 - 6 , 9 ", (4, 5, 6, 9)),
        ("4-6,5-7", (4, 5, 6, 7)),
    ],
)
def test_numbers_ranges_and_lists_are_read(text: str, counts: tuple[int, ...]) -> None:
    assert parse_counts(text) == counts


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("12-4", "12 is larger than 4; write 4-12"),
        ("1-", "'1-' is no number of actions"),
        ("-3", "'-3' is no number"),
        ("0-3", "at least 1 action"),
        ("0", "at least 1 action"),
        ("4..8", "'4..8' is no number"),
        ("4,,8", "'' is no number"),
        ("", "'' is no number"),
        ("4-6-8", "'4-6-8' is no number"),
        ("2.5", "'2.5' is no number"),
        ("7-7", "names one number; write --actions 7"),
        ("7,7", "names one number; write --actions 7"),
    ],
)
def test_what_is_neither_is_a_clear_error(text: str, said: str) -> None:
    with pytest.raises(SettingsError, match="--actions") as caught:
        parse_counts(text)
    assert said in str(caught.value)
