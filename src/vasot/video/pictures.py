"""Videos made of JPEG pictures, for data sets that are published as one file per frame."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
from av.video.stream import VideoStream

from vasot.errors import DataError
from vasot.files import atomic_write

__all__ = ["pack_pictures"]

_JPEG = b"\xff\xd8"


def pack_pictures(pictures: Iterable[bytes], path: Path, rate_hz: int, where: str) -> None:
    """Put JPEG pictures into a Motion-JPEG video as they are: nothing is decoded, so that nothing is lost.

    Args:
        pictures: the files' contents, in order; all of one size.
        path: the ``.mkv`` to write; one that exists is replaced.
        rate_hz: frames per second.
        where: what an error text says the pictures are those of.

    Raises:
        DataError: there is no picture, or one is no JPEG.
    """
    count = 0
    with atomic_write(path, force=True) as partial, av.open(str(partial), "w", format="matroska") as container:
        stream: VideoStream | None = None
        for count, picture in enumerate(pictures, start=1):
            if not picture.startswith(_JPEG):
                raise DataError(f"{where}: picture {count} is no JPEG; copy the data set again")
            if stream is None:
                stream = container.add_stream("mjpeg", rate=rate_hz)
                stream.width, stream.height = _size(picture, where)
                stream.pix_fmt = "yuvj420p"
                stream.time_base = Fraction(1, rate_hz)
            packet = av.Packet(picture)
            packet.stream = stream
            packet.time_base = Fraction(1, rate_hz)
            packet.pts = packet.dts = count - 1
            packet.duration = 1
            packet.is_keyframe = True
            container.mux(packet)
        if count == 0:
            raise DataError(f"{where}: holds no pictures; copy the data set again")


def _size(picture: bytes, where: str) -> tuple[int, int]:
    """Width and height, from one decoded picture."""
    codec = av.CodecContext.create("mjpeg", "r")
    try:
        frames = [*codec.decode(av.Packet(picture)), *codec.decode(None)]
    except av.FFmpegError as error:
        raise DataError(f"{where}: its first picture cannot be decoded ({error.strerror})") from error
    if not frames:
        raise DataError(f"{where}: its first picture cannot be decoded; copy the data set again")
    return frames[0].width, frames[0].height
