"""What an evaluation found: every figure with its interval, and all that gives the figures their meaning."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vasot.metrics.evaluation import SegmentationReport
from vasot.metrics.intervals import LEVEL, N_RESAMPLES, Interval, bootstrap
from vasot.metrics.pairs import PairAgreement
from vasot.metrics.parts import ByVideo, defined

__all__ = ["SEGMENTATION_KEYS", "Conditions", "Evaluation", "Figure", "mean_over_groups"]

SEGMENTATION_KEYS = ("mof", "f1", "f1_ceiling", "miou", "class_recall", "f1@10", "f1@25", "f1@50", "edit")
"""Names of the segmentation metrics, in the order in which they are reported."""


@dataclass(frozen=True)
class Figure:
    """One metric, as a fraction.

    Attributes:
        value: None where it is undefined.
        interval: how far it moves with other recordings; None where that cannot be told.
        reason: why there is no value; None where there is one.
    """

    value: float | None
    interval: Interval | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Conditions:
    """Under which settings the figures were found; without them they mean nothing.

    Attributes:
        name: the protocol (:mod:`vasot.metrics.protocols`).
        scope: what shared one matching of actions to classes.
        n_actions: K; None for a method without actions.
        seed: of folds, draws, K-Means and pairs.
        stride: alignment metrics, and alignments of pairs, looked at every so many-th frame.
        folds: per activity, how often was fitted.
        split: recordings fitted on and scored where a split was given, else None.
        own_split: activities that were divided as the data set's authors do; the others by the seed.
        excluded: names of the classes left out of scoring.
        n_recordings: labelled recordings.
        n_unlabelled: recordings left out because they have no labels.
        n_classes: classes among the scored frames.
        undefined: how many values of each kind were undefined and are in no mean: ``recordings`` without a scored
            frame, ``tau_pairs`` of recordings, ``progress_boundaries`` of phases.
    """

    name: str
    scope: str
    n_actions: int | None
    seed: int
    stride: int
    folds: Mapping[str, int]
    split: tuple[int, int] | None
    own_split: tuple[str, ...]
    excluded: tuple[str, ...]
    n_recordings: int
    n_unlabelled: int
    n_classes: int
    undefined: Mapping[str, int]

    def to_dict(self) -> dict[str, Any]:
        """The attributes by name, and how intervals are drawn, as plain values for JSON."""
        return {
            "name": self.name,
            "scope": self.scope,
            "n_actions": self.n_actions,
            "seed": self.seed,
            "stride": self.stride,
            "folds": dict(self.folds),
            "split": None if self.split is None else {"fitted": self.split[0], "scored": self.split[1]},
            "own_split": list(self.own_split),
            "excluded": list(self.excluded),
            "n_recordings": self.n_recordings,
            "n_unlabelled": self.n_unlabelled,
            "undefined": dict(self.undefined),
            "intervals": {"draws": N_RESAMPLES, "level": LEVEL},
        }


@dataclass(frozen=True)
class Evaluation:
    """Every metric of one model on one data set.

    Attributes:
        method: what was evaluated.
        dataset: on what.
        figures: by :data:`~vasot.metrics.embeddings.ALIGNMENT_KEYS` and :data:`SEGMENTATION_KEYS`.
        activities: the same per activity, values alone; ``figures`` are their means (with scope ``video``, the
            segmentation metrics are means over recordings instead).
        trivial: segmentation metrics of predictions that need no training; empty for a method without actions.
        trivial_embeddings: alignment metrics of embeddings that need no training; ``time`` is the relative time alone.
        pairs: how well matched frames agree in phase; None where the method does not align or there is no pair.
        segmentation: scores and matching of every recording; None where the method does not segment.
        action_names: what the actions are called.
        class_names: what the classes are called, in order of index.
        conditions: the settings.
    """

    method: str
    dataset: str
    figures: Mapping[str, Figure]
    activities: Mapping[str, Mapping[str, float | None]]
    trivial: Mapping[str, Mapping[str, float]]
    trivial_embeddings: Mapping[str, Mapping[str, float | None]]
    pairs: PairAgreement | None
    segmentation: SegmentationReport | None
    action_names: tuple[str, ...]
    class_names: tuple[str, ...]
    conditions: Conditions

    @property
    def values(self) -> dict[str, float | None]:
        """The figures without their intervals."""
        return {key: figure.value for key, figure in self.figures.items()}

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values for JSON, metrics at the top; None where undefined, ``reasons`` says why."""
        intervals = {key: figure.interval for key, figure in self.figures.items()}
        report = None if self.segmentation is None else self.segmentation.to_dict()
        return {
            **self.values,
            "protocol": self.conditions.to_dict(),
            "intervals": {key: None if each is None else each.to_dict() for key, each in intervals.items()},
            "reasons": {key: each.reason for key, each in self.figures.items() if each.reason is not None},
            "phase_agreement": None if self.pairs is None else self.pairs.to_dict(),
            "method": self.method,
            "dataset": self.dataset,
            "scope": self.conditions.scope,
            "seed": self.conditions.seed,
            "n_actions": self.conditions.n_actions,
            "n_classes": self.conditions.n_classes,
            "n_videos": self.conditions.n_recordings,
            "n_undefined": self.conditions.undefined["recordings"],
            "excluded_classes": list(self.conditions.excluded),
            "action_names": list(self.action_names),
            "activities": {name: dict(row) for name, row in self.activities.items()},
            "trivial": {name: dict(row) for name, row in self.trivial.items()},
            "trivial_embeddings": {name: dict(row) for name, row in self.trivial_embeddings.items()},
            "videos": None if report is None else report["videos"],
        }

    def to_json(self) -> str:
        """:meth:`to_dict` as strict JSON: never NaN nor infinity."""
        return json.dumps(self.to_dict(), indent=2, allow_nan=False)


def mean_over_groups(groups: Sequence[Mapping[str, ByVideo]], key: str, seed: int, reason: str) -> Figure:
    """A metric's mean over the groups (activities) in which it is defined; ``reason`` is for where it is in none."""
    known = [value for parts in groups if (value := defined(parts[key])) is not None]
    if not known:
        return Figure(None, reason=reason)
    return Figure(float(np.mean(known)), bootstrap([parts[key] for parts in groups], seed))
