"""Annotations of one recording on others: where they lie there, and files of them."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from jaxtyping import Float

from vasot.annotations.notes import Note
from vasot.decoding.carry import Carried, carry
from vasot.errors import SettingsError, nearest
from vasot.export.content import Exported, Span, Video, time_code
from vasot.export.eaf import ACTIONS_TIER
from vasot.files import atomic_write
from vasot.types import Alignment
from vasot.video.sampling import border_frame

__all__ = [
    "FORMATS",
    "UNMATCHED_CHOICES",
    "Target",
    "TransferredNote",
    "as_exported",
    "carry_notes",
    "check_choices",
    "keep_chosen",
    "write_transfer_table",
]

FORMATS = ("boris", "csv", "eaf", "json", "label-studio", "srt", "vtt")
"""Formats that hold any annotation: overlapping ones, and any number of names."""

_HOLD_POINTS = frozenset({"boris"})

UnmatchedChoice = Literal["flag", "keep", "leave-out"]
UNMATCHED_CHOICES: tuple[str, ...] = get_args(UnmatchedChoice)

_LEAST_MATCHED = 0.5
_FLAG = " (unmatched)"

_COLUMNS = (
    *("recording", "tier", "start_seconds", "end_seconds", "start_time", "end_time", "name"),
    *("confidence", "matched", "unmatched", "from_start_seconds", "from_end_seconds"),
)


@dataclass(frozen=True, eq=False)
class Target:
    """A recording that annotations are carried to: its (m,) sampled instants, its end, and its video if it has one."""

    name: str
    times_seconds: Float[np.ndarray, " m"]
    end_seconds: float
    video: Video | None


@dataclass(frozen=True)
class TransferredNote:
    """An annotation, in seconds of the recording it was made on, and where it lies in another."""

    note: Note
    carried: Carried

    @property
    def is_unmatched(self) -> bool:
        """Whether most of what it marks corresponds to nothing in the other recording."""
        return self.carried.matched < _LEAST_MATCHED


def check_choices(format_name: str, unmatched: str) -> None:
    """Refuse a format or a choice that there is not.

    Raises:
        SettingsError: names the nearest one.
    """
    if format_name not in FORMATS:
        raise SettingsError(
            f"annotations cannot be transferred to the format '{format_name}'{nearest(format_name, FORMATS)} "
            f"Known: {', '.join(FORMATS)}"
        )
    if unmatched not in UNMATCHED_CHOICES:
        raise SettingsError(
            f"--unmatched is '{unmatched}'{nearest(unmatched, UNMATCHED_CHOICES)} Known: {', '.join(UNMATCHED_CHOICES)}"
        )


def carry_notes(notes: Sequence[Note], alignment: Alignment, ends: tuple[float, float]) -> list[TransferredNote]:
    """Carry annotations of X to Y; see :func:`~vasot.decoding.carry.carry`.

    Raises:
        DataError: the times of the recordings are not known.
    """
    return [TransferredNote(note, carry(alignment, note.start, note.end, ends)) for note in notes]


def keep_chosen(found: Sequence[TransferredNote], unmatched: str) -> list[TransferredNote]:
    """All of them, or those that correspond to something where the others are to be left out."""
    return [each for each in found if unmatched != "leave-out" or not each.is_unmatched]


def write_transfer_table(
    found: Sequence[tuple[Target, Sequence[TransferredNote]]], path: Path, force: bool = False
) -> None:
    """Write one line per annotation.

    ==================================== ===============================================================================
    recording, tier, name                where it lies now, its tier (or subject), and its text
    start_seconds, end_seconds           seconds since the beginning of the file; the end of a point is empty
    start_time, end_time                 the same as hh:mm:ss.mmm
    confidence                           mean over its frames of how sure their match is, 0 for frames without one
    matched                              share of its frames that correspond to a frame of the recording
    unmatched                            1 where that is less than half
    from_start_seconds, from_end_seconds where it lay in the recording that it was made on
    ==================================== ===============================================================================

    Raises:
        RunFolderError: the file exists and ``force`` is not given.
        VasotError: it cannot be written.
    """
    with atomic_write(path, force) as partial, partial.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, _COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(row for target, notes in found for row in _rows(target, notes))


def _rows(target: Target, found: Sequence[TransferredNote]) -> Iterator[dict[str, str]]:
    for each in found:
        note, carried = each.note, each.carried
        start, end = (round(1000 * seconds) for seconds in (carried.start_seconds, carried.end_seconds))
        yield {
            "recording": target.name,
            "tier": note.tier,
            "start_seconds": f"{start / 1000:.3f}",
            "end_seconds": "" if note.is_point else f"{end / 1000:.3f}",
            "start_time": time_code(start),
            "end_time": "" if note.is_point else time_code(end),
            "name": note.text,
            "confidence": f"{carried.confidence:.4f}",
            "matched": f"{carried.matched:.4f}",
            "unmatched": str(int(each.is_unmatched)),
            "from_start_seconds": f"{note.start:.3f}",
            "from_end_seconds": "" if note.is_point else f"{note.end:.3f}",
        }


def as_exported(target: Target, found: Sequence[TransferredNote], format_name: str, unmatched: str) -> Exported:
    """The annotations as an exporter takes them.

    A point becomes as long as one frame where the format has no points, and so does a stretch that is shorter.
    Annotations that overlap are put on further tiers of ELAN, whose tiers hold none that do.

    Raises:
        DataError: the format needs a video, and the recording has none.
    """
    holds_points = format_name in _HOLD_POINTS
    spans = [_span(target, each, holds_points, unmatched) for each in found]
    if format_name == "eaf":
        spans = _without_overlaps(spans)
    if holds_points:
        # BORIS takes a behaviour for a state or for a point, never for both.
        states = {span.name for span in spans if not span.is_point}
        spans = [
            replace(span, name=f"{span.name} (point)") if span.is_point and span.name in states else span
            for span in spans
        ]
    names = tuple(dict.fromkeys(span.name for span in spans))
    numbered = tuple(replace(span, action=names.index(span.name)) for span in spans)
    return Exported(target.name, numbered, names, target.video)


def _span(target: Target, each: TransferredNote, holds_points: bool, unmatched: str) -> Span:
    times = target.times_seconds if target.video is None else target.video.frame_times
    frame_times = times.astype(np.float64)
    edges = np.append(frame_times, max(target.end_seconds, float(frame_times[-1])))
    carried = each.carried
    first = min(border_frame(frame_times, target.end_seconds, carried.start_seconds), frame_times.size - 1)
    start, end = carried.start_seconds, carried.end_seconds
    if each.note.is_point and holds_points:
        behind = first
    else:
        behind = max(first + 1, border_frame(frame_times, target.end_seconds, end))
        end = max(end, start + float(edges[first + 1] - edges[first]))
    text = each.note.text + (_FLAG if each.is_unmatched and unmatched == "flag" else "")
    return Span(first, behind, round(1000 * start), round(1000 * end), 0, text, carried.confidence, each.note.tier)


def _without_overlaps(spans: Sequence[Span]) -> list[Span]:
    """The spans in order of time, each on the first tier of its own name that is free."""
    reached: dict[str, int] = {}
    placed: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.start_ms or 0, span.end_ms or 0)):
        name, number = span.tier or ACTIONS_TIER, 1
        while reached.get(tier := name if number == 1 else f"{name} {number}", 0) > (span.start_ms or 0):
            number += 1
        reached[tier] = span.end_ms or 0
        placed.append(replace(span, tier=tier))
    return placed
