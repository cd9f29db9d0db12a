from __future__ import annotations

import numpy as np
import pytest

from vasot.features.windows import between, windows


@pytest.mark.parametrize("length", [1, 2, 3, 4, 7, 8])
@pytest.mark.parametrize("hop", [1, 2, 3, 5])
def test_windows_are_those_of_the_definition(length: int, hop: int) -> None:
    for count in range(14):
        middles = sorted({*range(0, count, hop), *([count - 1] if count else [])})
        expected = [
            (middle, [min(max(middle - length // 2 + step, 0), count - 1) for step in range(length)])
            for middle in middles
        ]
        assert list(windows(iter(range(count)), length, hop)) == expected


def test_no_more_items_are_kept_than_a_window_and_a_hop_hold() -> None:
    alive: set[int] = set()

    class Item:
        def __init__(self, number: int) -> None:
            self.number = number
            alive.add(number)

        def __del__(self) -> None:
            alive.discard(self.number)

    most = 0
    for _, window in windows((Item(number) for number in range(300)), 16, 4):
        most = max(most, len(alive))
        del window
    assert most <= 16 + 4 + 2


def test_rows_between_windows_lie_on_a_straight_line() -> None:
    vectors = np.random.default_rng(0).standard_normal((3, 2)).astype(np.float32)
    rows = np.concatenate(list(between(zip((0, 4, 5), vectors, strict=True))))
    assert rows.shape == (6, 2)
    expected = [np.interp(range(6), (0, 4, 5), vectors[:, column]) for column in range(2)]
    np.testing.assert_allclose(rows, np.stack(expected, axis=1), rtol=1e-6)
