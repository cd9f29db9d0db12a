"""eaf: the annotations of one tier of an ELAN file."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from vasot.annotations.marks import Mark, Marks, ReadOptions, class_name, sorted_marks
from vasot.annotations.notes import Note, Notes, ordered_notes
from vasot.errors import DataError, nearest

__all__ = ["read", "read_notes"]

_TIER = "actions"
"""The tier that is read where a file has several; vasot's own export is called so."""


def read(file: Path, options: ReadOptions) -> list[Marks]:
    """Read one tier: the one asked for, else the only one with annotations, else the one called ``actions``.

    Raises:
        DataError: it is no ELAN file, nothing says which tier is meant, or the segments cannot be used.
    """
    document = _document(file)
    filled = [tier for tier, content in document.tiers.items() if content[0]]
    tier = _chosen(file, filled, options.tier)
    where = f"{file} (tier '{tier}')"
    marks = [Mark(start, end, class_name(text)) for start, end, text in (_rows(document, tier, where) if tier else ())]
    return [Marks(where, (file.stem,), sorted_marks(where, marks))]


def read_notes(file: Path, options: ReadOptions) -> list[Notes]:
    """Read all tiers, or the one asked for; not the confidences that vasot wrote itself.

    Raises:
        DataError: it is no ELAN file, there is no such tier, or a time cannot be used.
    """
    document = _document(file)
    tiers = [tier for tier, content in document.tiers.items() if content[0]]
    if options.tier is not None:
        tiers = [tier for tier in tiers if tier == _chosen(file, tiers, options.tier)]
    elif document.adocument.get("AUTHOR") == "vasot":
        tiers = [tier for tier in tiers if not tier.endswith("confidence")]
    notes = [
        Note(start, end, text, tier)
        for tier in tiers
        for start, end, text in _rows(document, tier, f"{file} (tier '{tier}')")
    ]
    return [Notes(str(file), (file.stem,), ordered_notes(str(file), notes))]


def _rows(document: Any, tier: str, where: str) -> list[tuple[float, float, str]]:
    """Start and end in seconds, and the text, of each annotation of a tier."""
    rows = document.get_annotation_data_for_tier(tier)
    if any(start is None or end is None for start, end, *_ in rows):
        raise DataError(f"{where}: an annotation has no time of its own; set its borders in ELAN")
    # ELAN counts from the moment of the media that its time origin names.
    origin = next((int(media.get("TIME_ORIGIN", 0)) for media in document.media_descriptors), 0)
    return [((start + origin) / 1000, (end + origin) / 1000, text or "") for start, end, text, *_ in rows]


def _document(file: Path) -> Any:
    from pympi import Eaf

    try:
        root = ElementTree.parse(file).getroot()
        if root.tag != "ANNOTATION_DOCUMENT":
            raise DataError(f"{file}: is XML, but no ELAN file; give a file that ELAN saved")
        return Eaf(str(file), suppress_version_warning=True)
    except OSError as error:
        raise DataError(f"{file}: cannot be read ({error.strerror}); check that it is a file you may read") from error
    except (ElementTree.ParseError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise DataError(f"{file}: is no ELAN file that can be read ({error}); open and save it with ELAN") from error


def _chosen(file: Path, filled: list[str], wanted: str | None) -> str | None:
    if wanted is not None:
        if wanted not in filled:
            known = ", ".join(filled) or "none"
            raise DataError(
                f"{file}: there is no tier '{wanted}' with annotations{nearest(wanted, filled) or '.'} "
                f"Tiers with annotations: {known}"
            )
        return wanted
    if len(filled) > 1 and _TIER not in filled:
        raise DataError(f"{file}: has {len(filled)} tiers ({', '.join(filled)}); say with --tier which one to read")
    return _TIER if _TIER in filled else next(iter(filled), None)
