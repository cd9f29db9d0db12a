"""What is measured of one method on one data set with one seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from vasot.comparison.sources import Source
from vasot.datasets.base import Dataset, Recording
from vasot.features.precomputed import standardise
from vasot.metrics.embeddings import ALIGNMENT_KEYS, score_embeddings
from vasot.metrics.evaluation import score_segmentation
from vasot.metrics.labelled import Labelled
from vasot.metrics.parts import defined
from vasot.metrics.protocols import HELD_OUT
from vasot.metrics.scoring import MOST_FRAMES
from vasot.metrics.trivial import equal_parts, kmeans, one_label

__all__ = [
    "ALIGNMENT",
    "METRICS",
    "PROTOCOL",
    "SEGMENTATION",
    "TRIVIAL",
    "Measured",
    "measure",
    "measure_trivial",
]

SEGMENTATION = ("mof", "f1", "f1_ceiling", "miou", "class_recall", "f1@10", "f1@25", "f1@50", "edit")
"""Of methods that segment: one matching per activity, excluded classes left out."""

ALIGNMENT = ALIGNMENT_KEYS
"""Of embeddings, the labels being the phases; classifiers and regressions never see the recordings they score."""

METRICS = (*SEGMENTATION, *ALIGNMENT)

PROTOCOL = HELD_OUT
"""What is fitted never sees the recordings it is scored on: recordings are divided, and as many frames looked at, as
``vasot evaluate`` does by itself."""


@dataclass(frozen=True)
class Measured:
    """Metrics as fractions, None where undefined or not of the method's task, and the seconds that training took."""

    scores: Mapping[str, float | None]
    fit_seconds: float = 0.0


@dataclass(frozen=True, eq=False)
class _Answers:
    """What a method says of recordings: a label and an embedding of every frame; None where it has no such task."""

    labels: list[Int[np.ndarray, " _"]] | None
    embeddings: list[Float[np.ndarray, "_ e"]] | None
    fit_seconds: float = 0.0


_Answering = Callable[[Sequence[Recording], int], _Answers]


def measure(dataset: Dataset, source: Source, method: str, settings: Mapping[str, Any], seed: int) -> Measured:
    """Train one model for each activity, without labels, and score all of them together.

    Args:
        dataset: labelled recordings.
        source: their numbers of actions, and what is left out of scoring.
        method: a name of :data:`vasot.methods.METHODS`.
        settings: its settings, but for ``actions`` and ``seed``.
        seed: of training, and of the division of the recordings for classifiers.

    Raises:
        VasotError: the method cannot be trained with these settings on these recordings.
    """

    def answer(recordings: Sequence[Recording], n_actions: int) -> _Answers:
        from vasot.methods import METHODS
        from vasot.training.model import fit

        kind = METHODS[method]
        actions = n_actions if "actions" in kind.Config.model_fields else None
        part = Dataset(dataset.name, tuple(recordings), dataset.class_names)
        begun = perf_counter()
        model = fit(part, actions=actions, method=method, seed=seed, **settings)
        seconds = perf_counter() - begun
        labels = [model.segment(track).labels for track in part.tracks] if "segment" in kind.tasks else None
        embed = model.method.embed_track
        embeddings = [embed(track)[0].double().numpy() for track in part.tracks] if "align" in kind.tasks else None
        return _Answers(labels, embeddings, seconds)

    return _score(dataset, source, answer, seed)


def measure_trivial(dataset: Dataset, source: Source, name: str, seed: int) -> Measured:
    """Score one of :data:`TRIVIAL` as :func:`measure` does a method."""
    return _score(dataset, source, TRIVIAL[name](seed), seed)


def _one_label(_seed: int) -> _Answering:
    return lambda recordings, _: _Answers([one_label(each.track.n_frames) for each in recordings], None)


def _equal_parts(_seed: int) -> _Answering:
    return lambda recordings, n_actions: _Answers(
        [equal_parts(each.track.n_frames, n_actions) for each in recordings], None
    )


def _kmeans(seed: int) -> _Answering:
    return lambda recordings, n_actions: _Answers(
        kmeans([each.track.features for each in recordings], n_actions, seed), None
    )


def _time_alone(_seed: int) -> _Answering:
    def answer(recordings: Sequence[Recording], _: int) -> _Answers:
        return _Answers(None, [np.linspace(0.0, 1.0, each.track.n_frames)[:, None] for each in recordings])

    return answer


def _features_alone(_seed: int) -> _Answering:
    def answer(recordings: Sequence[Recording], _: int) -> _Answers:
        return _Answers(None, [standardise(each.track.features).astype(np.float64) for each in recordings])

    return answer


TRIVIAL: dict[str, Callable[[int], _Answering]] = {
    "one_label": _one_label,
    "equal_parts": _equal_parts,
    "kmeans": _kmeans,
    "time_alone": _time_alone,
    "features_alone": _features_alone,
}
"""What needs no training. The first three are segmentations, the last two embeddings: relative time, and the
features themselves, standardised."""


def _score(dataset: Dataset, source: Source, answer: _Answering, seed: int) -> Measured:
    labelled = Labelled.of(dataset, source.excluded_of(dataset))
    fits = labelled.folds(PROTOCOL, seed, None)
    stride = labelled.stride(MOST_FRAMES)
    phases = labelled.phases
    predicted: dict[int, Int[np.ndarray, " _"]] = {}
    aligned: list[dict[str, float | None]] = []
    seconds = 0.0
    for activity, members in labelled.activities.items():
        answers = answer([dataset.recordings[index] for index in members], source.actions_of(activity))
        seconds += answers.fit_seconds
        if answers.labels is not None:
            predicted.update(zip(members, answers.labels, strict=True))
        if answers.embeddings is not None:
            parts = score_embeddings(
                answers.embeddings, [phases[index] for index in members], fits[activity], stride=stride
            )
            aligned.append({name: defined(part) for name, part in parts.items()})
    scores: dict[str, float | None] = dict.fromkeys(METRICS)
    if predicted:
        report = score_segmentation(
            [predicted[index] for index in range(len(labelled.tracks))],
            labelled.truth,
            n_actions=max(source.actions_of(activity) for activity in labelled.activities),
            activities=[track.activity for track in labelled.tracks],
            exclude=labelled.excluded,
        )
        scores.update(report.scores.to_dict())
    for name in ALIGNMENT if aligned else ():
        known = [value for part in aligned if (value := part[name]) is not None]
        scores[name] = float(np.mean(known)) if known else None
    return Measured(scores, seconds)
