"""How well predicted classes agree with the true ones: scores of frames and of segments, all fractions 0..1.

Every function takes the predicted and the true class of each frame, as one array for one video or as a sequence with
one array per video, *after* matching (:mod:`vasot.metrics.matching`): a negative predicted label is a class
that is never right. Frames whose true class is in ``exclude`` are not scored; what they separate stays separate, so no
segment reaches over them, nor from one video into the next. A video without a scored frame does not count as one.
Every function raises :class:`~vasot.errors.DataError` when nothing is left to score, and for labels that do not fit.

"Classes" are always the true classes that occur among the scored frames.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.special import betainc

from vasot.errors import DataError, SettingsError
from vasot.wording import counted

__all__ = [
    "FRAMES_PER_DRAW",
    "N_DRAWS",
    "Labels",
    "ScoredVideo",
    "class_recall",
    "edit_score",
    "f1",
    "f1_at_overlap",
    "f1_ceiling",
    "f1_reference",
    "f1_sampled",
    "miou",
    "mof",
    "runs",
    "scored_videos",
    "segment_hits",
]

Labels: TypeAlias = Int[np.ndarray, " _"] | Sequence[Int[np.ndarray, " _"]]
"""One class per frame: an array for one video, or a sequence of arrays for several."""

FRAMES_PER_DRAW = 15
"""Frames drawn from a segment to decide whether it counts as found (segment-sampled F1)."""

N_DRAWS = 50
"""How often that is repeated for every segment."""

_MAJORITY = FRAMES_PER_DRAW // 2 + 1


class ScoredVideo(NamedTuple):
    """A video with at least one scored frame: predicted and true classes, and which frames are scored."""

    predicted: Int[np.ndarray, " t"]
    truth: Int[np.ndarray, " t"]
    scored: Bool[np.ndarray, " t"]


def mof(predicted: Labels, truth: Labels, *, exclude: Collection[int] = ()) -> float:
    """Mean over frames: correctly labelled frames / frames.

    >>> mof(np.array([0, 0, 1, 1]), np.array([0, 0, 0, 1]))
    0.75
    """
    predicted_frames, true_frames = _frames(predicted, truth, exclude)
    return float(np.mean(predicted_frames == true_frames))


def miou(predicted: Labels, truth: Labels, *, exclude: Collection[int] = ()) -> float:
    """Mean over classes of intersection / union of the frames predicted and the frames that truly are of the class.

    >>> miou(np.array([0, 0, 1, 1]), np.array([0, 0, 0, 1]))  # (2/3 + 1/2) / 2
    0.5833333333333333
    """
    predicted_frames, true_frames = _frames(predicted, truth, exclude)
    classes = np.unique(true_frames)
    overlaps = []
    for one in classes:
        of_both = (predicted_frames == one) & (true_frames == one)
        of_either = (predicted_frames == one) | (true_frames == one)
        overlaps.append(of_both.sum() / of_either.sum())
    return float(np.mean(overlaps))


def class_recall(predicted: Labels, truth: Labels, *, exclude: Collection[int] = ()) -> float:
    """Mean over classes of the share of the class's frames that are labelled so (balanced accuracy).

    >>> class_recall(np.array([0, 0, 1, 1]), np.array([0, 0, 0, 1]))  # (2/3 + 1) / 2
    0.8333333333333333
    """
    predicted_frames, true_frames = _frames(predicted, truth, exclude)
    right = predicted_frames == true_frames
    return float(np.mean([right[true_frames == one].mean() for one in np.unique(true_frames)]))


def f1(predicted: Labels, truth: Labels, *, exclude: Collection[int] = ()) -> float:
    """Segment-sampled F1, as its exact expectation.

    The literature draws 15 frames with replacement from each true segment, 50 times, and counts a hit when over half
    of them are right; with S segments, V videos and K classes, precision = hits / (50 K V) and recall = hits / (50 S).
    A segment whose share s of frames is right is hit with probability P(Binomial(15, s) >= 8) = I_s(8, 8), the
    regularised incomplete beta function, so the expected hits need no drawing. F1 = 2 P R / (P + R) = 2 hits /
    (50 (S + K V)) is linear in the hits: this is the expectation of :func:`f1_sampled`, not an approximation.

    A perfect prediction scores :func:`f1_ceiling`, which need not be 1.

    >>> f1(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1]))
    1.0
    >>> round(f1(np.array([0, 1, 1, 1]), np.array([0, 0, 1, 1])), 6)  # hits: 1/2 and 1
    0.75
    """
    videos = scored_videos(predicted, truth, exclude)
    shares = np.array([right.mean() for right in segment_hits(videos)])
    hits = float(betainc(_MAJORITY, FRAMES_PER_DRAW - _MAJORITY + 1, shares).sum())
    return 2 * hits / (shares.size + n_classes(videos) * len(videos))


def f1_sampled(
    predicted: Labels, truth: Labels, generator: np.random.Generator, *, exclude: Collection[int] = ()
) -> float:
    """Segment-sampled F1 with the frames really drawn, for comparison with programs that do so; see :func:`f1`.

    >>> f1_sampled(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1]), np.random.default_rng(0))
    1.0
    """
    videos = scored_videos(predicted, truth, exclude)
    segments = segment_hits(videos)
    hits = 0
    for right in segments:
        drawn = generator.integers(right.size, size=(N_DRAWS, FRAMES_PER_DRAW))
        hits += int((right[drawn].sum(axis=1) >= _MAJORITY).sum())
    precision = hits / (N_DRAWS * n_classes(videos) * len(videos))
    recall = hits / (N_DRAWS * len(segments))
    return 2 * precision * recall / (precision + recall) if hits else 0.0


def f1_reference(
    predicted: Labels, truth: Labels, generator: np.random.Generator, *, exclude: Collection[int] = ()
) -> float:
    """Segment-sampled F1 as the published programs compute it, for comparison with their figures only.

    It differs from :func:`f1_sampled` in two ways: the scored frames of all videos are one long recording, so a segment
    may reach from one video into the next and over excluded frames; and the last frame that can be drawn for a segment
    is the first one after it (for the last segment its own last frame).

    >>> labels = np.zeros(4, dtype=int)
    >>> f1_reference([labels, labels], [labels, labels], np.random.default_rng(0))  # one segment, two videos
    0.6666666666666666
    """
    videos = scored_videos(predicted, truth, exclude)
    guesses, targets = _frames(predicted, truth, exclude)
    segments = runs(targets, np.ones(targets.size, dtype=bool))
    hits = 0
    for start, end, label in segments:
        last = min(int(end), targets.size - 1)
        drawn = generator.integers(start, last, size=(N_DRAWS, FRAMES_PER_DRAW), endpoint=True)
        hits += int(((guesses[drawn] == label).sum(axis=1) >= _MAJORITY).sum())
    return 2 * hits / (N_DRAWS * (len(segments) + n_classes(videos) * len(videos)))


def f1_ceiling(truth: Labels, *, exclude: Collection[int] = ()) -> float:
    """What :func:`f1` gives a perfect prediction: 2 S / (S + K V) for S segments, K classes and V videos.

    Below 1 where videos lack classes, above 1 where actions repeat.

    >>> f1_ceiling(np.array([0, 0, 1, 0]))
    1.2
    """
    videos = scored_videos(truth, truth, exclude)
    n_segments = len(segment_hits(videos))
    return 2 * n_segments / (n_segments + n_classes(videos) * len(videos))


def f1_at_overlap(predicted: Labels, truth: Labels, overlap: float, *, exclude: Collection[int] = ()) -> float:
    """F1 of segments, where a predicted segment is right if it overlaps a true one of its class enough.

    Each predicted segment, in order of time, looks at the true segment of its class with the largest intersection over
    union; it is a true positive when that is at least ``overlap`` and the true segment was not taken before. Counts are
    pooled over videos (Lea et al., CVPR 2017; Farha and Gall, MS-TCN, CVPR 2019: F1@10, 25, 50).

    Raises:
        SettingsError: ``overlap`` is not in (0, 1].

    >>> f1_at_overlap(np.array([0, 1, 1, 1]), np.array([0, 0, 0, 1]), 0.25)
    1.0
    >>> f1_at_overlap(np.array([0, 1, 1, 1]), np.array([0, 0, 0, 1]), 0.5)
    0.0
    """
    if not 0 < overlap <= 1:
        raise SettingsError(f"overlap is {overlap}; it is a fraction above 0 and at most 1 (0.5 for F1@50)")
    found = n_predicted = n_true = 0
    for video in scored_videos(predicted, truth, exclude):
        guesses, targets = runs(video.predicted, video.scored), runs(video.truth, video.scored)
        n_predicted += len(guesses)
        n_true += len(targets)
        taken = np.zeros(len(targets), dtype=bool)
        for ratios in _segment_overlaps(guesses, targets):
            best = int(ratios.argmax())
            taken[best] |= ratios[best] >= overlap
        found += int(taken.sum())
    return 2 * found / (n_predicted + n_true)


def edit_score(predicted: Labels, truth: Labels, *, exclude: Collection[int] = ()) -> float:
    """One minus the normalised edit distance between the orders of segments, averaged over videos.

    Per video: 1 - Levenshtein(predicted, true) / max(number of segments); the lengths of segments do not matter
    (Lea et al., ECCV 2016). The literature prints it times 100.

    >>> edit_score(np.array([0, 1, 0, 1]), np.array([0, 0, 1, 1]))
    0.5
    """
    scores = []
    for video in scored_videos(predicted, truth, exclude):
        guesses, targets = runs(video.predicted, video.scored)[:, 2], runs(video.truth, video.scored)[:, 2]
        scores.append(1 - _edit_distance(guesses, targets) / max(guesses.size, targets.size))
    return float(np.mean(scores))


def _as_sequence(labels: Labels) -> list[Int[np.ndarray, " _"]]:
    if isinstance(labels, np.ndarray) and labels.ndim == 1:
        return [labels]
    return [np.asarray(video) for video in labels]


def scored_videos(predicted: Labels, truth: Labels, exclude: Collection[int] = ()) -> list[ScoredVideo]:
    """Check that the labels fit, and return the videos that have a scored frame."""
    guesses, targets = _as_sequence(predicted), _as_sequence(truth)
    if len(guesses) != len(targets):
        raise DataError(
            f"{len(guesses)} predicted and {counted(len(targets), 'video')} with true labels; give both for each"
        )
    videos = []
    for index, (guess, target) in enumerate(zip(guesses, targets, strict=True)):
        if guess.shape != target.shape or target.ndim != 1:
            raise DataError(
                f"video {index}: predicted labels have shape {guess.shape}, true labels {target.shape}; "
                "give one of each per frame"
            )
        scored = np.isin(target, list(exclude), invert=True)
        if (target[scored] < 0).any():
            raise DataError(f"video {index}: a true label is {target[scored].min()}; classes are numbered from 0")
        if scored.any():
            videos.append(ScoredVideo(guess, target, scored))
    if not videos:
        total = sum(target.size for target in targets)
        raise DataError(
            f"no frame is left to score: {counted(len(targets), 'video')} with {counted(total, 'frame')} in all, "
            f"excluded classes {sorted(exclude)}; exclude fewer classes or give videos that show others"
        )
    return videos


def _frames(
    predicted: Labels, truth: Labels, exclude: Collection[int]
) -> tuple[Int[np.ndarray, " t"], Int[np.ndarray, " t"]]:
    """Scored frames of all videos in a row."""
    videos = scored_videos(predicted, truth, exclude)
    return (
        np.concatenate([video.predicted[video.scored] for video in videos]),
        np.concatenate([video.truth[video.scored] for video in videos]),
    )


def n_classes(videos: Sequence[ScoredVideo]) -> int:
    return int(np.unique(np.concatenate([video.truth[video.scored] for video in videos])).size)


def runs(labels: Int[np.ndarray, " t"], scored: Bool[np.ndarray, " t"]) -> Int[np.ndarray, "s 3"]:
    """(start, end, label) of every stretch of scored frames with one label; unscored frames end a stretch."""
    borders = np.flatnonzero((labels[1:] != labels[:-1]) | (scored[1:] != scored[:-1])) + 1
    starts = np.concatenate([[0], borders])
    ends = np.concatenate([borders, [labels.size]])
    return np.asarray(np.stack([starts, ends, labels[starts]], axis=1)[scored[starts]])


def segment_hits(videos: Sequence[ScoredVideo]) -> list[Bool[np.ndarray, " _"]]:
    """For every true segment of every video, which of its frames are right."""
    return [
        video.predicted[start:end] == label for video in videos for start, end, label in runs(video.truth, video.scored)
    ]


def _segment_overlaps(guesses: Int[np.ndarray, "p 3"], targets: Int[np.ndarray, "s 3"]) -> Float[np.ndarray, "p s"]:
    """Intersection over union of every predicted with every true segment, 0 where the labels differ."""
    start, end, label = (guesses[:, None, column] for column in range(3))
    shared = np.minimum(end, targets[:, 1]) - np.maximum(start, targets[:, 0])
    lengths = (end - start) + (targets[:, 1] - targets[:, 0])
    ratio = np.maximum(shared, 0) / (lengths - np.maximum(shared, 0))
    return np.where(label == targets[:, 2], ratio, 0.0)


def _edit_distance(first: Int[np.ndarray, " p"], second: Int[np.ndarray, " s"]) -> int:
    """Levenshtein distance, row by row; the insertions of a row are a running minimum."""
    steps = np.arange(second.size + 1)
    row = steps
    for count, label in enumerate(first, start=1):
        without = np.minimum(row[1:] + 1, row[:-1] + (second != label))
        row = np.minimum.accumulate(np.concatenate([[count], without]) - steps) + steps
    return int(row[-1])
