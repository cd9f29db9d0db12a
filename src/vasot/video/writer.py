"""Writing H.264 videos that play everywhere."""

from __future__ import annotations

import math
from collections.abc import Iterator
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
from vasot.video.sound import HeardPacket, Sound

__all__ = ["VideoWriter"]

_LARGEST_DENOMINATOR = 1001
"""Enough for 30000/1001, the rate called 29.97."""

_TICKS_HZ = 90_000
"""Of frames that have times of their own: fine enough for every rate in use."""

_BT601, _LIMITED_RANGE = 6, 1
"""The colours that RGB is turned into (FFmpeg's numbers); players guess others from the size if nobody says so."""


class VideoWriter:
    """A video, written frame by frame; the file appears when it is whole.

    H.264 in ``yuv420p`` with the index at the front, so that it plays while it loads.

    Args:
        path: where to write; the ending decides the container (``.mp4``).
        rate_hz: frames per second; where frames have times of their own, about how many.
        height, width: of every frame, in pixels; even numbers, as the format wants.
        quality: constant rate factor, 0 (lossless) to 51; smaller is better and larger.
        fast: spend a fraction of the time on encoding, for a larger file of the same quality.
        own_times: frames are not shown at a constant rate, but each at a time given with it.
        sound: what is heard, from the video's beginning.
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
        own_times: bool = False,
        sound: Sound | None = None,
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
        self._tick = Fraction(1, _TICKS_HZ) if own_times else 1 / self._rate
        self._own_times = own_times
        self._sound = sound
        self._heard: Iterator[HeardPacket] = iter(())
        self._waiting: HeardPacket | None = None
        self._force = force
        self._stack = ExitStack()
        self._container: OutputContainer | None = None
        self._stream: VideoStream | None = None
        self._next_stamp = 0

    def __enter__(self) -> Self:
        partial = self._stack.enter_context(atomic_write(self._path, self._force))
        container = av.open(str(partial), "w", options={"movflags": "+faststart"})
        stream = container.add_stream("libx264", rate=self._rate, options=self._options)
        stream.height, stream.width, stream.pix_fmt = self._shape[0], self._shape[1], "yuv420p"
        stream.time_base = stream.codec_context.time_base = self._tick
        stream.codec_context.colorspace, stream.codec_context.color_range = _BT601, _LIMITED_RANGE
        self._container, self._stream = container, stream
        if self._sound is not None:
            self._heard = self._sound.packets(container)
        return self

    def write(self, image: UInt8[np.ndarray, "h w 3"], at_seconds: float | None = None) -> None:
        """Add one frame, RGB.

        Args:
            image: as large as the video.
            at_seconds: when it appears, since the beginning of the video, where frames have times of their own.

        Raises:
            SettingsError: the frame has another size, or a time that is missing, of no use, or not behind the last one.
        """
        if image.shape != self._shape:
            raise SettingsError(f"a frame has shape {image.shape}, but the video's frames have {self._shape}")
        if (at_seconds is not None) != self._own_times:
            raise SettingsError("a frame has a time exactly where the video is written with own_times")
        assert self._container is not None
        assert self._stream is not None
        stamp = self._next_stamp if at_seconds is None else round(at_seconds * _TICKS_HZ)
        if stamp < self._next_stamp:
            raise SettingsError(f"a frame is to appear at {at_seconds} s, not behind the frame before it")
        self._mux_sound(float(stamp * self._tick))
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
        frame.pts, frame.time_base = stamp, self._tick
        self._next_stamp = stamp + 1
        self._container.mux(self._stream.encode(frame))

    def _mux_sound(self, until_seconds: float) -> None:
        """Write what is heard up to an instant, so that sound and pictures lie beside each other in the file."""
        assert self._container is not None
        while (waiting := self._waiting or next(self._heard, None)) is not None:
            self._waiting = waiting if waiting[0] > until_seconds else None
            if self._waiting is not None:
                return
            self._container.mux(waiting[1])

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._container is not None
        assert self._stream is not None
        try:
            if kind is None:
                self._container.mux(self._stream.encode(None))
                self._mux_sound(math.inf)
        finally:
            self._container.close()
            # Removes the unfinished file where the body failed, and gives it its name where it did not.
            self._stack.__exit__(kind, error, trace)
