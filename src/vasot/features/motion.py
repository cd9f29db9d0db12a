"""Built-in features: where edges point and how they move, on a grid, within half a second; nothing to download."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator, Mapping

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from vasot.errors import SettingsError
from vasot.types import Frames, FrameSize

__all__ = ["MotionFeatures"]

_VERSION = 2

_ROUNDING = 1e-6
"""Seconds by which instants may be off: decides whether a frame at the very border of a context belongs to it."""

_STILL = 0.05
"""Movement, in frame widths per second, that counts as much as standing still in a cell's histogram."""


class MotionFeatures:
    """Appearance and motion of every cell of a grid over the picture.

    Per cell: a histogram of the directions of edges, weighted by their strength (appearance, the light's sign ignored);
    a histogram of the directions of movement, weighted by speed, with one more bin for standing still (dense optical
    flow from the frame before, in picture widths per second, so that the sampling rate matters little). Histograms
    sum to 1 over a cell and are then square-rooted. The first frame takes the movement towards the second.

    A frame's features are the mean over all frames within a short time around it: what happens shows in how a
    movement goes on, hardly in one instant of it. Without, a frame's nearest neighbour in another recording says
    little about whether the recording shows the like at all.

    Args:
        grid: cells along each side of the picture.
        n_directions: bins of each histogram.
        side: to which frames are decoded, in pixels; the picture is squeezed to a square.
        context_seconds: the time over which features are averaged, half of it before the frame and half behind; 0
            for the frame alone.
    """

    def __init__(self, *, grid: int = 4, n_directions: int = 8, side: int = 128, context_seconds: float = 0.5) -> None:
        if not 1 <= grid <= side // 8 or n_directions < 2:
            raise SettingsError(f"a grid of {grid} and {n_directions} directions do not fit pictures of {side} pixels")
        if not 0 <= context_seconds < math.inf:
            raise SettingsError(f"a context of {context_seconds} seconds is no time; give 0 or more")
        self._grid = grid
        self._bins = n_directions
        self._side = side
        self._reach = context_seconds / 2

    @property
    def frame_size(self) -> FrameSize:
        """A small square: the whole picture, whatever its shape."""
        return (self._side, self._side)

    def identity(self) -> Mapping[str, str | int | float | bool]:
        """Version and settings."""
        return {
            "kind": "motion",
            "version": _VERSION,
            "grid": self._grid,
            "n_directions": self._bins,
            "side": self._side,
            "context_seconds": 2 * self._reach,
        }

    def extract(self, chunks: Iterable[Frames]) -> Iterator[Float32[np.ndarray, "n d"]]:
        """See :meth:`~vasot.features.base.Extractor.extract`; rows are held back until their context is complete."""
        near: deque[tuple[float, Float32[np.ndarray, " d"]]] = deque()
        waiting: deque[float] = deque()

        def complete(until: float) -> Iterator[Float32[np.ndarray, " d"]]:
            while waiting and waiting[0] + self._reach + _ROUNDING < until:
                time = waiting.popleft()
                while near[0][0] < time - self._reach - _ROUNDING:
                    near.popleft()
                yield self._mean(near, time)

        for chunk in self._single_frames(chunks):
            rows: list[Float32[np.ndarray, " d"]] = []
            for time, row in chunk:
                rows.extend(complete(time))
                near.append((time, row))
                waiting.append(time)
            if rows:
                yield np.stack(rows)
        if rest := list(complete(math.inf)):
            yield np.stack(rest)

    def _mean(self, near: Iterable[tuple[float, Float32[np.ndarray, " d"]]], time: float) -> Float32[np.ndarray, " d"]:
        """Mean of the rows within reach of an instant, which come in order of time."""
        rows = [row for at, row in near if at <= time + self._reach + _ROUNDING]
        mean: Float32[np.ndarray, " d"] = np.stack(rows).mean(axis=0, dtype=np.float32)
        return mean

    def _single_frames(self, chunks: Iterable[Frames]) -> Iterator[list[tuple[float, Float32[np.ndarray, " d"]]]]:
        """The instant and the features of every frame by itself; one row behind the frames at the beginning only."""
        # Flow keeps buffers between calls, so each video has its own.
        flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        before: tuple[float, UInt8[np.ndarray, "h w"]] | None = None
        waiting: Float32[np.ndarray, " a"] | None = None
        for chunk in chunks:
            rows: list[tuple[float, Float32[np.ndarray, " d"]]] = []
            for image, time in zip(chunk.images, chunk.times_seconds.tolist(), strict=True):
                grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
                appearance = self._appearance(grey)
                if before is None:
                    waiting = appearance
                else:
                    seconds = max(time - before[0], 1e-3)
                    moved = np.zeros((self._side, self._side, 2), dtype=np.float32)
                    flow.calc(before[1], grey, moved)
                    motion = self._motion(moved / np.float32(self._side * seconds))
                    if waiting is not None:
                        rows.append((before[0], np.concatenate([waiting, motion])))
                        waiting = None
                    rows.append((time, np.concatenate([appearance, motion])))
                before = time, grey
            yield rows
        if waiting is not None and before is not None:
            still = self._motion(np.zeros((self._side, self._side, 2), dtype=np.float32))
            yield [(before[0], np.concatenate([waiting, still]))]

    def _appearance(self, grey: UInt8[np.ndarray, "h w"]) -> Float32[np.ndarray, " a"]:
        across, down = cv2.spatialGradient(grey)
        strength, angle = cv2.cartToPolar(across.astype(np.float32), down.astype(np.float32))
        # An edge seen against a darker or a brighter background is the same edge: directions modulo half a turn.
        histogram = self._histogram(strength, (angle % np.pi) / np.pi)
        total = histogram.sum(axis=1, keepdims=True)
        # Sensor noise alone gives a flat cell about this much.
        noise = 8.0 * (self._side / self._grid) ** 2
        appearance: Float32[np.ndarray, " a"] = np.sqrt(histogram / (total + noise)).ravel().astype(np.float32)
        return appearance

    def _motion(self, flow: Float32[np.ndarray, "h w 2"]) -> Float32[np.ndarray, " m"]:
        speed, angle = cv2.cartToPolar(flow[..., 0], flow[..., 1])
        histogram = self._histogram(speed, angle / (2 * np.pi))
        still = np.full((self._grid**2, 1), _STILL * (self._side / self._grid) ** 2, dtype=np.float32)
        histogram = np.concatenate([histogram, still], axis=1)
        motion: Float32[np.ndarray, " m"] = np.sqrt(histogram / histogram.sum(axis=1, keepdims=True)).ravel()
        return motion

    def _histogram(
        self, weight: Float32[np.ndarray, "h w"], turn: Float32[np.ndarray, "h w"]
    ) -> Float32[np.ndarray, "c b"]:
        """Weight per cell and direction; ``turn`` in 0..1 is shared between the two nearest directions."""
        place = turn * self._bins
        low = np.floor(place)
        share = place - low
        first = low.astype(np.int32) % self._bins
        cells = self._cells()
        size = self._grid**2 * self._bins
        total = np.bincount((cells + first).ravel(), ((1 - share) * weight).ravel(), size)
        total += np.bincount((cells + (first + 1) % self._bins).ravel(), (share * weight).ravel(), size)
        return total.reshape(self._grid**2, self._bins).astype(np.float32)

    def _cells(self) -> np.ndarray:
        """Index of the first bin of every pixel's cell."""
        line = np.arange(self._side) * self._grid // self._side
        return (line[:, None] * self._grid + line[None, :]) * self._bins
