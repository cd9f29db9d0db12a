"""Alignment metrics of embeddings: by hand, by brute force, against scikit-learn and scipy, and where undefined."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import kendalltau
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score
from sklearn.svm import SVC

from vasot.errors import DataError, SettingsError
from vasot.metrics import alignment
from vasot.metrics.alignment import (
    kendalls_tau,
    kendalls_tau_parts,
    n_fitted,
    phase_classification,
    precision_at_k,
    precision_at_k_parts,
    progress,
    progress_parts,
    progress_targets,
)

GOLDEN = tomllib.loads((Path(__file__).parents[1] / "golden" / "alignment_metrics.toml").read_text(encoding="utf-8"))


def on_line(videos: list[list[float]]) -> list[np.ndarray]:
    return [np.array(video)[:, None] for video in videos]


def digits(videos: list[str]) -> list[np.ndarray]:
    return [np.array([-1 if each == "-" else int(each) for each in video]) for video in videos]


def made(seed: int = 0, n_videos: int = 4, n_phases: int = 3) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Videos of different lengths whose embeddings know the phase and the time a little."""
    generator = np.random.default_rng(seed)
    tracks, phases = [], []
    for _ in range(n_videos):
        labels = np.repeat(np.arange(n_phases), generator.integers(4, 9, n_phases))
        clean = np.stack([labels, np.linspace(0, 1, labels.size), np.zeros(labels.size)], axis=1)
        tracks.append(clean + 0.4 * generator.standard_normal(clean.shape))
        phases.append(labels)
    return tracks, phases


def answer(value: Any) -> Any:
    return None if value == "undefined" else pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize("name", ["neighbours", "backwards_and_collapsed"])
def test_neighbours_and_their_order_are_as_worked_out_by_hand(name: str) -> None:
    case = GOLDEN[name]
    tracks, phases = on_line(case["embeddings"]), digits(case["phases"])
    for k, expected in case["precision_at_k"].items():
        assert precision_at_k(tracks, phases, int(k)) == answer(expected)
    assert kendalls_tau(tracks) == answer(case["tau"])
    pairs = kendalls_tau_parts(tracks).pairs
    assert np.isnan(pairs).sum() - len(tracks) == case.get("tau_undefined", 0)


@pytest.mark.parametrize(("name", "metric"), [("regression", progress), ("classification", phase_classification)])
def test_what_is_fitted_is_as_worked_out_by_hand(name: str, metric: Any) -> None:
    case = GOLDEN[name]
    found = metric(on_line(case["embeddings"]), digits(case["phases"]), on_line(case["scored"]), digits(case["truth"]))
    assert found == pytest.approx(case["progress" if metric is progress else "accuracy"], abs=1e-9)


def test_embeddings_that_are_the_phase_and_time_are_perfect() -> None:
    _, phases = made()
    tracks = [np.stack([labels, np.linspace(0, 1, labels.size)], axis=1) for labels in phases]
    same = [phases[0]] * 3, [tracks[0]] * 3
    assert phase_classification(tracks, phases, tracks, phases) == 1.0
    assert precision_at_k(tracks, phases, 4) == 1.0
    assert kendalls_tau(same[1]) == pytest.approx(1.0)
    assert progress(same[1], same[0], same[1], same[0]) == pytest.approx(1.0)


def test_precision_equals_a_loop_over_frames() -> None:
    tracks, phases = made()
    phases[1][3:6] = -1
    for k in (1, 5, 10):
        hits = []
        for v, (track, labels) in enumerate(zip(tracks, phases, strict=True)):
            for t in np.flatnonzero(labels >= 0):
                others = [
                    (float(((track[t] - tracks[w][s]) ** 2).sum()), phases[w][s])
                    for w in range(len(tracks))
                    for s in range(len(tracks[w]))
                    if w != v and phases[w][s] >= 0
                ]
                hits.append(sum(phase == labels[t] for _, phase in sorted(others)[:k]) / k)
        assert precision_at_k(tracks, phases, k) == pytest.approx(np.mean(hits), rel=1e-12)


def test_tau_equals_a_loop_over_pairs() -> None:
    tracks, _ = made()
    found = []
    for i, first in enumerate(tracks):
        for j, second in enumerate(tracks):
            if i != j:
                nearest = [int(((frame - second[::2]) ** 2).sum(axis=1).argmin()) for frame in first[::2]]
                found.append(kendalltau(range(len(nearest)), nearest).statistic)
    assert kendalls_tau(tracks, stride=2) == pytest.approx(np.mean(found), rel=1e-12)
    assert kendalls_tau(tracks, stride=1) != pytest.approx(np.mean(found), rel=1e-3)


def test_progress_equals_scikit_learn_where_all_videos_have_all_phases() -> None:
    tracks, phases = made()
    fitted, scored = slice(0, 3), slice(3, 4)
    targets = [np.stack([progress_targets(labels, phase) for phase in (0, 1)], axis=1) for labels in phases]
    model = LinearRegression().fit(np.concatenate(tracks[fitted]), np.concatenate(targets[fitted]))
    expected = r2_score(np.concatenate(targets[scored]), model.predict(np.concatenate(tracks[scored])))
    found = progress(tracks[fitted], phases[fitted], tracks[scored], phases[scored])
    assert found == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("fraction", "used"), [(0.1, 1), (0.5, 1), (1.0, 3)])
def test_classification_is_scikit_learns_on_a_fraction_of_the_videos(fraction: float, used: int) -> None:
    tracks, phases = made()
    assert n_fitted(fraction, 3) == used
    machine = SVC().fit(np.concatenate(tracks[:used]), np.concatenate(phases[:used]))
    found = phase_classification(tracks[:3], phases[:3], tracks[3:], phases[3:], fraction=fraction)
    assert found == pytest.approx(machine.score(tracks[3], phases[3]), rel=1e-12)


def test_renamed_phases_change_nothing() -> None:
    tracks, phases = made()
    renamed = [np.array([7, 2, 5])[labels] for labels in phases]
    for k in (1, 5):
        assert precision_at_k(tracks, renamed, k) == precision_at_k(tracks, phases, k)
    assert progress(tracks[:3], renamed[:3], tracks[3:], renamed[3:]) == pytest.approx(
        progress(tracks[:3], phases[:3], tracks[3:], phases[3:])
    )
    assert phase_classification(tracks[:3], renamed[:3], tracks[3:], renamed[3:]) == phase_classification(
        tracks[:3], phases[:3], tracks[3:], phases[3:]
    )


def test_a_video_that_lacks_a_phase_takes_no_part_in_its_boundary() -> None:
    tracks, phases = made()
    phases[0][phases[0] == 1] = 2
    parts = progress_parts(tracks, phases, tracks, phases)
    assert parts.n_frames[:, 1].tolist() == [0, *(labels.size for labels in phases[1:])]
    without = progress_parts(tracks[1:], phases[1:], tracks[1:], phases[1:])
    one = np.ones((1, 3))
    assert parts.each(np.ones((1, 4)))[0, 1] == pytest.approx(without.each(one)[0, 1], rel=1e-12)


def test_frames_without_a_phase_count_nowhere() -> None:
    tracks, phases = made()
    longer = [np.concatenate([track, np.full((3, 3), 50.0)]) for track in tracks]
    padded = [np.concatenate([labels, [-1] * 3]) for labels in phases]
    assert precision_at_k(longer, padded, 5) == precision_at_k(tracks, phases, 5)
    assert phase_classification(longer[:2], padded[:2], longer[2:], padded[2:]) == phase_classification(
        tracks[:2], phases[:2], tracks[2:], phases[2:]
    )


def test_collapsed_embeddings_are_undefined_for_order_and_by_chance_for_neighbours() -> None:
    _, phases = made()
    tracks = [np.zeros((labels.size, 3)) for labels in phases]
    assert kendalls_tau(tracks) is None
    expected = []
    for index, labels in enumerate(phases):
        others = np.concatenate(phases[:index] + phases[index + 1 :])
        expected += [(others == phase).mean() for phase in labels]
    assert precision_at_k(tracks, phases, 5) == pytest.approx(np.mean(expected), rel=1e-12)


def test_with_no_frame_to_score_every_metric_is_undefined() -> None:
    tracks, phases = made(n_videos=2)
    none = [np.full(labels.size, -1) for labels in phases]
    assert precision_at_k(tracks, none, 1) is None
    assert phase_classification(tracks, phases, tracks, none) is None
    assert phase_classification(tracks, none, tracks, phases) is None
    assert progress(tracks, phases, tracks, none) is None
    assert progress(tracks, [np.zeros(labels.size, dtype=int) for labels in phases], tracks, phases) is None
    assert kendalls_tau(tracks[:1]) is None


def test_a_single_phase_is_always_answered() -> None:
    tracks, phases = made(n_videos=2)
    ones = [np.ones(labels.size, dtype=int) for labels in phases]
    assert phase_classification(tracks, ones, tracks, phases) == pytest.approx(np.mean(np.concatenate(phases) == 1))


def test_distances_in_small_pieces_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    tracks, phases = made()
    before = kendalls_tau_parts(tracks).pairs, precision_at_k_parts(tracks, phases, (5,))[5].above
    monkeypatch.setattr(alignment, "_DISTANCES_AT_ONCE", 7)
    assert np.array_equal(kendalls_tau_parts(tracks).pairs, before[0], equal_nan=True)
    assert precision_at_k_parts(tracks, phases, (5,))[5].above == pytest.approx(before[1], rel=1e-12)


def test_what_cannot_be_meant_is_refused() -> None:
    tracks, phases = made(n_videos=2)
    with pytest.raises(SettingsError, match="fraction is 0"):
        n_fitted(0.0, 3)
    with pytest.raises(SettingsError, match="stride is 0"):
        kendalls_tau(tracks, stride=0)
    with pytest.raises(SettingsError, match="k is 0"):
        precision_at_k(tracks, phases, 0)
    with pytest.raises(DataError, match="video 1: "):
        precision_at_k(tracks, [phases[0], phases[1][1:]], 1)
    with pytest.raises(DataError, match="0 videos with embeddings"):
        progress([], [], tracks, phases)
    with pytest.raises(DataError, match="no frame of phase 9"):
        progress_targets(phases[0], 9)
