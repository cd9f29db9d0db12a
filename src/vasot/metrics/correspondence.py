"""How good an alignment itself is, frame by frame, where the true times or the phases are known.

``matches`` gives, for each frame of the first recording, a frame of the second or
:data:`~vasot.types.UNMATCHED`, as :attr:`vasot.types.Alignment.matches` does. A figure that nothing defines (no
frame matched, nothing to find) is None.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from vasot.errors import DataError
from vasot.types import UNMATCHED

__all__ = [
    "CLOSE_SECONDS",
    "Detection",
    "TimeErrors",
    "match_order",
    "phase_agreement",
    "time_errors",
    "unmatched_detection",
]

CLOSE_SECONDS = (0.1, 0.5, 1.0)
"""Time errors up to which a match counts as close, in seconds."""


@dataclass(frozen=True)
class TimeErrors:
    """How far matches are from the truth, over the frames that have both a match and a true one.

    Attributes:
        mean_absolute_seconds: mean of |time of the match - true time|; None where no frame has both.
        within: share of these frames whose error is at most so many seconds, by the number of seconds.
        n_frames: number of these frames.
        n_missed: frames that have a true match but were given none; they are in no other figure.
    """

    mean_absolute_seconds: float | None
    within: dict[float, float | None]
    n_frames: int
    n_missed: int


@dataclass(frozen=True)
class Detection:
    """How well frames without a counterpart were found, as fractions.

    Attributes:
        precision: of the frames said to have none, the share that truly has none; None where none was said to.
        recall: of the frames that truly have none, the share that was found; None where there is none.
        f1: 2 hits / (said + true); None where both are 0.
        n_said, n_true: how many were said to have none, and truly have none.
    """

    precision: float | None
    recall: float | None
    f1: float | None
    n_said: int
    n_true: int

    def to_dict(self) -> dict[str, float | int | None]:
        """The attributes by name."""
        return asdict(self)


def time_errors(
    matches: Int[np.ndarray, " n"],
    truth: Float[np.ndarray, " n"],
    times_y: Float[np.ndarray, " m"],
    *,
    close_seconds: Sequence[float] = CLOSE_SECONDS,
) -> TimeErrors:
    """Compare the times of matches with the true times.

    Args:
        matches: per frame of X, its frame of Y.
        truth: per frame of X, the instant of Y that truly corresponds, in seconds; NaN where none does.
        times_y: instant of every frame of Y, in seconds.
        close_seconds: errors up to which a match is close.

    Raises:
        DataError: arrays that do not fit each other.

    >>> errors = time_errors(np.array([0, 1, -1]), np.array([0.0, 0.4, 1.0]), np.array([0.0, 1.0]))
    >>> errors.mean_absolute_seconds, errors.within, errors.n_missed
    (0.3, {0.1: 0.5, 0.5: 0.5, 1.0: 1.0}, 1)
    """
    _check_matches(matches, times_y.size)
    if truth.shape != matches.shape:
        raise DataError(f"{matches.size} matches and {truth.size} true times; give one of each per frame")
    real = np.isfinite(truth)
    both = real & (matches != UNMATCHED)
    errors = np.abs(times_y[matches[both]] - truth[both])
    # A match on a frame exactly so far away is close, whatever the last bit of the difference.
    tolerance = 1e-9
    return TimeErrors(
        mean_absolute_seconds=_mean(errors),
        within={limit: _mean(errors <= limit + tolerance) for limit in close_seconds},
        n_frames=int(both.sum()),
        n_missed=int((real & ~both).sum()),
    )


def phase_agreement(
    matches: Int[np.ndarray, " n"], phases_x: Int[np.ndarray, " n"], phases_y: Int[np.ndarray, " m"]
) -> float | None:
    """Share of the matched frames whose match is in the same phase; a negative phase on either side does not count.

    Raises:
        DataError: arrays that do not fit each other.

    >>> phase_agreement(np.array([0, 1, 1, -1]), np.array([0, 0, 1, 1]), np.array([0, 1]))
    0.6666666666666666
    """
    _check_matches(matches, phases_y.size)
    if phases_x.shape != matches.shape:
        raise DataError(f"{matches.size} matches and {phases_x.size} phases; give one of each per frame")
    matched = matches != UNMATCHED
    own, other = phases_x[matched], phases_y[matches[matched]]
    known = (own >= 0) & (other >= 0)
    return _mean(own[known] == other[known])


def unmatched_detection(said: Bool[np.ndarray, " n"], truth: Bool[np.ndarray, " n"]) -> Detection:
    """Compare the frames said to have no counterpart with those that truly have none.

    Raises:
        DataError: arrays of different lengths.

    >>> found = unmatched_detection(np.array([True, True, False, False]), np.array([True, False, True, True]))
    >>> found.precision, round(found.recall, 4), found.f1
    (0.5, 0.3333, 0.4)
    """
    if said.shape != truth.shape:
        raise DataError(f"{said.size} frames are marked and {truth.size} have the truth; give one of each per frame")
    n_said, n_true, hits = int(said.sum()), int(truth.sum()), int((said & truth).sum())
    return Detection(
        precision=hits / n_said if n_said else None,
        recall=hits / n_true if n_true else None,
        f1=2 * hits / (n_said + n_true) if n_said + n_true else None,
        n_said=n_said,
        n_true=n_true,
    )


def match_order(matches: Int[np.ndarray, " n"]) -> float | None:
    """Kendall's τ-b of the matched frames and their matches: 1 where matches never go back, -1 where they always do.

    None where fewer than two frames are matched, or all with one frame.

    >>> match_order(np.array([0, 2, -1, 5])), match_order(np.array([3, 1])), match_order(np.array([1, 1]))
    (1.0, -1.0, None)
    """
    from scipy.stats import kendalltau

    matched = np.flatnonzero(matches != UNMATCHED)
    found = matches[matched]
    if found.size < 2 or (found == found[0]).all():
        return None
    return float(kendalltau(matched, found).statistic)


def _check_matches(matches: Int[np.ndarray, " n"], n_frames_y: int) -> None:
    if matches.size and (matches.min() < UNMATCHED or matches.max() >= n_frames_y):
        raise DataError(
            f"matches reach {matches.min()}..{matches.max()} but the second recording has frames 0..{n_frames_y - 1} "
            f"({UNMATCHED} means no match); check which recording the matches lead to"
        )


def _mean(values: Float[np.ndarray, " n"] | Bool[np.ndarray, " n"]) -> float | None:
    return float(values.mean()) if values.size else None
