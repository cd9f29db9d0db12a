"""The matching gets as many frames right as any one-to-one assignment could."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics.cluster import contingency_matrix

from vasot.errors import DataError, SettingsError
from vasot.metrics.matching import NO_CLASS, apply_matching, contingency, match_actions

K = 4
FRAMES = st.lists(st.tuples(st.integers(0, K - 1), st.integers(0, 4)), min_size=1, max_size=14)


def right_frames(predicted: np.ndarray, truth: np.ndarray, matching: np.ndarray) -> int:
    return int((apply_matching(predicted, matching) == truth).sum())


def sum_of_ious(predicted: np.ndarray, truth: np.ndarray, matching: np.ndarray) -> float:
    total = 0.0
    for action, class_of_action in enumerate(matching):
        both = ((predicted == action) & (truth == class_of_action)).sum()
        either = ((predicted == action) | (truth == class_of_action)).sum()
        total += both / either if either else 0.0
    return total


@given(FRAMES)
def test_no_assignment_gets_more_frames_right_nor_as_many_with_more_overlap(frames: list[tuple[int, int]]) -> None:
    predicted, truth = np.array(frames).T
    matching = match_actions(predicted, truth, K)
    # Classes 0..4 for four actions: every one-to-one assignment is an ordered choice, absent classes among them.
    best = max(
        (right_frames(predicted, truth, np.array(choice)), sum_of_ious(predicted, truth, np.array(choice)))
        for choice in permutations(range(5), K)
    )
    assert right_frames(predicted, truth, matching) == best[0]
    assert sum_of_ious(predicted, truth, matching) == pytest.approx(best[1])


@given(FRAMES)
def test_the_matching_is_one_to_one_and_pairs_only_what_shares_a_frame(frames: list[tuple[int, int]]) -> None:
    predicted, truth = np.array(frames).T
    matching = match_actions(predicted, truth, K)
    assigned = matching[matching != NO_CLASS]
    assert np.unique(assigned).size == assigned.size
    for action, class_of_action in enumerate(matching):
        if class_of_action != NO_CLASS:
            assert ((predicted == action) & (truth == class_of_action)).any()


@given(FRAMES, st.permutations(range(K)))
def test_renumbering_the_actions_changes_no_score(frames: list[tuple[int, int]], numbers: list[int]) -> None:
    predicted, truth = np.array(frames).T
    renumbered = np.array(numbers)[predicted]
    before, after = match_actions(predicted, truth, K), match_actions(renumbered, truth, K)
    assert right_frames(predicted, truth, before) == right_frames(renumbered, truth, after)
    assert sum_of_ious(predicted, truth, before) == pytest.approx(sum_of_ious(renumbered, truth, after))


@given(FRAMES)
def test_contingency_agrees_with_scikit_learn(frames: list[tuple[int, int]]) -> None:
    predicted, truth = np.array(frames).T
    table, classes = contingency(predicted, truth, K)
    assert classes.tolist() == sorted(set(truth.tolist()))
    assert table[np.unique(predicted)].tolist() == contingency_matrix(predicted, truth).tolist()
    assert table.sum() == predicted.size


@pytest.mark.parametrize(("numbers", "matching"), [([0, 1, 2], [0, -1, 1]), ([1, 0, 2], [-1, 0, 1])])
def test_equal_frame_counts_are_decided_by_overlap(numbers: list[int], matching: list[int]) -> None:
    # The first two actions share 2 frames each with class 0, and the third has class 1. Of the two the second also
    # covers frames of class 1: IoU 2/4 against 2/6.
    predicted = np.array(numbers)[[0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 2]]
    truth = np.array([0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1])
    assert match_actions(predicted, truth, 3).tolist() == matching


def test_no_overlap_is_large_enough_to_cost_a_frame() -> None:
    # Action 1 shares 10 frames with class 1, most of which is action 0's, and 9 with class 2, which is all its own.
    predicted = np.repeat([0, 0, 1, 1], [90, 90, 10, 9])
    truth = np.repeat([0, 1, 1, 2], [90, 90, 10, 9])
    assert match_actions(predicted, truth, 2).tolist() == [0, 1]


def test_actions_beyond_the_number_of_classes_get_none() -> None:
    assert match_actions(np.array([0, 0, 0, 1, 2, 2]), np.array([5, 5, 5, 5, 8, 8]), 3).tolist() == [5, NO_CLASS, 8]


def test_classes_beyond_the_number_of_actions_stay_without_an_action() -> None:
    assert match_actions(np.array([0, 0, 0, 0]), np.array([2, 7, 7, 7]), 1).tolist() == [7]


def test_actions_that_never_occur_get_none() -> None:
    assert match_actions(np.array([3, 3]), np.array([0, 0]), 5).tolist() == [-1, -1, -1, 0, -1]


def test_labels_stored_in_eight_bits_count_the_same() -> None:
    predicted, truth = np.repeat(np.arange(20), 9), np.repeat(np.arange(20)[::-1], 9)
    narrow = match_actions(predicted.astype(np.int8), truth.astype(np.int8), 20)
    assert narrow.tolist() == list(range(20))[::-1]


@pytest.mark.parametrize(
    ("predicted", "truth", "n_actions", "error", "text"),
    [
        ([0, 1], [0, 0], 0, SettingsError, "n_actions is 0"),
        ([0, 2], [0, 0], 2, DataError, r"reach 0\.\.2, but n_actions is 2"),
        ([-1, 0], [0, 0], 2, DataError, r"reach -1\.\.0"),
        ([0, 0], [0, -1], 2, DataError, "a true label is -1"),
    ],
)
def test_labels_out_of_range_are_refused(
    predicted: list[int], truth: list[int], n_actions: int, error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        match_actions(np.array(predicted), np.array(truth), n_actions)
