"""What a video file is: asked of its packets, so that nothing but one frame is decoded."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from jaxtyping import Float64

from vasot.errors import DataError

__all__ = [
    "Damage",
    "VideoInfo",
    "content_hash",
    "display_size",
    "frame_times",
    "open_video",
    "probe",
    "time_zero",
    "turns_of",
]

_BLOCK = 1 << 20
_MISSING_SECONDS = 0.25
"""Containers round the duration they state; what is missing beyond this is missing."""


@dataclass(frozen=True)
class Damage:
    """Where a video breaks off, in seconds since its beginning, and what is wrong there."""

    at_seconds: float
    what: str


@dataclass(frozen=True)
class VideoInfo:
    """What a video file is.

    Attributes:
        path: the file.
        width, height: in pixels, upright, as a player shows it.
        duration_seconds: from the beginning of the file to the end of its last frame.
        n_frames: frames that are shown.
        mean_rate_hz: frames per second.
        variable_rate: whether frames are shown for different lengths of time.
        rotation_degrees: by how much the stored picture is turned clockwise to stand upright: 0, 90, 180 or 270.
        codec, pixel_format: in FFmpeg's names.
        first_frame_seconds: when the first frame appears; above 0 where sound begins earlier.
        damage: where the file breaks off, if that can be seen without decoding it.
    """

    path: Path
    width: int
    height: int
    duration_seconds: float
    n_frames: int
    mean_rate_hz: float
    variable_rate: bool
    rotation_degrees: int
    codec: str
    pixel_format: str
    first_frame_seconds: float
    damage: Damage | None


def probe(path: str | Path) -> VideoInfo:
    """What a video file is.

    Raises:
        DataError: the file is missing, is no video, holds no picture (sound only), or not one frame can be read.
    """
    path = Path(path)
    times, corrupt = _packets(path)
    with open_video(path) as (container, stream):
        first = _first_frame(path, container, stream)
        width, height = display_size(first, stream)
        turns = turns_of(first)
        if turns % 2:
            width, height = height, width
        intervals = np.diff(times)
        usual = float(np.median(intervals)) if intervals.size else _only_interval(stream)
        end = float(times[-1]) + usual
        tick = float(stream.time_base or 0)
        return VideoInfo(
            path=path,
            width=width,
            height=height,
            duration_seconds=end,
            n_frames=len(times),
            mean_rate_hz=len(times) / max(end - float(times[0]), 1e-9),
            variable_rate=bool(intervals.size) and float(np.ptp(intervals)) > max(2.5 * tick, 0.1 * usual),
            rotation_degrees=(360 - 90 * turns) % 360,
            codec=stream.codec_context.name,
            pixel_format=first.format.name,
            first_frame_seconds=float(times[0]),
            damage=corrupt or missing_rest(container, stream, end),
        )


def frame_times(path: str | Path) -> Float64[np.ndarray, " f"]:
    """When each frame of a video appears, in seconds since the beginning of the file, increasing.

    Raises:
        DataError: see :func:`probe`.
    """
    return _packets(Path(path))[0]


def content_hash(path: str | Path) -> str:
    """Hash of a file's bytes, the same for a copy under another name."""
    digest = hashlib.blake2b(digest_size=20)
    with Path(path).open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


@contextmanager
def open_video(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    """The opened file and its first stream of pictures.

    Raises:
        DataError: the file is missing, is no video, or holds no picture.
    """
    if not path.is_file():
        raise DataError(f"{path}: there is no such file" if not path.exists() else f"{path}: is no file")
    if path.stat().st_size == 0:
        raise DataError(f"{path}: is empty (0 bytes); copy or export it again")
    try:
        container = av.open(path, metadata_errors="replace")
    except (av.error.FFmpegError, OSError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"{path}: is no video that can be read ({reason}); export it again, or remove it") from error
    with container:
        streams = [stream for stream in container.streams.video if not _is_cover(stream)]
        if not streams:
            kinds = sorted({stream.type for stream in container.streams})
            raise DataError(f"{path}: holds no picture, only {', '.join(kinds) or 'nothing'}; give a video")
        yield container, streams[0]


def time_zero(container: InputContainer, stream: VideoStream) -> float:
    """What a file's own clock shows at its beginning, in seconds."""
    # None for formats without a clock, whatever the type says.
    start = cast("int | None", container.start_time)
    if start is not None:
        return start / av.time_base
    if stream.start_time is not None and stream.time_base is not None:
        return float(stream.start_time * stream.time_base)
    return 0.0


def display_size(frame: VideoFrame, stream: VideoStream) -> tuple[int, int]:
    """Width and height of a stored frame once its pixels are square, before it is turned upright."""
    aspect = stream.sample_aspect_ratio
    wide = float(aspect) if aspect else 1.0
    return max(1, round(frame.width * wide)), frame.height


def turns_of(frame: VideoFrame) -> int:
    """By how many quarter turns, counter-clockwise, a stored frame is turned to stand upright."""
    return round(frame.rotation / 90) % 4


def missing_rest(container: InputContainer, stream: VideoStream, end: float) -> Damage | None:
    """Damage where pictures end well before the time that the file states."""
    stated = None
    if stream.duration is not None and stream.time_base is not None:
        begin = float((stream.start_time or 0) * stream.time_base) - time_zero(container, stream)
        stated = begin + float(stream.duration * stream.time_base)
    elif container.duration is not None and len(container.streams) == 1:
        stated = container.duration / av.time_base
    if stated is None or stated - end <= _MISSING_SECONDS:
        return None
    return Damage(end, f"the file ends here, but states {stated:.2f} s")


def _packets(path: Path) -> tuple[Float64[np.ndarray, " f"], Damage | None]:
    """Times of all frames, and where packets become unreadable."""
    stamps: list[int] = []
    damage: Damage | None = None
    with open_video(path) as (container, stream):
        tick, zero = float(stream.time_base or 0), time_zero(container, stream)
        try:
            for packet in container.demux(stream):
                stamp = packet.dts if packet.pts is None else packet.pts
                if stamp is None or packet.size == 0 or packet.is_discard:
                    continue
                if packet.is_corrupt:
                    damage = Damage(stamp * tick - zero, "the data are damaged or cut off here")
                    break
                stamps.append(stamp)
        except av.error.FFmpegError as error:
            last = stamps[-1] * tick - zero if stamps else 0.0
            damage = Damage(last, f"the data cannot be read from here ({error.strerror})")
    if not stamps:
        raise DataError(f"{path}: holds no frame; export it again, or remove it")
    return np.unique(np.array(stamps, dtype=np.float64)) * tick - zero, damage


def _first_frame(path: Path, container: InputContainer, stream: VideoStream) -> VideoFrame:
    try:
        frame = next(container.decode(stream), None)
    except av.error.FFmpegError as error:
        raise DataError(
            f"{path}: not one frame can be decoded ({error.strerror}); export it again, or remove it"
        ) from error
    if frame is None:
        raise DataError(f"{path}: holds no frame; export it again, or remove it")
    return frame


def _only_interval(stream: VideoStream) -> float:
    """How long the only frame is shown."""
    rate = stream.average_rate or stream.guessed_rate
    return 1 / float(rate) if rate else 0.04


def _is_cover(stream: VideoStream) -> bool:
    """Whether a stream is the picture on the sleeve of a recording of sound."""
    return bool(stream.disposition & av.stream.Disposition.attached_pic)
