"""Annotations as ground truth of a data set: one class name per frame, where the data set looks for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from vasot.annotations.marks import Mark, Marks, sorted_marks
from vasot.datasets.folder import read_sources
from vasot.datasets.labels import UNLABELLED, read_mapping, truth_candidates
from vasot.datasets.reading import Reading
from vasot.datasets.recordings import resolve_features
from vasot.datasets.videos import find_clips, video_roots
from vasot.errors import DataError, nearest
from vasot.files import atomic_write, refuse_existing
from vasot.video.probe import frame_times
from vasot.video.sampling import border_frame
from vasot.wording import listing

__all__ = ["Imported", "TruthPlace", "frame_names", "truth_places", "write_truth"]

_BEYOND_SECONDS = 1.0
"""People end the last segment a little behind the recording; further behind, it is another recording."""


@dataclass(frozen=True, eq=False)
class TruthPlace:
    """Where the ground truth of a recording lies; clips of one video share it.

    Attributes:
        names: what the recording is called; for clips, each clip and the video.
        file: the ground truth that is there, or where it will be.
        starts: (f,) instant of each frame that has a label, in seconds; None where the rate is not known.
        end_seconds: end of the last frame.
        is_video: whether the frames are those of a video.
    """

    names: tuple[str, ...]
    file: Path
    starts: Float[np.ndarray, " f"] | None
    end_seconds: float
    is_video: bool


@dataclass(frozen=True)
class Imported:
    """What was written of a recording; ``n_lost`` segments were shorter than a frame."""

    name: str
    file: Path
    n_segments: int
    n_frames: int
    n_unlabelled: int
    n_lost: int


def truth_places(data: str | Path, reading: Reading) -> list[TruthPlace]:
    """The places for ground truth in a folder of videos or arrays, in order of name.

    Raises:
        VasotError: the folder cannot be read as a data set.
    """
    folder = Path(data)
    if resolve_features(folder, reading.features) == "precomputed":
        return _places_of_arrays(folder, reading.rate_hz)
    return _places_of_videos(folder)


def _places_of_arrays(folder: Path, rate_hz: float | None) -> list[TruthPlace]:
    root = folder / "features" if (folder / "features").is_dir() else folder
    places = []
    for track in read_sources([folder], rate_hz=rate_hz):
        assert track.source is not None
        place = track.source.relative_to(root).with_suffix("")
        times = track.times_seconds
        last = 0.0 if times is None or times.size < 2 else float(times[-1] - times[-2])
        end = 0.0 if times is None else float(times[-1]) + last
        places.append(TruthPlace((track.name,), _file(folder, str(place), track.name), times, end, False))
    return places


def _places_of_videos(folder: Path) -> list[TruthPlace]:
    root, base = video_roots(folder)
    places: dict[Path, TruthPlace] = {}
    for each in find_clips(folder).clips:
        if each.info is None:
            continue
        video = each.clip.video
        inside = video.relative_to(root) if video.is_relative_to(root) else Path(video.name)
        file = each.truth.file if each.truth is not None else _file(base, str(inside.with_suffix("")), None)
        known = places.get(file)
        names = (*(known.names if known else ()), each.clip.name, video.stem)
        times = frame_times(video) if known is None else known.starts
        places[file] = TruthPlace(tuple(dict.fromkeys(names)), file, times, each.info.duration_seconds, True)
    return list(places.values())


def _file(base: Path, place: str, name: str | None) -> Path:
    folder = base / "groundTruth"
    there = [file for file in truth_candidates(folder, place, name or place) if file.is_file()]
    return there[0] if there else folder / f"{place}.txt"


def write_truth(found: Sequence[Marks], places: Sequence[TruthPlace], mapping: Path, force: bool) -> list[Imported]:
    """Write ground truth of all annotations, or, where one of them cannot be used, none.

    Args:
        found: the annotations; several of one recording are put together.
        places: those of the data set.
        mapping: the data set's list of classes, which need not exist.
        force: replace ground truth that is there.

    Raises:
        DataError: an annotation belongs to no recording, reaches far beyond its end, or overlaps another one, or a
            class is not in the mapping.
        RunFolderError: ground truth exists and ``force`` is not given.
    """
    known = read_mapping(mapping) if mapping.is_file() else None
    grouped: dict[Path, tuple[TruthPlace, str, list[Mark]]] = {}
    for each in found:
        place = _place_of(each, places)
        _, _, marks = grouped.setdefault(place.file, (place, each.where, []))
        marks += _in_seconds(each, place)
    refuse_existing(grouped, force)
    written = []
    for file, (place, where, marks) in grouped.items():
        ordered = sorted_marks(where, marks)
        _refuse_unknown(where, ordered, known, mapping)
        written.append((file, place, ordered, frame_names(ordered, place)))
    report = []
    for file, place, ordered, (names, lost) in written:
        with atomic_write(file, force) as partial:
            partial.write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
        report.append(Imported(place.names[0], file, len(ordered), len(names), names.count(UNLABELLED), lost))
    return report


def frame_names(marks: Sequence[Mark], place: TruthPlace) -> tuple[list[str], int]:
    """The class of every frame, and how many marks are too short to have one.

    A mark in seconds begins with the frame that is shown at its start, and the frame shown at its end is the first one
    behind it; frames between marks are ``unlabelled``.
    """
    assert place.starts is not None
    starts = place.starts.astype(np.float64)
    names, lost = [UNLABELLED] * starts.size, 0
    for mark in marks:
        start, end = (border_frame(starts, place.end_seconds, at) for at in (mark.start, mark.end))
        names[start:end] = [mark.name] * (end - start)
        lost += start == end
    return names, lost


def _place_of(marks: Marks, places: Sequence[TruthPlace]) -> TruthPlace:
    for name in marks.names:
        fitting = [place for place in places if name in place.names]
        if len(fitting) > 1:
            files = " and ".join(str(place.file) for place in fitting)
            raise DataError(f"{marks.where}: '{name}' could be {files}; say with --recording which one it is")
        if fitting:
            return fitting[0]
    known = [name for place in places for name in place.names]
    name = marks.names[0]
    raise DataError(
        f"{marks.where}: there is no recording '{name}' in the data{nearest(name, known) or '.'} "
        f"Recordings: {listing(known)}; say with --recording which one it is"
    )


def _in_seconds(marks: Marks, place: TruthPlace) -> list[Mark]:
    """The marks of a recording in seconds, none of them behind its end."""
    if place.starts is None:
        raise DataError(
            f"{marks.where}: the rate of '{place.names[0]}' is not known, so times say nothing about its frames; "
            "give --rate HZ"
        )
    if marks.in_frames and not place.is_video:
        raise DataError(f"{marks.where}: counts frames of a video, but '{place.names[0]}' is an array of features")
    edges = np.append(place.starts, place.end_seconds)
    seconds = []
    for mark in marks.marks:
        if marks.in_frames and mark.end > place.starts.size:
            raise DataError(
                f"{marks.where}: '{mark.name}' ends with frame {mark.end:g}, but the video has {place.starts.size}"
            )
        start, end = (
            (float(edges[int(mark.start)]), float(edges[int(mark.end)])) if marks.in_frames else (mark.start, mark.end)
        )
        if start >= place.end_seconds or end > place.end_seconds + _BEYOND_SECONDS:
            raise DataError(
                f"{marks.where}: '{mark.name}' lasts from {start:g} to {end:g} s, but '{place.names[0]}' ends at "
                f"{place.end_seconds:.3f} s; is it the annotation of another recording?"
            )
        seconds.append(Mark(start, min(end, place.end_seconds), mark.name))
    return seconds


def _refuse_unknown(where: str, marks: Sequence[Mark], known: Sequence[str] | None, mapping: Path) -> None:
    for mark in marks if known is not None else ():
        if known is not None and mark.name not in (*known, UNLABELLED):
            hint = nearest(mark.name, known) or "; add it there, or correct it"
            raise DataError(f"{where}: the class '{mark.name}' is not listed in {mapping}{hint}")
