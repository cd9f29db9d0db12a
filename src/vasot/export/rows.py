"""The columns that the csv, parquet and json exports share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from vasot.export.content import Exported, time_code
from vasot.types import UNMATCHED, Alignment

__all__ = ["alignment_rows", "segment_rows"]


def segment_rows(recording: Exported) -> Iterator[dict[str, Any]]:
    """One row per segment: frames, seconds and time codes of both ends, the action and its name, the confidence."""
    for span in recording.spans:
        yield {
            "recording": recording.name,
            "start_frame": span.start_frame,
            "end_frame": span.end_frame,
            "start_seconds": _seconds(span.start_ms),
            "end_seconds": _seconds(span.end_ms),
            "start_time": None if span.start_ms is None else time_code(span.start_ms),
            "end_time": None if span.end_ms is None else time_code(span.end_ms),
            "action": span.action,
            "action_name": span.name,
            "confidence": round(span.confidence, 4),
        }


def alignment_rows(alignments: Sequence[Alignment]) -> Iterator[dict[str, Any]]:
    """One row per frame of X: the frame of Y that corresponds to it, None where none does, both in seconds too."""
    for each in alignments:
        for x, y in enumerate(each.matches.tolist()):
            matched = y != UNMATCHED
            yield {
                "recording_x": each.name_x,
                "recording_y": each.name_y,
                "frame_x": x,
                "seconds_x": None if each.times_x is None else round(float(each.times_x[x]), 3),
                "frame_y": y if matched else None,
                "seconds_y": round(float(each.times_y[y]), 3) if matched and each.times_y is not None else None,
                "confidence": round(float(each.confidence[x]), 4),
            }


def _seconds(milliseconds: int | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000
