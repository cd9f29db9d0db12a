"""A metric of several videos, kept as what each video adds to it, so that any drawing of the videos can be scored.

Weights say how often each video counts; (1, 1, ..., 1) is the metric itself, and the rows of
:func:`vasot.metrics.intervals.draw_videos` are resamples of the videos.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

__all__ = ["ByPair", "ByVideo", "Explained", "Ratio", "defined"]


@runtime_checkable
class ByVideo(Protocol):
    """What every kind of parts can do."""

    @property
    def n_videos(self) -> int:
        """Number of videos that the parts are of."""
        ...

    def values(self, weights: Float[np.ndarray, "d v"]) -> Float[np.ndarray, " d"]:
        """The metric for every row of weights; NaN where it is undefined."""
        ...


@dataclass(frozen=True, eq=False)
class Ratio:
    """A metric that divides one sum over videos by another, such as right frames by frames.

    >>> Ratio(np.array([3.0, 1.0]), np.array([4.0, 4.0])).values(np.array([[1.0, 1.0], [2.0, 0.0]])).tolist()
    [0.5, 0.75]
    """

    above: Float[np.ndarray, " v"]
    below: Float[np.ndarray, " v"]

    @property
    def n_videos(self) -> int:
        """Number of videos."""
        return self.above.size

    def values(self, weights: Float[np.ndarray, "d v"]) -> Float[np.ndarray, " d"]:
        """Weighted sum above over weighted sum below."""
        return _divided(weights @ self.above, weights @ self.below)


@dataclass(frozen=True, eq=False)
class ByPair:
    """A metric that is a mean over ordered pairs of different videos; NaN marks an undefined pair.

    >>> ByPair(np.array([[np.nan, 0.5], [1.0, np.nan]])).values(np.ones((1, 2))).tolist()
    [0.75]
    """

    pairs: Float[np.ndarray, "v v"]

    @property
    def n_videos(self) -> int:
        """Number of videos."""
        return len(self.pairs)

    def values(self, weights: Float[np.ndarray, "d v"]) -> Float[np.ndarray, " d"]:
        """Mean of the defined pairs, a pair counting as often as the product of its videos' weights."""
        known = np.isfinite(self.pairs)
        above = ((weights @ np.where(known, self.pairs, 0.0)) * weights).sum(axis=1)
        return _divided(above, ((weights @ known.astype(np.float64)) * weights).sum(axis=1))


@dataclass(frozen=True, eq=False)
class Explained:
    """Mean over targets of R², from sums over each video's frames; all arrays are (v, targets).

    Attributes:
        n_frames: frames that have the target.
        total: sum of the target.
        squares: sum of its squares.
        residual: sum of squared differences from the prediction.

    >>> Explained(*(np.array([[number]]) for number in (2.0, 1.0, 1.0, 0.25))).values(np.ones((1, 1))).tolist()
    [0.5]
    """

    n_frames: Float[np.ndarray, "v b"]
    total: Float[np.ndarray, "v b"]
    squares: Float[np.ndarray, "v b"]
    residual: Float[np.ndarray, "v b"]

    @property
    def n_videos(self) -> int:
        """Number of videos."""
        return len(self.n_frames)

    def each(self, weights: Float[np.ndarray, "d v"]) -> Float[np.ndarray, "d b"]:
        """R² of every target; NaN where the target does not vary."""
        n, total = weights @ self.n_frames, weights @ self.total
        squares = weights @ self.squares
        spread = squares - _divided(total**2, n)
        # What is left of a constant target by rounding is not spread.
        spread = np.where(spread > np.finfo(np.float64).eps * n * np.maximum(squares, 1.0), spread, 0.0)
        return np.asarray(1.0 - _divided(weights @ self.residual, spread))

    def values(self, weights: Float[np.ndarray, "d v"]) -> Float[np.ndarray, " d"]:
        """Mean R² of the targets for which it is defined."""
        each = self.each(weights)
        known = np.isfinite(each)
        return _divided(np.where(known, each, 0.0).sum(axis=1), known.sum(axis=1).astype(np.float64))


def defined(parts: ByVideo) -> float | None:
    """The metric of all videos, each once; None where it is undefined.

    >>> defined(Ratio(np.zeros(2), np.zeros(2))) is None
    True
    """
    value = float(parts.values(np.ones((1, parts.n_videos)))[0])
    return value if np.isfinite(value) else None


def _divided(above: Float[np.ndarray, "*n"], below: Float[np.ndarray, "*n"]) -> Float[np.ndarray, "*n"]:
    return np.asarray(np.divide(above, below, out=np.full_like(above, np.nan, dtype=np.float64), where=below > 0))
