"""json: everything in one document, whose schema has a version (``results.schema.json`` beside this module)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from vasot.export.content import Exporter, Results
from vasot.export.rows import alignment_rows, segment_rows

__all__ = ["EXPORTER", "VERSION", "Document"]

VERSION: Literal[1] = 1
"""Rises when a field changes its meaning or goes; new fields do not raise it."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SegmentPart(_Part):
    """One segment; its end is where the next one begins. Seconds and time codes are null at an unknown rate."""

    start_frame: int = Field(ge=0)
    end_frame: int = Field(ge=1, description="exclusive")
    start_seconds: float | None
    end_seconds: float | None
    start_time: str | None = Field(description="hh:mm:ss.mmm")
    end_time: str | None = Field(description="hh:mm:ss.mmm")
    action: int = Field(ge=0)
    action_name: str
    confidence: float


class RecordingPart(_Part):
    """The segments of one recording, in order of time."""

    name: str
    video: str | None = Field(description="file name of the video; null for arrays")
    segments: list[SegmentPart]


class MatchPart(_Part):
    """One frame of X, and the frame of Y that corresponds to it; null where none does."""

    frame_x: int
    seconds_x: float | None
    frame_y: int | None
    seconds_y: float | None
    confidence: float


class AlignmentPart(_Part):
    """The matches of one pair of recordings, one per frame of X."""

    recording_x: str
    recording_y: str
    matches: list[MatchPart]


class Document(_Part):
    """Results of vasot."""

    format: Literal["vasot-results"]
    version: Literal[1]
    recordings: list[RecordingPart]
    alignments: list[AlignmentPart]


def _write(results: Results, path: Path) -> Sequence[str]:
    recordings = [
        RecordingPart(
            name=each.name,
            video=None if each.video is None else each.video.file.name,
            segments=[
                SegmentPart(**{key: value for key, value in row.items() if key != "recording"})
                for row in segment_rows(each)
            ],
        )
        for each in results.recordings
    ]
    alignments = [
        AlignmentPart(
            recording_x=each.name_x,
            recording_y=each.name_y,
            matches=[
                MatchPart(**{key: value for key, value in row.items() if not key.startswith("recording")})
                for row in alignment_rows([each])
            ],
        )
        for each in results.alignments
    ]
    document = Document(format="vasot-results", version=VERSION, recordings=recordings, alignments=alignments)
    path.write_text(document.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return ()


EXPORTER = Exporter(".json", _write, together=True, holds_alignments=True)
