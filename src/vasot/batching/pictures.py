"""Pictures for training: each frame with one before it, and a clip's own colours and side."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int, UInt8

from vasot.video.sampling import shown_at

__all__ = ["FramesInContext", "earlier_frames", "jitter_and_flip"]

_BRIGHTNESS, _CONTRAST, _SATURATION = 0.3, 0.3, 0.3
"""Each is drawn from 1 - x to 1 + x, once per clip."""

_GREY = np.array([0.299, 0.587, 0.114], dtype=np.float32)


class FramesInContext:
    """The pictures of one recording, each joined to its earlier one; bytes are read when they are asked for.

    Args:
        pixels: (T, D) bytes, which may lie on disk.
        earlier: (T,) the frame that is seen with each.
    """

    def __init__(self, pixels: UInt8[np.ndarray, "t d"], earlier: Int[np.ndarray, " t"]) -> None:
        self._pixels = pixels
        self._earlier = earlier

    def __len__(self) -> int:
        return len(self._earlier)

    def __getitem__(self, frames: Int[np.ndarray, " s"]) -> UInt8[np.ndarray, "s d2"]:
        return np.concatenate([self._pixels[self._earlier[frames]], self._pixels[frames]], axis=1)


def earlier_frames(
    n_frames: int, stride: int, times_seconds: Float[np.ndarray, " t"] | None, source_rate_hz: float | None
) -> Int[np.ndarray, " t"]:
    """For each sampled frame, the one shown ``stride`` frames of the video before it; the first one near the start.

    The stride counts frames of the video, whatever was sampled of it: 15 frames of a video of 25 per second are
    0.6 s, and the last frame sampled up to that instant is taken. Where no rate is known it counts sampled frames.

    >>> earlier_frames(5, 2, np.arange(5) / 10, source_rate_hz=20.0).tolist()
    [0, 0, 1, 2, 3]
    >>> earlier_frames(5, 2, None, None).tolist()
    [0, 0, 0, 1, 2]
    """
    if times_seconds is None or source_rate_hz is None:
        return np.maximum(np.arange(n_frames) - stride, 0)
    times = np.asarray(times_seconds, dtype=np.float64)
    return shown_at(times, times - stride / source_rate_hz)


def jitter_and_flip(
    rows: UInt8[np.ndarray, "s d"], side: int, generator: np.random.Generator
) -> UInt8[np.ndarray, "s d"]:
    """Change the colours of a clip, and turn it over left to right or not: one decision for all its pictures.

    Args:
        rows: whole pictures, side x side x RGB, one or more in a row.
        side: of the pictures, in pixels.
        generator: draws the decision.
    """
    brightness, contrast, saturation = (
        1 + amount * (2 * generator.random() - 1) for amount in (_BRIGHTNESS, _CONTRAST, _SATURATION)
    )
    flipped = generator.random() < 0.5
    pictures = rows.reshape(-1, side, side, 3)
    if flipped:
        pictures = pictures[:, :, ::-1]
    result = np.empty(pictures.shape, dtype=np.uint8)
    # The mean of the clip, not of each picture, so that one mapping of colours holds for all.
    middle = float(pictures.mean(dtype=np.float64)) * brightness
    # Saturation mixes with grey, brightness and contrast scale: together one matrix and one offset.
    mix = brightness * contrast * (saturation * np.eye(3, dtype=np.float32) + (1 - saturation) * _GREY[:, None])
    offset = np.float32((1 - contrast) * middle + 0.5)
    for place, picture in enumerate(pictures):
        result[place] = np.clip(picture.astype(np.float32) @ mix.astype(np.float32) + offset, 0, 255)
    return result.reshape(rows.shape)
