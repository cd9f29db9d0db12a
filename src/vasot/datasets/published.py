"""What every published data set says of itself: what lies where, its activities, numbers of actions, and its split."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from vasot.datasets.base import Dataset
from vasot.datasets.reading import Reading
from vasot.errors import DataError, SettingsError, nearest

__all__ = ["Part", "Published", "existing_folder"]


@dataclass(frozen=True)
class Part:
    """A part of a data set's layout, and how much of it is there.

    Attributes:
        place: where it lies below the data set's folder.
        what: what it is, in the plural.
        found: how many there are.
        expected: how many the whole data set has; None where that is not fixed.
        required: whether nothing can be read without it.
    """

    place: str
    what: str
    found: int
    expected: int | None = None
    required: bool = True

    @property
    def missing(self) -> bool:
        """Whether nothing of it is there."""
        return self.found == 0

    @property
    def complaint(self) -> str | None:
        """What is wrong with it, None where nothing is."""
        if self.missing:
            return f"{self.place}: no {self.what}" + ("" if self.required else "; reading goes on without them")
        if self.expected is not None and self.found != self.expected:
            return f"{self.place}: {self.found} {self.what}, the published data set has {self.expected}"
        return None


@dataclass(frozen=True)
class Published(ABC):
    """A data set in the layout in which it is published.

    Attributes:
        name: what it is called on the command line.
        title: what its authors call it.
        page: name of the page where its authors offer it.
        licence: what it may be used for, as its authors say.
        activities: number of actions K of each activity; the only one of a data set without activities is ``all``.
        preset: settings of the published experiment, None where there is none.
        layout: what is expected where, as a tree.
        split: what its split is, in a sentence.
        background: classes that are left out of scoring by custom, where the labels have them.
    """

    name: str
    title: str
    page: str
    licence: str
    activities: Mapping[str, int]
    preset: str | None
    layout: str
    split: str
    background: tuple[str, ...] = ()

    features: ClassVar[str]
    """What its recordings become unless somebody says otherwise."""

    @property
    def per_activity(self) -> bool:
        """Whether one model is trained for each activity."""
        return len(self.activities) > 1

    @property
    @abstractmethod
    def subsets(self) -> tuple[str, ...]:
        """Names of the parts of its split."""

    @abstractmethod
    def inventory(self, folder: Path) -> tuple[Part, ...]:
        """What is there of each part of the layout.

        Raises:
            DataError: there is no such folder.
        """

    @abstractmethod
    def present(self, folder: Path) -> tuple[str, ...]:
        """The activities of which there are recordings, in the data set's order.

        Raises:
            DataError: a part without which nothing can be read is missing.
        """

    @abstractmethod
    def read(self, folder: Path, reading: Reading) -> Dataset:
        """The recordings; ``reading`` may ask for one activity, one part of the split.

        Raises:
            VasotError: what is missing, or wrong with what is there.
        """

    def n_actions(self, activity: str) -> int:
        """K of an activity; of the only one where the name is empty.

        Raises:
            SettingsError: there is no such activity, or several and none was named.
        """
        if activity:
            self.check_activity(activity)
            return self.activities[activity]
        if self.per_activity:
            raise SettingsError(
                f"{self.name} has {len(self.activities)} activities with actions of their own; name one "
                "(activity=...), train one model for each (vasot fit --dataset), or give the number of actions"
            )
        return next(iter(self.activities.values()))

    def check_activity(self, activity: str) -> None:
        """Refuse an activity that the data set does not have.

        Raises:
            SettingsError: there is no such activity.
        """
        if activity and activity not in self.activities:
            raise SettingsError(
                f"{self.name} has no activity '{activity}'{nearest(activity, self.activities) or '.'} "
                f"Known: {', '.join(self.activities)}"
            )

    def check_choice(self, folder: Path, reading: Reading) -> None:
        """Refuse a part that the data set does not have, and a folder in which required parts are missing.

        Raises:
            SettingsError: there is no such activity or subset.
            DataError: a required part is missing; the text names all that are.
        """
        self.check_activity(reading.activity)
        if reading.subset and reading.subset not in self.subsets:
            raise SettingsError(
                f"{self.name} has no subset '{reading.subset}'{nearest(reading.subset, self.subsets) or '.'} "
                f"Known: {', '.join(self.subsets)}"
            )
        missing = [part for part in self.inventory(folder) if part.required and part.missing]
        if missing:
            raise DataError(
                f"{folder} is not {self.title} as published: "
                + ", ".join(f"no {part.what} at {part.place}" for part in missing)
                + f"; vasot check {folder} --dataset {self.name} says what is expected where"
            )

    def nothing_chosen(self, folder: Path, reading: Reading) -> DataError:
        """The error where the activity and subset that were asked for have no recording."""
        wanted = " and ".join(
            f"{what} '{name}'" for what, name in (("activity", reading.activity), ("subset", reading.subset)) if name
        )
        return DataError(f"{folder}: no recording of {wanted or self.title} is there; check the names of the files")


def existing_folder(folder: Path) -> Path:
    """The folder, where there is one.

    Raises:
        DataError: there is none.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: there is no such folder; give the folder that holds the data set")
    return folder
