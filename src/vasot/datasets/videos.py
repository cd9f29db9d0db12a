"""The user's own videos: a folder of them, with labels beside them or without.

Read are a plain folder of videos, sub-folders of which name activities, and the layout::

    DATA/videos/NAME.mp4            videos; sub-folders name activities
    DATA/videos/clips.csv           optional: video,start_seconds,end_seconds[,name], to make several recordings of one
    DATA/groundTruth/NAME           optional: one class name per frame of the video, one per line; NAME.txt likewise
    DATA/mapping/mapping.txt        optional: lines of ``id name``

of which DATA or DATA/videos may be given.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

import numpy as np
from jaxtyping import Int

from vasot.datasets.base import Damaged, Dataset, Recording, Split
from vasot.datasets.labels import Truth, class_names, read_truths
from vasot.datasets.layout import Source, distinct_names, files_below, refuse_twins
from vasot.datasets.reading import Reading
from vasot.errors import DataError
from vasot.features.base import Extractor
from vasot.features.extraction import Extracted, extract_clips
from vasot.types import Track
from vasot.video.clips import Clip, read_clips
from vasot.video.probe import VideoInfo, frame_times, probe
from vasot.video.sampling import shown_at
from vasot.wording import counted, listing

__all__ = [
    "VIDEO_SUFFIXES",
    "Corpus",
    "FoundClip",
    "find_clips",
    "holds_videos",
    "is_video",
    "look_at",
    "read_corpus",
    "video_roots",
]

VIDEO_SUFFIXES = frozenset(
    {".3gp", ".avi", ".flv", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".ogv", ".ts", ".webm"}
    | {".wmv"}
)
"""File endings taken for videos, in lower case."""

_ROUNDED_SECONDS = 0.05
"""Ends of clips are often written with one digit behind the point."""

_VIDEOS, _TRUTH, _MAPPING, _CLIPS = "videos", "groundTruth", "mapping", "clips.csv"


@dataclass(frozen=True)
class FoundClip:
    """A clip, what its video is (None where it cannot be read, and why), and its ground truth."""

    clip: Clip
    info: VideoInfo | None
    fault: str | None
    truth: Truth | None

    @property
    def duration_seconds(self) -> float:
        """Length of the clip; 0 where its video cannot be read."""
        if self.info is None:
            return 0.0
        end = self.info.duration_seconds if self.clip.end_seconds is None else self.clip.end_seconds
        return max(0.0, min(end, self.info.duration_seconds) - self.clip.start_seconds)


@dataclass(frozen=True)
class Corpus:
    """What lies in a folder of videos, before any of them is decoded."""

    name: str
    clips: tuple[FoundClip, ...]
    class_names: tuple[str, ...]
    warnings: tuple[str, ...]
    splits: tuple[Split, ...] = ()


def is_video(path: Path) -> bool:
    """Whether a file's name ends like a video's."""
    return path.suffix.lower() in VIDEO_SUFFIXES


def holds_videos(folder: Path) -> bool:
    """Whether a folder is one of videos, in one of the layouts that are read."""
    root, _ = video_roots(folder)
    return (root / _CLIPS).is_file() or any(is_video(file) for file in files_below(root))


def find_clips(path: str | Path) -> Corpus:
    """Look through a folder, or at a single video: clips, what each video is, and ground truth. Nothing is decoded.

    Raises:
        DataError: there is no video, or ``clips.csv`` or ground truth cannot be used.
    """
    path = Path(path)
    warnings: list[str] = []
    if path.is_file():
        sources = [Source(path, PurePath(path.stem), "all")]
        clips, base = [Clip(path.stem, path, 0.0, None)], path.parent
    else:
        root, base = video_roots(path)
        sources, clips = _clips_of(root, warnings)
    _refuse_unreadable_names(clips)
    names = [clip.name for clip in clips]
    truths = read_truths(base / _TRUTH, sources, names, warnings) if path.is_dir() else [None]
    known = [truth for truth in truths if truth is not None]
    classes = class_names(base / _MAPPING / "mapping.txt", known)
    infos: dict[Path, VideoInfo | str] = {}
    for clip in clips:
        if clip.video not in infos:
            infos[clip.video] = _probed(clip.video)
    found = [look_at(clip, truth, infos[clip.video]) for clip, truth in zip(clips, truths, strict=True)]
    warnings += [
        text for each in found if each.info is not None and (text := _overhanging(each.clip, each.info)) is not None
    ]
    found.sort(key=lambda each: each.clip.name)
    return Corpus(base.resolve().name if path.is_dir() else path.stem, tuple(found), classes, tuple(warnings))


def look_at(clip: Clip, truth: Truth | None, info: VideoInfo | str | None = None) -> FoundClip:
    """A clip and what its video is; ``info`` says that, or why it cannot be read, where it is known already."""
    info = _probed(clip.video) if info is None else info
    fault = info if isinstance(info, str) else _outside(clip, info)
    return FoundClip(clip, info if isinstance(info, VideoInfo) else None, fault, truth)


def read_corpus(corpus: Corpus, extractor: Extractor, reading: Reading) -> Dataset:
    """Features of every clip, with labels at the sampled instants.

    A video that cannot be read at all is left out, one that breaks off gives its first part; the data set's warnings
    and :attr:`~vasot.datasets.base.Dataset.damaged` name them.

    Args:
        corpus: what :func:`find_clips` found.
        extractor: how frames become features.
        reading: rate, store and progress; its ``features`` are those of the extractor.

    Raises:
        DataError: no video can be read, or labels do not fit; the text names the file.
    """
    usable = [each for each in corpus.clips if each.fault is None]
    warnings = list(corpus.warnings)
    lost = [str(each.fault) for each in corpus.clips if each.fault is not None]
    for each in usable:
        _check_labels(each, reading.trim)
    results = extract_clips(
        [each.clip for each in usable],
        extractor,
        fps=reading.fps,
        store=reading.store,
        durations=[each.duration_seconds for each in usable],
        on_progress=reading.on_progress,
    )
    index = {name: number for number, name in enumerate(corpus.class_names)}
    recordings: list[Recording] = []
    damaged: list[Damaged] = []
    for each, result in zip(usable, results, strict=True):
        if result.stored is None:
            lost.append(str(result.failure))
            continue
        if result.stored.damage is not None:
            damaged.append(Damaged(each.clip.name, each.clip.video, *_damage(result)))
        recordings.append(_recording(each, result, index))
    if not recordings:
        raise DataError(f"no video can be read: {lost[0]}" + (f" ({len(lost)} in all)" if len(lost) > 1 else ""))
    warnings += [f"left out: {text}" for text in lost]
    warnings += [f"{each.name} breaks off at {each.at_seconds:.2f} s: {each.what}" for each in damaged]
    return Dataset(
        corpus.name,
        tuple(recordings),
        corpus.class_names,
        tuple(warnings),
        tuple(damaged),
        tuple(lost),
        corpus.splits,
    )


def video_roots(folder: Path) -> tuple[Path, Path]:
    """Where the videos of a folder lie, and the folder in which ``groundTruth`` would."""
    if not folder.exists():
        raise DataError(f"{folder}: there is no such folder; give the folder that holds the recordings")
    if (folder / _VIDEOS).is_dir():
        return folder / _VIDEOS, folder
    if folder.name == _VIDEOS and (folder.parent / _TRUTH).is_dir():
        return folder, folder.parent
    # "videos/." and the like have no name of their own.
    if folder.resolve().name == _VIDEOS and (folder.resolve().parent / _TRUTH).is_dir():
        return folder, folder.resolve().parent
    return folder, folder


def _clips_of(root: Path, warnings: list[str]) -> tuple[list[Source], list[Clip]]:
    files = [file for file in files_below(root) if is_video(file)]
    table = root / _CLIPS
    if table.is_file():
        clips = read_clips(table)
        used = {clip.video.resolve() for clip in clips}
        if unused := [str(file.relative_to(root)) for file in files if file.resolve() not in used]:
            warnings.append(
                f"{counted(len(unused), 'video')} that clips.csv does not name passed over: {listing(unused)}"
            )
        return [Source(clip.video, _place(clip.video, root), clip.activity) for clip in clips], clips
    if not files:
        raise DataError(
            f"{root}: no videos in the folder; expected files ending in {', '.join(sorted(VIDEO_SUFFIXES))}, "
            "or features/ with one array per recording"
        )
    places = [_place(file, root) for file in files]
    sources = [
        Source(file, place, place.parts[0] if len(place.parts) > 1 else "all")
        for file, place in zip(files, places, strict=True)
    ]
    refuse_twins(sources)
    names = distinct_names(places)
    clips = [Clip(name, source.file, 0.0, None, source.activity) for source, name in zip(sources, names, strict=True)]
    return sources, clips


def _refuse_unreadable_names(clips: Sequence[Clip]) -> None:
    """File names that are no UTF-8 (of old archives and discs) could stand in no table."""
    for clip in clips:
        raw = os.fsencode(clip.video)
        try:
            raw.decode()
        except UnicodeDecodeError:
            shown = raw.decode(errors="replace")
            raise DataError(f"{shown}: its name holds letters in an unknown encoding; rename the file") from None


def _place(file: Path, root: Path) -> PurePath:
    return (file.relative_to(root) if file.is_relative_to(root) else PurePath(file.name)).with_suffix("")


def _probed(video: Path) -> VideoInfo | str:
    try:
        return probe(video)
    except DataError as error:
        return str(error)


def _outside(clip: Clip, info: VideoInfo) -> str | None:
    if clip.start_seconds < info.duration_seconds:
        return None
    ends = f"the video ends at {info.duration_seconds:.2f} s"
    return f"{clip.video}: clip '{clip.name}' starts at {clip.start_seconds} s but {ends}; correct {_CLIPS}"


def _overhanging(clip: Clip, info: VideoInfo) -> str | None:
    """What to say of a clip that goes on after its video; one that begins there is left out anyway."""
    end, length = clip.end_seconds, info.duration_seconds
    if end is None or end <= length + _ROUNDED_SECONDS or clip.start_seconds >= length:
        return None
    return f"clip '{clip.name}' is to end at {end:g} s, but {clip.video.name} ends at {length:.2f} s; it is cut there"


def _check_labels(each: FoundClip, trim: bool) -> None:
    """Labels number the frames of the video; a few more or less than it has are cut with ``trim``."""
    if each.truth is None or each.info is None or trim:
        return
    count = len(each.truth.names)
    if count != each.info.n_frames and each.info.damage is None:
        raise DataError(
            f"{each.clip.video}: {each.info.n_frames} frames, but {each.truth.file} has {count} labels; give one per "
            "frame of the video, or cut both to the shorter with --trim (trim=True)"
        )


def _recording(each: FoundClip, result: Extracted, index: dict[str, int]) -> Recording:
    assert result.stored is not None
    features, times = result.stored.features, result.stored.times_seconds
    labels: Int[np.ndarray, " t"] | None = None
    if each.truth is not None:
        shown = shown_at(frame_times(each.clip.video), times)
        kept = shown < len(each.truth.names)
        if not kept.any():
            raise DataError(f"{each.truth.file}: ends before '{each.clip.name}' starts; give one label per frame")
        # Instants only grow, so what is kept comes first; a slice leaves pictures on disk.
        count = int(kept.sum())
        features, times, shown = features[:count], times[:count], shown[:count]
        labels = np.array([index[each.truth.names[frame]] for frame in shown], dtype=np.int64)
    rate = None if each.info is None else each.info.mean_rate_hz
    return Recording(Track(each.clip.name, features, times, each.clip.activity, each.clip.video, rate), labels)


def _damage(result: Extracted) -> tuple[float, str]:
    assert result.stored is not None
    assert result.stored.damage is not None
    return result.stored.damage.at_seconds, result.stored.damage.what
