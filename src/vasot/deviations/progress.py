"""How far an activity has come at every moment of a recording, read from its alignments with other recordings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from vasot.decoding.path import path_to_map
from vasot.errors import DataError
from vasot.types import Alignment

__all__ = ["Progress", "progress_of"]

_LOW, _HIGH = 0.25, 0.75


@dataclass(frozen=True, eq=False)
class Progress:
    """How far a recording is, by what others have done at the corresponding moments.

    Attributes:
        fraction: (T,) the share of the activity's time that is over in the other recordings, median, never falling.
        low, high: (T,) the quartiles over the other recordings.
        remaining_seconds: (T,) how long the other recordings go on from there, median, never rising; None where their
            rate is not known.
    """

    fraction: Float[np.ndarray, " t"]
    low: Float[np.ndarray, " t"]
    high: Float[np.ndarray, " t"]
    remaining_seconds: Float[np.ndarray, " t"] | None


def progress_of(alignments: Sequence[Alignment]) -> Progress:
    """Progress of the recording X that several alignments have in common.

    Each alignment's monotone path says where the other recording Y stands at every frame of X, and so what share of Y
    is over. The path joins beginning to beginning and end to end: the whole recording is needed.

    Raises:
        DataError: there is no alignment, or they are not of one recording.
    """
    lengths = {each.plan.shape[0] for each in alignments}
    if len(lengths) != 1:
        raise DataError(f"progress is read from alignments of one recording; these are of {len(alignments)}")
    places = [path_to_map(each.path, each.plan.shape[0]) for each in alignments]
    # Of a frame, its middle.
    shares = np.stack([(place + 0.5) / each.plan.shape[1] for place, each in zip(places, alignments, strict=True)])
    left = [
        _seconds_left(place, each.times_y)
        for place, each in zip(places, alignments, strict=True)
        if each.times_y is not None and each.times_y.size > 1
    ]
    low, high = np.quantile(shares, [_LOW, _HIGH], axis=0)
    remaining = np.median(np.stack(left), axis=0) if len(left) == len(alignments) else None
    return Progress(np.median(shares, axis=0), low, high, remaining)


def _seconds_left(place: Float[np.ndarray, " t"], times: Float[np.ndarray, " m"]) -> Float[np.ndarray, " t"]:
    """From the frames of Y that X's are at to the end of Y, whose last frame lasts as long as the one before."""
    end = 2 * times[-1] - times[-2]
    return np.asarray(end - np.interp(place, np.arange(times.size), times))
