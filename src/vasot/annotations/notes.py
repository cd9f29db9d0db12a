"""Annotations as they stand in a file, to be carried to other recordings: stretches and points, on any tier."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from vasot.annotations.formats import format_of
from vasot.annotations.marks import ReadOptions
from vasot.errors import DataError
from vasot.registry import Registry

__all__ = ["NOTE_READERS", "Note", "Notes", "ordered_notes", "read_notes"]

NOTE_READERS = Registry(
    "annotation format",
    "vasot.note_readers",
    {
        "boris": "vasot.annotations.boris:read_notes",
        "csv": "vasot.annotations.csv_table:read_notes",
        "eaf": "vasot.annotations.eaf:read_notes",
        "label-studio": "vasot.annotations.label_studio:read_notes",
        "srt": "vasot.annotations.srt:read_notes",
    },
)
"""Other packages add formats through the entry-point group ``vasot.note_readers``."""


@dataclass(frozen=True)
class Note:
    """An annotation from ``start`` to ``end``, in the unit of its :class:`Notes`; a point where both are the same.

    Attributes:
        start, end: where it lies.
        text: what it says, line breaks included.
        tier: the tier, or the subject, that it belongs to; empty where the format has none.
    """

    start: float
    end: float
    text: str
    tier: str = ""

    @property
    def is_point(self) -> bool:
        """Whether it marks an instant."""
        return self.start == self.end


@dataclass(frozen=True)
class Notes:
    """The annotations of one recording.

    Attributes:
        where: file, and place in it, for error texts.
        names: what the recording may be called, the likeliest first.
        notes: in order of time; they may overlap.
        in_frames: whether they count frames of the video instead of seconds.
    """

    where: str
    names: tuple[str, ...]
    notes: tuple[Note, ...]
    in_frames: bool = False


def read_notes(file: Path, format_name: str | None = None, options: ReadOptions | None = None) -> list[Notes]:
    """All annotations in a file, one entry per recording.

    Raises:
        SettingsError: there is no such format.
        DataError: the format is not known, the file cannot be used, or it holds no annotation.
    """
    reader: Callable[[Path, ReadOptions], list[Notes]] = NOTE_READERS[format_of(file, format_name)]
    found = [each for each in reader(file, options or ReadOptions()) if each.notes]
    if not found:
        raise DataError(f"{file}: holds no annotation; annotate something first")
    return found


def ordered_notes(where: str, notes: Iterable[Note]) -> tuple[Note, ...]:
    """The notes in order of time.

    Raises:
        DataError: a note has an impossible time, or ends before it begins.
    """
    found = sorted(notes, key=lambda note: (note.start, note.end))
    for note in found:
        what = f"{where}: the annotation '{note.text}' from {note.start:g} to {note.end:g}"
        if not (math.isfinite(note.start) and math.isfinite(note.end)):
            raise DataError(f"{what} has a time that is no number; correct it")
        if note.start < 0:
            raise DataError(f"{what} begins before the recording; times count from its beginning, from 0")
        if note.end < note.start:
            raise DataError(f"{what} ends before it begins; correct or remove it")
    return tuple(found)
