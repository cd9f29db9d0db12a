"""Which instants of a video are looked at, and which frame each of them shows."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float, Float64, Int

from vasot.errors import SettingsError

__all__ = ["TOLERANCE_SECONDS", "border_frame", "instants", "sampled_end", "shown_at"]

TOLERANCE_SECONDS = 5e-4
"""A frame that appears this little after an instant is shown at it: containers round time stamps to 1/1000 s."""


def instants(start_seconds: float, end_seconds: float, fps: float) -> Float64[np.ndarray, " n"]:
    """The instants ``start + k / fps`` before the end, at least the first one.

    Raises:
        SettingsError: ``fps`` is not a positive number, or the end lies before the start.

    >>> instants(1.0, 1.5, 10.0).round(3).tolist()
    [1.0, 1.1, 1.2, 1.3, 1.4]
    """
    if not (math.isfinite(fps) and fps > 0):
        raise SettingsError(f"fps is {fps}; give the frames per second to sample, above 0")
    if end_seconds < start_seconds:
        raise SettingsError(f"the stretch ends at {end_seconds} s, before it starts at {start_seconds} s")
    # (end - start) * fps can come out a rounding error above a whole number.
    count = max(1, math.ceil((end_seconds - start_seconds) * fps - 1e-6))
    return start_seconds + np.arange(count, dtype=np.float64) / fps


def shown_at(frame_times: Float64[np.ndarray, " f"], wanted: Float64[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
    """The frame on the screen at each instant: the last one whose time has come; before the first one, the first.

    Args:
        frame_times: (f,) seconds at which each frame appears, increasing.
        wanted: (n,) instants in seconds.

    >>> shown_at(np.array([0.0, 0.04, 0.08]), np.array([0.0, 0.05, 0.08, 9.0])).tolist()
    [0, 1, 2, 2]
    """
    return np.maximum(np.searchsorted(frame_times, wanted + TOLERANCE_SECONDS, side="right") - 1, 0)


def sampled_end(times_seconds: Float[np.ndarray, " n"], duration_seconds: float = math.inf) -> float:
    """Where a recording ends that was sampled at these instants: one step behind the last, or with its video.

    >>> sampled_end(np.array([3.0, 3.5, 4.0]), 4.2), sampled_end(np.array([3.0, 3.5]))
    (4.2, 4.0)
    """
    last = float(times_seconds[-1])
    step = float(np.median(np.diff(times_seconds))) if times_seconds.size > 1 else duration_seconds - last
    end = min(last + step, duration_seconds)
    # The only frame of an array has no length that is known.
    return end if last < end < math.inf else math.nextafter(last, math.inf)


def border_frame(frame_times: Float64[np.ndarray, " f"], end_seconds: float, seconds: float) -> int:
    """The frame that begins at an instant which a program rounded to 1/1000 s; at or behind the end, all of them.

    Args:
        frame_times: (f,) seconds at which each frame appears, increasing.
        end_seconds: end of the last frame.
        seconds: where one stretch ends and the next begins.

    >>> [border_frame(np.array([0.0, 0.0335, 0.067]), 0.1005, at) for at in (0.0, 0.033, 0.05, 0.1)]
    [0, 1, 1, 3]
    """
    # Rounding takes up to half a thousandth, and exactly that of frames 15, 45, ... at 29.97 Hz.
    at = seconds + TOLERANCE_SECONDS / 10
    if at >= end_seconds - TOLERANCE_SECONDS:
        return int(frame_times.size)
    return int(shown_at(frame_times, np.array([at]))[0])
