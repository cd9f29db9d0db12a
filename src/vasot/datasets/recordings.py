"""Recordings wherever they come from: arrays are read, videos are looked at, and both become tracks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path, PurePath

from vasot.datasets.base import Dataset
from vasot.datasets.folder import read_folder, read_sources
from vasot.datasets.layout import distinct_names
from vasot.datasets.reading import Reading
from vasot.datasets.registry import DATASETS
from vasot.datasets.video_sets import VideoSet
from vasot.datasets.videos import Corpus, FoundClip, find_clips, holds_videos, is_video, read_corpus
from vasot.errors import DataError, SettingsError
from vasot.features.names import make_extractor
from vasot.types import Track

__all__ = ["BUILT_IN", "find_corpus", "read_data", "read_inputs", "resolve_features"]

_AUTO, _PRECOMPUTED = "auto", "precomputed"

BUILT_IN = "motion"
"""What videos become where nothing else is asked for."""


def resolve_features(path: str | Path, features: str, dataset: str = "") -> str:
    """What ``auto`` means for a folder, or for a published data set; any other name is returned as it is.

    Raises:
        DataError: there is no such folder.
        SettingsError: there is no such data set, or it is one of arrays and videos are to be looked at.
    """
    if dataset:
        known: str = DATASETS[dataset].features
        if known == _PRECOMPUTED and features not in (_AUTO, _PRECOMPUTED):
            raise SettingsError(f"{dataset} is published as arrays of features; leave out --features {features}")
        return known if features == _AUTO else features
    if features != _AUTO:
        return features
    folder = Path(path)
    if not folder.exists():
        raise DataError(f"{folder}: there is no such folder; give the folder that holds the recordings")
    arrays = folder.is_dir() and ((folder / "features").is_dir() or not holds_videos(folder))
    return _PRECOMPUTED if arrays else BUILT_IN


def read_data(path: str | Path, reading: Reading) -> Dataset:
    """A folder of videos or of arrays as a data set, with ground truth where there is some; or a published data set.

    Raises:
        VasotError: what is wrong with the folder, the recordings, their labels or the settings.
    """
    features = resolve_features(path, reading.features, reading.dataset)
    if reading.dataset:
        dataset: Dataset = DATASETS[reading.dataset].read(Path(path), reading)
        return dataset
    if features == _PRECOMPUTED:
        return read_folder(path, trim=reading.trim, rate_hz=reading.rate_hz)
    # A mistyped name is told before the folder is searched.
    extractor = make_extractor(features)
    return read_corpus(find_clips(path), extractor, reading)


def find_corpus(path: str | Path, reading: Reading) -> Corpus:
    """The videos of a folder, or of a published data set of videos; nothing is decoded.

    Raises:
        VasotError: what is wrong with the folder, the labels or the choice of a part.
    """
    published = DATASETS[reading.dataset] if reading.dataset else None
    return published.find(Path(path), reading) if isinstance(published, VideoSet) else find_clips(path)


def read_inputs(paths: Iterable[str | Path], reading: Reading) -> list[Track]:
    """Single recordings: videos, array files, and folders of either; ground truth is not read.

    ``reading.features`` says what videos become; it is that of the model, and arrays are taken as they are.

    Raises:
        DataError: nothing was given, a file that was given cannot be read (a video in a folder is passed over, see
            ``reading.on_warning``), or a video was given where the model knows arrays only.
    """
    arrays: list[Path] = []
    clips: list[FoundClip] = []
    seen: set[tuple[Path, float]] = set()
    given: set[Path] = set()
    for path in map(Path, paths):
        if not (is_video(path) if not path.is_dir() else _folder_of_videos(path)):
            arrays.append(path)
            continue
        if not path.is_dir():
            given.add(path)
        for each in find_clips(path).clips:
            if (key := (each.clip.video.resolve(), each.clip.start_seconds)) not in seen:
                seen.add(key)
                clips.append(each)
    tracks = read_sources(arrays, rate_hz=reading.rate_hz) if arrays or not clips else []
    if clips:
        tracks = [*tracks, *_tracks_of(clips, given, reading)]
    _refuse_shared_names(tracks)
    return tracks


def _tracks_of(clips: list[FoundClip], given: set[Path], reading: Reading) -> list[Track]:
    """Tracks of the clips that can be read; ``given`` are the videos that the user named, of which none may miss."""
    if reading.features in (_AUTO, _PRECOMPUTED):
        raise DataError(
            f"{clips[0].clip.video}: the model was trained on arrays of features, so it cannot take a video; "
            "give the video's features, made by the same program, or train on videos"
        )
    for each in clips:
        if each.fault is not None and each.clip.video in given:
            raise DataError(each.fault)
    places = [each.clip.video.parent.resolve() / each.clip.name for each in clips]
    names = distinct_names([PurePath(place) for place in places])
    named = [
        replace(each, clip=replace(each.clip, name=name), truth=None) for each, name in zip(clips, names, strict=True)
    ]
    dataset = read_corpus(Corpus("inputs", tuple(named), (), ()), make_extractor(reading.features), reading)
    for text in dataset.left_out:
        if any(text.startswith(f"{video}: ") for video in given):
            raise DataError(text)
    if reading.on_warning is not None:
        for text in dataset.warnings:
            reading.on_warning(text)
    return list(dataset.tracks)


def _folder_of_videos(folder: Path) -> bool:
    return not (folder / "features").is_dir() and holds_videos(folder)


def _refuse_shared_names(tracks: list[Track]) -> None:
    first: dict[str, Track] = {}
    for track in tracks:
        if (other := first.setdefault(track.name, track)) is not track:
            raise DataError(f"{other.source} and {track.source} would both be called '{track.name}'; rename one")
