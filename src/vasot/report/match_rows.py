"""Moments of one recording above those of another that were found to correspond, as pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from vasot.metrics.consistency import Ring
from vasot.report.key_frames import Moment, take_pictures
from vasot.report.recordings import Picture, ReportedRecording, picture_of
from vasot.types import UNMATCHED

__all__ = ["MatchRow", "match_rows"]

_MOST_ROWS = 2
_MOMENTS = 4


@dataclass(frozen=True, eq=False)
class MatchRow:
    """Moments of one recording, and below each what corresponds to it in another."""

    name_x: str
    name_y: str
    columns: tuple[tuple[Picture, Picture], ...]


def match_rows(
    rings: Sequence[Ring], recordings: Sequence[ReportedRecording], size: int
) -> tuple[tuple[MatchRow, ...], Mapping[Path, str]]:
    """Moments of the first recording of a ring and their counterparts in the next, for the first rings with videos.

    Args:
        rings: of aligned recordings.
        recordings: those that the rings number.
        size: shorter side of the pictures, in pixels.

    Returns:
        the rows, and why videos could not be read.
    """
    videos = [each.video for each in recordings]
    filmed = [ring for ring in rings if all(videos[index] is not None for index in ring.members[:2])][:_MOST_ROWS]
    pairs = {number: _matched_moments(ring, recordings) for number, ring in enumerate(filmed)}
    flat = {
        (number, column, side): [moment]
        for number, columns in pairs.items()
        for column, pair in enumerate(columns)
        for side, moment in enumerate(pair)
        if moment is not None
    }
    chosen, pictures = take_pictures(flat, videos, size, 1)
    rows = []
    for number, ring in enumerate(filmed):
        x, y = ring.members[:2]
        if any(videos[index] in pictures.unreadable for index in (x, y)):
            continue
        columns = [
            (
                _shown(chosen.get((number, column, 0)), pictures.images, recordings),
                _shown(chosen.get((number, column, 1)), pictures.images, recordings),
            )
            for column in range(len(pairs[number]))
        ]
        rows.append(MatchRow(recordings[x].track.name, recordings[y].track.name, tuple(columns)))
    return tuple(rows), pictures.unreadable


def _matched_moments(ring: Ring, recordings: Sequence[ReportedRecording]) -> list[tuple[Moment, Moment | None]]:
    x, y = ring.members[:2]
    matches = ring.alignments[0].matches
    pairs: list[tuple[Moment, Moment | None]] = []
    for place in ((np.arange(_MOMENTS) + 0.5) * matches.size / _MOMENTS).astype(int).tolist():
        match = int(matches[place])
        other = None if match == UNMATCHED else _moment(recordings, y, match * ring.strides[1])
        pairs.append((_moment(recordings, x, place * ring.strides[0]), other))
    return pairs


def _moment(recordings: Sequence[ReportedRecording], index: int, frame: int) -> Moment:
    times = recordings[index].track.times_seconds
    return Moment(index, frame, None if times is None else float(times[frame]))


def _shown(
    moments: tuple[Moment, ...] | None,
    images: Mapping[Moment, UInt8[np.ndarray, "h w 3"]],
    recordings: Sequence[ReportedRecording],
) -> Picture:
    if not moments:
        return Picture("", "no counterpart", "")
    return picture_of(images[moments[0]], recordings[moments[0].recording], moments[0], "")
