"""When the frames of a recording are shown, for recordings of a known rate and for others."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from vasot.report.figure import frame_edges
from vasot.types import Track

__all__ = ["UNTIMED_RATE_HZ", "edges_of", "instants_of"]

UNTIMED_RATE_HZ = 15.0
"""Frames per second at which recordings are played whose rate is not known."""


def instants_of(track: Track) -> Float[np.ndarray, " t"]:
    """(T,) the instant of each frame, in seconds since the beginning of the file, or of a made-up clock."""
    if track.times_seconds is None:
        return np.arange(track.n_frames) / UNTIMED_RATE_HZ
    return track.times_seconds.astype(np.float64)


def edges_of(track: Track) -> Float[np.ndarray, " t1"]:
    """(T + 1,) where each frame begins, and where the last one ends."""
    edges: Float[np.ndarray, " t1"] = frame_edges(instants_of(track), track.n_frames)
    return edges
