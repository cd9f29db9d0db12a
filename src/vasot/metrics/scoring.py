"""Evaluate a model on labelled recordings: every metric, under one protocol, by one call."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol as Structure
from typing import runtime_checkable

import numpy as np
from jaxtyping import Float, Int

from vasot.datasets.base import Dataset, Split
from vasot.errors import SettingsError
from vasot.metrics.embeddings import ALIGNMENT_KEYS, score_embeddings
from vasot.metrics.evaluation import SCOPES, SegmentationReport, score_segmentation, trivial_scores
from vasot.metrics.intervals import bootstrap
from vasot.metrics.labelled import Labelled
from vasot.metrics.pairs import N_PAIRS, PairAgreement, score_pairs
from vasot.metrics.parts import ByPair, ByVideo, Explained, defined
from vasot.metrics.protocols import Fold, Protocol, find_protocol
from vasot.metrics.results import SEGMENTATION_KEYS, Conditions, Evaluation, Figure, mean_over_groups
from vasot.metrics.segmentation_parts import report_parts
from vasot.types import Alignment, Segmentation, Track

__all__ = ["MOST_FRAMES", "Scorable", "evaluate"]

MOST_FRAMES = 5_000
"""Frames of an activity that alignment metrics look at, at most, where no stride is given: the time that support vector
machines and alignments need grows with their square."""


@runtime_checkable
class Scorable(Structure):
    """What can be evaluated; :class:`vasot.training.model.Model` is."""

    @property
    def method_name(self) -> str:
        """What reports call it."""
        ...

    @property
    def tasks(self) -> Collection[str]:
        """What it can do: "segment", "align" or both."""
        ...

    @property
    def action_names(self) -> tuple[str, ...]:
        """What its actions are called; none where it does not segment."""
        ...

    def embed(self, source: Track, /) -> Float[np.ndarray, "t e"]:
        """The embedding of every frame."""
        ...

    def segment(self, source: Track, /) -> Segmentation:
        """The action of every frame."""
        ...

    def align(self, a: Track, b: Track, /) -> Alignment:
        """Which frame of ``b`` corresponds to each of ``a``."""
        ...


def evaluate(
    model: Scorable,
    dataset: Dataset,
    *,
    protocol: str = "held-out",
    scope: str = "dataset",
    exclude: Collection[str] = (),
    seed: int = 0,
    stride: int | None = None,
    n_pairs: int = N_PAIRS,
    split: Split | None = None,
) -> Evaluation:
    """Score a model against labels, which it does not see; recordings without labels are left out and counted.

    Args:
        model: what answers about recordings.
        dataset: the recordings.
        protocol: ``held-out`` or ``paper`` (:mod:`vasot.metrics.protocols`).
        scope: ``dataset`` for one matching of actions to classes per activity, ``video`` for one per recording.
        exclude: names of classes whose frames are not scored.
        seed: of folds, draws, K-Means and pairs.
        stride: alignment metrics, and alignments of pairs, look at every so many-th frame; None: as few are left out
            as leave at most :data:`MOST_FRAMES` per activity.
        n_pairs: recordings that are aligned to compare the phases of matched frames, in pairs per activity; 0 for none.
        split: recordings that classifiers and regressions are fitted on, and recordings that alignment metrics score.
            None: as the data set is divided by its authors, or by the seed where it is not. Segmentation metrics fit
            nothing and score all.

    Raises:
        SettingsError: an unknown protocol, scope or class, or a number out of range.
        DataError: no recording has labels, no frame is left to score, or a split that does not fit.
    """
    chosen = find_protocol(protocol)
    if scope not in SCOPES:
        raise SettingsError(f"scope is '{scope}'; it is one of: {', '.join(SCOPES)}")
    if n_pairs < 0:
        raise SettingsError(f"n_pairs is {n_pairs}; it is 0 (align none) or more")
    labelled = Labelled.of(dataset, exclude)
    fits = labelled.folds(chosen, seed, split)
    step = labelled.stride(MOST_FRAMES) if stride is None else stride
    embeddings = [model.embed(track) for track in labelled.tracks]
    aligned = _score_groups(labelled, embeddings, fits, step)
    by_time = _score_groups(labelled, [_relative_time(track) for track in labelled.tracks], fits, step)
    report, groups, trivial = _segment(model, labelled, chosen, scope, seed)
    figures = {
        key: mean_over_groups(list(aligned.values()), key, seed, labelled.reason(key, chosen)) for key in ALIGNMENT_KEYS
    }
    return Evaluation(
        method=model.method_name,
        dataset=dataset.name,
        figures=figures | _segmentation_figures(model, report, groups, chosen, seed),
        activities={
            name: {key: defined(parts[key]) for key in ALIGNMENT_KEYS} | _activity_scores(report, name)
            for name, parts in aligned.items()
        },
        trivial=trivial,
        trivial_embeddings={
            "time": {key: mean_over_groups(list(by_time.values()), key, seed, "").value for key in ALIGNMENT_KEYS}
        },
        pairs=_align_pairs(model, labelled, n_pairs, step, seed),
        segmentation=report,
        action_names=model.action_names,
        class_names=dataset.class_names,
        conditions=Conditions(
            name=chosen.name,
            scope=scope,
            n_actions=None if report is None else report.n_actions,
            seed=seed,
            stride=step,
            folds={name: len(each) for name, each in fits.items()},
            split=None if split is None else (len(split[0]), len(split[1])),
            own_split=tuple(labelled.divided) if split is None and chosen.held_out else (),
            excluded=labelled.excluded_names,
            n_recordings=len(labelled.tracks),
            n_unlabelled=labelled.n_unlabelled,
            n_classes=labelled.n_classes,
            undefined={"recordings": labelled.n_without_phase, **_undefined(aligned.values())},
        ),
    )


def _relative_time(track: Track) -> Float[np.ndarray, "t 1"]:
    return np.linspace(0, 1, track.n_frames)[:, None]


def _score_groups(
    labelled: Labelled, embeddings: Sequence[Float[np.ndarray, "_ e"]], fits: Mapping[str, Sequence[Fold]], stride: int
) -> dict[str, dict[str, ByVideo]]:
    """Alignment metrics of every activity, as parts."""
    phases = labelled.phases
    return {
        name: score_embeddings(
            [embeddings[index] for index in group], [phases[index] for index in group], fits[name], stride=stride
        )
        for name, group in labelled.activities.items()
    }


def _segment(
    model: Scorable, labelled: Labelled, protocol: Protocol, scope: str, seed: int
) -> tuple[SegmentationReport | None, list[dict[str, ByVideo]], dict[str, dict[str, float]]]:
    """Segmentation scores, the parts of their groups, and the trivial predictions; nothing without the task."""
    if "segment" not in model.tasks:
        return None, [], {}
    segmentations = [model.segment(track) for track in labelled.tracks]
    n_actions, truth = segmentations[0].n_actions, labelled.truth
    activities = [track.activity for track in labelled.tracks]
    reference_seed = seed if protocol.reference_f1 else None
    predicted = [segmentation.labels for segmentation in segmentations]
    report = score_segmentation(
        predicted,
        truth,
        n_actions=n_actions,
        activities=activities,
        exclude=labelled.excluded,
        scope=scope,
        names=[track.name for track in labelled.tracks],
        reference_seed=reference_seed,
    )
    rows = trivial_scores(
        labelled.tracks,
        truth,
        n_actions,
        seed,
        activities=activities,
        exclude=labelled.excluded,
        scope=scope,
        reference_seed=reference_seed,
    )
    trivial = {name: row.scores.to_dict() for name, row in rows.items()}
    return report, report_parts(report, predicted, truth), trivial


def _segmentation_figures(
    model: Scorable,
    report: SegmentationReport | None,
    groups: Sequence[Mapping[str, ByVideo]],
    protocol: Protocol,
    seed: int,
) -> dict[str, Figure]:
    if report is None:
        absent = Figure(None, reason=f"method '{model.method_name}' does not segment")
        return dict.fromkeys(SEGMENTATION_KEYS, absent)
    # The published F1 joins recordings, so it is no sum over them that could be drawn anew.
    joined = {"f1", "f1_ceiling"} if protocol.reference_f1 and report.scope == "dataset" else set()
    return {
        key: Figure(value, None if key in joined else bootstrap([parts[key] for parts in groups], seed))
        for key, value in report.scores.to_dict().items()
    }


def _activity_scores(report: SegmentationReport | None, activity: str) -> dict[str, float | None]:
    scores = None if report is None else report.activities[activity]
    return dict.fromkeys(SEGMENTATION_KEYS) if scores is None else dict(scores.to_dict())


def _align_pairs(model: Scorable, labelled: Labelled, n_pairs: int, stride: int, seed: int) -> PairAgreement | None:
    if "align" not in model.tasks:
        return None
    activities = labelled.activities
    tracks = [track.every(stride) for track in labelled.tracks]
    phases = [labels[::stride] for labels in labelled.phases]

    def matches(activity: str, i: int, j: int) -> Int[np.ndarray, " _"]:
        x, y = (tracks[activities[activity][place]] for place in (i, j))
        return model.align(x, y).matches

    grouped = {name: [phases[index] for index in group] for name, group in activities.items()}
    return score_pairs(grouped, matches, n_pairs, seed)


def _undefined(groups: Iterable[Mapping[str, ByVideo]]) -> dict[str, int]:
    """Pairs of recordings without a rank correlation, and boundaries without an R², which are in no mean."""
    pairs = boundaries = 0
    for parts in groups:
        tau, progress = parts["tau"], parts["progress"]
        if isinstance(tau, ByPair):
            pairs += int(np.isnan(tau.pairs).sum()) - tau.n_videos
        if isinstance(progress, Explained):
            boundaries += int(np.isnan(progress.each(np.ones((1, progress.n_videos)))).sum())
    return {"tau_pairs": pairs, "progress_boundaries": boundaries}
