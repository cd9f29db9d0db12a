"""Features that exist already, one array file per recording: reading, and the scale every method expects."""

from __future__ import annotations

import math
import tokenize
from pathlib import Path

import numpy as np
from jaxtyping import Float, Float32, Shaped

from vasot.errors import DataError, SettingsError
from vasot.types import Track

__all__ = ["ARRAY_SUFFIXES", "read_array", "read_track", "standardise"]

ARRAY_SUFFIXES = (".npy", ".txt")
"""File endings that :func:`read_array` reads, in lower case; the case of a file's own ending does not matter."""


def read_array(path: str | Path) -> Float32[np.ndarray, "t d"]:
    """Read one recording's features, (T, D): a ``.npy`` array, or a ``.txt`` with one line of numbers per frame.

    Integers and other precisions become float32; a value too large for float32 becomes infinity. NaN and infinity
    are returned as they are: a :class:`~vasot.types.Track` refuses them.

    Args:
        path: the file. Spaces or tabs separate the numbers of a ``.txt``; blank lines may stand at its end only.

    Raises:
        DataError: the file is missing, unreadable, empty, cut off, or holds something else than a table of numbers;
            the text names the file and, for a ``.txt``, the line.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in ARRAY_SUFFIXES:
        raise DataError(f"{path}: features are read from .npy and .txt files, not from '{path.suffix}'")
    try:
        array = _read_npy(path) if suffix == ".npy" else _read_text(path)
    except OSError as error:
        raise DataError(
            f"{path}: cannot be read ({error.strerror or error}); check that it is a file you may read"
        ) from error
    if array.ndim != 2:
        raise DataError(f"{path}: holds an array of shape {array.shape}; {_shape_hint(array.ndim)}")
    if 0 in array.shape:
        raise DataError(f"{path}: holds an empty array of shape {array.shape}; extract its features again")
    # A value beyond float32 must reach the reader as infinity, with its file and frame, not as a warning.
    with np.errstate(over="ignore"):
        return np.array(array, dtype=np.float32, order="C")


def read_track(path: str | Path, name: str | None = None, rate_hz: float | None = None, activity: str = "all") -> Track:
    """Read one recording from an array file.

    Args:
        path: see :func:`read_array`.
        name: what to call the recording; the file's name without its ending where not given.
        rate_hz: frames (feature vectors) per second, where known: frame i is then at ``i / rate_hz`` seconds.
        activity: see :class:`~vasot.types.Track`.

    Raises:
        DataError: see :func:`read_array`; or a frame holds NaN or infinity (the text names file and frame).
        SettingsError: ``rate_hz`` is not a positive number.
    """
    path = Path(path)
    if rate_hz is not None and not (math.isfinite(rate_hz) and rate_hz > 0):
        raise SettingsError(f"rate_hz is {rate_hz}; give the number of feature vectors per second, above 0")
    features = read_array(path)
    times = None if rate_hz is None else np.arange(len(features)) / rate_hz
    return Track(path.stem if name is None else name, features, times, activity, path)


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
