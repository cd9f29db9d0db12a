"""Annotated stretches of a recording, and what every reader of them checks."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from vasot.errors import DataError

__all__ = ["Mark", "Marks", "ReadOptions", "class_name", "read_text", "sorted_marks"]

_TOUCHING_SECONDS = 0.0015
"""Programs round borders to milliseconds: segments that overlap by no more than this touch each other."""


@dataclass(frozen=True)
class Mark:
    """A stretch and the name of its class; in seconds of the recording, or in frames of its video, end exclusive."""

    start: float
    end: float
    name: str


@dataclass(frozen=True)
class Marks:
    """The annotation of one recording.

    Attributes:
        where: file, and place in it, for error texts.
        names: what the recording may be called, the likeliest first.
        marks: in order of time, without overlaps.
        in_frames: whether the marks count frames of the video instead of seconds.
    """

    where: str
    names: tuple[str, ...]
    marks: tuple[Mark, ...]
    in_frames: bool = False


@dataclass(frozen=True)
class ReadOptions:
    """What a reader may be told: the tier to read, where a file has several."""

    tier: str | None = None


def read_text(file: Path) -> str:
    """The text of a file.

    Raises:
        DataError: it cannot be read, or is not UTF-8.
    """
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DataError(f"{file}: cannot be read ({error.strerror}); check that it is a file you may read") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{file}: is not UTF-8 text; save it as UTF-8") from error


def class_name(text: str) -> str:
    """A class name is one line."""
    return " ".join(text.split())


def sorted_marks(where: str, marks: Iterable[Mark]) -> tuple[Mark, ...]:
    """The marks in order of time.

    Raises:
        DataError: a mark has no name, a negative or impossible time, or no length, or two overlap.
    """
    found = sorted(marks, key=lambda mark: (mark.start, mark.end))
    for mark in found:
        stretch = f"{where}: the segment '{mark.name}' from {mark.start:g} to {mark.end:g}"
        if not (math.isfinite(mark.start) and math.isfinite(mark.end)):
            raise DataError(f"{stretch} has a time that is no number; correct it")
        if mark.start < 0:
            raise DataError(f"{stretch} begins before the recording; times count from its beginning, from 0")
        if mark.end <= mark.start:
            raise DataError(f"{stretch} does not end after it begins; correct or remove it")
        if not mark.name:
            raise DataError(f"{stretch} has no name; give it one, or remove it")
    for before, after in pairwise(found):
        if before.end - after.start > _TOUCHING_SECONDS:
            raise DataError(
                f"{where}: the segments '{before.name}' ({before.start:g} to {before.end:g}) and '{after.name}' "
                f"({after.start:g} to {after.end:g}) overlap; a moment has one class, so correct their borders"
            )
    return tuple(found)
