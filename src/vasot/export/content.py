"""What an export holds: segments in frames, milliseconds and time codes, and the video they belong to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from jaxtyping import Float

from vasot.errors import DataError
from vasot.types import Alignment, Segmentation
from vasot.video.sampling import border_frame

__all__ = ["Exported", "Exporter", "Results", "Span", "Video", "one_line", "spans_of", "time_code"]


@dataclass(frozen=True, eq=False)
class Video:
    """The video of a recording: its size as shown, its end, and (f,) the instant each of its frames appears."""

    file: Path
    width: int
    height: int
    duration_seconds: float
    frame_times: Float[np.ndarray, " f"]

    def frame_at(self, seconds: float) -> int:
        """The frame shown at an instant; the number of frames at or behind the end."""
        return border_frame(self.frame_times.astype(np.float64), self.duration_seconds, seconds)


@dataclass(frozen=True)
class Span:
    """A segment as it is exported; ``end`` is the instant, and the frame, at which the next one begins.

    Milliseconds are None where the rate of the recording is not known. ``tier`` is what the span belongs to besides its
    recording: a tier, or a subject; empty for the actions of a run.
    """

    start_frame: int
    end_frame: int
    start_ms: int | None
    end_ms: int | None
    action: int
    name: str
    confidence: float
    tier: str = ""

    @property
    def is_point(self) -> bool:
        """Whether it marks an instant; few formats hold these."""
        return self.start_frame == self.end_frame


@dataclass(frozen=True, eq=False)
class Exported:
    """One recording of an export; ``colours`` are those that people gave to actions, as ``#rrggbb``."""

    name: str
    spans: tuple[Span, ...]
    action_names: tuple[str, ...]
    video: Video | None = None
    colours: Mapping[int, str] = field(default_factory=dict)

    def timed(self, purpose: str) -> list[tuple[int, int, Span]]:
        """(start, end) in milliseconds and the span.

        Raises:
            DataError: the rate of the recording is not known, so that it has no times, or a segment is too short
                for times in milliseconds.
        """
        timed = [
            (each.start_ms, each.end_ms, each)
            for each in self.spans
            if each.start_ms is not None and each.end_ms is not None
        ]
        if len(timed) < len(self.spans):
            raise DataError(
                f"{self.name}: {purpose} needs times, and the rate of this recording is not known; "
                "fit with --rate HZ, or export csv, json or parquet"
            )
        for start, end, span in timed:
            if end <= start and not span.is_point:
                raise DataError(
                    f"{self.name}: the segment of frames {span.start_frame} to {span.end_frame} is shorter than a "
                    f"millisecond, which {purpose} cannot hold; export csv, json or parquet"
                )
        return timed

    def shown(self, purpose: str) -> Video:
        """The video.

        Raises:
            DataError: the recording is an array of features.
        """
        if self.video is None:
            raise DataError(
                f"{self.name}: {purpose} counts the frames of a video, and this recording is an array of features; "
                "fit on videos, or export another format"
            )
        return self.video


@dataclass(frozen=True, eq=False)
class Results:
    """Everything that goes into one file."""

    recordings: tuple[Exported, ...]
    alignments: tuple[Alignment, ...] = ()


@dataclass(frozen=True)
class Exporter:
    """One format.

    Attributes:
        suffix: end of the file names, with the dot.
        write: writes a file and returns notes for the user, mostly none.
        together: all recordings go into one file, instead of one file each.
        write_alignments: writes alignments to a file of their own; None where the format cannot hold them, or where
            ``write`` puts them in.
        holds_alignments: whether alignments can be exported at all.
    """

    suffix: str
    write: Callable[[Results, Path], Sequence[str]]
    together: bool = False
    write_alignments: Callable[[Sequence[Alignment], Path], None] | None = None
    holds_alignments: bool = False


def spans_of(segmentation: Segmentation, end_seconds: float | None = None) -> tuple[Span, ...]:
    """The segments, in milliseconds; the last one ends no later than the recording where its end is known."""
    spans = []
    for each in segmentation.segments():
        end = each.end_seconds
        times = segmentation.times_seconds
        last = each.end_frame == segmentation.labels.size
        # A container may say an end that lies before its last frame.
        if last and end is not None and end_seconds is not None and times is not None and end_seconds > times[-1]:
            end = min(end, end_seconds)
        spans.append(
            Span(
                each.start_frame,
                each.end_frame,
                _milliseconds(each.start_seconds),
                _milliseconds(end),
                each.action,
                segmentation.action_names[each.action],
                each.confidence,
            )
        )
    return tuple(spans)


def time_code(milliseconds: int) -> str:
    """``hh:mm:ss.mmm`` of wall-clock time, at any frame rate.

    >>> time_code(3_723_004)
    '01:02:03.004'
    """
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:03}"


def one_line(name: str) -> str:
    """A name without line breaks, for formats of lines."""
    return " ".join(name.split())


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)
