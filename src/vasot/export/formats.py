"""The formats by name, and the writing of a run's results in one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from vasot.errors import SettingsError
from vasot.export.content import Exported, Exporter, Results
from vasot.files import atomic_write, refuse_existing
from vasot.registry import Registry
from vasot.types import Alignment

__all__ = ["EXPORTERS", "Plan", "plan_export", "write_export"]

EXPORTERS = Registry(
    "export format",
    "vasot.exporters",
    {
        "boris": "vasot.export.boris:EXPORTER",
        "csv": "vasot.export.csv_tables:EXPORTER",
        "cvat": "vasot.export.cvat:EXPORTER",
        "eaf": "vasot.export.eaf:EXPORTER",
        "fiftyone": "vasot.export.fiftyone:EXPORTER",
        "json": "vasot.export.json_results:EXPORTER",
        "label-studio": "vasot.export.label_studio:EXPORTER",
        "parquet": "vasot.export.parquet:EXPORTER",
        "srt": "vasot.export.subtitles:SRT",
        "textgrid": "vasot.export.textgrid:EXPORTER",
        "via": "vasot.export.via:EXPORTER",
        "vtt": "vasot.export.subtitles:VTT",
        "youtube": "vasot.export.youtube:EXPORTER",
    },
)
"""Other packages add formats through the entry-point group ``vasot.exporters``."""


@dataclass(frozen=True)
class Plan:
    """The files that an export will write."""

    exporter: Exporter
    segments: dict[str, Path] = field(default_factory=dict)
    alignments: Path | None = None


def plan_export(format_name: str, names: Sequence[str], output: Path, *, aligned: bool, force: bool) -> Plan:
    """Check the format and the files, before any work is done.

    Raises:
        SettingsError: there is no such format, or it cannot hold the alignments that are asked for.
        RunFolderError: a file exists and ``force`` is not given.
    """
    exporter: Exporter = EXPORTERS[format_name]
    if aligned and not exporter.holds_alignments:
        able = ", ".join(name for name in EXPORTERS if EXPORTERS[name].holds_alignments)
        raise SettingsError(f"{format_name} cannot hold alignments; leave out --align-to, or choose one of {able}")
    together = output / f"segments{exporter.suffix}"
    segments = {name: together if exporter.together else output / f"{name}{exporter.suffix}" for name in names}
    own_file = aligned and exporter.write_alignments is not None
    alignments = output / f"alignments{exporter.suffix}" if own_file else None
    refuse_existing([*dict.fromkeys(segments.values()), *([alignments] if alignments else [])], force)
    return Plan(exporter, segments, alignments)


def write_export(plan: Plan, recordings: Sequence[Exported], alignments: Sequence[Alignment] = ()) -> list[str]:
    """Write the files, each whole or not at all; returns notes for the user.

    Raises:
        DataError: a recording lacks what the format needs: times, or a video.
        VasotError: a file cannot be written.
    """
    groups: dict[Path, list[Exported]] = {}
    for each in recordings:
        groups.setdefault(plan.segments[each.name], []).append(each)
    notes: list[str] = []
    for path, group in groups.items():
        with atomic_write(path, force=True) as partial:
            notes += plan.exporter.write(Results(tuple(group), tuple(alignments)), partial)
    if plan.alignments is not None and plan.exporter.write_alignments is not None:
        with atomic_write(plan.alignments, force=True) as partial:
            plan.exporter.write_alignments(alignments, partial)
    return notes
