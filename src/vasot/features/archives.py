"""Files that hold several arrays: NumPy archives and HDF5."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Shaped

from vasot.errors import DataError
from vasot.features.tables import Points

__all__ = ["Archive", "read_hdf5", "read_npz"]

_FEATURES = "features"
_TIMES = ("times_seconds", "times", "seconds")
_RATES = ("rate_hz", "fps", "rate")
_SLEAP = "tracks"


@dataclass(frozen=True, eq=False)
class Archive:
    """What an archive holds: an array or points, and the instants or the rate of its frames, where it says them."""

    content: Shaped[np.ndarray, "*shape"] | Points
    times_seconds: Float[np.ndarray, " t"] | None = None
    rate_hz: float | None = None


def read_npz(path: Path) -> Archive:
    """Read ``features``, or the only array of two or three axes, and ``times_seconds`` or ``rate_hz`` (``fps``).

    Raises:
        DataError: it is no archive, holds Python objects, or does not say which of its arrays is meant.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (AttributeError, EOFError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise DataError(f"{path}: is no .npz archive of plain arrays ({error}); save it with numpy.savez") from error
    return _chosen(path, arrays, {})


def read_hdf5(path: Path) -> Archive:
    """Read a dataset ``features``, the only one of two or three axes, or ``tracks`` as SLEAP exports it for analysis.

    Times or rate are read from datasets or attributes of the names of :func:`read_npz`.

    Raises:
        DataError: it is no HDF5 file, or does not say which of its datasets is meant.
    """
    import h5py

    try:
        with h5py.File(path, "r") as file:
            found: dict[str, Any] = {}
            file.visititems(lambda name, item: found.update({name: item}) if isinstance(item, h5py.Dataset) else None)
            if any(name.endswith("block0_values") or name.endswith("_i_table") for name in found) or "table" in {
                name.rsplit("/", 1)[-1] for name in found
            }:
                raise DataError(
                    f"{path}: is a table of pandas, parts of which are stored as Python objects; export it as .csv"
                )
            if _SLEAP in found and found[_SLEAP].ndim == 4:
                return _sleap(found)
            arrays = {name: item[()] for name, item in found.items() if item.dtype.kind in "fiub"}
            return _chosen(path, arrays, dict(file.attrs))
    except OSError as error:
        raise DataError(f"{path}: is no HDF5 file that can be read ({error}); save it again") from error


def _chosen(path: Path, arrays: Mapping[str, Any], attributes: Mapping[str, Any]) -> Archive:
    if not arrays:
        raise DataError(f"{path}: holds no array of numbers")
    tables = [name for name, array in arrays.items() if np.ndim(array) in (2, 3)]
    name = _FEATURES if _FEATURES in arrays else tables[0] if len(tables) == 1 else None
    if name is None:
        listed = ", ".join(f"{key} {np.shape(array)}" for key, array in arrays.items())
        raise DataError(f"{path}: holds {listed}; call the one to read '{_FEATURES}' (frames, dimensions)")
    known = {**attributes, **arrays}
    times = next((np.asarray(known[key], dtype=np.float64) for key in _TIMES if key in known), None)
    rate = next((float(np.asarray(known[key]).item()) for key in _RATES if np.size(known.get(key, ())) == 1), None)
    return Archive(np.asarray(arrays[name]), times, rate)


def _sleap(found: Mapping[str, Any]) -> Archive:
    """``tracks`` is (instances, 2, nodes, frames), ``point_scores`` likewise without the coordinates."""
    tracks = np.asarray(found[_SLEAP][()], dtype=np.float64)
    instances, axes, nodes, frames = tracks.shape
    places = tracks.transpose(3, 0, 2, 1).reshape(frames, instances * nodes, axes)
    scores = found.get("point_scores")
    confidence = None
    if scores is not None and scores.shape == (instances, nodes, frames):
        confidence = np.asarray(scores[()], dtype=np.float64).transpose(2, 0, 1).reshape(frames, instances * nodes)
    return Archive(Points(places, confidence))
