"""parquet: the tables of csv with typed columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from vasot.errors import MissingExtra
from vasot.export.content import Exporter, Results
from vasot.export.rows import alignment_rows, segment_rows
from vasot.types import Alignment

__all__ = ["EXPORTER"]

_SEGMENT_TYPES = {
    **{"recording": "string", "start_frame": "int64", "end_frame": "int64", "start_seconds": "float64"},
    **{"end_seconds": "float64", "start_time": "string", "end_time": "string", "action": "int64"},
    **{"action_name": "string", "confidence": "float64"},
}
_ALIGNMENT_TYPES = {
    **{"recording_x": "string", "recording_y": "string", "frame_x": "int64", "seconds_x": "float64"},
    **{"frame_y": "int64", "seconds_y": "float64", "confidence": "float64"},
}


def _write(results: Results, path: Path) -> Sequence[str]:
    _table(path, _SEGMENT_TYPES, (row for each in results.recordings for row in segment_rows(each)))
    return ()


def _write_alignments(alignments: Sequence[Alignment], path: Path) -> None:
    _table(path, _ALIGNMENT_TYPES, alignment_rows(alignments))


def _table(path: Path, types: dict[str, str], rows: Iterable[dict[str, Any]]) -> None:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise MissingExtra("the parquet export", "parquet") from None
    schema = pa.schema([(name, pa.type_for_alias(kind)) for name, kind in types.items()])
    pq.write_table(pa.Table.from_pylist(list(rows), schema=schema), path)


EXPORTER = Exporter(".parquet", _write, together=True, write_alignments=_write_alignments, holds_alignments=True)
