"""The labelled recordings of a data set as an evaluation sees them: phases, activities, who is fitted on whom."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from vasot.datasets.base import Dataset, Split
from vasot.datasets.labels import UNLABELLED
from vasot.errors import DataError, SettingsError, nearest
from vasot.metrics.evaluation import members
from vasot.metrics.protocols import Fold, Protocol, folds
from vasot.types import Track
from vasot.wording import counted

__all__ = ["Labelled"]


@dataclass(frozen=True, eq=False)
class Labelled:
    """Recordings that have labels.

    Attributes:
        tracks: the recordings.
        truth: per recording, the class of each frame.
        excluded: the classes that are not scored, those named and :data:`~vasot.datasets.labels.UNLABELLED`.
        excluded_names: what they are called.
        n_unlabelled: recordings of the data set that have no labels and are not among these.
        splits: how the data set's authors divide it, once for each fold; empty where nobody said.
    """

    tracks: tuple[Track, ...]
    truth: tuple[Int[np.ndarray, " _"], ...]
    excluded: tuple[int, ...]
    excluded_names: tuple[str, ...]
    n_unlabelled: int
    splits: tuple[Split, ...] = ()

    @classmethod
    def of(cls, dataset: Dataset, exclude: Collection[str]) -> Labelled:
        """Take the labelled recordings of a data set.

        Raises:
            SettingsError: ``exclude`` names a class that there is not.
            DataError: no recording has labels, or no frame is left to score.
        """
        pairs = [(each.track, each.labels) for each in dataset.recordings if each.labels is not None]
        total = len(dataset.recordings)
        if not pairs:
            raise DataError(
                f"{dataset.name}: {total} of {counted(total, 'recording')} without ground truth; "
                "scoring needs groundTruth/NAME with one class name per frame"
            )
        for name in exclude:
            if name not in dataset.class_names:
                raise SettingsError(f"there is no class '{name}' to exclude{nearest(name, dataset.class_names)}")
        tracks, truth = zip(*pairs, strict=True)
        names = tuple(exclude)
        if UNLABELLED in dataset.class_names and UNLABELLED not in names:
            names = (*names, UNLABELLED)
        excluded = tuple(dataset.class_names.index(name) for name in names)
        found = cls(tracks, truth, excluded, names, total - len(pairs), dataset.splits)
        if found.n_without_phase == len(tracks):
            raise DataError(
                f"{dataset.name}: no frame is left to score: all frames are of the excluded classes "
                f"{', '.join(names)}; exclude fewer classes"
            )
        return found

    @property
    def activities(self) -> dict[str, list[int]]:
        """Which recordings each activity has."""
        return members([track.activity for track in self.tracks])

    @property
    def phases(self) -> list[Int[np.ndarray, " _"]]:
        """Per recording, the class of each frame, -1 where it is excluded."""
        return [np.where(np.isin(labels, self.excluded), -1, labels).astype(np.int64) for labels in self.truth]

    @property
    def n_without_phase(self) -> int:
        """Recordings all of whose frames are excluded."""
        return sum(bool((labels < 0).all()) for labels in self.phases)

    @property
    def n_classes(self) -> int:
        """Classes that occur among the scored frames."""
        return int(np.unique(np.concatenate([labels[labels >= 0] for labels in self.phases])).size)

    def stride(self, most: int) -> int:
        """The smallest stride that leaves at most ``most`` frames of every activity."""
        longest = max(sum(self.tracks[index].n_frames for index in group) for group in self.activities.values())
        return -(-longest // most)

    @property
    def divided(self) -> dict[str, tuple[Split, ...]]:
        """The folds of the data set's own split that have recordings on both sides, of every activity that has such."""
        found = {}
        for activity, group in self.activities.items():
            names = {self.tracks[index].name for index in group}
            if splits := tuple(split for split in self.splits if all(names.intersection(side) for side in split)):
                found[activity] = splits
        return found

    def folds(self, protocol: Protocol, seed: int, split: Split | None) -> dict[str, list[Fold]]:
        """Who is fitted on whom in every activity, by places in it (:func:`vasot.metrics.protocols.folds`).

        A split that is given comes first, then the data set's own, then folds by the seed.

        Raises:
            SettingsError: a split under a protocol that fits on what it scores.
            DataError: the split names a recording that there is not, has one on both sides, or scores none.
        """
        names = [track.name for track in self.tracks]
        if split is not None:
            if not protocol.held_out:
                raise SettingsError(
                    f"protocol '{protocol.name}' fits on the recordings that it scores; leave out the split"
                )
            for name in [*split[0], *split[1]]:
                if name not in names:
                    raise DataError(f"the split names '{name}', which is no labelled recording{nearest(name, names)}")
            if not split[0] or not split[1]:
                raise DataError("the split leaves no recording to fit on or to score; name some of both")
        own = self.divided if split is None else dict.fromkeys(self.activities, (split,))
        return {
            activity: folds(protocol, [names[index] for index in group], seed, own.get(activity, ()))
            for activity, group in self.activities.items()
        }

    def reason(self, key: str, protocol: Protocol) -> str:
        """Why an alignment metric has no value, where it has none."""
        fits_on_one = not protocol.held_out and key.startswith(("acc", "progress"))
        if max(map(len, self.activities.values())) < 2 and not fits_on_one:
            return "it takes two labelled recordings of one activity"
        return next(reason for start, reason in _REASONS.items() if key.startswith(start))


_REASONS = {
    "acc": "no activity has labelled recordings both to fit on and to score",
    "progress": "no boundary between phases lies in the recordings that are fitted on and scored",
    "tau": "all frames have the same nearest frame (collapsed embeddings), or recordings have a single frame",
    "ap": "the other recordings have fewer frames with a phase than are looked for",
}
"""By the beginning of the metric's name."""
