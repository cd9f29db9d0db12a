"""Values handed from stage to stage: frozen, and checked when they are made.

Arrays are numpy here so that reading, checking and writing data never has to import torch. Frame indices start
at 0; the end of a segment is exclusive; times are in seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, Int, UInt8

from vasot.errors import DataError

__all__ = ["UNMATCHED", "Alignment", "FrameSize", "Frames", "Segment", "Segmentation", "Track", "default_action_names"]

UNMATCHED = -1
"""The value of :attr:`Alignment.matches` for a frame that corresponds to no frame of the other recording."""


FrameSize = tuple[int, int] | int | None
"""How large frames are decoded: (height, width), the length of the shorter side, or as they are (None)."""


@dataclass(frozen=True, eq=False)
class Frames:
    """A few consecutive sampled frames of one video.

    Attributes:
        images: (n, h, w, 3) RGB, upright as a player shows them.
        times_seconds: (n,) the instants that were asked for, in seconds since the beginning of the file, increasing.
    """

    images: UInt8[np.ndarray, "n h w 3"]
    times_seconds: Float[np.ndarray, " n"]


@dataclass(frozen=True, eq=False)
class Track:
    """One recording as a sequence of feature vectors.

    Attributes:
        name: what the recording is called in every output (unique within a data set).
        features: (T, D) one feature vector per frame, float32, finite; or one picture, bytes, perhaps still on disk.
        times_seconds: (T,) the instant each frame is shown, increasing; None where the rate is not known.
        activity: recordings of one activity are compared with each other, others are not.
        source: the file it was read from, None for made data.
        source_rate_hz: frames per second of the video, not of what was sampled; None where there is none.

    Raises:
        DataError: for an empty, non-finite or wrongly shaped array; the text names the recording and the frame.
    """

    name: str
    features: Float[np.ndarray, "t d"] | UInt8[np.ndarray, "t d"]
    times_seconds: Float[np.ndarray, " t"] | None = None
    activity: str = "all"
    source: Path | None = None
    source_rate_hz: float | None = None

    def __post_init__(self) -> None:
        where = str(self.source) if self.source is not None else f"recording '{self.name}'"
        if self.features.ndim != 2 or 0 in self.features.shape:
            raise DataError(
                f"{where}: features have shape {self.features.shape}; expected (frames, dimensions), both at least 1"
            )
        # Bytes are finite, and looking at them would read every picture from disk.
        if self.features.dtype != np.uint8 and not (finite := np.isfinite(self.features).all(axis=1)).all():
            bad = np.flatnonzero(~finite)
            raise DataError(
                f"{where}: frame {bad[0]} holds NaN or infinity ({bad.size} of {finite.size} frames do); "
                "interpolate or remove these frames first"
            )
        if self.times_seconds is not None and self.times_seconds.shape != (self.n_frames,):
            raise DataError(
                f"{where}: {self.n_frames} frames but {self.times_seconds.size} time stamps; give one per frame"
            )

    @property
    def n_frames(self) -> int:
        """Number of frames T."""
        return int(self.features.shape[0])

    @property
    def n_features(self) -> int:
        """Width D of a feature vector."""
        return int(self.features.shape[1])

    def every(self, stride: int) -> Track:
        """Every so many-th frame of it, from the first on."""
        times = None if self.times_seconds is None else self.times_seconds[::stride]
        return replace(self, features=self.features[::stride], times_seconds=times)


@dataclass(frozen=True)
class Segment:
    """A stretch of consecutive frames with one action; ``end_frame`` is exclusive."""

    start_frame: int
    end_frame: int
    action: int
    confidence: float
    start_seconds: float | None = None
    end_seconds: float | None = None

    @property
    def n_frames(self) -> int:
        """Length in frames."""
        return self.end_frame - self.start_frame


@dataclass(frozen=True, eq=False)
class Segmentation:
    """The action of every frame of one recording.

    Attributes:
        name: the recording.
        labels: (T,) action index 0..n_actions-1 per frame.
        confidence: (T,) the share of the frame's transported mass that goes to its action, 0..1.
        n_actions: K, the number of actions the model knows (some may not occur here).
        times_seconds: (T,) instant of each frame, None where the rate is not known.
        action_names: K names, in index order.
    """

    name: str
    labels: Int[np.ndarray, " t"]
    confidence: Float[np.ndarray, " t"]
    n_actions: int
    action_names: tuple[str, ...]
    times_seconds: Float[np.ndarray, " t"] | None = None

    def __post_init__(self) -> None:
        if self.labels.ndim != 1 or self.labels.shape != self.confidence.shape or self.labels.size == 0:
            raise DataError(
                f"segmentation of '{self.name}': {self.labels.shape} labels and {self.confidence.shape} "
                "confidences; expected one of each per frame"
            )
        if self.labels.min() < 0 or self.labels.max() >= self.n_actions:
            raise DataError(
                f"segmentation of '{self.name}': labels reach {self.labels.min()}..{self.labels.max()} "
                f"but there are {self.n_actions} actions (0..{self.n_actions - 1})"
            )
        if len(self.action_names) != self.n_actions:
            raise DataError(
                f"segmentation of '{self.name}': {len(self.action_names)} names for {self.n_actions} actions"
            )

    def segments(self) -> Iterator[Segment]:
        """Yield the segments in order of time; a segment ends where the next frame's action differs.

        The end in seconds of a segment is the start of the next one; the last frame is shown for as long as the
        frame before it.
        """
        borders = np.flatnonzero(np.diff(self.labels)) + 1
        edges = [0, *borders.tolist(), self.labels.size]
        times = None if self.times_seconds is None else _frame_edges(self.times_seconds)
        for start, end in pairwise(edges):
            yield Segment(
                start_frame=start,
                end_frame=end,
                action=int(self.labels[start]),
                confidence=float(self.confidence[start:end].mean()),
                start_seconds=None if times is None else float(times[start]),
                end_seconds=None if times is None else float(times[end]),
            )


@dataclass(frozen=True, eq=False)
class Alignment:
    """Which moment of recording Y corresponds to each moment of recording X, or to none.

    Attributes:
        name_x, name_y: the two recordings.
        matches: (N,) frame of Y for each frame of X, :data:`UNMATCHED` where there is none. May jump: steps can
            come in another order.
        confidence: (N,) the share of the frame's mass on its match and the match's nearest neighbours, 0..1.
        path: (L, 2) pairs (frame of X, frame of Y), never decreasing in either, from (0, 0) to (N-1, M-1):
            for playback and for carrying times over.
        plan: (N, M) transported mass between real frames.
        unmatched_y: (M,) True where a frame of Y corresponds to no frame of X.
        times_x, times_y: (N,), (M,) instants in seconds, None where the rate is not known.
    """

    name_x: str
    name_y: str
    matches: Int[np.ndarray, " n"]
    confidence: Float[np.ndarray, " n"]
    path: Int[np.ndarray, "l 2"]
    plan: Float[np.ndarray, "n m"]
    unmatched_y: Bool[np.ndarray, " m"]
    times_x: Float[np.ndarray, " n"] | None = None
    times_y: Float[np.ndarray, " m"] | None = None

    def __post_init__(self) -> None:
        n, m = self.plan.shape
        if self.matches.shape != (n,) or self.confidence.shape != (n,) or self.unmatched_y.shape != (m,):
            raise DataError(
                f"alignment of '{self.name_x}' with '{self.name_y}': a plan of {n} x {m} frames does not fit "
                f"{self.matches.size} matches, {self.confidence.size} confidences, {self.unmatched_y.size} flags"
            )

    @property
    def unmatched_x(self) -> Bool[np.ndarray, " n"]:
        """(N,) True where a frame of X corresponds to no frame of Y."""
        return np.asarray(self.matches == UNMATCHED)


def default_action_names(n_actions: int) -> tuple[str, ...]:
    """What actions are called that nobody has named.

    >>> default_action_names(2)
    ('action_0', 'action_1')
    """
    return tuple(f"action_{index}" for index in range(n_actions))


def _frame_edges(times: Float[np.ndarray, " t"]) -> Float[np.ndarray, " t1"]:
    """Start of every frame, and the end of the last one (shown as long as the one before it)."""
    last = times[-1] - times[-2] if times.size > 1 else 0.0
    return np.append(times, times[-1] + last)
