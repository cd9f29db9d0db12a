"""Score a segmentation of several recordings: matching, all metrics, and the trivial predictions beside them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from vasot.errors import DataError, SettingsError
from vasot.features.pixels import picture_side, thumbnails
from vasot.metrics.matching import NO_CLASS, apply_matching, match_actions
from vasot.metrics.segmentation import class_recall, edit_score, f1, f1_at_overlap, f1_ceiling, f1_reference, miou, mof
from vasot.metrics.trivial import equal_parts, kmeans, one_label
from vasot.types import Track
from vasot.wording import counted

__all__ = [
    "SCOPES",
    "SegmentationReport",
    "SegmentationScores",
    "members",
    "relabel",
    "score_segmentation",
    "trivial_scores",
]

SCOPES = ("dataset", "video")
"""What shares one matching of actions to classes: all recordings of an activity, or each recording on its own."""


@dataclass(frozen=True)
class SegmentationScores:
    """The segmentation metrics, as fractions; :mod:`vasot.metrics.segmentation` defines each.

    ``f1`` is read against ``f1_ceiling``, what a perfect prediction gets; the others reach 1.
    """

    mof: float
    f1: float
    f1_ceiling: float
    miou: float
    class_recall: float
    f1_at_10: float
    f1_at_25: float
    f1_at_50: float
    edit: float

    def to_dict(self) -> dict[str, float]:
        """Names as they are printed (``f1@10``) and values, in a fixed order."""
        return {name.replace("_at_", "@"): value for name, value in asdict(self).items()}


@dataclass(frozen=True)
class SegmentationReport:
    """Scores of a set of recordings, what they were averaged from, and the settings that give them meaning.

    Attributes:
        scores: the figures of the set. Scope ``"dataset"``: the mean over activities. Scope ``"video"``: the mean over
            recordings that could be scored.
        activities: per activity, its recordings together (scope ``"video"``: their mean); None where no frame is left.
        videos: per recording, in the order given, with the matching of its scope; None where no frame is left.
        matchings: per recording, the class of each action, :data:`~vasot.metrics.matching.NO_CLASS` for none; None
            where there was no frame to match.
        names: per recording, what it is called.
        activity_of: per recording, its activity.
        scope: what shared one matching.
        n_actions: K, the number of actions the prediction could use.
        n_classes: number of true classes among the scored frames.
        exclude: the classes left out of scoring, sorted.
    """

    scores: SegmentationScores
    activities: Mapping[str, SegmentationScores | None]
    videos: tuple[SegmentationScores | None, ...]
    matchings: tuple[tuple[int, ...] | None, ...]
    names: tuple[str, ...]
    activity_of: tuple[str, ...]
    scope: str
    n_actions: int
    n_classes: int
    exclude: tuple[int, ...]

    @property
    def n_videos(self) -> int:
        """Number of recordings, those without a scored frame included."""
        return len(self.videos)

    @property
    def n_undefined(self) -> int:
        """Number of recordings that have no score because all their frames are of excluded classes."""
        return sum(scores is None for scores in self.videos)

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values for JSON: the metrics at the top, then settings, activities and recordings."""
        return {
            **self.scores.to_dict(),
            "scope": self.scope,
            "n_actions": self.n_actions,
            "n_classes": self.n_classes,
            "n_videos": self.n_videos,
            "n_undefined": self.n_undefined,
            "exclude": list(self.exclude),
            "activities": {name: _plain(scores) for name, scores in self.activities.items()},
            "videos": [
                {
                    "name": name,
                    "activity": activity,
                    "scores": _plain(scores),
                    "matching": None if matching is None else list(matching),
                }
                for name, activity, scores, matching in zip(
                    self.names, self.activity_of, self.videos, self.matchings, strict=True
                )
            ],
        }


def score_segmentation(
    predicted: Sequence[Int[np.ndarray, " _"]],
    truth: Sequence[Int[np.ndarray, " _"]],
    *,
    n_actions: int,
    activities: Sequence[str] | None = None,
    exclude: Collection[int] = (),
    scope: str = "dataset",
    names: Sequence[str] | None = None,
    reference_seed: int | None = None,
) -> SegmentationReport:
    """Match actions to classes and score the result.

    Args:
        predicted: per recording, the action 0..n_actions-1 of each frame.
        truth: per recording, the class of each frame.
        n_actions: K, the number of actions; the matching needs it where some never occur.
        activities: per recording, its activity; actions of different activities have nothing to do with each other.
            None: all recordings are of one.
        exclude: classes whose frames leave before matching and scoring.
        scope: ``"dataset"`` for one matching per activity, ``"video"`` for one per recording.
        names: per recording, what reports and errors call it. None: its number.
        reference_seed: draw F1, and that of a perfect prediction as its ceiling, as the published programs do
            (:func:`vasot.metrics.segmentation.f1_reference`), with this seed. None: the exact expectation.

    Raises:
        DataError: labels that do not fit each other, or no frame left to score in the whole set.
        SettingsError: an unknown scope, or ``n_actions`` below 1.

    >>> report = score_segmentation([np.array([1, 1, 0])], [np.array([0, 0, 4])], n_actions=2)
    >>> report.scores.mof, report.matchings
    (1.0, ((4, 0),))
    """
    names = tuple(names) if names is not None else tuple(str(index) for index in range(len(truth)))
    activity_of = tuple(activities) if activities is not None else ("all",) * len(truth)
    if scope not in SCOPES:
        raise SettingsError(f"scope is '{scope}'; it is one of: {', '.join(SCOPES)}")
    _check_recordings([actions.size for actions in predicted], truth, names, activity_of)
    _check_actions(predicted, names, n_actions)
    excluded = tuple(sorted({int(label) for label in exclude}))
    scored = [np.isin(target, excluded, invert=True) for target in truth]
    by_name = members(activity_of)
    each = [[index] for index in range(len(truth))]
    matchings = _match(predicted, truth, scored, by_name.values() if scope == "dataset" else each, n_actions)
    classes = [relabel(actions, matching) for actions, matching in zip(predicted, matchings, strict=True)]

    def together(group: Sequence[int]) -> SegmentationScores | None:
        if not any(scored[index].any() for index in group):
            return None
        chosen = [classes[index] for index in group], [truth[index] for index in group]
        return _all_metrics(*chosen, excluded, reference_seed)

    videos = tuple(together(group) for group in each)
    if scope == "dataset":
        by_activity = {activity: together(group) for activity, group in by_name.items()}
        overall = _mean(by_activity.values())
    else:
        by_activity = {activity: _mean(videos[index] for index in group) for activity, group in by_name.items()}
        overall = _mean(videos)
    if overall is None:
        raise DataError(
            f"no frame is left to score: all frames of {counted(len(truth), 'recording')} are of the excluded classes "
            f"{list(excluded)}; exclude fewer classes or give recordings that show others"
        )
    return SegmentationReport(
        scores=overall,
        activities=by_activity,
        videos=videos,
        matchings=tuple(matchings),
        names=names,
        activity_of=activity_of,
        scope=scope,
        n_actions=n_actions,
        n_classes=np.unique(_pooled(truth, scored, range(len(truth)))).size,
        exclude=excluded,
    )


def trivial_scores(
    tracks: Sequence[Track],
    truth: Sequence[Int[np.ndarray, " _"]],
    n_actions: int,
    seed: int,
    *,
    activities: Sequence[str] | None = None,
    exclude: Collection[int] = (),
    scope: str = "dataset",
    reference_seed: int | None = None,
    clustered: bool = True,
) -> dict[str, SegmentationReport]:
    """Score the predictions that need no training, under the protocol of :func:`score_segmentation`.

    ``one_label`` calls every frame the same, ``equal_parts`` cuts every recording in ``n_actions`` stretches of equal
    length (all its frames, excluded classes included), ``kmeans`` clusters the frames of each activity.

    Args:
        tracks: the recordings, with their features.
        truth: per recording, the class of each frame.
        n_actions: K, for all three.
        seed: of K-Means.
        activities: as in :func:`score_segmentation`; None: all recordings are of one.
        exclude: as in :func:`score_segmentation`.
        scope, reference_seed: as in :func:`score_segmentation`.
        clustered: with ``kmeans``, which takes long where there are many frames.

    Raises:
        DataError, SettingsError: as :func:`score_segmentation`.
    """
    activity_of = tuple(activities) if activities is not None else ("all",) * len(tracks)
    names = tuple(track.name for track in tracks)
    _check_recordings([track.n_frames for track in tracks], truth, names, activity_of)
    predictions = {
        "one_label": [one_label(track.n_frames) for track in tracks],
        "equal_parts": [equal_parts(track.n_frames, n_actions) for track in tracks],
    }
    if clustered:
        predictions["kmeans"] = _cluster(tracks, activity_of, n_actions, seed)
    return {
        name: score_segmentation(
            labels,
            truth,
            n_actions=n_actions,
            activities=activity_of,
            exclude=exclude,
            scope=scope,
            names=names,
            reference_seed=reference_seed,
        )
        for name, labels in predictions.items()
    }


def _cluster(
    tracks: Sequence[Track], activity_of: Sequence[str], n_actions: int, seed: int
) -> list[Int[np.ndarray, " _"]]:
    """Clusters of the frames of each activity."""
    found: dict[int, Int[np.ndarray, " _"]] = {}
    for group in members(activity_of).values():
        labels = kmeans([_clusterable(tracks[index]) for index in group], n_actions, seed)
        found.update(zip(group, labels, strict=True))
    return [found[index] for index in range(len(tracks))]


def _clusterable(track: Track) -> Float[np.ndarray, "t d"]:
    """What K-Means groups: features as they are, pictures shrunk."""
    if track.features.dtype != np.uint8:
        return track.features
    side = picture_side(track.n_features)
    return np.asarray(track.features, np.float32) if side is None else thumbnails(track.features, side)


def _check_recordings(
    n_frames: Sequence[int], truth: Sequence[Int[np.ndarray, " _"]], names: Sequence[str], activity_of: Sequence[str]
) -> None:
    if not truth:
        raise DataError("there are no recordings to score; give at least one")
    for what, values in (("predictions", n_frames), ("names", names), ("activities", activity_of)):
        if len(values) != len(truth):
            raise DataError(
                f"{len(values)} {what} for {counted(len(truth), 'recording')} with true labels; give one for each"
            )
    for name, size, target in zip(names, n_frames, truth, strict=True):
        if size != target.size or size == 0:
            raise DataError(
                f"recording '{name}': {size} predicted and {target.size} true labels; "
                "give one of each per frame, for at least 1 frame"
            )


def _check_actions(predicted: Sequence[Int[np.ndarray, " _"]], names: Sequence[str], n_actions: int) -> None:
    if n_actions < 1:
        raise SettingsError(f"n_actions is {n_actions}; a prediction has at least 1 action")
    for name, actions in zip(names, predicted, strict=True):
        if actions.min() < 0 or actions.max() >= n_actions:
            raise DataError(
                f"recording '{name}': predicted actions reach {actions.min()}..{actions.max()}, but n_actions is "
                f"{n_actions} (0..{n_actions - 1}); raise n_actions or check the predictions"
            )


def members(activity_of: Sequence[str]) -> dict[str, list[int]]:
    """Which recordings each activity has, activities in the order they first occur."""
    found: dict[str, list[int]] = {}
    for index, activity in enumerate(activity_of):
        found.setdefault(activity, []).append(index)
    return found


def _match(
    predicted: Sequence[Int[np.ndarray, " _"]],
    truth: Sequence[Int[np.ndarray, " _"]],
    scored: Sequence[Bool[np.ndarray, " _"]],
    sharing: Iterable[Sequence[int]],
    n_actions: int,
) -> list[tuple[int, ...] | None]:
    """Per recording, the matching of the group of recordings that it shares it with."""
    matchings: list[tuple[int, ...] | None] = [None] * len(truth)
    for group in sharing:
        targets = _pooled(truth, scored, group)
        if targets.size:
            matching = match_actions(_pooled(predicted, scored, group), targets, n_actions)
            for index in group:
                matchings[index] = tuple(matching.tolist())
    return matchings


def _pooled(
    labels: Sequence[Int[np.ndarray, " _"]], scored: Sequence[Bool[np.ndarray, " _"]], group: Sequence[int]
) -> Int[np.ndarray, " _"]:
    return np.concatenate([labels[index][scored[index]] for index in group])


def relabel(actions: Int[np.ndarray, " t"], matching: tuple[int, ...] | None) -> Int[np.ndarray, " t"]:
    """Classes of the frames; each action without one keeps a negative label of its own.

    Were they all -1, neighbouring segments of two such actions would pass as one in the metrics of segments.
    """
    if matching is None:
        return -1 - actions.astype(np.int64)
    classes = apply_matching(actions, np.array(matching))
    return np.where(classes == NO_CLASS, -1 - actions.astype(np.int64), classes)


def _all_metrics(
    classes: Sequence[Int[np.ndarray, " _"]],
    truth: Sequence[Int[np.ndarray, " _"]],
    exclude: tuple[int, ...],
    reference_seed: int | None,
) -> SegmentationScores:
    if reference_seed is None:
        found, ceiling = f1(classes, truth, exclude=exclude), f1_ceiling(truth, exclude=exclude)
    else:
        # The same draws for both, so that nothing passes its ceiling by luck.
        found, ceiling = (
            f1_reference(labels, truth, np.random.default_rng(reference_seed), exclude=exclude)
            for labels in (classes, truth)
        )
    return SegmentationScores(
        mof=mof(classes, truth, exclude=exclude),
        f1=found,
        f1_ceiling=ceiling,
        miou=miou(classes, truth, exclude=exclude),
        class_recall=class_recall(classes, truth, exclude=exclude),
        f1_at_10=f1_at_overlap(classes, truth, 0.10, exclude=exclude),
        f1_at_25=f1_at_overlap(classes, truth, 0.25, exclude=exclude),
        f1_at_50=f1_at_overlap(classes, truth, 0.50, exclude=exclude),
        edit=edit_score(classes, truth, exclude=exclude),
    )


def _mean(parts: Iterable[SegmentationScores | None]) -> SegmentationScores | None:
    """Mean over the defined ones; None where there is none."""
    rows = [astuple(scores) for scores in parts if scores is not None]
    return SegmentationScores(*np.mean(rows, axis=0).tolist()) if rows else None


def _plain(scores: SegmentationScores | None) -> dict[str, float] | None:
    return None if scores is None else scores.to_dict()
