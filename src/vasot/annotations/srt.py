"""srt: every subtitle is a segment, and its text the class."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from vasot.annotations.marks import Mark, Marks, ReadOptions, class_name, read_text, sorted_marks
from vasot.annotations.notes import Note, Notes, ordered_notes
from vasot.errors import DataError

if TYPE_CHECKING:
    from pysubs2 import SSAFile

__all__ = ["read", "read_notes"]

_STYLE = re.compile(r"\{\\[^}]*\}")
"""Italics and the like, as pysubs2 keeps them; braces without a backslash are text."""


def read(file: Path, _: ReadOptions) -> list[Marks]:
    """Read subtitles.

    Raises:
        DataError: it is no file of subtitles, or the segments cannot be used.
    """
    marks = [Mark(each.start / 1000, each.end / 1000, class_name(_plain(each.text))) for each in _subtitles(file)]
    return [Marks(str(file), (file.stem,), sorted_marks(str(file), marks))]


def read_notes(file: Path, _: ReadOptions) -> list[Notes]:
    """Read subtitles with their line breaks; they may overlap.

    Raises:
        DataError: it is no file of subtitles, or a time cannot be used.
    """
    notes = [Note(each.start / 1000, each.end / 1000, _plain(each.text)) for each in _subtitles(file)]
    return [Notes(str(file), (file.stem,), ordered_notes(str(file), notes))]


def _subtitles(file: Path) -> SSAFile:
    from pysubs2 import SSAFile
    from pysubs2.exceptions import Pysubs2Error

    try:
        return SSAFile.from_string(read_text(file), format_="srt", keep_unknown_html_tags=True)
    except (Pysubs2Error, ValueError) as error:
        raise DataError(f"{file}: is no file of SubRip subtitles ({error})") from error


def _plain(text: str) -> str:
    return _STYLE.sub("", text).replace("\\N", "\n")
