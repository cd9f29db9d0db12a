"""Scores of a run against labels, where there are some, in the time that a page may take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vasot.datasets.base import Dataset
from vasot.errors import VasotError
from vasot.metrics.evaluation import SegmentationReport, score_segmentation, trivial_scores
from vasot.metrics.labelled import Labelled
from vasot.types import Segmentation

__all__ = ["LabelScores", "label_scores"]

_MOST_CLUSTERED = 10_000
"""With more labelled frames, K-Means would take longer than all the rest of a page."""


@dataclass(frozen=True, eq=False)
class LabelScores:
    """Segmentation scores against labels, and those of predictions that need no training; or why there are none."""

    report: SegmentationReport | None
    trivial: Mapping[str, SegmentationReport]
    matched: tuple[tuple[str, str], ...]
    reason: str = ""


def label_scores(
    predicted: Sequence[Segmentation], dataset: Dataset, exclude: Sequence[str], seed: int
) -> LabelScores | None:
    """Score predictions of all recordings of a data set; None where no recording has labels.

    Args:
        predicted: what the model says about each recording, in their order.
        dataset: the recordings.
        exclude: classes left out of scoring.
        seed: of K-Means.
    """
    if all(each.labels is None for each in dataset.recordings):
        return None
    try:
        labelled = Labelled.of(dataset, exclude)
    except VasotError as error:
        return LabelScores(None, {}, (), str(error))
    by_name = {each.name: each for each in predicted}
    own = [by_name[track.name] for track in labelled.tracks]
    activities = [track.activity for track in labelled.tracks]
    report = score_segmentation(
        [each.labels for each in own],
        labelled.truth,
        n_actions=own[0].n_actions,
        activities=activities,
        exclude=labelled.excluded,
        names=[track.name for track in labelled.tracks],
    )
    trivial = trivial_scores(
        labelled.tracks,
        labelled.truth,
        own[0].n_actions,
        seed,
        activities=activities,
        exclude=labelled.excluded,
        clustered=sum(labels.size for labels in labelled.truth) <= _MOST_CLUSTERED,
    )
    return LabelScores(report, trivial, _matched(report, own[0].action_names, dataset.class_names))


def _matched(
    report: SegmentationReport, action_names: Sequence[str], class_names: Sequence[str]
) -> tuple[tuple[str, str], ...]:
    """Which class each action was taken for; none where activities have matchings of their own."""
    known = {matching for matching in report.matchings if matching is not None}
    if len(known) != 1:
        return ()
    (matching,) = known
    return tuple(
        (name, class_names[found] if found >= 0 else "nothing")
        for name, found in zip(action_names, matching, strict=True)
    )
