"""Pouring: 84 recordings of a drink being poured, with five phases, published as TensorFlow record files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vasot.datasets.published import Part, existing_folder
from vasot.datasets.tfrecords import SequenceExample, Value, read_sequence_examples
from vasot.datasets.video_sets import Pictures, Scene, VideoSet, pickled
from vasot.errors import DataError

__all__ = ["POURING"]

_FILES = {"train": 2, "val": 1}


@dataclass(frozen=True)
class _Pouring(VideoSet):
    def inventory(self, folder: Path) -> tuple[Part, ...]:
        """What is there of each part of the layout."""
        existing_folder(folder)
        parts = [
            Part(
                f"pouring_{subset}-*.tfrecord", f"record files of subset {subset}", len(_records(folder, subset)), count
            )
            for subset, count in _FILES.items()
        ]
        if all(part.missing for part in parts) and (pickles := sorted(folder.glob("*.pkl"))):
            raise pickled(pickles, "this copy of Pouring has its labels")
        # Either of the two can be read without the other.
        return tuple(
            Part(part.place, part.what, part.found, part.expected, all(each.missing for each in parts))
            for part in parts
        )

    def scenes(self, folder: Path) -> list[Scene]:
        """Every record of the files that are there."""
        return [
            _scene(file, number, example, subset)
            for subset in self.subsets
            for file in _records(folder, subset)
            for number, example in enumerate(read_sequence_examples(file))
        ]


def _records(folder: Path, subset: str) -> list[Path]:
    return sorted(
        {*folder.glob(f"pouring_{subset}*.tfrecord"), *folder.glob(f"pouring_tfrecords/pouring_{subset}*.tfrecord")}
    )


def _scene(file: Path, number: int, example: SequenceExample, subset: str) -> Scene:
    try:
        name = _bytes(example.context["name"][0]).decode()
        pictures = [_bytes(step[0]) for step in example.steps["video"]]
        labels = tuple(str(step[0]) for step in example.steps.get("frame_labels", []))
    except (IndexError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise DataError(f"{file}: record {number + 1} is no recording of Pouring ({error}); copy it again") from error
    content = hashlib.blake2b(digest_size=20)
    for picture in pictures:
        content.update(picture)

    def again() -> Iterator[bytes]:
        """The pictures, without holding those of all recordings at once."""
        for index, each in enumerate(read_sequence_examples(file)):
            if index == number:
                yield from (_bytes(step[0]) for step in each.steps["video"])
                return

    return Scene(Path(name).name, "all", subset, Pictures(content.hexdigest(), again), file, labels or None)


def _bytes(value: Value) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError("a number where text or a picture is due")
    return value


POURING = _Pouring(
    name="pouring",
    title="Pouring",
    page="Temporal Cycle-Consistency Learning (Google Research; script download_pouring_data.sh)",
    licence="research use; terms on the page",
    activities={"all": 5},
    preset="pouring",
    layout="""\
pouring_train-N-of-2.tfrecord  70 recordings; here or in pouring_tfrecords/
pouring_val-N-of-1.tfrecord    14 recordings""",
    split="train and val, as the files are called",
)
