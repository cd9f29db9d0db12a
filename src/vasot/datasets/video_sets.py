"""Published data sets that are videos, or pictures of their frames, with a phase or step for each frame."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from vasot.datasets.base import Dataset, Split
from vasot.datasets.labels import Truth, class_names
from vasot.datasets.published import Published
from vasot.datasets.reading import Reading
from vasot.datasets.videos import Corpus, FoundClip, look_at, read_corpus
from vasot.errors import DataError
from vasot.features.names import make_extractor
from vasot.features.store import FeatureStore
from vasot.video.clips import Clip
from vasot.video.pictures import pack_pictures
from vasot.wording import counted, listing

__all__ = ["PICTURE_RATE_HZ", "Pictures", "Scene", "VideoSet", "pickled"]

PICTURE_RATE_HZ = 25
"""At which frames published as pictures are taken to be shown; nobody says their real rate."""


@dataclass(frozen=True)
class Pictures:
    """JPEG pictures of the frames of one recording: what tells them from others, and how to read them."""

    state: str
    read: Callable[[], Iterable[bytes]]

    def video(self, name: str, store: FeatureStore, where: Path) -> Path:
        """A video of them in the user's store, where it is made once; no picture is decoded for that."""
        digest = hashlib.blake2b(self.state.encode(), digest_size=20).hexdigest()
        path = store.root / "pictures" / digest / f"{name}.mkv"
        if not path.is_file():
            pack_pictures(self.read(), path, PICTURE_RATE_HZ, f"{where}: {name}")
        return path


@dataclass(frozen=True)
class Scene:
    """A recording of a data set, before it is looked at.

    Attributes:
        name, activity, subset: what it is called, what it shows, and to which part of the split it belongs.
        source: its video, or its pictures.
        file: where it comes from, for texts.
        labels: class name of each frame, None where there is no ground truth.
        filler: class of the frames behind the last label; where it is None and the numbers of frames and of labels
            differ, labels are spread evenly.
    """

    name: str
    activity: str
    subset: str
    source: Path | Pictures
    file: Path
    labels: tuple[str, ...] | None = None
    filler: str | None = None


@dataclass(frozen=True)
class VideoSet(Published):
    """A data set of videos, or of pictures of their frames."""

    features: ClassVar[str] = "motion"

    @property
    def subsets(self) -> tuple[str, ...]:
        """``train`` and ``val``."""
        return ("train", "val")

    @abstractmethod
    def scenes(self, folder: Path) -> list[Scene]:
        """Every recording that is there; no frame is read.

        Raises:
            DataError: annotations cannot be read.
        """

    def present(self, folder: Path) -> tuple[str, ...]:
        """The activities of which there are recordings."""
        self.check_choice(folder, Reading())
        found = {scene.activity for scene in self.scenes(folder)}
        return tuple(activity for activity in self.activities if activity in found)

    def find(self, folder: Path, reading: Reading) -> Corpus:
        """The recordings that ``reading`` asks for, as videos with ground truth; nothing is decoded."""
        self.check_choice(folder, reading)
        chosen = [
            scene
            for scene in self.scenes(folder)
            if reading.activity in ("", scene.activity) and reading.subset in ("", scene.subset)
        ]
        if not chosen:
            raise self.nothing_chosen(folder, reading)
        warnings: list[str] = []
        stretched: list[str] = []
        clips = [_found(scene, reading.store, stretched) for scene in sorted(chosen, key=lambda scene: scene.name)]
        if stretched:
            warnings.append(
                f"{counted(len(stretched), 'recording')} with another number of labels than frames; labels are "
                f"spread evenly: {listing(stretched)}"
            )
        if bare := [scene.name for scene in chosen if scene.labels is None]:
            warnings.append(f"{len(bare)} of {counted(len(chosen), 'recording')} without ground truth: {listing(bare)}")
        names = class_names(Path(), [clip.truth for clip in clips if clip.truth is not None])
        splits = () if reading.subset else _splits(chosen)
        return Corpus(f"{self.name} {reading.activity}".strip(), tuple(clips), names, tuple(warnings), splits)

    def read(self, folder: Path, reading: Reading) -> Dataset:
        """The recordings' features, looked at now or stored before."""
        features = self.features if reading.features == "auto" else reading.features
        if features == "precomputed":
            raise DataError(f"{folder}: {self.title} is published as videos; choose features, for example motion")
        extractor = make_extractor(features)
        return read_corpus(self.find(folder, reading), extractor, reading)


def pickled(files: Iterable[Path], what: str) -> DataError:
    """The error where only Python pickles say what is needed: reading one would run whatever code is in it."""
    return DataError(
        f"{listing([str(file) for file in files])}: {what} as Python pickles, which vasot never reads because they can "
        "run any code; where you trust them, open them in a Python of their own and write one class name per line and "
        "frame to groundTruth/NAME.txt beside videos/, which vasot reads as a folder of your own"
    )


def _splits(scenes: Sequence[Scene]) -> tuple[Split, ...]:
    """The one division there is: fitted on ``train``, scored on ``val``."""
    train, val = (tuple(scene.name for scene in scenes if scene.subset == subset) for subset in ("train", "val"))
    return ((train, val),) if train and val else ()


def _found(scene: Scene, store: FeatureStore, stretched: list[str]) -> FoundClip:
    try:
        video = scene.source if isinstance(scene.source, Path) else scene.source.video(scene.name, store, scene.file)
    except DataError as error:
        return FoundClip(Clip(scene.name, scene.file, activity=scene.activity), None, str(error), None)
    found = look_at(Clip(scene.name, video, activity=scene.activity), None)
    if scene.labels is None or found.info is None:
        return found
    labels, count = scene.labels, found.info.n_frames
    if scene.filler is not None:
        labels = (*labels[:count], *[scene.filler] * (count - len(labels)))
    elif len(labels) != count:
        stretched.append(f"{scene.name} ({count} frames, {len(labels)} labels)")
        labels = tuple(labels[index * len(labels) // count] for index in range(count))
    return FoundClip(found.clip, found.info, found.fault, Truth(scene.file, labels))
