"""Penn Action: thirteen sports and exercises, published as a folder of pictures per recording.

Its authors give the action of a recording; phases of every frame come from the publications on alignment.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vasot.datasets.published import Part, existing_folder
from vasot.datasets.video_sets import Pictures, Scene, VideoSet, pickled
from vasot.errors import DataError

__all__ = ["PENN_ACTION"]

_FRAMES, _ACTIONS, _PHASES = "frames", "labels", "penn_action_labels"


@dataclass(frozen=True)
class _PennAction(VideoSet):
    def inventory(self, folder: Path) -> tuple[Part, ...]:
        """What is there of each part of the layout."""
        existing_folder(folder)
        frames = len(_folders(folder / _FRAMES))
        if frames == 0 and (pickles := sorted(folder.glob("*.pkl"))):
            raise pickled(pickles, "this copy of Penn Action has its labels")
        return (
            Part(f"{_FRAMES}/", "folders of pictures", frames, 2326),
            Part(f"{_ACTIONS}/", "annotations (.mat)", len(list((folder / _ACTIONS).glob("*.mat"))), 2326),
            Part(f"{_PHASES}/", "phase labels (.npy)", len(self._phases(folder)), required=False),
        )

    def scenes(self, folder: Path) -> list[Scene]:
        """Every recording of one of the thirteen activities."""
        phases = self._phases(folder)
        found = []
        for pictures in _folders(folder / _FRAMES):
            annotation = _annotation(folder / _ACTIONS / f"{pictures.name}.mat")
            activity = str(annotation["action"])
            if activity not in self.activities:
                continue
            subset, labels = "train" if annotation["train"] > 0 else "val", None
            if pictures.name in phases:
                subset, file = phases[pictures.name]
                labels = _phase_names(file)
            name = f"{pictures.name}_{activity}"
            found.append(Scene(name, activity, subset, _pictures(pictures), pictures, labels))
        return found

    def _phases(self, folder: Path) -> dict[str, tuple[str, Path]]:
        """By number of the recording, its part of the split and its file of phases."""
        files = {
            file.stem[:4]: (subset, file)
            for subset in self.subsets
            for file in sorted((folder / _PHASES / subset).glob("*/*.npy"))
        }
        return {number: found for number, found in files.items() if number.isdecimal()}


def _folders(folder: Path) -> list[Path]:
    return sorted(each for each in folder.iterdir() if each.is_dir()) if folder.is_dir() else []


def _annotation(file: Path) -> dict[str, Any]:
    """Action, and whether the authors train on the recording; a ``.mat`` of this kind holds nothing but values."""
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        content = loadmat(file, variable_names=["action", "train"])
        return {"action": content["action"].item(), "train": int(content["train"].item())}
    except FileNotFoundError:
        raise DataError(f"{file}: is missing; copy the folder {_ACTIONS} again") from None
    except (OSError, KeyError, ValueError, TypeError, NotImplementedError, MatReadError) as error:
        raise DataError(f"{file}: is no annotation of Penn Action ({error}); copy it again") from error


def _phase_names(file: Path) -> tuple[str, ...]:
    try:
        phases = np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise DataError(f"{file}: holds no phase per frame ({error}); copy it again") from error
    if phases.ndim != 1 or phases.size == 0 or phases.dtype.kind not in "iuf":
        raise DataError(f"{file}: holds {phases.dtype} of shape {phases.shape}; expected one number per frame")
    return tuple(str(int(phase)) for phase in phases)


def _pictures(folder: Path) -> Pictures:
    files = sorted(folder.glob("*.jpg"))
    states = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in files]

    def read() -> Iterator[bytes]:
        return (file.read_bytes() for file in files)

    return Pictures(f"{folder.resolve()}{states}", read)


PENN_ACTION = _PennAction(
    name="penn-action",
    title="Penn Action",
    page="Penn Action Dataset (University of Pennsylvania); phases: Temporal Cycle-Consistency Learning, label files",
    licence="research use; terms on the page",
    # The number of phases of each, as the authors of temporal cycle consistency annotate them.
    activities={
        "baseball_pitch": 4,
        "baseball_swing": 3,
        "bench_press": 2,
        "bowl": 3,
        "clean_and_jerk": 6,
        "golf_swing": 3,
        "jumping_jacks": 4,
        "pushup": 2,
        "pullup": 2,
        "situp": 2,
        "squat": 4,
        "tennis_forehand": 3,
        "tennis_serve": 4,
    },
    preset="penn-action",
    layout="""\
frames/0001/000001.jpg             pictures of every frame
labels/0001.mat                    the activity, and the authors' own split
penn_action_labels/train/ACTIVITY/0001*.npy  optional; the phase of every frame; val/ likewise""",
    split="train and val by the folder of the phase labels; where there are none, the authors' split",
)
