"""The formats by name and by file ending."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from vasot.annotations.marks import Marks, ReadOptions
from vasot.errors import DataError
from vasot.registry import Registry

__all__ = ["READERS", "format_of", "read_annotations"]

READERS = Registry(
    "import format",
    "vasot.importers",
    {
        "boris": "vasot.annotations.boris:read",
        "csv": "vasot.annotations.csv_table:read",
        "eaf": "vasot.annotations.eaf:read",
        "label-studio": "vasot.annotations.label_studio:read",
        "srt": "vasot.annotations.srt:read",
    },
)
"""Other packages add formats through the entry-point group ``vasot.importers``."""

_BY_ENDING = {".boris": "boris", ".csv": "csv", ".eaf": "eaf", ".json": "label-studio", ".srt": "srt", ".tsv": "csv"}


def format_of(file: Path, format_name: str | None = None) -> str:
    """The format asked for, else the one that the ending of the file's name says.

    Raises:
        DataError: the ending says nothing.
    """
    name = format_name or _BY_ENDING.get(file.suffix.lower())
    if name is None:
        raise DataError(f"{file}: the ending does not say the format; give --format ({', '.join(READERS)})")
    return name


def read_annotations(file: Path, format_name: str | None = None, options: ReadOptions | None = None) -> list[Marks]:
    """The annotations in a file, one entry per recording.

    Args:
        file: what another program saved.
        format_name: the format, where the ending of the file's name does not say it.
        options: what the reader is told.

    Raises:
        SettingsError: there is no such format.
        DataError: the format is not known, the file cannot be used, or it holds no segment.
    """
    reader: Callable[[Path, ReadOptions], list[Marks]] = READERS[format_of(file, format_name)]
    found = [each for each in reader(file, options or ReadOptions()) if each.marks]
    if not found:
        raise DataError(f"{file}: holds no segments; annotate some, or leave this file out")
    return found
