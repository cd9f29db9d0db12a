"""Measures of alignments themselves: by hand, by brute force, perfect, empty, and refused."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import kendalltau
from sklearn.metrics import precision_recall_fscore_support

from vasot.datasets.synthetic import SyntheticSettings, make_dataset
from vasot.errors import DataError
from vasot.metrics.correspondence import match_order, phase_agreement, time_errors, unmatched_detection

CASE = tomllib.loads(
    (Path(__file__).parents[1] / "golden" / "correspondence_metrics.toml").read_text(encoding="utf-8")
)["one_pair"]


def test_the_pair_worked_out_by_hand() -> None:
    matches, true_seconds = np.array(CASE["matches"]), np.array(CASE["true_seconds"])
    errors = time_errors(matches, true_seconds, np.array(CASE["times_y"]))
    assert errors.mean_absolute_seconds == pytest.approx(CASE["mean_absolute_seconds"])
    assert list(errors.within.values()) == pytest.approx(CASE["within"])
    assert (errors.n_frames, errors.n_missed) == (3, CASE["missed"])
    agreement = phase_agreement(matches, np.array(CASE["phases_x"]), np.array(CASE["phases_y"]))
    assert agreement == pytest.approx(CASE["phase_agreement"])
    found = unmatched_detection(matches < 0, np.isnan(true_seconds)).to_dict()
    assert {name: found[name] for name in CASE["unmatched"]} == CASE["unmatched"]
    assert match_order(matches) == pytest.approx(CASE["order"])


def test_time_errors_of_made_recordings_are_those_of_a_loop_over_what_is_known() -> None:
    data = make_dataset(SyntheticSettings(n_recordings=3, n_actions=4, mean_frames=12.0, offset=0.0, noise=0.0, seed=2))
    for i, j in ((0, 1), (1, 2), (2, 0)):
        x, y = data.dataset.tracks[i].features, data.dataset.tracks[j].features
        times, known = np.arange(len(y)) / 10, data.true_matches(i, j)
        truth = np.where(known >= 0, times[known], np.nan)
        perfect = time_errors(known, truth, times)
        assert (perfect.mean_absolute_seconds, perfect.n_missed) == (0.0, 0)
        # Without offsets and noise the same moment of a step looks nearly the same: nearest frames are close.
        nearest = cdist(x, y).argmin(axis=1)
        found = time_errors(nearest, truth, times)
        errors = [abs(times[match] - true) for match, true in zip(nearest, truth, strict=True) if np.isfinite(true)]
        assert found.mean_absolute_seconds == pytest.approx(np.mean(errors))
        within = {limit: float(np.mean([error <= limit + 1e-9 for error in errors])) for limit in (0.1, 0.5, 1.0)}
        assert found.within == pytest.approx(within)
        assert found.n_frames == (known >= 0).sum() == len(errors)
        by_time = time_errors(np.arange(len(x)) * len(y) // len(x), truth, times)
        assert found.mean_absolute_seconds is not None
        assert by_time.mean_absolute_seconds is not None
        assert found.mean_absolute_seconds < min(0.1, by_time.mean_absolute_seconds / 3)


def test_a_perfect_alignment_is_perfect() -> None:
    matches, times, phases = np.arange(6), np.arange(6) / 10, np.repeat([0, 1], 3)
    errors = time_errors(matches, times, times)
    assert errors.mean_absolute_seconds == 0.0
    assert set(errors.within.values()) == {1.0}
    assert phase_agreement(matches, phases, phases) == 1.0
    assert match_order(matches) == pytest.approx(1.0)


def test_an_error_of_exactly_the_limit_is_close() -> None:
    times = np.arange(5) / 10
    assert time_errors(np.array([3]), np.array([0.2]), times).within[0.1] == 1.0
    assert time_errors(np.array([3]), np.array([0.19]), times).within[0.1] == 0.0


def test_nothing_matched_is_undefined_not_zero() -> None:
    none, times = np.full(4, -1), np.arange(4.0)
    errors = time_errors(none, times, times)
    assert errors.mean_absolute_seconds is None
    assert set(errors.within.values()) == {None}
    assert errors.n_missed == 4
    assert phase_agreement(none, np.zeros(4, int), np.zeros(4, int)) is None
    assert match_order(none) is None
    empty = unmatched_detection(np.zeros(3, bool), np.zeros(3, bool))
    assert (empty.precision, empty.recall, empty.f1) == (None, None, None)
    assert unmatched_detection(np.zeros(3, bool), np.ones(3, bool)).recall == 0.0


def test_frames_without_a_phase_do_not_count() -> None:
    assert phase_agreement(np.array([0, 1, 2]), np.array([0, -1, 1]), np.array([0, 0, -1])) == 1.0
    assert phase_agreement(np.array([0]), np.array([-1]), np.array([0])) is None


def test_detection_equals_scikit_learn_and_order_equals_scipy() -> None:
    generator = np.random.default_rng(3)
    said, truth = generator.random(50) < 0.4, generator.random(50) < 0.3
    found = unmatched_detection(said, truth)
    expected = precision_recall_fscore_support(truth, said, average="binary")[:3]
    assert (found.precision, found.recall, found.f1) == pytest.approx(expected)
    matches = generator.integers(-1, 20, 50)
    kept = np.flatnonzero(matches >= 0)
    assert match_order(matches) == pytest.approx(kendalltau(kept, matches[kept]).statistic)


def test_agreement_and_errors_equal_a_loop() -> None:
    generator = np.random.default_rng(4)
    matches = generator.integers(-1, 20, 60)
    truth = np.where(generator.random(60) < 0.2, np.nan, generator.random(60) * 4)
    times, x, y = np.arange(20) / 5, generator.integers(-1, 3, 60), generator.integers(-1, 3, 20)
    errors = [abs(times[j] - t) for j, t in zip(matches, truth, strict=True) if j >= 0 and not np.isnan(t)]
    found = time_errors(matches, truth, times)
    assert found.mean_absolute_seconds == pytest.approx(np.mean(errors))
    assert found.within == pytest.approx({limit: np.mean([e <= limit for e in errors]) for limit in (0.1, 0.5, 1.0)})
    same = [x[i] == y[j] for i, j in enumerate(matches) if j >= 0 and x[i] >= 0 and y[j] >= 0]
    assert phase_agreement(matches, x, y) == pytest.approx(np.mean(same))


@pytest.mark.usefixtures("shapes_unchecked")
def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(DataError, match="the second recording has frames 0"):
        phase_agreement(np.array([3]), np.array([0]), np.zeros(3, int))
    with pytest.raises(DataError, match="2 matches and 1 true times"):
        time_errors(np.array([0, 0]), np.zeros(1), np.zeros(3))
    with pytest.raises(DataError, match="2 matches and 1 phases"):
        phase_agreement(np.array([0, 0]), np.zeros(1, int), np.zeros(3, int))
    with pytest.raises(DataError, match="2 frames are marked and 1"):
        unmatched_detection(np.zeros(2, bool), np.zeros(1, bool))
