"""The user's own recordings: a folder of feature arrays, with ground truth beside them or without.

Two layouts are read. The one of the segmentation literature::

    DATA/features/NAME.npy          one array (frames, dimensions) per recording; .txt likewise
    DATA/groundTruth/NAME           optional: one class name per frame, one per line; NAME.txt likewise
    DATA/mapping/mapping.txt        optional: lines of ``id name``

and a plain folder that holds the arrays itself. In both, arrays may lie in sub-folders: the first sub-folder names
the activity, and ground truth lies in sub-folders of the same names or directly in ``groundTruth/``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

import numpy as np
from jaxtyping import Int

from vasot.datasets.base import Dataset, Recording
from vasot.errors import DataError, nearest
from vasot.features.precomputed import ARRAY_SUFFIXES, read_track
from vasot.types import Track

__all__ = ["read_folder", "read_sources", "truth_beside"]

_FEATURES, _TRUTH, _MAPPING = "features", "groundTruth", "mapping"
_VIDEO_SUFFIXES = frozenset({".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".webm", ".wmv"})
_MOST_LISTED = 5


@dataclass(frozen=True)
class _Source:
    """An array file, where it lies below the folder that was given (without ending), and its activity."""

    file: Path
    place: PurePath
    activity: str


@dataclass(frozen=True)
class _Truth:
    """A ground-truth file and the class name of each frame."""

    file: Path
    names: tuple[str, ...]


def read_folder(path: str | Path, *, trim: bool = False, rate_hz: float | None = None) -> Dataset:
    """Read a folder of feature arrays, and the ground truth where there is some.

    A recording is called after its file, without ending; where several files share a name, the folders above are
    put before it as far as it takes to tell them apart (``coffee__P03``). Recordings directly in the folder have the
    activity ``all``. Class indices are the order of the ids in ``mapping.txt``, or of the sorted names without one.
    Hidden files and files of other kinds are passed over.

    Args:
        path: the folder.
        trim: cut a recording and its ground truth to the shorter of the two where their lengths differ.
        rate_hz: feature vectors per second, where known.

    Raises:
        DataError: no usable array, an unusable one, or ground truth that does not fit; the text names the file.
        SettingsError: ``rate_hz`` is not a positive number.
    """
    folder = Path(path)
    warnings: list[str] = []
    sources = _find_arrays(folder, warnings)
    names = _distinct_names([source.place for source in sources])
    tracks = [
        read_track(source.file, name, rate_hz, source.activity) for source, name in zip(sources, names, strict=True)
    ]
    truths = _read_truths(folder / _TRUTH, sources, names, warnings)
    known = [truth for truth in truths if truth is not None]
    class_names = _class_names(folder / _MAPPING / "mapping.txt", known)
    index = {name: number for number, name in enumerate(class_names)}
    cuts: list[str] = []
    recordings = [_label(track, truth, index, trim, cuts) for track, truth in zip(tracks, truths, strict=True)]
    if cuts:
        warnings.append(f"{len(cuts)} recordings cut to the shorter of features and labels: {_listing(cuts)}")
    recordings.sort(key=lambda recording: recording.track.name)
    return Dataset(folder.resolve().name, tuple(recordings), class_names, tuple(warnings))


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
    found: dict[Path, tuple[_Source, str]] = {}
    for path in map(Path, paths):
        sources = _find_arrays(path, []) if path.is_dir() else [_Source(path, PurePath(path.stem), "all")]
        for source, name in zip(sources, _distinct_names([source.place for source in sources]), strict=True):
            found.setdefault(source.file.resolve(), (source, name))
    if not found:
        raise DataError("no recordings were given; name an array file or a folder of them")
    counts = Counter(name for _, name in found.values())
    shared = [source for source, name in found.values() if counts[name] > 1]
    # Not resolving the file itself: a link to a store of files has the better name.
    absolute = [_Source(source.file, source.file.parent.resolve() / source.file.stem, "all") for source in shared]
    _refuse_twins(absolute)
    longer = dict(zip(shared, _distinct_names([source.place for source in absolute]), strict=True))
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
                truth = _read_truth(file)
                names = _class_names(root / _MAPPING / "mapping.txt", [truth])
                index = {name: number for number, name in enumerate(names)}
                labels = np.array([index[name] for name in truth.names], dtype=np.int64)
                return (labels, names) if labels.size == track.n_frames else None
    return None


def _find_arrays(folder: Path, warnings: list[str]) -> list[_Source]:
    """Every array file of a data set, in order of path; what was passed over goes to ``warnings``."""
    if not folder.exists():
        raise DataError(f"{folder}: there is no such folder; give the folder that holds the feature arrays")
    if not folder.is_dir():
        raise DataError(f"{folder}: is a file; give the folder that holds it")
    plain = not (folder / _FEATURES).is_dir()
    root = folder if plain else folder / _FEATURES
    files = [(file, file.relative_to(root)) for file in _files_below(root)]
    if plain:
        files = [(file, place) for file, place in files if place.parts[0] not in (_TRUTH, _MAPPING)]
    arrays = [(file, place) for file, place in files if file.suffix.lower() in ARRAY_SUFFIXES]
    # A plain folder has room for a README or a licence; features/ holds features only.
    prose = [str(place) for file, place in arrays if _is_prose(file)] if plain else []
    if prose:
        arrays = [(file, place) for file, place in arrays if str(place) not in prose]
        warnings.append(f"{len(prose)} text files that do not begin with numbers passed over: {_listing(prose)}")
    if not arrays:
        raise _nothing_usable(root, [file for file, _ in files])
    sources = [
        _Source(file, place.with_suffix(""), place.parts[0] if len(place.parts) > 1 else "all")
        for file, place in arrays
    ]
    _refuse_twins(sources)
    return sources


def _files_below(folder: Path, above: frozenset[Path] = frozenset()) -> Iterator[Path]:
    """Files in a folder and its sub-folders, linked ones too, in order of name, without hidden ones."""
    here = folder.resolve()
    if here in above:
        return
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise DataError(f"{folder}: cannot be read ({error.strerror}); allow reading this folder") from error
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from _files_below(entry, above | {here})
        else:
            yield entry


def _is_prose(file: Path) -> bool:
    """Whether a text file's first filled line holds not a single number."""
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
    expected = "expected one .npy or .txt array (frames, dimensions) per recording"
    if not files:
        return DataError(f"{root}: the folder is empty; {expected}")
    counts = Counter(file.suffix.lower() or "(no ending)" for file in files)
    videos = sum(count for suffix, count in counts.items() if suffix in _VIDEO_SUFFIXES)
    if videos:
        return DataError(f"{root}: holds {videos} videos but no feature arrays; extract features first, {expected}")
    found = ", ".join(f"{count} {suffix}" for suffix, count in counts.most_common(_MOST_LISTED))
    prose = "; its .txt files do not begin with numbers" if ".txt" in counts else ""
    return DataError(f"{root}: no feature arrays among its {len(files)} files ({found}){prose}; {expected}")


def _refuse_twins(sources: Sequence[_Source]) -> None:
    """Refuse ``P03.npy`` beside ``P03.txt``: nothing says which of the two is meant."""
    first: dict[PurePath, Path] = {}
    for source in sources:
        twin = first.setdefault(source.place, source.file)
        if twin != source.file:
            raise DataError(f"{twin} and {source.file} are two arrays of one recording; remove one of them")


def _distinct_names(places: Sequence[PurePath]) -> list[str]:
    """The last part of every path, and for those that would share a name as many parts before it as it takes."""
    depths = [1] * len(places)
    while True:
        names = ["__".join(place.parts[-depth:]) for place, depth in zip(places, depths, strict=True)]
        counts = Counter(names)
        deeper = [
            min(depth + (counts[name] > 1), len(place.parts))
            for name, depth, place in zip(names, depths, places, strict=True)
        ]
        if deeper == depths:
            return names
        depths = deeper


def _read_truths(
    folder: Path, sources: Sequence[_Source], names: Sequence[str], warnings: list[str]
) -> list[_Truth | None]:
    """The ground truth of each source, None where there is none; what does not pair up goes to ``warnings``."""
    if not folder.is_dir():
        return [None] * len(sources)
    files = set(_files_below(folder))
    truths: list[_Truth | None] = []
    used: set[Path] = set()
    for source, name in zip(sources, names, strict=True):
        stems = (str(source.place), name)
        candidates = {folder / f"{stem}{ending}" for stem in stems for ending in ("", ".txt")} & files
        if len(candidates) > 1:
            both = " and ".join(str(file) for file in sorted(candidates))
            raise DataError(f"{both} are both ground truth of '{name}'; remove one of them")
        used |= candidates
        truths.append(_read_truth(candidates.pop()) if candidates else None)
    labelled = sum(truth is not None for truth in truths)
    if labelled < len(sources):
        warnings.append(f"{labelled} of {len(sources)} recordings have ground truth")
    if unused := sorted(str(file.relative_to(folder)) for file in files - used):
        warnings.append(f"{len(unused)} ground-truth files belong to no recording: {_listing(unused)}")
    return truths


def _read_truth(file: Path) -> _Truth:
    names = [line.strip() for line in _text_of(file).splitlines()]
    while names and not names[-1]:
        names.pop()
    if not names:
        raise DataError(f"{file}: is empty; write one class name per frame")
    if "" in names:
        raise DataError(f"{file}: line {names.index('') + 1} is blank; write one class name for every frame")
    return _Truth(file, tuple(names))


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DataError(f"{file}: cannot be read ({error.strerror}); check that it is a file you may read") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{file}: is not a text file; save it as UTF-8 text") from error


def _class_names(mapping: Path, truths: Sequence[_Truth]) -> tuple[str, ...]:
    """Class names in order of index: as the mapping says, else sorted (by value where all are whole numbers)."""
    if not truths:
        return ()
    if mapping.is_file():
        known = _read_mapping(mapping)
        for truth in truths:
            _refuse_unknown(truth, known, mapping)
        return known
    collected = {name for truth in truths for name in truth.names}
    numeric = all(name.isdecimal() for name in collected)
    return tuple(sorted(collected, key=lambda name: (int(name) if numeric else 0, name)))


def _read_mapping(file: Path) -> tuple[str, ...]:
    """Class names of a mapping's lines of ``id name``, in order of id; a name may hold spaces."""
    by_id: dict[int, str] = {}
    for number, line in enumerate(_text_of(file).splitlines(), start=1):
        words = line.strip().split(maxsplit=1)
        if not words:
            continue
        where = f"{file}: line {number}"
        if len(words) < 2 or not words[0].isdecimal():
            raise DataError(f"{where} is '{line.strip()}'; write a whole number, a space and a class name")
        key, name = int(words[0]), words[1]
        if key in by_id:
            raise DataError(f"{where} gives id {key} to '{name}', but '{by_id[key]}' has it; give each class its own")
        if name in by_id.values():
            raise DataError(f"{where} lists '{name}' a second time; remove one of the two lines")
        by_id[key] = name
    if not by_id:
        raise DataError(f"{file}: is empty; write one line 'id name' per class, or remove the file")
    return tuple(by_id[key] for key in sorted(by_id))


def _refuse_unknown(truth: _Truth, known: Sequence[str], mapping: Path) -> None:
    classes = set(known)
    for number, name in enumerate(truth.names, start=1):
        if name not in classes:
            hint = nearest(name, known) or "; add it there, or correct it"
            raise DataError(f"{truth.file}: line {number} is '{name}', which {mapping} does not list{hint}")


def _label(track: Track, truth: _Truth | None, index: dict[str, int], trim: bool, cuts: list[str]) -> Recording:
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


def _first_frames(track: Track, n_frames: int) -> Track:
    times = None if track.times_seconds is None else track.times_seconds[:n_frames]
    return Track(track.name, track.features[:n_frames], times, track.activity, track.source)


def _listing(items: Sequence[str]) -> str:
    more = f" and {len(items) - _MOST_LISTED} more" if len(items) > _MOST_LISTED else ""
    return ", ".join(items[:_MOST_LISTED]) + more
