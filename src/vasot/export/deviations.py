"""Deviations as tables and one JSON document, whose schema has a version (``deviations.schema.json`` beside this)."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Float64
from pydantic import BaseModel, ConfigDict, Field

from vasot.deviations.findings import KINDS, Deviation, Kind
from vasot.deviations.held import Held, Outcome, Recorded, Unit
from vasot.deviations.timeline import Span
from vasot.files import atomic_write
from vasot.video.probe import frame_times, probe
from vasot.video.sampling import border_frame

__all__ = [
    "VERSION",
    "DeviationsDocument",
    "document_of",
    "write_deviations_csv",
    "write_deviations_json",
    "write_summary_csv",
]

VERSION: Literal[1] = 1
"""Rises when a field changes its meaning or goes; new fields do not raise it."""

_SEPARATOR = "; "


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PlacePart(_Part):
    """A stretch of a recording, or a point between two frames where start and end are equal."""

    start_frame: int = Field(ge=0, description="of the sampled frames, as in all tables of vasot")
    end_frame: int = Field(ge=0, description="exclusive")
    start_seconds: float | None = Field(description="null where the rate is not known")
    end_seconds: float | None
    start_video_frame: int | None = Field(description="of the video file at its own rate; null for arrays")
    end_video_frame: int | None


class StepPart(_Part):
    """One step of a recording."""

    place: PlacePart
    action: int = Field(ge=0)
    action_name: str
    length: float = Field(description="without what matches nothing within it")
    confidence: float


class DeviationPart(_Part):
    """One thing that differs from the references."""

    kind: Kind
    action: int | None = Field(description="null for moments that match nothing, and for the pace of the whole")
    action_name: str | None
    place: PlacePart = Field(description="in the recording; of a missing step the point where it would be")
    reference: str = Field(description="the reference that is shown for it")
    reference_place: PlacePart = Field(description="a point for what the reference does not have")
    size: float = Field(description="how much time it concerns, in the document's unit")
    ratio: float | None = Field(description="of what is slow or fast: by the usual length at the pace of the recording")
    confidence: float
    against: list[str] = Field(description="of a step out of order: the steps that it changed places with")


class NormPart(_Part):
    """What the references have in common about one action; lengths are null where they do not show it."""

    action: int = Field(ge=0)
    action_name: str
    fewest: int = Field(ge=0, description="how often it has to occur")
    most: int = Field(ge=0, description="how often it may occur")
    usual_length: float | None
    shortest_length: float | None = Field(description="what is shorter is unusual")
    longest_length: float | None = Field(description="what is longer is unusual")


class RecordingPart(_Part):
    """A recording and its steps."""

    name: str
    video: str | None = Field(description="file name of the video; null for arrays")
    length: float
    steps: list[StepPart]


class HeldPart(_Part):
    """A recording that was held against the references."""

    recording: RecordingPart
    score: float = Field(description="share of a usual recording's time that deviates; 0: as the references")
    unlikeness: float = Field(description="how much further its frames are from the references than usual; 0: as they")
    deviations: list[DeviationPart]


class DeviationsDocument(_Part):
    """What of some recordings deviates from references."""

    format: Literal["vasot-deviations"]
    version: Literal[1]
    unit: Unit = Field(description="of all lengths and sizes")
    usual_length: float = Field(description="of a whole reference")
    references: list[RecordingPart]
    norm: list[NormPart]
    recordings: list[HeldPart]


def document_of(outcome: Outcome) -> DeviationsDocument:
    """The outcome as a document; the tables are written from it, so that all files agree.

    Raises:
        DataError: a video that was read can no longer be read.
    """
    names = outcome.action_names
    return DeviationsDocument(
        format="vasot-deviations",
        version=VERSION,
        unit=outcome.unit,
        usual_length=_rounded(outcome.norm.length),
        references=[_recording(each, names) for each in outcome.references],
        norm=[_norm(outcome, action) for action in range(len(names))],
        recordings=[
            HeldPart(
                recording=_recording(each.recorded, names),
                score=_rounded(each.score),
                unlikeness=_rounded(each.unlikeness),
                deviations=[_deviation(outcome, each, deviation) for deviation in each.deviations],
            )
            for each in outcome.held
        ],
    )


def write_deviations_json(document: DeviationsDocument, path: Path, force: bool = False) -> None:
    """Write the whole document.

    Raises:
        RunFolderError: the file exists and ``force`` is not given.
        VasotError: it cannot be written.
    """
    with atomic_write(path, force) as partial:
        partial.write_text(document.model_dump_json(indent=1) + "\n", encoding="utf-8")


def write_deviations_csv(document: DeviationsDocument, path: Path, force: bool = False) -> None:
    """Write one line per deviation, recording by recording in order of time; the columns are in ``run-folder.md``.

    Raises:
        RunFolderError: the file exists and ``force`` is not given.
        VasotError: it cannot be written.
    """
    places = tuple(PlacePart.model_fields)
    header = (
        *("recording", "kind", "action", "action_name", *places),
        *("reference", *(f"reference_{name}" for name in places), "size", "unit", "ratio", "confidence", "against"),
    )
    _write(path, header, (row for each in document.recordings for row in _rows(each, document.unit)), force)


def write_summary_csv(document: DeviationsDocument, path: Path, force: bool = False) -> None:
    """Write one line per recording: the score, how many deviations of each kind, and its length.

    Raises:
        RunFolderError: the file exists and ``force`` is not given.
        VasotError: it cannot be written.
    """
    header = ("recording", "score", "unlikeness", "deviations", *KINDS, "length", "usual_length", "unit")
    rows = (
        (
            *(each.recording.name, f"{each.score:.4f}", f"{each.unlikeness:.4f}", len(each.deviations)),
            *(sum(deviation.kind == kind for deviation in each.deviations) for kind in KINDS),
            *(f"{each.recording.length:.4f}", f"{document.usual_length:.4f}", document.unit),
        )
        for each in document.recordings
    )
    _write(path, header, rows, force)


def _rows(recording: HeldPart, unit: Unit) -> Iterator[tuple[object, ...]]:
    for each in recording.deviations:
        yield (
            *(recording.recording.name, each.kind, each.action, each.action_name),
            *each.place.model_dump().values(),
            *(each.reference, *each.reference_place.model_dump().values()),
            *(each.size, unit, each.ratio, each.confidence, _SEPARATOR.join(each.against)),
        )


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]], force: bool) -> None:
    with atomic_write(path, force) as partial, partial.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        writer.writerows([_cell(value) for value in row] for row in rows)


def _cell(value: object) -> object:
    return f"{value:.4f}" if isinstance(value, float) else value


def _recording(recorded: Recorded, names: Sequence[str]) -> RecordingPart:
    return RecordingPart(
        name=recorded.name,
        video=None if recorded.video is None else recorded.video.name,
        length=_rounded(recorded.timeline.length),
        steps=[_step(recorded, step, names) for step in recorded.timeline.steps],
    )


def _step(recorded: Recorded, step: Span, names: Sequence[str]) -> StepPart:
    return StepPart(
        place=_place(recorded, step.start_frame, step.end_frame),
        action=step.action,
        action_name=names[step.action],
        length=_rounded(step.length),
        confidence=_rounded(step.confidence),
    )


def _norm(outcome: Outcome, action: int) -> NormPart:
    norm = outcome.norm
    spread = norm.paces.steps.get(action)
    return NormPart(
        action=action,
        action_name=outcome.action_names[action],
        fewest=int(norm.fewest[action]),
        most=int(norm.most[action]),
        usual_length=None if spread is None else _rounded(spread.usual),
        shortest_length=None if spread is None else _rounded(spread.shortest),
        longest_length=None if spread is None else _rounded(spread.longest),
    )


def _deviation(outcome: Outcome, held: Held, deviation: Deviation) -> DeviationPart:
    here, there = deviation.here, deviation.there
    return DeviationPart(
        kind=deviation.kind,
        action=deviation.action,
        action_name=None if deviation.action is None else outcome.action_names[deviation.action],
        place=_place(held.recorded, here.start_frame, here.end_frame),
        reference=there.recording,
        reference_place=_place(outcome.reference(there.recording), there.start_frame, there.end_frame),
        size=_rounded(deviation.size),
        ratio=None if deviation.ratio is None else _rounded(deviation.ratio),
        confidence=_rounded(deviation.confidence),
        against=[outcome.action_names[action] for action in deviation.against],
    )


def _place(recorded: Recorded, start_frame: int, end_frame: int) -> PlacePart:
    start, end = recorded.seconds(start_frame), recorded.seconds(end_frame)
    return PlacePart(
        start_frame=start_frame,
        end_frame=end_frame,
        start_seconds=None if start is None else _rounded(start),
        end_seconds=None if end is None else _rounded(end),
        start_video_frame=_video_frame(recorded.video, start),
        end_video_frame=_video_frame(recorded.video, end),
    )


def _video_frame(video: Path | None, seconds: float | None) -> int | None:
    if video is None or seconds is None:
        return None
    times, end = _clock(video)
    return border_frame(times, end, seconds)


@cache
def _clock(video: Path) -> tuple[Float64[np.ndarray, " f"], float]:
    """When each frame of a video appears, and when the last one ends."""
    return frame_times(video), probe(video).duration_seconds


def _rounded(value: float) -> float:
    return round(value, 4)
