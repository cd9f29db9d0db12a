"""Miniature copies of the layouts in which data sets are published; what they hold is made up."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np
from scipy.io import savemat

from made_videos import numbered, write_video

N_FRAMES = 24


def write_features(
    folder: Path, names: Iterable[str], classes: Sequence[str], *, mapping: str = "mapping/mapping.txt", width: int = 6
) -> Path:
    """Arrays with one class after the other in equal parts, and a mapping in the order given."""
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((len(classes), width))
    for part in ("features", "groundTruth", Path(mapping).parent):
        (folder / part).mkdir(parents=True, exist_ok=True)
    (folder / mapping).write_text("".join(f"{index} {name}\n" for index, name in enumerate(classes)))
    labels = np.arange(N_FRAMES) * len(classes) // N_FRAMES
    for name in names:
        values = centres[labels] + 0.1 * rng.standard_normal((N_FRAMES, width))
        np.save(folder / "features" / f"{name}.npy", values.astype(np.float32))
        (folder / "groundTruth" / name).write_text("".join(f"{classes[int(label)]}\n" for label in labels))
    return folder


def breakfast(folder: Path) -> Path:
    names = ["P03_cam01_P03_coffee", "P20_cam01_P20_coffee", "P03_cam01_P03_tea", "P54_stereo01_P54_tea"]
    return write_features(folder, names, ["SIL", "take_cup", "pour_coffee"])


_SALADS = ["action_start", "cut_tomato", "cut_cheese", "add_salt", "add_vinegar", "action_end"]


def salads_mid(folder: Path) -> Path:
    write_features(folder, ["rgb-01-1", "rgb-01-2", "rgb-02-1"], _SALADS)
    (folder / "splits").mkdir()
    for fold in range(1, 6):
        tested = "rgb-01-1.txt\nrgb-01-2.txt\n" if fold == 1 else "rgb-02-1.txt\n"
        (folder / "splits" / f"test.split{fold}.bundle").write_text(tested)
    return folder


def salads_eval(folder: Path) -> Path:
    salads_mid(folder)
    ids = (0, 1, 1, 2, 2, 3)
    lines = [f"{number} {name}\n" for number, name in zip(ids, _SALADS, strict=True)]
    (folder / "mapping" / "mappingeval.txt").write_text("".join(lines))
    return folder


def youtube_instructions(folder: Path) -> Path:
    names = ["changing_tire_0001", "changing_tire_0002", "cpr_0001", "cpr_0002"]
    write_features(folder, names, ["bg", "jack_up", "give_breath"])
    (folder / "mapping" / "mapping.txt").write_text("-1 bg\n0 jack_up\n1 give_breath\n")
    (folder / "groundTruth" / "cpr_0001_idt").write_text("bg\n" * 7)
    for name in names:
        array = folder / "features" / f"{name}.npy"
        (folder / "features" / name[:-5]).mkdir(exist_ok=True)
        array.rename(folder / "features" / name[:-5] / array.name)
    return folder


def desktop_assembly(folder: Path) -> Path:
    return write_features(folder, ["2020-04-19_14-03-25", "2020-04-19_15-10-02"], ["take_base", "add_screw"])


def gtea(folder: Path) -> Path:
    """As the archive of the supervised literature has it: arrays lie across, the mapping beside the folders."""
    write_features(folder, ["S1_Tea_C1", "S2_Tea_C1", "S4_Coffee_C1"], ["take", "pour"], mapping="mapping.txt")
    for file in (folder / "features").iterdir():
        np.save(file, np.load(file).T)
    for file in (folder / "groundTruth").iterdir():
        file.rename(file.with_suffix(".txt"))
    return folder


def jpeg(number: int) -> bytes:
    return bytes(cv2.imencode(".jpg", numbered(number))[1].tobytes())


def penn_action(folder: Path) -> Path:
    """Recording 0004 has one label fewer than frames, 0005 none; 0006 is of an activity that nobody uses."""
    actions = ["squat", "squat", "bowl", "bowl", "squat", "strum_guitar"]
    (folder / "labels").mkdir(parents=True)
    for number, action in enumerate(actions, start=1):
        name = f"{number:04d}"
        (folder / "frames" / name).mkdir(parents=True)
        for frame in range(N_FRAMES):
            (folder / "frames" / name / f"{frame + 1:06d}.jpg").write_bytes(jpeg(10 * number + frame))
        savemat(folder / "labels" / f"{name}.mat", {"action": action, "train": 1 if number % 2 else -1})
        if number < 5:
            place = folder / "penn_action_labels" / ("train" if number % 2 else "val") / action
            place.mkdir(parents=True, exist_ok=True)
            np.save(place / f"{name}.npy", np.arange(N_FRAMES - (number == 4)) // 12)
    return folder


def ikea_asm(folder: Path) -> Path:
    """Two scans of the Kallax drawer and one of a table; the lists of the split contradict the annotations."""
    database = {}
    for furniture, scan, n_frames in (
        ("Kallax_Shelf_Drawer", "0001_black_floor", N_FRAMES),
        ("Kallax_Shelf_Drawer", "0002_white_table", N_FRAMES + 4),
        ("Lack_Side_Table", "0003_oak_floor", N_FRAMES),
    ):
        write_video(folder / furniture / scan / "dev3" / "images" / "scan_video.avi", n_frames, codec="mpeg4")
        segments = [
            {"label": "pick up panel", "segment": [2, 9]},
            {"label": "align panel", "segment": [9, N_FRAMES - 2]},
        ]
        database[f"{furniture}/{scan}"] = {"subset": "training", "annotation": segments}
    (folder / "gt_segments.json").write_text(json.dumps({"version": "2.0.0", "database": database}))
    (folder / "indexing_files").mkdir()
    (folder / "indexing_files" / "train_cross_env.txt").write_text("Kallax_Shelf_Drawer/0001_black_floor\n")
    (folder / "indexing_files" / "test_cross_env.txt").write_text("Kallax_Shelf_Drawer/0002_white_table\n")
    return folder


def pouring(folder: Path) -> Path:
    records = [pouring_record(f"pour_{number}", 10 * number) for number in range(3)]
    write_records(folder / "pouring_train-0-of-2.tfrecord", records[:1])
    write_records(folder / "pouring_train-1-of-2.tfrecord", records[1:2])
    write_records(folder / "pouring_val-0-of-1.tfrecord", records[2:])
    return folder


def pouring_record(name: str, first: int) -> bytes:
    """A ``SequenceExample`` of protocol buffers; labels are written packed and one by one in turn."""
    context = _entry("name", _feature(1, [name.encode()])) + _entry("len", _feature(3, [_field(1, N_FRAMES)]))
    frames = b"".join(_field(1, _feature(1, [jpeg(first + number)])) for number in range(N_FRAMES))
    phases = b"".join(
        _field(1, _feature(3, [_field(1, number * 5 // N_FRAMES) if number % 2 else _packed(number * 5 // N_FRAMES)]))
        for number in range(N_FRAMES)
    )
    return _field(1, context) + _field(2, _entry("video", frames) + _entry("frame_labels", phases))


def write_records(path: Path, records: Iterable[bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(struct.pack("<Q", len(each)) + b"\0" * 4 + each + b"\0" * 4 for each in records))


def _varint(value: int) -> bytes:
    low = value & 0x7F
    return bytes([low | 0x80]) + _varint(value >> 7) if value > 0x7F else bytes([low])


def _field(number: int, value: bytes | int) -> bytes:
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _packed(value: int) -> bytes:
    return _field(1, _varint(value))


def _feature(kind: int, values: Sequence[bytes]) -> bytes:
    """Kind 1 holds bytes, kind 3 whole numbers, which come as written fields."""
    return _field(kind, b"".join(_field(1, value) if kind == 1 else value for value in values))


def _entry(key: str, value: bytes) -> bytes:
    return _field(1, _field(1, key.encode()) + _field(2, value))


MINIATURES: dict[str, Callable[[Path], Path]] = {
    "50salads-eval": salads_eval,
    "50salads-mid": salads_mid,
    "breakfast": breakfast,
    "desktop-assembly": desktop_assembly,
    "gtea": gtea,
    "ikea-asm": ikea_asm,
    "penn-action": penn_action,
    "pouring": pouring,
    "youtube-instructions": youtube_instructions,
}
