"""Scores of alignments between recordings of which everything is known, over all ordered pairs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from vasot.datasets.happenings import FrameTruth, true_matches
from vasot.errors import DataError
from vasot.metrics.correspondence import CLOSE_SECONDS, Detection, match_order, unmatched_detection
from vasot.types import UNMATCHED

__all__ = ["AlignmentScores", "at_frames", "score_alignments"]


@dataclass(frozen=True)
class AlignmentScores:
    """How well alignments agree with the truth, frames of all pairs pooled.

    Attributes:
        order: mean Kendall's τ of matched frames and their matches, over pairs whose true matches never go back;
            None where there is no such pair.
        n_monotone, n_pairs: how many such pairs, and pairs at all.
        unmatched: how well frames without a counterpart were found.
        within: share of the frames with both a match and a true one that are at most so many seconds off.
        median_seconds: median time error of the same frames; None where there is none.
    """

    order: float | None
    n_monotone: int
    n_pairs: int
    unmatched: Detection
    within: dict[float, float | None]
    median_seconds: float | None


def at_frames(truth: FrameTruth, frames: Int[np.ndarray, " n"]) -> FrameTruth:
    """The truth at some frames of a video, as sampling picks them."""
    return FrameTruth(truth.action[frames], truth.occurrence[frames], truth.phase[frames])


def score_alignments(
    truths: Sequence[FrameTruth],
    times_seconds: Sequence[Float[np.ndarray, " _"]],
    matches_of: Callable[[int, int], Int[np.ndarray, " _"]],
) -> AlignmentScores:
    """Compare the matches of every ordered pair with the true ones.

    Args:
        truths: what each frame of each recording shows.
        times_seconds: instants of the same frames.
        matches_of: gives the matches from one recording, by its number, to another.

    Raises:
        DataError: fewer than two recordings.
    """
    if len(truths) < 2:
        raise DataError("alignments need two recordings or more")
    said, real, errors, orders = [], [], [], []
    pairs = [(i, j) for i in range(len(truths)) for j in range(len(truths)) if i != j]
    for i, j in pairs:
        found, true = matches_of(i, j), true_matches(truths[i], truths[j])
        said.append(found == UNMATCHED)
        real.append(true == UNMATCHED)
        both = (found != UNMATCHED) & (true != UNMATCHED)
        errors.append(np.abs(times_seconds[j][found[both]] - times_seconds[j][true[both]]))
        if (np.diff(true[true != UNMATCHED]) >= 0).all():
            orders.append(match_order(found))
    known = [order for order in orders if order is not None]
    distance = np.concatenate(errors)
    return AlignmentScores(
        order=float(np.mean(known)) if known else None,
        n_monotone=len(orders),
        n_pairs=len(pairs),
        unmatched=unmatched_detection(np.concatenate(said), np.concatenate(real)),
        within={limit: float((distance <= limit + 1e-9).mean()) if distance.size else None for limit in CLOSE_SECONDS},
        median_seconds=float(np.median(distance)) if distance.size else None,
    )
