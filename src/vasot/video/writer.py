"""Writing H.264 videos that play everywhere."""

from __future__ import annotations

from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import numpy as np
from av.container import OutputContainer
from av.video.stream import VideoStream
from jaxtyping import UInt8

from vasot.errors import SettingsError
from vasot.files import atomic_write

__all__ = ["VideoWriter"]

_LARGEST_DENOMINATOR = 1001
"""Enough for 30000/1001, the rate called 29.97."""


class VideoWriter:
    """A video at a constant rate, written frame by frame; the file appears when it is whole.

    H.264 in ``yuv420p`` with the index at the front, so that it plays while it loads.

    Args:
        path: where to write; the ending decides the container (``.mp4``).
        rate_hz: frames per second.
        height, width: of every frame, in pixels; even numbers, as the format wants.
        quality: constant rate factor, 0 (lossless) to 51; smaller is better and larger.
        fast: spend a fraction of the time on encoding, for a larger file of the same quality.
        force: replace a file that exists.

    Raises:
        SettingsError: an odd or non-positive size, or a rate that is not positive.
        RunFolderError: the file exists and ``force`` is not given.
        VasotError: the file cannot be written.
    """

    def __init__(
        self,
        path: str | Path,
        rate_hz: float,
        height: int,
        width: int,
        *,
        quality: int = 20,
        fast: bool = False,
        force: bool = False,
    ) -> None:
        if height < 2 or width < 2 or height % 2 or width % 2:
            raise SettingsError(f"a video of {width} x {height} pixels cannot be written; give even numbers")
        if not rate_hz > 0:
            raise SettingsError(f"rate_hz is {rate_hz}; give the frames per second, above 0")
        self._path = Path(path)
        self._rate = Fraction(rate_hz).limit_denominator(_LARGEST_DENOMINATOR)
        self._shape = (height, width, 3)
        self._options = {"crf": str(quality), "preset": "superfast" if fast else "medium"}
        self._force = force
        self._stack = ExitStack()
        self._container: OutputContainer | None = None
        self._stream: VideoStream | None = None
        self._count = 0

    def __enter__(self) -> Self:
        partial = self._stack.enter_context(atomic_write(self._path, self._force))
        container = av.open(str(partial), "w", options={"movflags": "+faststart"})
        stream = container.add_stream("libx264", rate=self._rate, options=self._options)
        stream.height, stream.width, stream.pix_fmt = self._shape[0], self._shape[1], "yuv420p"
        stream.time_base = 1 / self._rate
        self._container, self._stream = container, stream
        return self

    def write(self, image: UInt8[np.ndarray, "h w 3"]) -> None:
        """Add one frame, RGB.

        Raises:
            SettingsError: it is not as large as the video.
        """
        if image.shape != self._shape:
            raise SettingsError(f"a frame has shape {image.shape}, but the video's frames have {self._shape}")
        assert self._container is not None
        assert self._stream is not None
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
        frame.pts, frame.time_base = self._count, 1 / self._rate
        self._count += 1
        self._container.mux(self._stream.encode(frame))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._container is not None
        assert self._stream is not None
        try:
            if kind is None:
                self._container.mux(self._stream.encode(None))
        finally:
            self._container.close()
            # Removes the unfinished file where the body failed, and gives it its name where it did not.
            self._stack.__exit__(kind, error, trace)
