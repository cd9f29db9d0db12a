"""Small charts of pages as paths of SVG: all are 100 wide, and as high as the page stretches them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Float

__all__ = ["HEIGHT", "Histogram", "area_path", "histogram", "line_path", "stacked_paths"]

HEIGHT = 100.0
"""Height of every chart in its own units; 0 is at the top, as SVG counts."""

_BINS = 20


@dataclass(frozen=True)
class Histogram:
    """How often lengths occur.

    Attributes:
        bars: (left, width, height) in the chart's units.
        median, low, high: the middle of the lengths, and where its middle half begins and ends.
        longest: the right end of the axis, which begins at 0.
        most: how many lengths the highest bar stands for.
    """

    bars: tuple[tuple[float, float, float], ...]
    median: float
    low: float
    high: float
    longest: float
    most: int


def histogram(lengths: Float[np.ndarray, " s"]) -> Histogram:
    """Count lengths, of which there is at least one above 0, from 0 to the longest.

    >>> histogram(np.array([1.0, 1.0, 2.0])).bars
    ((50.0, 5.0, 100.0), (95.0, 5.0, 50.0))
    """
    longest = float(lengths.max())
    counts, edges = np.histogram(lengths, bins=_BINS, range=(0.0, longest))
    most = int(counts.max())
    low, median, high = np.quantile(lengths, [0.25, 0.5, 0.75]).tolist()
    step = 100 / _BINS
    bars = tuple((place * step, step, HEIGHT * count / most) for place, count in enumerate(counts.tolist()) if count)
    return Histogram(bars, median, low, high, float(edges[-1]), most)


def area_path(shares: Float[np.ndarray, " i"]) -> str:
    """The area below shares of 0 to 1, evenly apart from the left edge to the right.

    >>> area_path(np.array([0.0, 1.0]))
    'M0 100L0 100L100 0L100 100Z'
    """
    return _between(np.zeros_like(shares), shares)


def stacked_paths(layers: Sequence[Float[np.ndarray, " i"]]) -> list[str]:
    """The areas of shares that lie on top of each other, the first one at the bottom."""
    borders = np.cumsum([np.zeros_like(layers[0]), *layers], axis=0)
    return [_between(below, above) for below, above in pairwise(borders)]


def line_path(values: Float[np.ndarray, " n"]) -> str:
    """A line through finite values, evenly apart, from the lowest at the bottom to the highest at the top.

    >>> line_path(np.array([3.0, 1.0, 2.0]))
    'M0 0L50 100L100 50'
    """
    spread = float(values.max() - values.min()) or 1.0
    return "M" + "L".join(_points((values - values.min()) / spread))


def _between(below: Float[np.ndarray, " i"], above: Float[np.ndarray, " i"]) -> str:
    there, back = _points(above), _points(below)
    return f"M{back[0]}L{'L'.join([*there, *reversed(back[1:])])}Z"


def _points(heights: Float[np.ndarray, " n"]) -> list[str]:
    across = np.linspace(0, 100, heights.size) if heights.size > 1 else np.zeros(1)
    return [f"{x:.4g} {y:.4g}" for x, y in zip(across, HEIGHT * (1 - heights), strict=True)]
