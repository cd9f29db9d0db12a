"""Trivial predictions: one label, equal parts, K-Means."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.cluster import KMeans

from vasot.errors import DataError, SettingsError
from vasot.features.precomputed import standardise
from vasot.metrics.matching import apply_matching, match_actions
from vasot.metrics.trivial import equal_parts, kmeans, one_label


def separated_recordings() -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Two recordings of three well separated classes in different orders, and the classes."""
    generator = np.random.default_rng(0)
    centres = np.array([[0.0, 0.0, 8.0], [0.0, 8.0, 0.0], [8.0, 0.0, 0.0]])
    truth = [np.repeat([0, 1, 2], 20), np.repeat([2, 0, 1], 20)]
    return [centres[labels] + generator.normal(size=(60, 3)) for labels in truth], truth


@given(st.integers(1, 40), st.integers(1, 12))
def test_equal_parts_differ_by_one_frame_at_most_and_follow_each_other(n_frames: int, n_actions: int) -> None:
    labels = equal_parts(n_frames, n_actions)
    assert labels.shape == (n_frames,)
    assert labels[0] == 0
    assert (np.diff(labels) >= 0).all()
    assert labels[-1] == (n_frames - 1) * n_actions // n_frames
    sizes = np.bincount(labels, minlength=n_actions)
    assert sizes.size == n_actions
    assert sizes.max() - sizes.min() <= 1


def test_one_label_calls_every_frame_action_zero() -> None:
    assert one_label(4).tolist() == [0, 0, 0, 0]


def test_kmeans_finds_separated_clusters_whatever_their_order() -> None:
    features, truth = separated_recordings()
    labels = kmeans(features, n_actions=3, seed=0)
    assert [one.shape for one in labels] == [(60,), (60,)]
    matching = match_actions(np.concatenate(labels), np.concatenate(truth), 3)
    for actions, classes in zip(labels, truth, strict=True):
        assert apply_matching(actions, matching).tolist() == classes.tolist()


def test_kmeans_clusters_the_standardised_frames_of_all_recordings_together() -> None:
    generator = np.random.default_rng(1)
    features = [generator.normal(size=(n, 4)) * [1, 10, 100, 0] + [0, 5, 0, 3] for n in (30, 50)]
    frames = np.concatenate([standardise(one) for one in features])
    expected = KMeans(5, n_init=10, random_state=3).fit_predict(frames)
    assert np.concatenate(kmeans(features, n_actions=5, seed=3)).tolist() == expected.tolist()


def test_kmeans_gives_the_same_labels_for_the_same_seed() -> None:
    features, _ = separated_recordings()
    first, second = (np.concatenate(kmeans(features, 7, seed=5)) for _ in range(2))
    assert first.tolist() == second.tolist()


def test_kmeans_uses_fewer_actions_where_frames_are_fewer_or_alike() -> None:
    assert np.concatenate(kmeans([np.eye(2)], n_actions=5, seed=0)).max() < 2
    still = kmeans([np.zeros((6, 3)), np.zeros((1, 3))], n_actions=4, seed=0)
    assert [labels.size for labels in still] == [6, 1]


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_seed_that_scikit_learn_cannot_take_is_refused(seed: int) -> None:
    with pytest.raises(SettingsError, match=f"seed is {seed}"):
        kmeans([np.eye(3)], n_actions=2, seed=seed)


def test_sizes_below_one_are_refused() -> None:
    with pytest.raises(DataError, match="0 frames"):
        one_label(0)
    with pytest.raises(DataError, match="0 frames"):
        equal_parts(0, 3)
    with pytest.raises(SettingsError, match="n_actions is 0"):
        equal_parts(3, 0)
    with pytest.raises(SettingsError, match="n_actions is 0"):
        kmeans([np.eye(3)], n_actions=0, seed=0)
    with pytest.raises(DataError, match="no recordings to cluster"):
        kmeans([], n_actions=2, seed=0)
