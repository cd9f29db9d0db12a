"""Results as files that other programs read: one exporter per module, each file whole or not there."""

from __future__ import annotations

from vasot.export.tables import (
    write_actions_csv,
    write_alignment_csv,
    write_labels_txt,
    write_path_csv,
    write_segments_csv,
)
from vasot.files import atomic_write, refuse_existing

__all__ = [
    "atomic_write",
    "refuse_existing",
    "write_actions_csv",
    "write_alignment_csv",
    "write_labels_txt",
    "write_path_csv",
    "write_segments_csv",
]
