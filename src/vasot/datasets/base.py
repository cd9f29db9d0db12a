"""A data set: recordings of one or more activities, with labels or without."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Int

from vasot.errors import DataError
from vasot.types import Track

__all__ = ["Damaged", "Dataset", "Recording", "Split"]

Split = tuple[Collection[str], Collection[str]]
"""Names of the recordings to fit on, and of those to score."""


@dataclass(frozen=True, eq=False)
class Recording:
    """A track and, where there is ground truth, the class index of each of its frames."""

    track: Track
    labels: Int[np.ndarray, " t"] | None = None

    def __post_init__(self) -> None:
        if self.labels is not None and self.labels.shape != (self.track.n_frames,):
            raise DataError(
                f"recording '{self.track.name}': {self.track.n_frames} frames of features but "
                f"{self.labels.size} labels; give one label per frame"
            )


@dataclass(frozen=True)
class Damaged:
    """A recording whose video breaks off, and the second at which it does."""

    name: str
    video: Path
    at_seconds: float
    what: str


@dataclass(frozen=True, eq=False)
class Dataset:
    """Recordings in a fixed order (by name), the class names their labels index, and what reading them had to say.

    Raises:
        DataError: no recording, two of one name, or feature vectors of different widths (both files are named).
    """

    name: str
    recordings: tuple[Recording, ...]
    class_names: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    damaged: tuple[Damaged, ...] = ()
    left_out: tuple[str, ...] = ()
    """Files of which nothing could be used, each with the reason; :attr:`warnings` tells them as well."""
    splits: tuple[Split, ...] = ()
    """How its authors divide it for fitting and scoring, once for each fold; empty where nobody said."""

    def __post_init__(self) -> None:
        if not self.recordings:
            raise DataError(f"data set '{self.name}' holds no recordings")
        first = self.recordings[0].track
        seen: set[str] = set()
        for recording in self.recordings:
            track = recording.track
            if track.name in seen:
                raise DataError(f"data set '{self.name}': two recordings are named '{track.name}'; rename one")
            seen.add(track.name)
            if track.n_features != first.n_features:
                raise DataError(
                    f"feature vectors differ in width: {first.source or first.name} has {first.n_features}, "
                    f"{track.source or track.name} has {track.n_features}; extract both with the same settings"
                )

    @property
    def tracks(self) -> tuple[Track, ...]:
        """The tracks, in order."""
        return tuple(recording.track for recording in self.recordings)

    @property
    def n_features(self) -> int:
        """Width of every feature vector."""
        return self.recordings[0].track.n_features

    @property
    def has_labels(self) -> bool:
        """True where every recording has ground truth."""
        return all(recording.labels is not None for recording in self.recordings)
