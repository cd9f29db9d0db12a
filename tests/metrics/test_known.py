"""Scores of alignments over all pairs of recordings of which everything is known."""

import numpy as np
import pytest

from vasot.datasets.happenings import BACKGROUND, FrameTruth, true_matches
from vasot.errors import DataError
from vasot.metrics.known import at_frames, score_alignments
from vasot.types import UNMATCHED


def shown(*actions: int) -> FrameTruth:
    """One frame per second; each action occurs once, and its phases rise."""
    action = np.array(actions)
    phase = np.array([(action[:frame] == each).sum() / (action == each).sum() for frame, each in enumerate(actions)])
    return FrameTruth(action, np.zeros(action.size, dtype=np.int64), phase)


TRUTHS = [shown(0, 0, 1, 1, BACKGROUND), shown(0, 0, BACKGROUND, 1, 1), shown(1, 1, 0, 0, 2)]
TIMES = [np.arange(5.0)] * 3


def test_true_matches_score_best() -> None:
    scores = score_alignments(TRUTHS, TIMES, lambda i, j: true_matches(TRUTHS[i], TRUTHS[j]))
    assert (scores.order, scores.unmatched.f1, scores.median_seconds) == (1.0, 1.0, 0.0)
    assert set(scores.within.values()) == {1.0}
    # The third recording has the steps the other way round.
    assert (scores.n_monotone, scores.n_pairs) == (2, 6)


def test_matches_one_frame_late_are_a_second_off() -> None:
    def late(i: int, j: int) -> np.ndarray:
        true = true_matches(TRUTHS[i], TRUTHS[j])
        return np.where(true == UNMATCHED, UNMATCHED, np.minimum(true + 1, 4))

    scores = score_alignments(TRUTHS[:2], TIMES[:2], late)
    assert scores.median_seconds == 1.0
    # Of the eight frames one can not be late, since the recording is over.
    assert scores.within == {0.1: 1 / 8, 0.5: 1 / 8, 1.0: 1.0}


def test_matching_everything_finds_nothing_unmatched() -> None:
    scores = score_alignments(TRUTHS, TIMES, lambda _i, _j: np.arange(5))
    assert scores.unmatched.f1 == 0.0
    assert scores.unmatched.n_true == 6


def test_backward_matches_have_the_opposite_order() -> None:
    scores = score_alignments(TRUTHS[:2], TIMES[:2], lambda _i, _j: np.arange(5)[::-1].copy())
    assert scores.order == pytest.approx(-1.0)


def test_figures_that_nothing_defines_are_none() -> None:
    scores = score_alignments(TRUTHS, TIMES, lambda _i, _j: np.full(5, UNMATCHED))
    assert (scores.order, scores.median_seconds, scores.within[1.0]) == (None, None, None)


def test_sampled_frames_keep_what_they_show() -> None:
    sampled = at_frames(TRUTHS[1], np.array([0, 3, 3]))
    assert sampled.action.tolist() == [0, 1, 1]
    assert sampled.phase.tolist() == [0.0, 0.0, 0.0]


def test_a_single_recording_is_refused() -> None:
    with pytest.raises(DataError, match="two recordings"):
        score_alignments(TRUTHS[:1], TIMES[:1], lambda _i, _j: np.arange(5))
