"""Features that exist already, one array file per recording: reading, and the scale every method expects."""

from __future__ import annotations

import math
import tokenize
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Float32, Shaped

from vasot.errors import DataError, SettingsError
from vasot.features.archives import read_hdf5, read_npz
from vasot.features.pose import pose_features
from vasot.features.tables import Points, read_table
from vasot.types import Track

__all__ = ["ARRAY_SUFFIXES", "read_array", "read_track", "read_track_with_note", "standardise"]

ARRAY_SUFFIXES = (".csv", ".h5", ".hdf5", ".npy", ".npz", ".tsv", ".txt")
"""File endings that :func:`read_array` reads, in lower case; the case of a file's own ending does not matter."""

_USUAL_RATE_HZ = 25.0
"""Of videos; only scales velocities of points whose rate nobody says, against their places."""


@dataclass(frozen=True, eq=False)
class _Loaded:
    """Features, the instants of their frames where the file says them, and what had to be done to read them."""

    features: Float32[np.ndarray, "t d"]
    times_seconds: Float[np.ndarray, " t"] | None = None
    note: str | None = None


def read_array(path: str | Path) -> Float32[np.ndarray, "t d"]:
    """Read one recording's features, (T, D).

    - ``.npy``: an array (T, D), or tracked points (T, P, C) with C = 2 or 3 coordinates, or x, y, z, visibility;
    - ``.txt``: one line of numbers per frame; spaces or tabs between them, blank lines at the end only;
    - ``.npz``, ``.h5``: ``features``, or the only array of such a shape; SLEAP's ``tracks``;
    - ``.csv``, ``.tsv``: see :mod:`vasot.features.tables`.

    Tracked points become places and velocities (:func:`~vasot.features.pose.pose_features`). Integers and other
    precisions become float32; a value too large for float32 becomes infinity. NaN and infinity are returned as they
    are, but for points: a :class:`~vasot.types.Track` refuses them.

    Raises:
        DataError: the file is missing, unreadable, empty, cut off, or holds something else than a table of numbers;
            the text names the file and, for a text file, the line.
    """
    return _load(Path(path), None).features


def read_track(path: str | Path, name: str | None = None, rate_hz: float | None = None, activity: str = "all") -> Track:
    """Read one recording from an array file; see :func:`read_track_with_note`."""
    return read_track_with_note(path, name, rate_hz, activity)[0]


def read_track_with_note(
    path: str | Path, name: str | None = None, rate_hz: float | None = None, activity: str = "all"
) -> tuple[Track, str | None]:
    """Read one recording from an array file, and what had to be done to read it: how many points were missing.

    Args:
        path: see :func:`read_array`.
        name: what to call the recording; the file's name without its ending where not given.
        rate_hz: frames (feature vectors) per second, where the file does not say it: frame i is then at
            ``i / rate_hz`` seconds.
        activity: see :class:`~vasot.types.Track`.

    Raises:
        DataError: see :func:`read_array`; or a frame holds NaN or infinity (the text names file and frame).
        SettingsError: ``rate_hz`` is not a positive number.
    """
    path = Path(path)
    if rate_hz is not None and not (math.isfinite(rate_hz) and rate_hz > 0):
        raise SettingsError(f"rate_hz is {rate_hz}; give the number of feature vectors per second, above 0")
    loaded = _load(path, rate_hz)
    times = loaded.times_seconds
    if times is None and rate_hz is not None:
        times = np.arange(len(loaded.features)) / rate_hz
    title = path.stem if name is None else name
    note = None if loaded.note is None else f"{title}: {loaded.note}"
    return Track(title, loaded.features, times, activity, path), note


def standardise(features: Float[np.ndarray, "t d"]) -> Float32[np.ndarray, "t d"]:
    """Give every feature of one recording zero mean and unit variance, then divide by √D.

    ``z = (x - mean) / (std · √D)`` with mean and (population) standard deviation of each feature over the frames that
    are not all-zero, computed in float64; a frame's expected squared norm is then 1. All-zero frames are where an
    extractor found nothing: they take no part and stay all-zero. A feature that is constant over the others becomes 0.

    >>> standardise(np.array([[0.0, 0.0], [1.0, 7.0], [3.0, 7.0]])).tolist()
    [[0.0, 0.0], [-0.707..., 0.0], [0.707..., 0.0]]
    """
    result = np.zeros(features.shape, dtype=np.float32)
    seen = features.any(axis=1)
    if not seen.any():
        return result
    values = features[seen].astype(np.float64)
    values -= values.mean(axis=0)
    # Of centred values, so that rounding leaves a constant feature a deviation of exactly 0.
    deviation = values.std(axis=0)
    deviation[deviation == 0] = np.inf
    result[seen] = values / (deviation * math.sqrt(features.shape[1]))
    return result


def _load(path: Path, rate_hz: float | None) -> _Loaded:
    suffix = path.suffix.lower()
    if suffix not in ARRAY_SUFFIXES:
        raise DataError(f"{path}: features are read from {', '.join(ARRAY_SUFFIXES)} files, not from '{path.suffix}'")
    times: Float[np.ndarray, " t"] | None = None
    try:
        if suffix in (".npy", ".txt"):
            content: Shaped[np.ndarray, "*shape"] | Points = _read_npy(path) if suffix == ".npy" else _read_text(path)
        elif suffix in (".csv", ".tsv"):
            table = read_table(path)
            content, times = table.content, table.times_seconds
        else:
            archive = read_npz(path) if suffix == ".npz" else read_hdf5(path)
            content, times = archive.content, archive.times_seconds
            rate_hz = archive.rate_hz if archive.rate_hz is not None else rate_hz
            count = len(content.places if isinstance(content, Points) else content)
            if times is None and archive.rate_hz is not None:
                times = np.arange(count) / _checked_rate(path, archive.rate_hz)
    except OSError as error:
        raise DataError(
            f"{path}: cannot be read ({error.strerror or error}); check that it is a file you may read"
        ) from error
    if not isinstance(content, Points) and content.ndim == 3 and content.shape[2] in (2, 3, 4):
        content = _as_points(content)
    if isinstance(content, Points):
        features, note = _from_points(path, content, rate_hz)
        return _Loaded(features, _checked_times(path, times, len(features)), note)
    if content.ndim != 2:
        raise DataError(f"{path}: holds an array of shape {content.shape}; {_shape_hint(content.ndim)}")
    if 0 in content.shape:
        raise DataError(f"{path}: holds an empty array of shape {content.shape}; extract its features again")
    if content.dtype.kind not in "fiub":
        raise DataError(f"{path}: holds values of type {content.dtype}; save real numbers, such as float32")
    # A value beyond float32 must reach the reader as infinity, with its file and frame, not as a warning.
    with np.errstate(over="ignore"):
        features = np.array(content, dtype=np.float32, order="C")
    return _Loaded(features, _checked_times(path, times, len(features)))


def _as_points(array: Shaped[np.ndarray, "t p c"]) -> Points:
    """(T, P, C) coordinates; the fourth of x, y, z, visibility is how sure the tracker is."""
    values = np.array(array, dtype=np.float64)
    return Points(values[..., :3], values[..., 3]) if values.shape[2] == 4 else Points(values, None)


def _from_points(path: Path, points: Points, rate_hz: float | None) -> tuple[Float32[np.ndarray, "t d"], str | None]:
    if 0 in points.places.shape:
        raise DataError(f"{path}: holds points of shape {points.places.shape}; track them again")
    made = pose_features(points.places, points.confidence, rate_hz or _USUAL_RATE_HZ)
    if len(made.never_seen) == points.places.shape[1]:
        raise DataError(f"{path}: not one point was found in any frame; track them again")
    note = None
    if made.n_missing:
        note = f"{made.n_missing:,} of {made.n_points:,} points missing, interpolated in time"
        note += f"; {len(made.never_seen)} of {points.places.shape[1]} never seen" if made.never_seen else ""
    return made.features, note


def _checked_rate(path: Path, rate_hz: float) -> float:
    if not (math.isfinite(rate_hz) and rate_hz > 0):
        raise DataError(f"{path}: states a rate of {rate_hz} frames per second; store a number above 0")
    return rate_hz


def _checked_times(path: Path, times: Float[np.ndarray, " t"] | None, count: int) -> Float[np.ndarray, " t"] | None:
    if times is None:
        return None
    if times.shape != (count,):
        raise DataError(f"{path}: has {count} frames but {times.size} time stamps; store one per frame")
    if not (np.isfinite(times).all() and (np.diff(times) > 0).all()):
        wrong = int(np.flatnonzero(~(np.diff(times) > 0))[0]) + 1 if count > 1 else 0
        raise DataError(f"{path}: the time stamp of frame {wrong} does not follow the one before; store rising seconds")
    return times.astype(np.float64)


def _read_npy(path: Path) -> Shaped[np.ndarray, "*shape"]:
    """Map a ``.npy`` of real numbers into memory; nothing in the file is ever executed."""
    try:
        # A damaged header may state a size beyond any integer.
        with np.errstate(over="ignore"):
            array = np.lib.format.open_memmap(path, mode="r")
    except (OverflowError, SyntaxError, TypeError, ValueError, tokenize.TokenError) as error:
        raise DataError(f"{path}: {_npy_fault(path)}; save a table of numbers with numpy.save") from error
    if array.dtype.kind not in "fiub":
        raise DataError(f"{path}: holds values of type {array.dtype}; save real numbers, such as float32")
    return array


def _npy_fault(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(len(np.lib.format.MAGIC_PREFIX))
    if not start:
        return "is empty"
    whole = start == np.lib.format.MAGIC_PREFIX
    return "is cut off, damaged, or holds Python objects" if whole else "is not a .npy file, whatever its name says"


def _read_text(path: Path) -> Float32[np.ndarray, "t d"]:
    try:
        with path.open(encoding="utf-8-sig") as file:
            filled = [number for number, line in enumerate(file, start=1) if not line.isspace()]
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: is not a text file; write one line of numbers per frame") from error
    if not filled:
        raise DataError(f"{path}: is empty; write one line of numbers per frame")
    if filled[-1] != len(filled):
        blank = next(expected for expected, number in enumerate(filled, start=1) if number != expected)
        raise DataError(f"{path}: line {blank} is blank; write one line of numbers for every frame")
    try:
        with np.errstate(over="ignore"):
            return np.loadtxt(path, dtype=np.float32, comments=None, ndmin=2, encoding="utf-8-sig")
    except ValueError as error:
        raise DataError(f"{path}: {_first_fault(path) or error}") from error


def _first_fault(path: Path) -> str | None:
    """What is wrong in the first line that does not fit, and the remedy; None where no line is found at fault."""
    width = 0
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, start=1):
            words = line.split()
            width = width or len(words)
            for word in words:
                if not _is_number(word):
                    remedy = "separate numbers by spaces" if "," in word or ";" in word else "write numbers only"
                    return f"line {number}: '{word[:40]}' is not a number; {remedy}"
            if words and len(words) != width:
                return (
                    f"line {number} has {len(words)} numbers, line 1 has {width}; "
                    "the file may be cut off: extract its features again"
                )
    return None


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _shape_hint(ndim: int) -> str:
    expected = "expected (frames, dimensions)"
    if ndim == 1:
        return f"{expected}: save array[:, None] if it is one number per frame, array[None, :] if it is one frame"
    if ndim == 0:
        return expected
    return f"{expected}: save array.reshape(len(array), -1) to make one vector of each frame"
