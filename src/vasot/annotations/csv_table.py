"""csv: a table of segments, one or many recordings in a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from vasot.annotations.marks import Mark, Marks, ReadOptions, class_name, read_text, sorted_marks
from vasot.annotations.notes import Note, Notes, ordered_notes
from vasot.errors import DataError

__all__ = ["read", "read_notes"]

_STARTS, _ENDS = ("start_seconds", "start_time", "start"), ("end_seconds", "end_time", "end")
_NAMES, _RECORDINGS = ("action_name", "class", "label", "name"), ("recording", "video")


def read(file: Path, _: ReadOptions) -> list[Marks]:
    """Read a table with a header; commas, semicolons or tabs between its columns.

    Raises:
        DataError: a column is missing, a value is no time, or the segments cannot be used; line and file are named.
    """
    found: dict[str, list[Mark]] = {}
    for where, row in _lines(file, (_STARTS, _ENDS, _NAMES)):
        start, end = (_seconds(_value(row, names), where) for names in (_STARTS, _ENDS))
        found.setdefault(_recording(file, row), []).append(Mark(start, end, class_name(_value(row, _NAMES))))
    named = {recording: _named(file, recording) for recording in found}
    return [Marks(named[key], (key,), sorted_marks(named[key], marks)) for key, marks in found.items()]


def read_notes(file: Path, _: ReadOptions) -> list[Notes]:
    """Read a table with a header; a row without an end is a point, and a column ``tier`` is kept.

    Raises:
        DataError: a column is missing, or a value is no time that can be used; line and file are named.
    """
    found: dict[str, list[Note]] = {}
    for where, row in _lines(file, (_STARTS, _NAMES)):
        start = _seconds(_value(row, _STARTS), where)
        end = _seconds(_value(row, _ENDS), where) if _value(row, _ENDS) else start
        note = Note(start, end, _value(row, _NAMES), _value(row, ("tier",)))
        found.setdefault(_recording(file, row), []).append(note)
    named = {recording: _named(file, recording) for recording in found}
    return [Notes(named[key], (key,), ordered_notes(named[key], notes)) for key, notes in found.items()]


def _lines(file: Path, needed: Sequence[Sequence[str]]) -> Iterator[tuple[str, dict[str, str]]]:
    """Every line's place, for error texts, and its values; each of ``needed`` has one of its columns."""
    text = read_text(file)
    first = text.split("\n", 1)[0]
    lines = csv.DictReader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count))
    columns = lines.fieldnames or ()
    for wanted in needed:
        if not any(name in columns for name in wanted):
            raise DataError(f"{file}: line 1 has no column {' or '.join(wanted)}; it has {', '.join(columns)}")
    try:
        for row in lines:
            yield f"{file}: line {lines.line_num}", row
    except csv.Error as error:
        raise DataError(f"{file}: line {lines.line_num} is no line of a table ({error}); correct it") from error


def _recording(file: Path, row: dict[str, str]) -> str:
    return _value(row, _RECORDINGS) or _stem(file)


def _stem(file: Path) -> str:
    return file.stem.removesuffix(".segments")


def _named(file: Path, recording: str) -> str:
    return f"{file} ({recording})" if recording != _stem(file) else str(file)


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
