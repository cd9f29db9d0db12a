"""csv: one table of all segments, and one of all alignments."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from vasot.export.content import Exporter, Results
from vasot.export.rows import alignment_rows, segment_rows
from vasot.types import Alignment

__all__ = ["EXPORTER"]

_SEGMENT_COLUMNS = (
    *("recording", "start_frame", "end_frame", "start_seconds", "end_seconds"),
    *("start_time", "end_time", "action", "action_name", "confidence"),
)
_ALIGNMENT_COLUMNS = ("recording_x", "recording_y", "frame_x", "seconds_x", "frame_y", "seconds_y", "confidence")


def _write(results: Results, path: Path) -> Sequence[str]:
    _table(path, _SEGMENT_COLUMNS, (row for each in results.recordings for row in segment_rows(each)))
    return ()


def _write_alignments(alignments: Sequence[Alignment], path: Path) -> None:
    _table(path, _ALIGNMENT_COLUMNS, alignment_rows(alignments))


def _table(path: Path, columns: Sequence[str], rows: Iterable[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, lineterminator="\n")
        writer.writeheader()
        for row in rows:
            seconds = {key: f"{row[key]:.3f}" for key in row if "seconds" in key and row[key] is not None}
            writer.writerow({**row, **seconds})


EXPORTER = Exporter(".csv", _write, together=True, write_alignments=_write_alignments, holds_alignments=True)
