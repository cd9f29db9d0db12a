"""The data sets that can be compared on: where each lies, its number of actions, and what is left out of scoring."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from vasot.datasets.base import Dataset, Recording
from vasot.datasets.folder import read_folder
from vasot.datasets.published import Published
from vasot.datasets.reading import Reading
from vasot.datasets.recordings import read_data
from vasot.datasets.registry import DATASETS
from vasot.datasets.synthetic import SyntheticSettings, make_dataset
from vasot.errors import DataError
from vasot.types import Track

__all__ = ["SOURCES", "Source", "repetitions"]

_PUSHUP_HZ = 25.0


@dataclass(frozen=True)
class Source:
    """A data set as it is compared on.

    Attributes:
        title: what tables call it.
        folder: where it lies below the root of the data; None: it is made and needs no folder.
        actions: K, for all activities or by activity.
        exclude: classes left out of scoring; the labels must have them.
        background: classes left out of scoring where the labels have them.
        note: what a figure from it must be printed with.
        read: from its folder to its recordings.
    """

    title: str
    folder: str | None
    actions: int | Mapping[str, int]
    exclude: tuple[str, ...] = ()
    background: tuple[str, ...] = ()
    note: str = ""
    read: Callable[[Path], Dataset] = field(default=read_folder)

    def is_present(self, root: Path) -> bool:
        """Whether its folder is there."""
        return self.folder is None or (root / self.folder).is_dir()

    def load(self, root: Path) -> Dataset:
        """Read its recordings; those without labels are left out.

        Raises:
            DataError: it is there but cannot be used: unreadable, without labels, or without a class to exclude.
        """
        place = root / (self.folder or "")
        dataset = self.read(place)
        labelled = tuple(each for each in dataset.recordings if each.labels is not None)
        if not labelled:
            raise DataError(f"{place}: recordings without labels cannot be compared on; add groundTruth/")
        for name in self.exclude:
            if name not in dataset.class_names:
                raise DataError(f"{place}: has no class '{name}', which is left out of scoring; check its labels")
        for track in dataset.tracks:
            self.actions_of(track.activity)
        return replace(dataset, recordings=labelled)

    def excluded_of(self, dataset: Dataset) -> tuple[str, ...]:
        """The classes of a data set that are left out of scoring."""
        return (*self.exclude, *(name for name in self.background if name in dataset.class_names))

    def actions_of(self, activity: str) -> int:
        """K of one activity.

        Raises:
            DataError: nobody gave it a number of actions.
        """
        if isinstance(self.actions, int):
            return self.actions
        if activity not in self.actions:
            known = ", ".join(self.actions)
            raise DataError(f"{self.title}: there is no activity '{activity}' (a sub-folder of features/): {known}")
        return self.actions[activity]


def repetitions(folder: Path) -> Dataset:
    """Every push-up of the recordings as a recording of its own: built-in motion features at 25 frames per second.

    ``reps_derived.tsv`` says from which to which frame each lasts.

    Raises:
        DataError: the table is missing or names a video that is not there.
    """
    whole = read_data(folder, Reading("motion", fps=_PUSHUP_HZ))
    by_name = {recording.track.name: recording for recording in whole.recordings}
    numbers: Counter[str] = Counter()
    cut = []
    table = folder / "reps_derived.tsv"
    try:
        with table.open(newline="", encoding="utf-8") as file:
            rows = [
                (row["name"], int(row["top_start"]), int(row["top_end"]))
                for row in csv.DictReader(file, delimiter="\t")
            ]
    except (OSError, KeyError, ValueError) as error:
        raise DataError(f"{table}: is no table of name, top_start and top_end ({error})") from None
    for name, first, last in rows:
        if name not in by_name:
            raise DataError(f"{table}: names '{name}', of which there is no video")
        numbers[name] += 1
        cut.append(_cut(by_name[name], f"{name}_{numbers[name]}", first, last + 1))
    return Dataset(whole.name, tuple(cut), whole.class_names)


def _cut(recording: Recording, name: str, start: int, end: int) -> Recording:
    track, labels = recording.track, recording.labels
    if labels is None:
        raise DataError(f"{track.source}: has no phases in groundTruth/")
    times = None if track.times_seconds is None else track.times_seconds[start:end]
    return Recording(Track(name, track.features[start:end], times, track.activity, track.source), labels[start:end])


_MADE = SyntheticSettings(n_recordings=10, n_actions=7, noise=1.0, style=2.0, seed=0)
"""Ten recordings with steps swapped, left out and repeated, in which a single frame does not tell its step for sure."""

_SUPERVISED = "features are scores of a supervised frame classifier"

_AT_HAND = {
    "breakfast_coffee": Source("Breakfast coffee, 5 videos", "breakfast_coffee", 7),
    "utkinect": Source("UTKinect, background left out", "utkinect", 10, exclude=("background",)),
    "utkinect_background": Source("UTKinect with background", "utkinect", 11),
    "salads50_mid": Source("50 Salads mid, 20 videos", "salads50_mid", 18, note=_SUPERVISED),
    "gtea": Source("GTEA, 7 videos", "gtea", 11, note=_SUPERVISED),
    "mocap6": Source("CMU motion capture, 6 recordings", "mocap6", 12),
    "pushups": Source("Push-up repetitions, motion features", "pushups", 4, read=repetitions),
    "made": Source("Made data", None, 7, exclude=("background",), read=lambda _: make_dataset(_MADE).dataset),
}

_OF_THE_PAPER = (
    *("pouring", "penn-action", "ikea-asm", "breakfast", "youtube-instructions"),
    *("50salads-mid", "50salads-eval", "desktop-assembly"),
)


def _published(name: str) -> Source:
    """A data set in the layout in which its authors publish it, in the folder of its name."""
    published: Published = DATASETS[name]
    return Source(
        published.title,
        name,
        published.activities,
        background=published.background,
        read=lambda folder: read_data(folder, Reading(dataset=name)),
    )


SOURCES: dict[str, Source] = {**_AT_HAND, **{name: _published(name) for name in _OF_THE_PAPER}}
"""By the name that experiments use."""
