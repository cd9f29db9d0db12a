"""csv: a table of segments, one or many recordings in a file."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from vasot.annotations.marks import Mark, Marks, ReadOptions, class_name, read_text, sorted_marks
from vasot.errors import DataError

__all__ = ["read"]

_STARTS, _ENDS = ("start_seconds", "start_time", "start"), ("end_seconds", "end_time", "end")
_NAMES, _RECORDINGS = ("action_name", "class", "label", "name"), ("recording", "video")


def read(file: Path, _: ReadOptions) -> list[Marks]:
    """Read a table with a header; commas, semicolons or tabs between its columns.

    Raises:
        DataError: a column is missing, a value is no time, or the segments cannot be used; line and file are named.
    """
    text = read_text(file)
    first = text.split("\n", 1)[0]
    lines = csv.DictReader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count))
    columns = lines.fieldnames or ()
    for wanted in (_STARTS, _ENDS, _NAMES):
        if not any(name in columns for name in wanted):
            raise DataError(f"{file}: line 1 has no column {' or '.join(wanted)}; it has {', '.join(columns)}")
    stem = file.stem.removesuffix(".segments")
    found: dict[str, list[Mark]] = {}
    try:
        for row in lines:
            where = f"{file}: line {lines.line_num}"
            recording = _value(row, _RECORDINGS) or stem
            start, end = (_seconds(_value(row, names), where) for names in (_STARTS, _ENDS))
            found.setdefault(recording, []).append(Mark(start, end, class_name(_value(row, _NAMES))))
    except csv.Error as error:
        raise DataError(f"{file}: line {lines.line_num} is no line of a table ({error}); correct it") from error
    named = {recording: f"{file} ({recording})" if recording != stem else str(file) for recording in found}
    return [Marks(named[key], (key,), sorted_marks(named[key], marks)) for key, marks in found.items()]


def _value(row: dict[str, str], names: tuple[str, ...]) -> str:
    """The first of the columns that is there and not empty."""
    return next((value.strip() for name in names if (value := row.get(name)) and value.strip()), "")


def _seconds(text: str, where: str) -> float:
    """``12.5``, ``01:02.5`` or ``00:01:02.5``."""
    if not text:
        raise DataError(f"{where} has no time in seconds; give one (frames alone do not say when a segment is)")
    try:
        parts = [float(part) for part in text.split(":")]
    except ValueError:
        raise DataError(f"{where} has the time '{text}'; write seconds (62.5) or hh:mm:ss.mmm (00:01:02.500)") from None
    if len(parts) > 3 or (len(parts) > 1 and min(parts) < 0):
        raise DataError(f"{where} has the time '{text}'; write seconds (62.5) or hh:mm:ss.mmm (00:01:02.500)")
    return sum(part * 60.0**power for power, part in enumerate(reversed(parts)))
