"""label-studio: the annotations of tasks exported as JSON, made with ``TimelineLabels`` on a video."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote

from vasot.annotations.marks import Mark, Marks, ReadOptions, class_name, read_text, sorted_marks
from vasot.annotations.notes import Note, Notes, ordered_notes
from vasot.errors import DataError

__all__ = ["read", "read_notes"]

_UPLOADED = re.compile(r"[0-9a-f]{8}-")
"""What Label Studio puts before the name of an uploaded file."""


def read(file: Path, _: ReadOptions) -> list[Marks]:
    """Read tasks; of several annotations of a task the last one counts, and predictions do not.

    Raises:
        DataError: it is no such file, a task has no annotation, or the segments cannot be used.
    """
    return [
        Marks(
            each.where,
            each.names,
            sorted_marks(each.where, [Mark(start, end, class_name(name)) for start, end, name in each.stretches]),
            in_frames=True,
        )
        for each in _tasks(file)
    ]


def read_notes(file: Path, _: ReadOptions) -> list[Notes]:
    """Read tasks as :func:`read` does; labels may overlap.

    Raises:
        DataError: it is no such file, a task has no annotation, or a label ends before it begins.
    """
    return [
        Notes(
            each.where,
            each.names,
            ordered_notes(each.where, [Note(start, end, name) for start, end, name in each.stretches]),
            in_frames=True,
        )
        for each in _tasks(file)
    ]


@dataclass(frozen=True)
class _Task:
    """The labels of a task: first frame, the one behind the last, name."""

    where: str
    names: tuple[str, ...]
    stretches: tuple[tuple[float, float, str], ...]


def _tasks(file: Path) -> list[_Task]:
    try:
        tasks = json.loads(read_text(file))
        return [_task(f"{file} (task {number})", task) for number, task in enumerate(tasks, start=1)]
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"{file}: is no export of Label Studio that can be read ({error!r}); export the project as JSON"
        ) from error


def _task(where: str, task: dict[str, Any]) -> _Task:
    done = [each for each in task.get("annotations", []) if not each.get("was_cancelled")]
    if not done:
        raise DataError(f"{where}: has no annotation; predictions are no ground truth, so check and submit them first")
    path = unquote(str(task["data"].get("video", ""))).split("?d=")[-1]
    stem = PurePosixPath(path).stem
    names = (task["data"].get("recording"), stem, _UPLOADED.sub("", stem, count=1))
    return _Task(where, tuple(name for name in names if name), tuple(_stretches(done[-1]["result"])))


def _stretches(regions: list[dict[str, Any]]) -> Iterator[tuple[float, float, str]]:
    for region in regions:
        if "timelinelabels" in region["value"]:
            for stretch in region["value"]["ranges"]:
                for name in region["value"]["timelinelabels"]:
                    # Label Studio counts frames from 1 and includes the last one.
                    yield float(stretch["start"] - 1), float(stretch["end"]), str(name)
