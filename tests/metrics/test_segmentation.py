"""Segmentation metrics against loops over tiny inputs, scikit-learn, scipy, and what must not change them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import binom
from sklearn.metrics import accuracy_score, jaccard_score, recall_score

from vasot.errors import DataError, SettingsError
from vasot.metrics.segmentation import (
    class_recall,
    edit_score,
    f1,
    f1_at_overlap,
    f1_ceiling,
    f1_sampled,
    miou,
    mof,
)

Videos = list[np.ndarray]
Scored = tuple[Videos, Videos, frozenset[int]]
Segments = list[tuple[int, int, int]]

OF_FRAMES = (mof, miou, class_recall)


@st.composite
def scored_videos(draw: st.DrawFn) -> Scored:
    """Up to three videos of up to nine frames, classes 0..3, predictions -1..3, and classes to exclude."""
    lengths = draw(st.lists(st.integers(1, 9), min_size=1, max_size=3))
    predicted = [np.array(draw(st.lists(st.integers(-1, 3), min_size=n, max_size=n))) for n in lengths]
    truth = [np.array(draw(st.lists(st.integers(0, 3), min_size=n, max_size=n))) for n in lengths]
    exclude = draw(st.frozensets(st.integers(0, 3), max_size=2))
    assume(any(label not in exclude for video in truth for label in video))
    return predicted, truth, exclude


def kept_pairs(case: Scored) -> list[tuple[int, int]]:
    predicted, truth, exclude = case
    pairs = [pair for videos in zip(predicted, truth, strict=True) for pair in zip(*videos, strict=True)]
    return [(int(guess), int(target)) for guess, target in pairs if target not in exclude]


def segments_by_walking(labels: np.ndarray, truth: np.ndarray, exclude: frozenset[int]) -> Segments:
    found: Segments = []
    open_at: int | None = None
    for frame in range(labels.size + 1):
        outside = frame == labels.size or truth[frame] in exclude
        if open_at is not None and (outside or labels[frame] != labels[open_at]):
            found.append((open_at, frame, int(labels[open_at])))
            open_at = None
        if open_at is None and not outside:
            open_at = frame
    return found


def segments_of(case: Scored) -> list[tuple[Segments, Segments]]:
    """Predicted and true segments of every video that has a scored frame."""
    predicted, truth, exclude = case
    both = [
        (segments_by_walking(guess, target, exclude), segments_by_walking(target, target, exclude))
        for guess, target in zip(predicted, truth, strict=True)
    ]
    return [(guesses, targets) for guesses, targets in both if targets]


def f1_by_counting(case: Scored) -> float:
    predicted, truth, exclude = case
    hits, n_segments, videos = 0.0, 0, 0
    for guess, target in zip(predicted, truth, strict=True):
        segments = segments_by_walking(target, target, exclude)
        videos += bool(segments)
        n_segments += len(segments)
        for start, end, label in segments:
            hits += binom.sf(7, 15, np.mean(guess[start:end] == label))
    precision = hits / (len({label for _, label in kept_pairs(case)}) * videos)
    recall = hits / n_segments
    return float(2 * precision * recall / (precision + recall)) if hits else 0.0


def f1_at_by_walking(case: Scored, overlap: float) -> float:
    true_positives = false_positives = false_negatives = 0
    for guesses, targets in segments_of(case):
        taken: set[int] = set()
        for start, end, label in guesses:
            ratios = []
            for target_start, target_end, target_label in targets:
                frames, target_frames = set(range(start, end)), set(range(target_start, target_end))
                same = label == target_label
                ratios.append(len(frames & target_frames) / len(frames | target_frames) if same else 0.0)
            best = int(np.argmax(ratios))
            if ratios[best] >= overlap and best not in taken:
                taken.add(best)
                true_positives += 1
            else:
                false_positives += 1
        false_negatives += len(targets) - len(taken)
    if true_positives == 0:
        return 0.0
    precision = true_positives / (true_positives + false_positives)
    recall = true_positives / (true_positives + false_negatives)
    return 2 * precision * recall / (precision + recall)


@cache
def edit_distance(first: tuple[int, ...], second: tuple[int, ...]) -> int:
    if not first or not second:
        return len(first) + len(second)
    replaced = edit_distance(first[1:], second[1:]) + (first[0] != second[0])
    return min(replaced, edit_distance(first[1:], second) + 1, edit_distance(first, second[1:]) + 1)


def edit_by_recursion(case: Scored) -> float:
    scores = []
    for guesses, targets in segments_of(case):
        first, second = tuple(label for *_, label in guesses), tuple(label for *_, label in targets)
        scores.append(1 - edit_distance(first, second) / max(len(first), len(second)))
    return float(np.mean(scores))


@given(scored_videos())
def test_frame_metrics_agree_with_scikit_learn(case: Scored) -> None:
    predicted, truth, exclude = case
    guesses, targets = np.array(kept_pairs(case)).T
    classes = np.unique(targets)
    assert mof(predicted, truth, exclude=exclude) == pytest.approx(accuracy_score(targets, guesses))
    iou = jaccard_score(targets, guesses, labels=classes, average="macro", zero_division=0)
    assert miou(predicted, truth, exclude=exclude) == pytest.approx(iou)
    recall = recall_score(targets, guesses, labels=classes, average="macro", zero_division=0)
    assert class_recall(predicted, truth, exclude=exclude) == pytest.approx(recall)


@given(scored_videos())
def test_f1_agrees_with_counting_and_the_binomial_law_of_scipy(case: Scored) -> None:
    predicted, truth, exclude = case
    assert f1(predicted, truth, exclude=exclude) == pytest.approx(f1_by_counting(case), abs=1e-12)


@given(scored_videos(), st.sampled_from([0.1, 0.25, 0.5, 1.0]))
def test_f1_at_an_overlap_agrees_with_walking_over_frames(case: Scored, overlap: float) -> None:
    predicted, truth, exclude = case
    assert f1_at_overlap(predicted, truth, overlap, exclude=exclude) == pytest.approx(f1_at_by_walking(case, overlap))


@given(scored_videos())
def test_edit_score_agrees_with_the_recursive_distance(case: Scored) -> None:
    predicted, truth, exclude = case
    assert edit_score(predicted, truth, exclude=exclude) == pytest.approx(edit_by_recursion(case))


@given(scored_videos())
def test_a_perfect_prediction_scores_one_and_the_ceiling(case: Scored) -> None:
    _, truth, exclude = case
    for metric in (*OF_FRAMES, edit_score):
        assert metric(truth, truth, exclude=exclude) == 1.0
    assert f1_at_overlap(truth, truth, 1.0, exclude=exclude) == 1.0
    assert f1(truth, truth, exclude=exclude) == pytest.approx(f1_ceiling(truth, exclude=exclude))
    n_segments = sum(len(targets) for _, targets in segments_of(case))
    n_classes = len({target for _, target in kept_pairs(case)})
    assert f1_ceiling(truth, exclude=exclude) == pytest.approx(
        2 * n_segments / (n_segments + n_classes * len(segments_of(case)))
    )


@given(scored_videos())
def test_a_prediction_that_is_never_right_scores_zero(case: Scored) -> None:
    predicted, truth, exclude = case
    wrong = [np.full_like(video, -1) for video in predicted]
    for metric in (*OF_FRAMES, f1, edit_score):
        assert metric(wrong, truth, exclude=exclude) == 0.0
    assert f1_at_overlap(wrong, truth, 0.1, exclude=exclude) == 0.0
    assert f1_sampled(wrong, truth, np.random.default_rng(0), exclude=exclude) == 0.0


@given(scored_videos(), st.permutations(range(4)))
def test_renumbering_the_classes_on_both_sides_changes_nothing(case: Scored, numbers: list[int]) -> None:
    predicted, truth, exclude = case
    new = np.array([*numbers, -1])
    renumbered = [new[video] for video in predicted], [new[video] for video in truth]
    left_out = frozenset(int(new[label]) for label in exclude)
    for metric in (*OF_FRAMES, f1, edit_score):
        assert metric(*renumbered, exclude=left_out) == pytest.approx(metric(predicted, truth, exclude=exclude))


@given(scored_videos(), st.integers(1, 5))
def test_excluded_frames_at_the_ends_of_a_video_change_nothing(case: Scored, n_frames: int) -> None:
    predicted, truth, exclude = case
    padding = np.full(n_frames, 7)
    longer = [np.concatenate([padding, video, padding]) for video in truth]
    guesses = [np.concatenate([video[:1].repeat(n_frames), video, padding * 0]) for video in predicted]
    left_out = exclude | {7}
    for metric in (*OF_FRAMES, f1, edit_score):
        assert metric(guesses, longer, exclude=left_out) == pytest.approx(metric(predicted, truth, exclude=exclude))
    assert f1_at_overlap(guesses, longer, 0.25, exclude=left_out) == pytest.approx(
        f1_at_overlap(predicted, truth, 0.25, exclude=exclude)
    )


@given(scored_videos())
def test_a_video_of_excluded_frames_only_does_not_count_as_a_video(case: Scored) -> None:
    predicted, truth, exclude = case
    more = [*predicted, np.zeros(3, dtype=int)], [*truth, np.full(3, 7)]
    for metric in (*OF_FRAMES, f1, edit_score):
        assert metric(*more, exclude=exclude | {7}) == pytest.approx(metric(predicted, truth, exclude=exclude))


def test_the_sampled_f1_converges_to_the_exact_one() -> None:
    generator = np.random.default_rng(20)
    # 14 segments, right in all shares from none to all.
    truth = [np.repeat([0, 1, 2, 0, 3, 1, 2], 9), np.repeat([3, 0, 1, 3, 2, 0, 1], 9)]
    predicted = [np.where(generator.random(63) < 0.55, video, (video + 1) % 4) for video in truth]
    n_runs = 200
    sampled = [f1_sampled(predicted, truth, generator) for _ in range(n_runs)]
    right = np.concatenate(predicted) == np.concatenate(truth)
    shares = right.reshape(14, 9).mean(axis=1)
    chances = binom.sf(7, 15, shares)
    one_run = 2 / (50 * (14 + 4 * 2)) * np.sqrt(50 * np.sum(chances * (1 - chances)))
    assert np.std(sampled) == pytest.approx(one_run, rel=0.2)
    assert abs(np.mean(sampled) - f1(predicted, truth)) < 4 * one_run / np.sqrt(n_runs)


def test_segments_end_at_video_borders() -> None:
    halves = [np.array([0, 0]), np.array([0, 0])]
    joined = np.array([0, 0, 0, 0])
    assert f1_ceiling(halves) == 2 * 2 / (2 + 2)
    assert f1_ceiling(joined) == 2 * 1 / (1 + 1)
    half_right = [np.array([0, 0]), np.array([1, 1])]
    assert f1(half_right, halves) == 2 * 1 / (2 + 1 * 2)  # one segment surely hit, one surely not
    assert f1(np.concatenate(half_right), joined) == pytest.approx(2 * 0.5 / (1 + 1))  # one segment, half right
    assert f1_at_overlap(half_right, halves, 0.1) == pytest.approx(2 * 1 / 4)
    assert edit_score(half_right, halves) == 0.5


def test_an_excluded_stretch_separates_what_lies_on_its_sides() -> None:
    truth, predicted = np.array([0, 0, 9, 0, 0]), np.zeros(5, dtype=int)
    assert f1_ceiling(truth, exclude={9}) == pytest.approx(2 * 2 / (2 + 1))
    assert f1_at_overlap(predicted, truth, 1.0, exclude={9}) == 1.0
    assert edit_score(predicted, truth, exclude={9}) == 1.0
    assert edit_score(np.array([0, 0, 0, 1, 1]), truth, exclude={9}) == 0.5


def test_eight_of_fifteen_frames_are_over_half() -> None:
    # With half the frames right, 8 or more of 15 come as often as 7 or fewer.
    assert f1(np.array([0, 1]), np.array([0, 0])) == pytest.approx(0.5)


def test_one_array_is_one_video() -> None:
    predicted, truth = np.array([0, 1, 1, 2]), np.array([0, 0, 1, 1])
    for metric in (*OF_FRAMES, f1, edit_score):
        assert metric(predicted, truth) == metric([predicted], [truth])


def test_the_best_overlap_decides_even_when_another_would_give_more_hits() -> None:
    # The first guess overlaps the first true segment by 2/8 and the last by 5/11, so it takes the last, and the second
    # guess, 2/8 of the last, finds it taken.
    truth = np.array([0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0])
    predicted = np.array([0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0])
    assert f1_at_overlap(predicted, truth, 0.25) == pytest.approx(2 * 1 / (3 + 3))


@pytest.mark.parametrize("metric", [mof, miou, class_recall, f1, edit_score])
def test_nothing_left_to_score_is_an_error(metric: Callable[..., float]) -> None:
    with pytest.raises(DataError, match=r"no frame is left to score: 1 video with 2 frames in all.*\[4\]"):
        metric(np.array([0, 0]), np.array([4, 4]), exclude={4})
    with pytest.raises(DataError, match="no frame is left to score"):
        metric([], [])


def test_labels_that_do_not_fit_are_refused() -> None:
    two, three = np.array([0, 0]), np.array([0, 0, 0])
    with pytest.raises(DataError, match=r"video 1: predicted labels have shape \(2,\), true labels \(3,\)"):
        mof([two, two], [two, three])
    with pytest.raises(DataError, match="1 predicted and 2 videos with true labels"):
        mof([two], [two, two])
    with pytest.raises(DataError, match="video 0: a true label is -1"):
        mof(two, np.array([0, -1]))
    assert mof(two, np.array([0, -1]), exclude={-1}) == 1.0


@pytest.mark.parametrize("overlap", [0.0, -0.5, 1.5, 50.0])
def test_an_overlap_that_is_no_fraction_is_refused(overlap: float) -> None:
    with pytest.raises(SettingsError, match="overlap is"):
        f1_at_overlap(np.array([0]), np.array([0]), overlap)
