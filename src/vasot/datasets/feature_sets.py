"""Published data sets that are arrays of features: ``features/``, ``groundTruth/``, ``mapping/`` and ``splits/``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from vasot.datasets.base import Dataset, Split
from vasot.datasets.folder import FolderLayout, find_arrays, read_folder
from vasot.datasets.labels import mapping_file
from vasot.datasets.layout import Source, files_below
from vasot.datasets.published import Part, Published, existing_folder
from vasot.datasets.reading import Reading
from vasot.errors import DataError

__all__ = ["FEATURE_LAYOUT", "FeatureSet", "fold_of_ranges"]

FEATURE_LAYOUT = """\
features/NAME.npy or .txt     one array per recording; sub-folders may name activities
groundTruth/NAME or NAME.txt  one class name per line, one line per frame
mapping/{mapping}           lines "id name"; it may lie outside the folder mapping/, too
splits/test.splitN.bundle     optional; names of the recordings of fold N, one per line"""


def fold_of_ranges(*last: int) -> Callable[[int], int | None]:
    """The fold, counted from 1, of a person's number: each fold ends with one of the given numbers.

    >>> fold = fold_of_ranges(15, 28)
    >>> fold(3), fold(15), fold(16), fold(40)
    (1, 1, 2, None)
    """
    return lambda person: next((fold for fold, end in enumerate(last, start=1) if person <= end), None)


def _all(_name: str) -> str:
    return "all"


@dataclass(frozen=True)
class FeatureSet(Published):
    """A data set of feature arrays.

    Attributes:
        n_recordings: how many the published data set has.
        n_folds: number of folds of its split; 0 where it has none.
        activity_of: the activity that a recording's name says.
        fold_of: the fold that tests on a recording, by its name; None where only the published lists know.
        mapping: name of the file that numbers the classes.
        merge_classes: classes of one id are one.
    """

    n_recordings: int = 0
    n_folds: int = 0
    activity_of: Callable[[str], str] = _all
    fold_of: Callable[[str], int | None] | None = None
    mapping: str = "mapping.txt"
    merge_classes: bool = False

    features: ClassVar[str] = "precomputed"

    @property
    def subsets(self) -> tuple[str, ...]:
        """``s1.train``, ``s1.test``, ``s2.train``, ..."""
        return tuple(f"s{fold}.{part}" for fold in range(1, self.n_folds + 1) for part in ("train", "test"))

    def inventory(self, folder: Path) -> tuple[Part, ...]:
        """What is there of each part of the layout."""
        existing_folder(folder)
        truths = folder / "groundTruth"
        labelled = len(list(files_below(truths))) if truths.is_dir() else 0
        parts = [
            Part("features/", "arrays", len(self._sources(folder)), self.n_recordings),
            Part("groundTruth/", "ground-truth files", labelled, self.n_recordings, required=False),
            Part(
                f"mapping/{self.mapping}",
                "class lists",
                int(mapping_file(folder, self.mapping).is_file()),
                required=self.merge_classes,
            ),
        ]
        if self.n_folds:
            bundles = len(list((folder / "splits").glob("test.split*.bundle")))
            # Without them the persons in the names say the folds, where they can.
            if bundles or self.fold_of is None:
                parts.append(Part("splits/", "fold lists", bundles, self.n_folds, required=False))
        return tuple(parts)

    def present(self, folder: Path) -> tuple[str, ...]:
        """The activities of which there are arrays."""
        self.check_choice(folder, Reading())
        found = {source.activity for source in self._sources(folder)}
        return tuple(activity for activity in self.activities if activity in found)

    def read(self, folder: Path, reading: Reading) -> Dataset:
        """The recordings, each with the activity that its name says."""
        self.check_choice(folder, reading)
        fold, part = self._fold_and_part(reading.subset)
        tested = self._tested(folder, fold) if reading.subset else None
        if reading.subset and tested is None:
            raise DataError(
                f"{_bundle(folder, fold)}: is missing, and nothing else says which recordings fold {fold} tests on"
            )

        def choose(source: Source) -> Source | None:
            chosen = self._known(source)
            if chosen is None or (reading.activity and chosen.activity != reading.activity):
                return None
            if tested is not None and tested(source.place.name) != (part == "test"):
                return None
            return chosen

        if not any(choose(source) for source in find_arrays(folder, [])):
            raise self.nothing_chosen(folder, reading)
        layout = FolderLayout(choose, self.mapping, self.merge_classes, may_lie_across=True)
        dataset = read_folder(folder, trim=reading.trim, rate_hz=reading.rate_hz, layout=layout)
        splits = () if reading.subset else self._splits(folder, [track.name for track in dataset.tracks])
        return replace(dataset, name=f"{self.name} {reading.activity}".strip(), splits=splits)

    def _known(self, source: Source) -> Source | None:
        """The array with its activity, None where the name says none that the data set has."""
        activity = self.activity_of(source.place.name)
        return replace(source, activity=activity) if activity in self.activities else None

    def _sources(self, folder: Path) -> list[Source]:
        try:
            found = find_arrays(folder, []) if (folder / "features").is_dir() else []
        except DataError:
            return []
        return [known for source in found if (known := self._known(source)) is not None]

    @staticmethod
    def _fold_and_part(subset: str) -> tuple[int, str]:
        fold, _, part = subset.removeprefix("s").partition(".")
        return (int(fold), part) if subset else (0, "")

    def _splits(self, folder: Path, names: Sequence[str]) -> tuple[Split, ...]:
        """Every fold of the split; none where of one nobody knows which recordings it tests on."""
        folds = [self._tested(folder, fold) for fold in range(1, self.n_folds + 1)]
        known = [tested for tested in folds if tested is not None]
        if len(known) < len(folds):
            return ()
        return tuple(
            (tuple(name for name in names if not tested(name)), tuple(name for name in names if tested(name)))
            for tested in known
        )

    def _tested(self, folder: Path, fold: int) -> Callable[[str], bool] | None:
        """Whether a fold tests on a recording: as the published list says, else by the person in its name.

        None where neither says it.
        """
        bundle = _bundle(folder, fold)
        if bundle.is_file():
            names = {Path(line.strip()).stem for line in bundle.read_text(encoding="utf-8").splitlines()}
            return lambda name: name in names
        fold_of = self.fold_of
        return None if fold_of is None else lambda name: fold_of(name) == fold


def _bundle(folder: Path, fold: int) -> Path:
    return folder / "splits" / f"test.split{fold}.bundle"
