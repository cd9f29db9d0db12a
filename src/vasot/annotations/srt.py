"""srt: every subtitle is a segment, and its text the class."""

from __future__ import annotations

import re
from pathlib import Path

from vasot.annotations.marks import Mark, Marks, ReadOptions, class_name, read_text, sorted_marks
from vasot.errors import DataError

__all__ = ["read"]

_STYLE = re.compile(r"\{\\[^}]*\}")
"""Italics and the like, as pysubs2 keeps them; braces without a backslash are text."""


def read(file: Path, _: ReadOptions) -> list[Marks]:
    """Read subtitles.

    Raises:
        DataError: it is no file of subtitles, or the segments cannot be used.
    """
    from pysubs2 import SSAFile
    from pysubs2.exceptions import Pysubs2Error

    try:
        subtitles = SSAFile.from_string(read_text(file), format_="srt", keep_unknown_html_tags=True)
    except (Pysubs2Error, ValueError) as error:
        raise DataError(f"{file}: is no file of SubRip subtitles ({error})") from error
    marks = [Mark(each.start / 1000, each.end / 1000, _name(each.text)) for each in subtitles]
    return [Marks(str(file), (file.stem,), sorted_marks(str(file), marks))]


def _name(text: str) -> str:
    return class_name(_STYLE.sub("", text).replace("\\N", " "))
