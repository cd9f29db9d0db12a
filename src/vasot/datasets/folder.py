"""The user's own recordings: a folder of feature arrays, with ground truth beside them or without.

Two layouts are read. The one of the segmentation literature::

    DATA/features/NAME.npy          one array (frames, dimensions) per recording; .npz, .h5, .csv, .txt likewise
    DATA/groundTruth/NAME           optional: one class name per frame, one per line; NAME.txt likewise
    DATA/mapping/mapping.txt        optional: lines of ``id name``

and a plain folder that holds the arrays itself. In both, arrays may lie in sub-folders: the first sub-folder names
the activity, and ground truth lies in sub-folders of the same names or directly in ``groundTruth/``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

import numpy as np
from jaxtyping import Int

from vasot.datasets.base import Dataset, Recording
from vasot.datasets.labels import Truth, class_index, mapping_file, read_truth, read_truths
from vasot.datasets.layout import Source, distinct_names, files_below, refuse_twins
from vasot.errors import DataError
from vasot.features.precomputed import ARRAY_SUFFIXES, read_track, read_track_with_note
from vasot.features.tables import table_of_numbers
from vasot.types import Track
from vasot.wording import MOST_LISTED, counted, listing

__all__ = ["FolderLayout", "find_arrays", "read_folder", "read_sources", "truth_beside"]

_FEATURES, _TRUTH, _MAPPING = "features", "groundTruth", "mapping"
_VIDEO_SUFFIXES = frozenset({".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".webm", ".wmv"})


@dataclass(frozen=True)
class FolderLayout:
    """What a published data set has different from a folder of the user's own.

    Attributes:
        choose: gives an array its activity, or passes it over (None).
        mapping: name of the file that numbers the classes.
        merge_classes: classes of one id are one.
        may_lie_across: an array may be (dimensions, frames): it is turned where only that fits its ground truth.
    """

    choose: Callable[[Source], Source | None] | None = None
    mapping: str = "mapping.txt"
    merge_classes: bool = False
    may_lie_across: bool = False


def read_folder(
    path: str | Path, *, trim: bool = False, rate_hz: float | None = None, layout: FolderLayout | None = None
) -> Dataset:
    """Read a folder of feature arrays, and the ground truth where there is some.

    A recording is called after its file, without ending; where several files share a name, the folders above are
    put before it as far as it takes to tell them apart (``coffee__P03``). Recordings directly in the folder have the
    activity ``all``. Class indices are the order of the ids in ``mapping.txt``, or of the sorted names without one.
    Hidden files and files of other kinds are passed over.

    Args:
        path: the folder.
        trim: cut a recording and its ground truth to the shorter of the two where their lengths differ.
        rate_hz: feature vectors per second, where known.
        layout: what a published data set has different.

    Raises:
        DataError: no usable array, an unusable one, or ground truth that does not fit; the text names the file.
        SettingsError: ``rate_hz`` is not a positive number.
    """
    folder, layout = Path(path), layout or FolderLayout()
    warnings: list[str] = []
    sources = find_arrays(folder, warnings)
    if layout.choose is not None:
        sources = [chosen for source in sources if (chosen := layout.choose(source)) is not None]
    names = distinct_names([source.place for source in sources])
    tracks: list[Track] = []
    for source, name in zip(sources, names, strict=True):
        track, note = read_track_with_note(source.file, name, rate_hz, source.activity)
        tracks.append(track)
        warnings += [note] if note else []
    truths = read_truths(folder / _TRUTH, sources, names, warnings, all_sources=layout.choose is None)
    known = [truth for truth in truths if truth is not None]
    classes, index = class_index(mapping_file(folder, layout.mapping), known, merge=layout.merge_classes)
    if layout.may_lie_across:
        tracks = [_upright(track, truth) for track, truth in zip(tracks, truths, strict=True)]
    cuts: list[str] = []
    recordings = [_label(track, truth, index, trim, cuts) for track, truth in zip(tracks, truths, strict=True)]
    if cuts:
        warnings.append(f"{counted(len(cuts), 'recording')} cut to the shorter of features and labels: {listing(cuts)}")
    recordings.sort(key=lambda recording: recording.track.name)
    return Dataset(folder.resolve().name, tuple(recordings), classes, tuple(warnings))


def read_sources(paths: Iterable[str | Path], *, rate_hz: float | None = None) -> list[Track]:
    """Read recordings from array files, folders of arrays and data sets, in the order given; ground truth is not read.

    A file that is reached twice is read once. Recordings are called as in :func:`read_folder`; where inputs share a
    name, more of the folders above are put before it.

    Args:
        paths: files and folders.
        rate_hz: feature vectors per second, where known.

    Raises:
        DataError: nothing was given, or an input is missing or unusable.
        SettingsError: ``rate_hz`` is not a positive number.
    """
    found: dict[Path, tuple[Source, str]] = {}
    for path in map(Path, paths):
        sources = find_arrays(path, []) if path.is_dir() else [Source(path, PurePath(path.stem), "all")]
        for source, name in zip(sources, distinct_names([source.place for source in sources]), strict=True):
            found.setdefault(source.file.resolve(), (source, name))
    if not found:
        raise DataError("no recordings were given; name an array file or a folder of them")
    counts = Counter(name for _, name in found.values())
    shared = [source for source, name in found.values() if counts[name] > 1]
    # Not resolving the file itself: a link to a store of files has the better name.
    absolute = [Source(source.file, source.file.parent.resolve() / source.file.stem, "all") for source in shared]
    refuse_twins(absolute)
    longer = dict(zip(shared, distinct_names([source.place for source in absolute]), strict=True))
    return [
        read_track(source.file, longer.get(source, name), rate_hz, source.activity) for source, name in found.values()
    ]


def truth_beside(track: Track) -> tuple[Int[np.ndarray, " t"], tuple[str, ...]] | None:
    """Ground truth of one recording that lies in the literature's layout, and the class names its labels index.

    None where the recording does not lie below a folder ``features``, has no ground truth in ``groundTruth`` beside
    it, or that has another number of frames.

    Raises:
        DataError: the ground truth is there but cannot be read.
    """
    parents = [] if track.source is None else list(track.source.parents)
    features = next((folder for folder in parents if folder.name == _FEATURES), None)
    if track.source is None or features is None:
        return None
    root = features.parent
    place = track.source.relative_to(features).with_suffix("")
    for stem in (place, Path(place.name)):
        for file in (root / _TRUTH / stem, root / _TRUTH / f"{stem}.txt"):
            if file.is_file():
                truth = read_truth(file)
                names, index = class_index(mapping_file(root), [truth])
                labels = np.array([index[name] for name in truth.names], dtype=np.int64)
                return (labels, names) if labels.size == track.n_frames else None
    return None


def find_arrays(folder: Path, warnings: list[str]) -> list[Source]:
    """Every array file of a data set, in order of path; what was passed over goes to ``warnings``.

    Raises:
        DataError: there is no such folder, or no array in it.
    """
    if not folder.exists():
        raise DataError(f"{folder}: there is no such folder; give the folder that holds the feature arrays")
    if not folder.is_dir():
        raise DataError(f"{folder}: is a file; give the folder that holds it")
    plain = not (folder / _FEATURES).is_dir()
    root = folder if plain else folder / _FEATURES
    files = [(file, file.relative_to(root)) for file in files_below(root)]
    if plain:
        files = [(file, place) for file, place in files if place.parts[0] not in (_TRUTH, _MAPPING)]
    arrays = [(file, place) for file, place in files if file.suffix.lower() in ARRAY_SUFFIXES]
    # A plain folder has room for a README or a licence; features/ holds features only.
    prose = [str(place) for file, place in arrays if _is_prose(file)] if plain else []
    if prose:
        arrays = [(file, place) for file, place in arrays if str(place) not in prose]
        warnings.append(f"{len(prose)} text files that hold no table of numbers passed over: {listing(prose)}")
    if not arrays:
        raise _nothing_usable(root, [file for file, _ in files])
    sources = [
        Source(file, place.with_suffix(""), place.parts[0] if len(place.parts) > 1 else "all") for file, place in arrays
    ]
    refuse_twins(sources)
    return sources


def _is_prose(file: Path) -> bool:
    """Whether a text file's first filled line holds not a single number, or a table is none of numbers."""
    if file.suffix.lower() in (".csv", ".tsv"):
        return not table_of_numbers(file)
    if file.suffix.lower() != ".txt":
        return False
    try:
        with file.open(encoding="utf-8-sig", errors="replace") as lines:
            words = next((line.split() for line in lines if not line.isspace()), [])
    except OSError:
        # Reading it as an array says what is wrong.
        return False
    return bool(words) and not any(word.lstrip("+-.")[:1].isdecimal() or word.lower() == "nan" for word in words)


def _nothing_usable(root: Path, files: Sequence[Path]) -> DataError:
    expected = "expected one array (frames, dimensions) per recording, such as .npy or .csv"
    if not files:
        return DataError(f"{root}: the folder is empty; {expected}, or videos, such as .mp4")
    counts = Counter(file.suffix.lower() or "(no ending)" for file in files)
    videos = sum(count for suffix, count in counts.items() if suffix in _VIDEO_SUFFIXES)
    if videos:
        return DataError(
            f"{root}: holds {counted(videos, 'video')} but no feature arrays; extract features first, {expected}"
        )
    found = ", ".join(f"{count} {suffix}" for suffix, count in counts.most_common(MOST_LISTED))
    prose = "; its .txt files hold no table of numbers" if ".txt" in counts else ""
    return DataError(
        f"{root}: no feature arrays among its {counted(len(files), 'file')} ({found}){prose}; "
        f"{expected}, or videos, such as .mp4"
    )


def _label(track: Track, truth: Truth | None, index: dict[str, int], trim: bool, cuts: list[str]) -> Recording:
    if truth is None:
        return Recording(track)
    labels: Int[np.ndarray, " t"] = np.array([index[name] for name in truth.names], dtype=np.int64)
    if len(labels) == track.n_frames:
        return Recording(track, labels)
    if not trim:
        raise DataError(
            f"{track.source}: {track.n_frames} frames of features, but {truth.file} has {len(labels)} labels; "
            "extract them at one rate, or cut both to the shorter with --trim (trim=True)"
        )
    cuts.append(f"{track.name} ({track.n_frames} frames, {len(labels)} labels)")
    return Recording(_first_frames(track, len(labels)), labels[: track.n_frames])


def _upright(track: Track, truth: Truth | None) -> Track:
    """A recording stored as (dimensions, frames) the other way round; its ground truth tells."""
    if truth is None or track.n_frames == len(truth.names) or track.n_features != len(truth.names):
        return track
    return Track(track.name, np.ascontiguousarray(track.features.T), None, track.activity, track.source)


def _first_frames(track: Track, n_frames: int) -> Track:
    times = None if track.times_seconds is None else track.times_seconds[:n_frames]
    return Track(track.name, track.features[:n_frames], times, track.activity, track.source)
