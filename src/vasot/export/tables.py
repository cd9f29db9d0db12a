r"""Segments, labels, matches and paths as plain tables.

Frames count from 0, the end of a segment is exclusive, times are in seconds with four decimals, and empty where
the rate of the recording is not known. Comma-separated, UTF-8, one header line, ``\n`` line ends.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float

from vasot.deviations.progress import Progress
from vasot.files import atomic_write
from vasot.metrics.stability import ActionChoice
from vasot.types import UNMATCHED, Alignment, Segmentation, Track

__all__ = [
    "write_actions_csv",
    "write_alignment_csv",
    "write_labels_txt",
    "write_path_csv",
    "write_progress_csv",
    "write_segments_csv",
]


def write_segments_csv(segmentation: Segmentation, path: Path, force: bool = False) -> None:
    """Write one line per segment, in order of time.

    ========================== ==============================================================================
    start_frame, end_frame     first frame of the segment, and the one after its last
    start_seconds, end_seconds the same in seconds; the end is the instant the next segment begins
    action, action_name        index 0..K-1 and what it is called
    confidence                 mean over the segment of the share of a frame's mass on its action, 0..1
    ========================== ==============================================================================

    Raises:
        RunFolderError: the file exists and ``force`` is not given.
        VasotError: it cannot be written.
    """
    header = ("start_frame", "end_frame", "start_seconds", "end_seconds", "action", "action_name", "confidence")
    rows = (
        (
            segment.start_frame,
            segment.end_frame,
            _decimals(segment.start_seconds),
            _decimals(segment.end_seconds),
            segment.action,
            segmentation.action_names[segment.action],
            _decimals(segment.confidence),
        )
        for segment in segmentation.segments()
    )
    _write_table(path, header, rows, force)


def write_labels_txt(segmentation: Segmentation, path: Path, force: bool = False) -> None:
    """Write the name of each frame's action on a line of its own: the ``groundTruth`` format of the literature.

    Raises:
        RunFolderError: the file exists and ``force`` is not given.
        VasotError: it cannot be written.
    """
    with atomic_write(path, force) as partial, partial.open("w", encoding="utf-8", newline="\n") as stream:
        stream.writelines(f"{segmentation.action_names[label]}\n" for label in segmentation.labels.tolist())


def write_alignment_csv(alignment: Alignment, path: Path, force: bool = False) -> None:
    """Write one line per frame of X.

    ================== ======================================================================================
    frame_x, seconds_x the frame of X and its instant
    frame_y, seconds_y the frame of Y that corresponds to it, and its instant; empty where none does
    confidence         share of the frame's mass on the match and its neighbours, or on "none", 0..1
    ================== ======================================================================================

    Raises:
        RunFolderError: the file exists and ``force`` is not given.
        VasotError: it cannot be written.
    """
    rows = (
        (*_moment(x, alignment.times_x), *_moment(y, alignment.times_y), _decimals(confidence))
        for x, (y, confidence) in enumerate(zip(alignment.matches.tolist(), alignment.confidence.tolist(), strict=True))
    )
    _write_table(path, ("frame_x", "seconds_x", "frame_y", "seconds_y", "confidence"), rows, force)


def write_path_csv(alignment: Alignment, path: Path, force: bool = False) -> None:
    """Write one line per step of the monotone path: frame_x, seconds_x, frame_y, seconds_y.

    Neither recording ever goes back along it, and every frame of both occurs, so that either can be played in the
    other's time. Frames without a counterpart are passed over at some speed; the table of matches names them.

    Raises:
        RunFolderError: the file exists and ``force`` is not given.
        VasotError: it cannot be written.
    """
    rows = ((*_moment(x, alignment.times_x), *_moment(y, alignment.times_y)) for x, y in alignment.path.tolist())
    _write_table(path, ("frame_x", "seconds_x", "frame_y", "seconds_y"), rows, force)


def write_progress_csv(
    progress: Progress, track: Track, segmentation: Segmentation | None, path: Path, force: bool = False
) -> None:
    """Write one line per frame of a recording.

    =================== =====================================================================================
    frame, seconds      the frame and its instant
    action, action_name the step; empty where the method does not segment
    fraction            share of the activity's time that is over, 0..1, median over the other recordings
    low, high           its quartiles over the other recordings
    remaining_seconds   how long the other recordings go on from there, median; empty where a rate is not known
    =================== =====================================================================================

    Raises:
        RunFolderError: the file exists and ``force`` is not given.
        VasotError: it cannot be written.
    """
    header = ("frame", "seconds", "action", "action_name", "fraction", "low", "high", "remaining_seconds")
    left = progress.remaining_seconds
    rows = (
        (
            *_moment(frame, track.times_seconds),
            *(("", "") if segmentation is None else _action(segmentation, frame)),
            *(_decimals(float(each[frame])) for each in (progress.fraction, progress.low, progress.high)),
            _decimals(None if left is None else float(left[frame])),
        )
        for frame in range(track.n_frames)
    )
    _write_table(path, header, rows, force)


def write_actions_csv(choice: ActionChoice, path: Path, force: bool = False) -> None:
    """Write one line per number of actions that was tried.

    ============================ ============================================================================
    actions, recommended         K, and 1 for the recommended one, else 0
    score, low, high             mean of the gains; 10 % and 90 % of it with recordings drawn anew
    wins                         share of these draws in which this K has the best score
    seeds, seeds_by_time         agreement between seeds, and what of it relative time alone explains
    halves, halves_by_time       the same between halves of the recordings; empty where there are too few
    used, unused                 number of actions that occur, and which do not, separated by spaces
    segments_per_recording       mean
    median_frames                length of a segment
    median_seconds               the same; empty where a rate is not known
    usual_successor              share of changes that lead to the action's most frequent successor
    ============================ ============================================================================

    Raises:
        RunFolderError: the file exists and ``force`` is not given.
        VasotError: it cannot be written.
    """
    header = (
        *("actions", "recommended", "score", "low", "high", "wins"),
        *("seeds", "seeds_by_time", "halves", "halves_by_time", "used", "unused"),
        *("segments_per_recording", "median_frames", "median_seconds", "usual_successor"),
    )
    rows = (
        (
            row.n_actions,
            int(row.n_actions == choice.recommended),
            *map(_decimals, (row.score, row.low, row.high, row.wins)),
            *map(_decimals, (row.seeds.observed, row.seeds.by_time)),
            *(("", "") if row.halves is None else map(_decimals, (row.halves.observed, row.halves.by_time))),
            row.used,
            " ".join(map(str, row.unused)),
            *map(_decimals, (row.segments_per_recording, row.median_frames, row.median_seconds, row.usual_successor)),
        )
        for row in choice.rows
    )
    _write_table(path, header, rows, force)


def _write_table(path: Path, header: Sequence[str], rows: Iterable[Sequence[int | str]], force: bool) -> None:
    with atomic_write(path, force) as partial, partial.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def _action(segmentation: Segmentation, frame: int) -> tuple[int, str]:
    action = int(segmentation.labels[frame])
    return action, segmentation.action_names[action]


def _moment(frame: int, times: Float[np.ndarray, " t"] | None) -> tuple[int | str, str]:
    if frame == UNMATCHED:
        return "", ""
    return frame, _decimals(None if times is None else float(times[frame]))


def _decimals(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"
