"""Stretches of videos that are recordings of their own."""

from __future__ import annotations

import csv
import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from vasot.errors import DataError, nearest

__all__ = ["Clip", "read_clips"]

_COLUMNS = ("video", "start_seconds", "end_seconds", "name")


@dataclass(frozen=True)
class Clip:
    """A stretch of a video, in seconds since the beginning of the file; to the end of the video where it is None."""

    name: str
    video: Path
    start_seconds: float = 0.0
    end_seconds: float | None = None
    activity: str = "all"


def read_clips(path: str | Path) -> list[Clip]:
    """Read a table ``video,start_seconds,end_seconds[,name]``, one clip per line.

    Videos are named relative to the table; the folder of a video below the table's names its activity. An empty start
    is the beginning, an empty end the end of the video. A clip without a name is called after its video, with a
    running number where the video has several.

    Raises:
        DataError: a column is unknown or missing, a video is missing, a time is no number or out of order, or two clips
            share a name; the text names the file and the line.
    """
    path = Path(path)
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            lines = list(csv.reader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: cannot be read as a table ({error}); save it as CSV in UTF-8") from error
    columns = [word.strip() for word in lines[0]] if lines else []
    for column in columns:
        if column not in _COLUMNS:
            raise DataError(
                f"{path}: line 1 has a column '{column}'{nearest(column, _COLUMNS) or '.'} "
                f"Expected {','.join(_COLUMNS[:3])} and, where wanted, {_COLUMNS[3]}"
            )
    for column in _COLUMNS[:3]:
        if column not in columns:
            raise DataError(f"{path}: line 1 has no column '{column}'; expected {','.join(_COLUMNS[:3])}[,name]")
    rows: list[tuple[int, Clip, bool]] = []
    for number, line in enumerate(lines[1:], start=2):
        words = [word.strip() for word in line]
        if not any(words):
            continue
        if len(words) != len(columns):
            raise DataError(f"{path}: line {number} has {len(words)} values for {len(columns)} columns")
        rows.append((number, *_clip(path, number, dict(zip(columns, words, strict=True)))))
    if not rows:
        raise DataError(f"{path}: names no clip; write one line per clip, or remove the file")
    return _named(path, rows)


def _clip(path: Path, number: int, values: dict[str, str]) -> tuple[Clip, bool]:
    """The clip of one line, and whether the line names it."""
    where = f"{path}: line {number}"
    video = path.parent / values["video"]
    if not values["video"] or not video.is_file():
        raise DataError(f"{where} names the video '{values['video']}', which is not there; it is looked for beside it")
    start = _seconds(where, "start_seconds", values["start_seconds"]) or 0.0
    end = _seconds(where, "end_seconds", values["end_seconds"])
    if end is not None and end <= start:
        raise DataError(f"{where} ends at {end} s, not after its start at {start} s")
    folders = Path(values["video"]).parts[:-1]
    activity = folders[0] if folders and folders[0] not in ("..", "/") else "all"
    name = values.get("name", "")
    return Clip(name or video.stem, video, start, end, activity), bool(name)


def _seconds(where: str, column: str, text: str) -> float | None:
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        raise DataError(f"{where} has {column} '{text}'; write seconds, such as 12.5")
    return value


def _named(path: Path, rows: list[tuple[int, Clip, bool]]) -> list[Clip]:
    counts = Counter(clip.name for _, clip, named in rows if not named)
    running: Counter[str] = Counter()
    lines: dict[str, int] = {}
    clips: list[Clip] = []
    for number, clip, named in rows:
        name = clip.name
        if not named and counts[name] > 1:
            running[name] += 1
            name = f"{name}_{running[name]}"
        if name in lines:
            raise DataError(f"{path}: lines {lines[name]} and {number} both name the clip '{name}'; rename one")
        lines[name] = number
        clips.append(Clip(name, clip.video, clip.start_seconds, clip.end_seconds, clip.activity))
    return clips
