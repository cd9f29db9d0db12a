"""Windows of neighbouring frames, for models that look at several frames at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

import numpy as np
from jaxtyping import Float32

__all__ = ["batches", "between", "windows"]

T = TypeVar("T")


def windows(items: Iterable[T], length: int, hop: int) -> Iterator[tuple[int, list[T]]]:
    """Windows around every ``hop``-th item and around the last one, with the index of the item in their middle.

    A window holds ``length`` items, ``length // 2`` of them before its middle. Beyond either end, the first or last
    item is repeated. No more items are kept than a window and a hop hold.

    >>> list(windows("abcde", 3, 2))
    [(0, ['a', 'a', 'b']), (2, ['b', 'c', 'd']), (4, ['d', 'e', 'e'])]
    """
    before, after = length // 2, length - 1 - length // 2
    kept: list[T] = []
    first = middle = count = 0

    def around(index: int) -> tuple[int, list[T]]:
        places = np.arange(index - before, index + after + 1).clip(0, count - 1) - first
        return index, [kept[place] for place in places]

    for item in items:
        kept.append(item)
        count += 1
        if count > middle + after:
            yield around(middle)
            # The last window, which need not lie on a hop, begins no earlier than the one just made.
            gone = max(0, middle - before) - first
            del kept[:gone]
            first += gone
            middle += hop
    while middle < count:
        yield around(middle)
        middle += hop
    if count and middle - hop != count - 1:
        yield around(count - 1)


def between(points: Iterable[tuple[int, Float32[np.ndarray, " d"]]]) -> Iterator[Float32[np.ndarray, "n d"]]:
    """A row for every index from the first point to the last, on the straight line between neighbouring points.

    >>> points = [(0, np.float32([0, 8])), (2, np.float32([1, 4]))]
    >>> np.concatenate(list(between(points))).tolist()
    [[0.0, 8.0], [0.5, 6.0], [1.0, 4.0]]
    """
    last: tuple[int, Float32[np.ndarray, " d"]] | None = None
    for index, vector in points:
        if last is not None:
            share = (np.arange(index - last[0], dtype=np.float32) / np.float32(index - last[0]))[:, None]
            yield last[1] + share * (vector - last[1])
        last = index, vector
    if last is not None:
        yield last[1][None]


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of ``size`` items, the last one of what is left.

    >>> list(batches("abcde", 2))
    [['a', 'b'], ['c', 'd'], ['e']]
    """
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
