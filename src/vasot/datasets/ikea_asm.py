"""IKEA ASM: people who assemble furniture. Of it the recordings of the Kallax drawer, as alignment is measured on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vasot.datasets.published import Part, existing_folder
from vasot.datasets.video_sets import Scene, VideoSet, pickled
from vasot.errors import DataError

__all__ = ["IKEA_ASM"]

_FURNITURE = "Kallax_Shelf_Drawer"
_CAMERA = "dev3"
_UNLABELLED = "NA"
_SUBSETS = {"training": "train", "testing": "val", "validation": "val"}
_ANNOTATIONS = ("gt_segments.json", "annotations/gt_segments.json", "annotations/action_annotations/gt_segments.json")
_LISTS = {"train": "train_cross_env.txt", "val": "test_cross_env.txt"}


@dataclass(frozen=True)
class _IkeaAsm(VideoSet):
    def inventory(self, folder: Path) -> tuple[Part, ...]:
        """What is there of each part of the layout."""
        existing_folder(folder)
        annotations = _first(folder, _ANNOTATIONS)
        if annotations is None and (pickles := sorted(folder.glob("**/kallax_shelf_drawer_*.npy"))):
            raise pickled(pickles, "this copy of IKEA ASM has its annotations")
        listed = len(_database(annotations)) if annotations is not None else None
        lists = sum(_first(folder, (f"indexing_files/{name}", name)) is not None for name in _LISTS.values())
        return (
            Part("gt_segments.json", "annotations", int(annotations is not None)),
            Part(f"{_FURNITURE}/SCAN/{_CAMERA}/images/scan_video.avi", "videos", len(_videos(folder)), listed),
            Part("indexing_files/", "lists of the split across rooms", lists, len(_LISTS), required=False),
        )

    def scenes(self, folder: Path) -> list[Scene]:
        """Every annotated recording whose video is there."""
        file = _first(folder, _ANNOTATIONS)
        assert file is not None
        entries, videos, subsets = _database(file), _videos(folder), _split(folder)
        return [
            Scene(
                scan,
                "all",
                subsets.get(scan, _SUBSETS.get(str(entry.get("subset")), "")),
                videos[scan],
                file,
                _per_frame(file, scan, entry),
                filler=_UNLABELLED,
            )
            for scan, entry in entries.items()
            if scan in videos
        ]


def _first(folder: Path, places: tuple[str, ...]) -> Path | None:
    return next((folder / place for place in places if (folder / place).is_file()), None)


def _videos(folder: Path) -> dict[str, Path]:
    """By scan, the video of the front camera; the furniture's folder may lie one level deeper."""
    pattern = f"{_FURNITURE}/*/{_CAMERA}/images/scan_video.avi"
    return {file.parents[2].name: file for file in sorted([*folder.glob(pattern), *folder.glob(f"*/{pattern}")])}


def _database(file: Path) -> dict[str, dict[str, Any]]:
    """Annotations of the Kallax drawer, by scan."""
    try:
        database = json.loads(file.read_text(encoding="utf-8"))["database"]
        return {
            key.partition("/")[2]: dict(entry) for key, entry in database.items() if key.startswith(f"{_FURNITURE}/")
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{file}: holds no annotations of IKEA ASM ({error}); copy it again") from error


def _split(folder: Path) -> dict[str, str]:
    """By scan, its part of the split, where the published lists are there."""
    subsets: dict[str, str] = {}
    for subset, name in _LISTS.items():
        if (file := _first(folder, (f"indexing_files/{name}", name))) is not None:
            subsets |= {
                Path(line.strip()).name: subset for line in file.read_text(encoding="utf-8").splitlines() if line
            }
    return subsets


def _per_frame(file: Path, scan: str, entry: dict[str, Any]) -> tuple[str, ...] | None:
    """The action of every frame; a segment names its first and its last frame, and the next may begin at the latter."""
    try:
        segments = [
            (int(each["segment"][0]), int(each["segment"][1]), str(each["label"])) for each in entry["annotation"]
        ]
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise DataError(f"{file}: the annotation of {scan} cannot be read ({error}); copy it again") from error
    if not segments:
        return None
    names = [_UNLABELLED] * (max(end for _, end, _ in segments) + 1)
    for start, end, label in sorted(segments):
        names[start : end + 1] = [label] * (end + 1 - start)
    return tuple(names)


IKEA_ASM = _IkeaAsm(
    name="ikea-asm",
    title="IKEA ASM (Kallax drawer)",
    page="The IKEA ASM Dataset (Ben-Shabat et al., WACV 2021)",
    licence="research use; terms on the page",
    # The phases that the authors of LAV count in these recordings, unlabelled frames included.
    activities={"all": 17},
    preset="ikea-asm",
    layout=f"""\
gt_segments.json                                       or in annotations/action_annotations/
{_FURNITURE}/SCAN/{_CAMERA}/images/scan_video.avi     the front camera; one folder deeper is read as well
indexing_files/train_cross_env.txt, test_cross_env.txt  optional; the split across rooms""",
    split="train and val by the published lists, else as the annotations say",
)
