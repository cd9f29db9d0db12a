"""Tables with one line per frame: plain numbers, or body points as the programs that track them write them.

Understood are DeepLabCut (header lines ``scorer``, ``bodyparts``, ``coords``), SLEAP (columns ``track, frame_idx,
NODE.x, NODE.y, NODE.score``), MediaPipe and its like (columns ``NAME_x, NAME_y, NAME_z, NAME_visibility``, or ``x0, y0,
z0, v0``), and any table of numbers with or without a line of column names.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from vasot.errors import DataError

__all__ = ["Points", "Table", "read_table", "table_of_numbers"]

_TIME = frozenset({"seconds", "time", "time_s", "time_seconds", "times_seconds", "timestamp"})
_COUNTERS = frozenset({"", "frame", "frame_idx", "frame_index", "index"})
_CONFIDENCE = frozenset({"confidence", "likelihood", "score", "v", "visibility"})
_AXES = "xyz"
_NAMED = re.compile(r"(?P<point>.+)[._ ](?P<part>x|y|z|v|score|likelihood|confidence|visibility)", re.IGNORECASE)
_NUMBERED = re.compile(r"(?P<part>x|y|z|v)[._ ]?(?P<point>\d+)", re.IGNORECASE)
_MISSING = frozenset({"", "na", "nan", "null", "none"})


@dataclass(frozen=True, eq=False)
class Points:
    """Tracked points: (T, P, C) coordinates, NaN where not found, and (T, P) how sure the tracker is, if it says so."""

    places: Float[np.ndarray, "t p c"]
    confidence: Float[np.ndarray, "t p"] | None


@dataclass(frozen=True, eq=False)
class Table:
    """What a table holds: numbers (T, D) or points, and the seconds of each line where there is such a column."""

    content: Float[np.ndarray, "t d"] | Points
    times_seconds: Float[np.ndarray, " t"] | None = None


def read_table(path: Path) -> Table:
    """Read a ``.csv`` (comma or semicolon) or ``.tsv``.

    Raises:
        DataError: it is no table, or holds text where numbers are due; the text names the file and the line.
    """
    rows = _rows(path)
    if rows[0][0].strip().lower() == "scorer":
        return _deeplabcut(path, rows)
    header = [] if _all_numbers(rows[0]) else [word.strip() for word in rows[0]]
    first = 2 if header else 1
    body = rows[1:] if header else rows
    if not body:
        raise DataError(f"{path}: holds column names but no line of numbers")
    lowered = [name.lower() for name in header]
    text = {lowered.index("track")} if "frame_idx" in lowered and "track" in lowered else set()
    values = _numbers(path, body, first, text)
    if not header:
        return Table(values)
    if text or "frame_idx" in lowered:
        return _sleap(path, header, body, values)
    times = next((values[:, index] for index, name in enumerate(lowered) if name in _TIME), None)
    points = _columns_of_points(header)
    if points is not None:
        return Table(_points(values, points), times)
    kept = [index for index, name in enumerate(lowered) if name not in _TIME and name not in _COUNTERS]
    if not kept:
        raise DataError(f"{path}: has no column of features, only {', '.join(header)}")
    return Table(values[:, kept], times)


def table_of_numbers(path: Path) -> bool:
    """Whether a table's second line holds numbers, apart from one name: a list of clips, say, is none."""
    try:
        rows = _rows(path, 6)
    except DataError:
        return False
    if rows[0][0].strip().lower() == "scorer":
        return True
    line = rows[min(1, len(rows) - 1)]
    wrong = sum(not (_is_number(word) or word.strip().lower() in _MISSING) for word in line)
    lowered = [word.strip().lower() for word in rows[0]]
    return wrong == 0 or (wrong == 1 and "frame_idx" in lowered)


def _rows(path: Path, most: int | None = None) -> list[list[str]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            head = file.readline()
            file.seek(0)
            comma = "\t" if path.suffix.lower() == ".tsv" else ";" if head.count(";") > head.count(",") else ","
            rows: list[list[str]] = []
            for row in csv.reader(file, delimiter=comma):
                if any(word.strip() for word in row):
                    rows.append(row)
                if most is not None and len(rows) == most:
                    break
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: cannot be read as a table ({error}); save it as text in UTF-8") from error
    if not rows:
        raise DataError(f"{path}: is empty; write one line of numbers per frame")
    return rows


def _numbers(path: Path, body: Sequence[Sequence[str]], first: int, text: set[int]) -> Float[np.ndarray, "t d"]:
    """All cells as numbers; NaN where a cell is empty, or in a column of text."""
    width = len(body[0])
    values = np.full((len(body), width), np.nan)
    for number, row in enumerate(body):
        if len(row) != width:
            raise DataError(f"{path}: line {number + first} has {len(row)} values, the lines before {width}")
        for index, word in enumerate(row):
            if index in text or word.strip().lower() in _MISSING:
                continue
            if not _is_number(word):
                raise DataError(f"{path}: line {number + first} has '{word.strip()}' where a number is due")
            values[number, index] = float(word)
    return values


def _deeplabcut(path: Path, rows: list[list[str]]) -> Table:
    heads = {row[0].strip().lower(): row[1:] for row in rows[:4] if not _is_number(row[0])}
    if "bodyparts" not in heads or "coords" not in heads:
        raise DataError(f"{path}: begins like a table of DeepLabCut, but has no lines 'bodyparts' and 'coords'")
    body = rows[len(heads) :]
    if not body:
        raise DataError(f"{path}: holds no frame")
    values = _numbers(path, body, len(heads) + 1, set())[:, 1:]
    owners = heads.get("individuals", [""] * len(heads["coords"]))
    columns: dict[str, dict[str, int]] = {}
    for index, (owner, part, axis) in enumerate(zip(owners, heads["bodyparts"], heads["coords"], strict=True)):
        columns.setdefault(f"{owner}.{part}", {})[_part(axis)] = index
    return Table(_points(values, columns))


def _sleap(path: Path, header: list[str], body: list[list[str]], values: Float[np.ndarray, "t d"]) -> Table:
    lowered = [name.lower() for name in header]
    columns = _columns_of_points(header)
    if columns is None:
        raise DataError(f"{path}: has frame_idx but no columns NODE.x and NODE.y, as SLEAP writes them")
    frames = values[:, lowered.index("frame_idx")]
    if not np.isfinite(frames).all():
        raise DataError(f"{path}: line {int(np.flatnonzero(~np.isfinite(frames))[0]) + 2} has no frame_idx")
    place = lowered.index("track") if "track" in lowered else None
    tracks = [row[place].strip() if place is not None else "" for row in body]
    names = sorted(set(tracks))
    points = _points(values, columns)
    count, size = int(frames.max()) + 1, points.places.shape[1]
    places = np.full((count, size * len(names), points.places.shape[2]), np.nan)
    confidence = np.zeros((count, size * len(names)))
    for line, (frame, track) in enumerate(zip(frames.astype(int), tracks, strict=True)):
        start = names.index(track) * size
        places[frame, start : start + size] = points.places[line]
        confidence[frame, start : start + size] = 1.0 if points.confidence is None else points.confidence[line]
    return Table(Points(places, confidence if points.confidence is not None else None))


def _columns_of_points(header: Sequence[str]) -> dict[str, dict[str, int]] | None:
    """Column numbers of every point's coordinates; None where the columns are not those of points."""
    columns: dict[str, dict[str, int]] = {}
    for index, name in enumerate(header):
        lowered = name.lower()
        # SLEAP rates a whole body as well.
        if lowered in _TIME or lowered in _COUNTERS or lowered == "track" or lowered.startswith("instance."):
            continue
        found = _split(name)
        if found is None:
            return None
        columns.setdefault(found[0], {})[found[1]] = index
    return columns if columns and all({"x", "y"} <= parts.keys() for parts in columns.values()) else None


def _split(name: str) -> tuple[str, str] | None:
    found = _NUMBERED.fullmatch(name) or _NAMED.fullmatch(name)
    return None if found is None else (found["point"], _part(found["part"]))


def _part(word: str) -> str:
    lowered = word.strip().lower()
    return "confidence" if lowered in _CONFIDENCE else lowered


def _points(values: Float[np.ndarray, "t d"], columns: dict[str, dict[str, int]]) -> Points:
    axes = [axis for axis in _AXES if all(axis in parts for parts in columns.values())]
    places = np.stack([values[:, [parts[axis] for axis in axes]] for parts in columns.values()], axis=1)
    if not all("confidence" in parts for parts in columns.values()):
        return Points(places, None)
    return Points(places, np.stack([values[:, parts["confidence"]] for parts in columns.values()], axis=1))


def _all_numbers(words: Sequence[str]) -> bool:
    return all(_is_number(word) or word.strip().lower() in _MISSING for word in words) and any(map(_is_number, words))


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return word.strip().lower() not in _MISSING
