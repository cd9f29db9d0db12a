"""label-studio: the annotations of tasks exported as JSON, made with ``TimelineLabels`` on a video."""

from __future__ import annotations

import json
import re
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote

from vasot.annotations.marks import Mark, Marks, ReadOptions, class_name, read_text, sorted_marks
from vasot.errors import DataError

__all__ = ["read"]

_UPLOADED = re.compile(r"[0-9a-f]{8}-")
"""What Label Studio puts before the name of an uploaded file."""


def read(file: Path, _: ReadOptions) -> list[Marks]:
    """Read tasks; of several annotations of a task the last one counts, and predictions do not.

    Raises:
        DataError: it is no such file, a task has no annotation, or the segments cannot be used.
    """
    try:
        tasks = json.loads(read_text(file))
        return [_marks(f"{file} (task {number})", task) for number, task in enumerate(tasks, start=1)]
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"{file}: is no export of Label Studio that can be read ({error!r}); export the project as JSON"
        ) from error


def _marks(where: str, task: dict[str, Any]) -> Marks:
    done = [each for each in task.get("annotations", []) if not each.get("was_cancelled")]
    if not done:
        raise DataError(f"{where}: has no annotation; predictions are no ground truth, so check and submit them first")
    marks = [
        # Label Studio counts frames from 1 and includes the last one.
        Mark(float(stretch["start"] - 1), float(stretch["end"]), class_name(name))
        for region in done[-1]["result"]
        if "timelinelabels" in region["value"]
        for stretch in region["value"]["ranges"]
        for name in region["value"]["timelinelabels"]
    ]
    path = unquote(str(task["data"].get("video", ""))).split("?d=")[-1]
    stem = PurePosixPath(path).stem
    names = (task["data"].get("recording"), stem, _UPLOADED.sub("", stem, count=1))
    return Marks(where, tuple(name for name in names if name), sorted_marks(where, marks), in_frames=True)
