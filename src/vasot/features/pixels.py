"""The pictures themselves, small and square, for an encoder that learns from pixels."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping

import numpy as np
from jaxtyping import Float32, UInt8

from vasot.errors import SettingsError
from vasot.types import Frames, FrameSize

__all__ = ["PixelFeatures", "picture_side", "thumbnails"]

_VERSION = 1
_SIDE = 224
_SMALLEST, _LARGEST = 32, 512
_THUMBNAIL = 16


class PixelFeatures:
    """A frame's bytes, height x width x RGB in one row; nothing is computed, and nothing is thrown away but size.

    The whole picture is squeezed into a square, so that what happens at its edges stays in it. Rows are bytes, a
    quarter of what features would take, and are read from the store a few at a time.

    Args:
        side: of the square, in pixels; the published experiments take 224.

    Raises:
        SettingsError: the side is no whole number from 32 to 512.
    """

    def __init__(self, side: str = str(_SIDE)) -> None:
        if not (side.isdecimal() and _SMALLEST <= int(side) <= _LARGEST):
            raise SettingsError(
                f"features 'pixels:{side}': write the side of the picture, a whole number from {_SMALLEST} to "
                f"{_LARGEST}, for example pixels:{_SIDE}"
            )
        self._side = int(side)

    @property
    def frame_size(self) -> FrameSize:
        """The square."""
        return self._side, self._side

    def identity(self) -> Mapping[str, str | int | float | bool]:
        """Version and side."""
        return {"kind": "pixels", "version": _VERSION, "side": self._side}

    def extract(self, chunks: Iterable[Frames]) -> Iterator[UInt8[np.ndarray, "n d"]]:
        """See :meth:`~vasot.features.base.Extractor.extract`; rows are bytes."""
        for chunk in chunks:
            yield chunk.images.reshape(len(chunk.images), -1)


def picture_side(n_features: int) -> int | None:
    """The side of the square picture that a row of bytes holds; None where it can hold none.

    >>> picture_side(32 * 32 * 3), picture_side(512)
    (32, None)
    """
    side = math.isqrt(n_features // 3)
    return side if side >= _SMALLEST and 3 * side * side == n_features else None


def thumbnails(pixels: UInt8[np.ndarray, "t d"], side: int) -> Float32[np.ndarray, "t e"]:
    """Pictures of 16 x 16 points, each the mean of a stretch of the large one: what can be clustered in memory."""
    edges = np.arange(_THUMBNAIL) * side // _THUMBNAIL
    areas = np.diff(np.append(edges, side))
    small = np.empty((len(pixels), _THUMBNAIL, _THUMBNAIL, 3), dtype=np.float32)
    for row, picture in zip(small, pixels, strict=True):
        sums = np.add.reduceat(picture.reshape(side, side, 3).astype(np.float32), edges, axis=0)
        row[:] = np.add.reduceat(sums, edges, axis=1) / (areas[:, None] * areas)[..., None]
    return small.reshape(len(pixels), -1)
