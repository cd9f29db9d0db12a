"""The frames of a video at given instants: by their time stamps, upright, a few at a time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation
from av.video.stream import VideoStream
from jaxtyping import UInt8

from vasot.errors import DataError, SettingsError
from vasot.types import Frames, FrameSize
from vasot.video.probe import Damage, display_size, missing_rest, open_video, time_zero, turns_of
from vasot.video.sampling import TOLERANCE_SECONDS

__all__ = ["FrameReader", "frame_at", "frames_at"]

_NEAR_SECONDS = 2.0
"""Frames of one file that are no further apart are decoded in one go; a key frame to seek to is rarely nearer."""


class FrameReader:
    """Iterates over the frames shown at ``start, start + 1/fps, ...`` up to the end.

    A frame is shown from its time stamp to that of the next one, whatever the frame rate; before the first one, the
    first is taken. Frames come upright, with square pixels, as RGB. A file that breaks off gives its frames up to
    there, and :attr:`damage` says where and why.

    Args:
        path: the video.
        fps: instants per second.
        start_seconds: the first instant.
        end_seconds: where to stop, exclusive; the end of the video where it is None.
        size: of the frames handed out: (height, width), the shorter side, or as they are.
        chunk_frames: frames handed out at a time; memory holds no more than these and a few of the decoder.
        threads: of the decoder; as many as it likes where it is None.

    Raises:
        SettingsError: the rate, the stretch or the size is no positive number.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        fps: float = 10.0,
        start_seconds: float = 0.0,
        end_seconds: float | None = None,
        size: FrameSize = None,
        chunk_frames: int = 32,
        threads: int | None = None,
    ) -> None:
        if not (math.isfinite(fps) and fps > 0):
            raise SettingsError(f"fps is {fps}; give the frames per second to sample, above 0")
        if start_seconds < 0 or (end_seconds is not None and end_seconds <= start_seconds):
            raise SettingsError(f"the stretch from {start_seconds} s to {end_seconds} s is empty")
        if size is not None and min(size if isinstance(size, tuple) else (size,)) < 1:
            raise SettingsError(f"frames of size {size} hold nothing; give at least 1 pixel")
        self.path = Path(path)
        self.damage: Damage | None = None
        self._fps = fps
        self._start = start_seconds
        self._end = math.inf if end_seconds is None else end_seconds
        self._size = size
        self._shape: tuple[int, int] | None = None
        self._chunk = chunk_frames
        self._threads = threads

    def __iter__(self) -> Iterator[Frames]:
        """Read the stretch once more from its start.

        Raises:
            DataError: the file is no video, or not one frame of it can be read.
        """
        self.damage = None
        self._shape = None
        images: list[UInt8[np.ndarray, "h w 3"]] = []
        times: list[float] = []
        for time, image in self._sampled():
            images.append(image)
            times.append(time)
            if len(images) == self._chunk:
                yield Frames(np.stack(images), np.array(times))
                images, times = [], []
        if images:
            yield Frames(np.stack(images), np.array(times))

    def _sampled(self) -> Iterator[tuple[float, UInt8[np.ndarray, "h w 3"]]]:
        with open_video(self.path) as (container, stream):
            shown: VideoFrame | None = None
            shown_from, count = 0.0, 0
            image: UInt8[np.ndarray, "h w 3"] | None = None
            until = 0.0
            for time, frame in self._decoded(container, stream):
                # What is on the screen until this frame appears; before the first frame, the first.
                on_screen = frame if shown is None else shown
                while (instant := self._start + count / self._fps) < min(time - TOLERANCE_SECONDS, self._end):
                    if shown is None or image is None:
                        image = self._picture(on_screen, stream)
                    yield instant, image
                    count += 1
                if instant >= self._end - 1e-9:
                    return
                until = time + self._length(frame, stream, time - shown_from if shown is not None else None)
                shown, shown_from, image = frame, time, None
            if shown is None:
                raise DataError(f"{self.path}: not one frame can be decoded; export it again, or remove it")
            if self.damage is None and self._end > until:
                self.damage = missing_rest(container, stream, until)
            last = min(until - TOLERANCE_SECONDS, self._end - 1e-9)
            while (instant := self._start + count / self._fps) < last or count == 0:
                if image is None:
                    image = self._picture(shown, stream)
                yield instant, image
                count += 1

    def shown_at(self, instants: Iterable[float]) -> Iterator[UInt8[np.ndarray, "h w 3"]]:
        """The frame on the screen at each of these instants, instead of at a rate; past the end, the last one.

        Only one frame is kept at a time, and each is decoded once.

        Args:
            instants: in order, from the start of this reader on; they may stand still, and pass over frames.

        Raises:
            DataError: the file is no video, or not one frame of it can be read.
            SettingsError: an instant lies before the one before it.
        """
        self.damage = None
        self._shape = None
        with open_video(self.path) as (container, stream):
            decoded = self._decoded(container, stream)
            current, following = next(decoded, None), next(decoded, None)
            if current is None:
                raise DataError(f"{self.path}: not one frame can be decoded; export it again, or remove it")
            image: UInt8[np.ndarray, "h w 3"] | None = None
            reached = -math.inf
            for instant in instants:
                if instant < reached:
                    raise SettingsError(f"{self.path}: {instant} s lies before {reached} s; give instants in order")
                reached = instant
                while following is not None and following[0] - TOLERANCE_SECONDS <= instant:
                    current, following, image = following, next(decoded, None), None
                if image is None:
                    image = self._picture(current[1], stream)
                yield image

    def _decoded(self, container: InputContainer, stream: VideoStream) -> Iterator[tuple[float, VideoFrame]]:
        """Frames and the seconds at which they appear, from the one shown at the start on, as far as they are whole."""
        stream.thread_type = "AUTO"
        stream.codec_context.thread_count = self._threads or 0
        tick, zero = float(stream.time_base or 0), time_zero(container, stream)
        begin = self._start + TOLERANCE_SECONDS
        before: tuple[float, VideoFrame] | None = None
        latest = -math.inf
        try:
            for frame in self._from_start(container, stream, begin):
                time = float(frame.pts or 0) * tick - zero
                if frame.is_corrupt:
                    # A stream cut out of another may begin with frames whose references are missing.
                    if latest == -math.inf:
                        continue
                    self.damage = Damage(time, "the picture is damaged from here")
                    break
                if time <= latest:
                    continue
                latest = time
                if time <= begin:
                    before = time, frame
                    continue
                if before is not None:
                    yield before
                    before = None
                yield time, frame
        except _DamagedPacket as damaged:
            self.damage = Damage(max(damaged.stamp * tick - zero, 0.0), "the data are damaged or cut off here")
        except av.error.FFmpegError as error:
            self.damage = Damage(max(latest, 0.0), f"the data cannot be decoded from here ({error.strerror})")
        if before is not None:
            yield before

    def _from_start(self, container: InputContainer, stream: VideoStream, begin: float) -> Iterator[VideoFrame]:
        """Decoded frames with time stamps, the first of them no later than ``begin`` where there is one."""
        tick, zero = float(stream.time_base or 0), time_zero(container, stream)
        if self._start > 0 and tick > 0:
            container.seek(math.floor((self._start + zero) / tick), stream=stream, backward=True)
            frames = _stamped(container, stream)
            first = next(frames, None)
            if first is not None and float(first.pts or 0) * tick - zero <= begin:
                yield first
                yield from frames
                return
            # Some containers find no key frame before the place: read from the beginning.
            container.seek(0)
        yield from _stamped(container, stream)

    def _length(self, frame: VideoFrame, stream: VideoStream, previous: float | None) -> float:
        """How long a frame is shown where no other follows: as it says, or as long as the one before it."""
        if frame.duration and stream.time_base is not None:
            return float(frame.duration * stream.time_base)
        if previous is not None:
            return previous
        rate = stream.average_rate or stream.guessed_rate
        return 1 / float(rate) if rate else 0.04

    def _picture(self, frame: VideoFrame, stream: VideoStream) -> UInt8[np.ndarray, "h w 3"]:
        """A frame in the size wanted, upright, RGB."""
        turns = turns_of(frame)
        width, height = display_size(frame, stream)
        if self._shape is not None:
            # A broadcast may change its size on the way; all frames come as large as the first.
            high, wide = self._shape if turns % 2 == 0 else self._shape[::-1]
        elif isinstance(self._size, tuple):
            high, wide = self._size if turns % 2 == 0 else self._size[::-1]
        elif self._size is not None:
            scale = self._size / min(width, height)
            high, wide = max(1, round(height * scale)), max(1, round(width * scale))
        else:
            high, wide = height, width
        self._shape = (high, wide) if turns % 2 == 0 else (wide, high)
        smaller = high * wide < frame.width * frame.height
        way = Interpolation.AREA if smaller else Interpolation.BICUBIC
        image: UInt8[np.ndarray, "h w 3"] = frame.reformat(
            width=wide, height=high, format="rgb24", interpolation=way
        ).to_ndarray()
        # The angle is counter-clockwise, as numpy's.
        return np.ascontiguousarray(np.rot90(image, turns)) if turns else image


class _DamagedPacket(Exception):
    """The container marks what is stored for this time stamp, in ticks, as damaged."""

    def __init__(self, stamp: int) -> None:
        super().__init__(stamp)
        self.stamp = stamp


def _stamped(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """Decoded frames with time stamps, up to the first packet that is marked as damaged.

    The decoder would paint over what is missing, and hand it out as if it were whole.
    """
    for packet in container.demux(stream):
        stamp = packet.dts if packet.pts is None else packet.pts
        broken = stamp if packet.is_corrupt and packet.size > 0 else None
        # None takes out the frames that the decoder still holds back.
        for frame in stream.decode(packet if broken is None else None):
            if frame.pts is not None:
                yield frame
        if broken is not None:
            raise _DamagedPacket(broken)


def frame_at(path: str | Path, seconds: float, size: FrameSize = None) -> UInt8[np.ndarray, "h w 3"]:
    """The frame on the screen at one instant, past the end the last one; ``size`` is that of :class:`FrameReader`.

    Raises:
        DataError: the file is no video, or not one frame of it can be read.
        SettingsError: an instant before the beginning, or a size that is not positive.
    """
    image: UInt8[np.ndarray, "h w 3"] = next(
        iter(FrameReader(path, start_seconds=seconds, size=size, chunk_frames=1))
    ).images[0]
    return image


def frames_at(path: str | Path, seconds: Sequence[float], size: FrameSize = None) -> list[UInt8[np.ndarray, "h w 3"]]:
    """The frames on the screen at several instants, in the order given, as :func:`frame_at` finds each.

    Instants that lie close together are read in one go, so that nothing is decoded twice; the rest of the file is
    left out.

    Raises:
        DataError: the file is no video, or not one frame of it can be read.
        SettingsError: an instant before the beginning, or a size that is not positive.
    """
    wanted = sorted(set(seconds))
    breaks = [place for place, (a, b) in enumerate(pairwise(wanted), start=1) if b - a > _NEAR_SECONDS]
    found: dict[float, UInt8[np.ndarray, "h w 3"]] = {}
    for start, stop in pairwise([0, *breaks, len(wanted)]):
        group = wanted[start:stop]
        if group:
            reader = FrameReader(path, start_seconds=group[0], size=size)
            found.update(zip(group, reader.shown_at(group), strict=True))
    return [found[instant] for instant in seconds]
