"""The metrics of :mod:`vasot.metrics.segmentation` as what each video adds to them, for intervals."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.special import betainc

from vasot.metrics.evaluation import SegmentationReport, members, relabel
from vasot.metrics.parts import ByVideo, Ratio
from vasot.metrics.segmentation import FRAMES_PER_DRAW, edit_score, f1_at_overlap, runs, scored_videos, segment_hits

__all__ = ["OverClasses", "SampledF1", "report_parts", "segmentation_parts"]


@dataclass(frozen=True, eq=False)
class OverClasses:
    """Mean over the classes that occur of a ratio of sums over videos; all arrays are (v, classes)."""

    above: Float[np.ndarray, "v c"]
    below: Float[np.ndarray, "v c"]
    true_frames: Float[np.ndarray, "v c"]

    @property
    def n_videos(self) -> int:
        """Number of videos."""
        return len(self.above)

    def values(self, weights: Float[np.ndarray, "d v"]) -> Float[np.ndarray, " d"]:
        """The mean for every row of weights."""
        occurs = weights @ self.true_frames > 0
        below = np.where(occurs, weights @ self.below, 1.0)
        ratios = np.where(occurs, weights @ self.above / below, 0.0)
        return np.asarray(ratios.sum(axis=1) / np.maximum(occurs.sum(axis=1), 1))


@dataclass(frozen=True, eq=False)
class SampledF1:
    """2 hits / (segments + classes x videos), classes being those that occur in the videos drawn."""

    hits: Float[np.ndarray, " v"]
    segments: Float[np.ndarray, " v"]
    true_frames: Float[np.ndarray, "v c"]

    @property
    def n_videos(self) -> int:
        """Number of videos."""
        return self.hits.size

    def values(self, weights: Float[np.ndarray, "d v"]) -> Float[np.ndarray, " d"]:
        """F1 for every row of weights."""
        n_classes = (weights @ self.true_frames > 0).sum(axis=1)
        return np.asarray(2 * (weights @ self.hits) / (weights @ self.segments + n_classes * weights.sum(axis=1)))


def segmentation_parts(
    classes: Sequence[Int[np.ndarray, " _"]], truth: Sequence[Int[np.ndarray, " _"]], exclude: Collection[int] = ()
) -> dict[str, ByVideo]:
    """Every segmentation metric of matched labels, by the name it is printed with.

    Videos without a scored frame are left out. The matching is that of all videos: drawing does not match anew.

    >>> parts = segmentation_parts([np.array([0, 0, 1, 1])], [np.array([0, 0, 0, 1])])
    >>> parts["mof"].values(np.ones((1, 1))).tolist()
    [0.75]
    """
    videos = scored_videos(classes, truth, exclude)
    known = np.unique(np.concatenate([video.truth[video.scored] for video in videos]))
    cells = np.zeros((3, len(videos), known.size))
    hits, segments, runs_of_both, edits = (np.zeros(len(videos)) for _ in range(4))
    overlaps = {10: hits.copy(), 25: hits.copy(), 50: hits.copy()}
    for v, video in enumerate(videos):
        predicted = video.predicted[video.scored][:, None] == known
        true = video.truth[video.scored][:, None] == known
        cells[:, v] = (predicted & true).sum(axis=0), (predicted | true).sum(axis=0), true.sum(axis=0)
        shares = np.array([right.mean() for right in segment_hits([video])])
        half = FRAMES_PER_DRAW // 2 + 1
        hits[v], segments[v] = betainc(half, FRAMES_PER_DRAW - half + 1, shares).sum(), shares.size
        runs_of_both[v] = len(runs(video.predicted, video.scored)) + len(runs(video.truth, video.scored))
        edits[v] = edit_score(video.predicted, video.truth, exclude=exclude)
        for percent, row in overlaps.items():
            row[v] = f1_at_overlap(video.predicted, video.truth, percent / 100, exclude=exclude) * runs_of_both[v]
    both, either, true_frames = cells
    return {
        "mof": Ratio(both.sum(axis=1), true_frames.sum(axis=1)),
        "f1": SampledF1(hits, segments, true_frames),
        "f1_ceiling": SampledF1(segments, segments, true_frames),
        "miou": OverClasses(both, either, true_frames),
        "class_recall": OverClasses(both, true_frames, true_frames),
        **{f"f1@{percent}": Ratio(row, runs_of_both) for percent, row in overlaps.items()},
        "edit": Ratio(edits, np.ones(len(videos))),
    }


def report_parts(
    report: SegmentationReport, predicted: Sequence[Int[np.ndarray, " _"]], truth: Sequence[Int[np.ndarray, " _"]]
) -> list[dict[str, ByVideo]]:
    """What the figures of a report are means over: one group per activity, or one of all recordings (scope ``video``).

    Recordings and activities without a scored frame are left out. F1 is the exact one, however the report drew it.

    Args:
        report: of these recordings.
        predicted: per recording, actions before matching.
        truth: per recording, classes.
    """
    known = {index for index, scores in enumerate(report.videos) if scores is not None}
    if report.scope == "video":
        rows = [scores.to_dict() for scores in report.videos if scores is not None]
        return [{key: Ratio(np.array([row[key] for row in rows]), np.ones(len(rows))) for key in rows[0]}]
    groups = [[index for index in group if index in known] for group in members(report.activity_of).values()]
    return [
        segmentation_parts(
            [relabel(predicted[index], report.matchings[index]) for index in group],
            [truth[index] for index in group],
            report.exclude,
        )
        for group in groups
        if group
    ]
