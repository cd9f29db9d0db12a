"""From a stretch of one recording to the stretch of another that corresponds to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int

from vasot.decoding.path import follow
from vasot.errors import DataError
from vasot.types import Alignment

__all__ = ["Carried", "carry"]

_ROUNDING_SECONDS = 1e-3
"""Programs round times to milliseconds: a border this little off a frame's beginning is meant to lie at it."""


@dataclass(frozen=True)
class Carried:
    """A stretch, or a point where both ends are the same, in seconds of recording Y.

    Attributes:
        start_seconds, end_seconds: where it lies in Y.
        matched: share of its frames in X that correspond to a frame of Y, 0..1.
        confidence: mean over its frames in X of how sure their match is, 0 for those without one.
    """

    start_seconds: float
    end_seconds: float
    matched: float
    confidence: float


def carry(alignment: Alignment, start_seconds: float, end_seconds: float, ends: tuple[float, float]) -> Carried:
    """Carry a stretch of X, or a point, over to Y.

    Both borders go along the monotone path (:func:`~vasot.decoding.path.follow`), so that stretches that touch in X
    touch in Y. The path also runs through frames that correspond to nothing, where it says little: ``matched`` and
    ``confidence`` tell. A stretch never becomes shorter than one sampled frame of Y.

    Args:
        alignment: of X, where the stretch lies, with Y.
        start_seconds, end_seconds: the stretch; equal for a point.
        ends: where X and Y end, in seconds.

    Raises:
        DataError: the times of the recordings are not known, or the stretch ends before it starts.
    """
    if alignment.times_x is None or alignment.times_y is None:
        raise DataError(
            f"the rate of '{alignment.name_x}' or '{alignment.name_y}' is not known, so times cannot be carried over; "
            "fit with --rate HZ"
        )
    if end_seconds < start_seconds:
        raise DataError(f"a stretch of '{alignment.name_x}' ends at {end_seconds} s, before it starts")
    times_x, times_y = alignment.times_x.astype(np.float64), alignment.times_y.astype(np.float64)
    borders = np.array([start_seconds, end_seconds])
    start, end = follow(alignment.path, times_x, times_y, borders, ends).tolist()
    if end_seconds > start_seconds:
        start, end = _at_least_a_frame(times_y, ends[1], start, end)
    frames = _frames(times_x, start_seconds, end_seconds)
    has_match = ~alignment.unmatched_x[frames]
    confidence = np.where(has_match, alignment.confidence[frames], 0.0)
    return Carried(start, end, float(has_match.mean()), float(confidence.mean()))


def _frames(times: Float64[np.ndarray, " n"], start_seconds: float, end_seconds: float) -> Int[np.ndarray, " s"]:
    """The frames that are shown in a stretch, or at a point; at least one."""
    first = int(np.searchsorted(times, start_seconds + _ROUNDING_SECONDS, side="right")) - 1
    behind = int(np.searchsorted(times, end_seconds - _ROUNDING_SECONDS, side="left"))
    first = max(first, 0)
    return np.arange(first, max(behind, first + 1))


def _at_least_a_frame(
    times: Float64[np.ndarray, " m"], end_of_recording: float, start: float, end: float
) -> tuple[float, float]:
    step = float(np.median(np.diff(times))) if times.size > 1 else end_of_recording - float(times[0])
    if end - start >= step:
        return start, end
    end = min(start + step, max(end_of_recording, end))
    return max(min(start, end - step), float(times[0])), end
