"""Recordings to learn from and to score on: the user's own folders, and made data with known answers."""

from __future__ import annotations

from vasot.datasets.base import Dataset, Recording
from vasot.datasets.folder import read_folder, read_sources, truth_beside
from vasot.datasets.synthetic import (
    BACKGROUND,
    FrameTruth,
    SyntheticData,
    SyntheticSettings,
    make_dataset,
    slowed,
    with_blocks_swapped,
    with_foreign_frames,
    write_dataset,
)

__all__ = [
    "BACKGROUND",
    "Dataset",
    "FrameTruth",
    "Recording",
    "SyntheticData",
    "SyntheticSettings",
    "make_dataset",
    "read_folder",
    "read_sources",
    "slowed",
    "truth_beside",
    "with_blocks_swapped",
    "with_foreign_frames",
    "write_dataset",
]
