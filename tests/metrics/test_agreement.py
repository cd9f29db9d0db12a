from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from vasot.errors import DataError
from vasot.metrics.agreement import adjusted_rand, compare_segmentations, stretched
from vasot.metrics.trivial import equal_parts


def random_labels(n_recordings: int, n_actions: int, seed: int) -> list[np.ndarray]:
    generator = np.random.default_rng(seed)
    return [generator.integers(0, n_actions, generator.integers(20, 40)) for _ in range(n_recordings)]


def mixed(labels: list[np.ndarray], n_actions: int, seed: int) -> list[np.ndarray]:
    """The same lengths; a third of the frames differ."""
    generator = np.random.default_rng(seed)
    return [np.where(generator.random(a.size) < 1 / 3, generator.integers(0, n_actions, a.size), a) for a in labels]


def table(a: np.ndarray, b: np.ndarray, n_actions: int) -> np.ndarray:
    counts = np.zeros((n_actions, n_actions), dtype=np.int64)
    np.add.at(counts, (a, b), 1)
    return counts


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("n_actions", [2, 3, 9])
def test_the_index_is_that_of_scikit_learn(seed: int, n_actions: int) -> None:
    (a,) = random_labels(1, n_actions, seed)
    (b,) = mixed([a], n_actions, seed + 1)
    assert adjusted_rand(table(a, b, n_actions)) == pytest.approx(adjusted_rand_score(a, b), abs=1e-12)


def test_labels_that_cannot_differ_agree_fully() -> None:
    whole = np.zeros(7, dtype=np.int64)
    each = np.arange(7)
    assert adjusted_rand(table(whole, whole, 2)) == 1
    assert adjusted_rand(table(each, each[::-1], 7)) == 1
    assert adjusted_rand(table(whole, each, 7)) == adjusted_rand_score(whole, each) == 0


def test_observed_agreement_pools_the_frames_of_all_recordings() -> None:
    first = random_labels(4, 3, seed=0)
    second = mixed(first, 3, seed=1)
    found = compare_segmentations(first, second, 3, ["a"] * 4).agreement()
    assert found.observed == pytest.approx(adjusted_rand_score(np.concatenate(first), np.concatenate(second)))


def test_agreement_by_time_is_that_with_every_other_recording_in_turn() -> None:
    first = random_labels(4, 3, seed=2)
    second = mixed(first, 3, seed=3)
    values = []
    for shift in (1, 2, 3):
        others = [stretched(second[(i + shift) % 4], first[i].size) for i in range(4)]
        values.append(adjusted_rand_score(np.concatenate(first), np.concatenate(others)))
    found = compare_segmentations(first, second, 3, ["a"] * 4).agreement()
    assert found.by_time == pytest.approx(np.mean(values))
    assert found.gain == pytest.approx(found.observed - np.mean(values))


@pytest.mark.parametrize("n_actions", [2, 5, 9])
def test_equal_parts_agree_but_gain_nothing(n_actions: int) -> None:
    parts = [equal_parts(length, n_actions) for length in (180, 360, 90)]
    found = compare_segmentations(parts, parts, n_actions, ["a"] * 3).agreement()
    assert found.observed == 1
    assert found.gain == pytest.approx(0, abs=1e-9)


def test_how_actions_are_numbered_does_not_matter() -> None:
    first = random_labels(3, 4, seed=4)
    second = mixed(first, 4, seed=5)
    renamed = [np.array([2, 0, 3, 1])[each] for each in second]
    names = ["a"] * 3
    one = compare_segmentations(first, renamed, 4, names).agreement()
    two = compare_segmentations(first, second, 4, names).agreement()
    assert (one.observed, one.by_time) == pytest.approx((two.observed, two.by_time))


def test_a_recording_drawn_twice_counts_as_two() -> None:
    first = random_labels(3, 4, seed=6)
    second = mixed(first, 4, seed=7)
    tables = compare_segmentations(first, second, 4, ["a"] * 3)
    observed, _ = tables.resampled(np.array([[2, 0, 1], [1, 1, 1]]))
    twice = [0, 0, 2]
    expected = adjusted_rand_score(
        np.concatenate([first[i] for i in twice]), np.concatenate([second[i] for i in twice])
    )
    assert observed.tolist() == pytest.approx([expected, tables.agreement().observed])


def test_recordings_are_exchanged_within_their_activity_only() -> None:
    # Two activities in different orders of time; within each, time explains everything.
    forth, back = equal_parts(60, 3), equal_parts(60, 3)[::-1].copy()
    labels = [forth, back, forth, back, forth]
    found = compare_segmentations(labels, labels, 3, ["x", "y", "x", "y", "x"]).agreement()
    assert found.by_time == pytest.approx(1)
    together = compare_segmentations(labels, labels, 3, ["x"] * 5).agreement()
    assert together.by_time < 0.9


def test_what_cannot_be_compared_is_told() -> None:
    a = np.zeros(5, dtype=np.int64)
    with pytest.raises(DataError, match="activity 'y' has one recording"):
        compare_segmentations([a, a, a], [a, a, a], 2, ["x", "x", "y"])
    with pytest.raises(DataError, match="differ in length"):
        compare_segmentations([a, a], [a, a[1:]], 2, ["x", "x"])
