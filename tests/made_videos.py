"""Small videos whose frames carry their own number, in any codec and with any time stamps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.stream import VideoStream

from vasot.types import Frames

N_BITS = 8
_BLOCK = 16
HEIGHT, WIDTH = 2 * _BLOCK, N_BITS * _BLOCK


def numbered(number: int) -> np.ndarray:
    """A picture of the number: one white block for every bit that is set; the lower half is the opposite."""
    bits = np.array([(number >> bit) & 1 for bit in range(N_BITS)])
    line = np.repeat(bits, _BLOCK)
    upper = np.repeat(line[None], _BLOCK, axis=0)
    grey = (40 + 175 * np.concatenate([upper, 1 - upper])).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def number_of(image: np.ndarray) -> int:
    """The number that a picture shows, at any size."""
    height, width = image.shape[:2]
    half = image[: height // 2].mean(axis=(0, 2))
    bits = [half[bit * width // N_BITS : (bit + 1) * width // N_BITS].mean() > 127 for bit in range(N_BITS)]
    return sum(int(bit) << place for place, bit in enumerate(bits))


def write_video(
    path: Path,
    n_frames: int = 30,
    *,
    codec: str = "libx264",
    stamps: Sequence[int] | None = None,
    time_base: Fraction = Fraction(1, 25),
    pixel_format: str = "yuv420p",
    options: dict[str, str] | None = None,
) -> Path:
    """Write frames 0, 1, ... at the given time stamps (in ticks of the time base); one tick each by default."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=Fraction(25), options=options or {})
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, pixel_format
        stream.codec_context.time_base = time_base
        for number, stamp in enumerate(range(n_frames) if stamps is None else stamps):
            frame = av.VideoFrame.from_ndarray(numbered(number), format="rgb24").reformat(format=pixel_format)
            frame.pts, frame.time_base = stamp, time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def write_corpus(folder: Path, lengths: Sequence[int] = (30, 40, 50), labels: bool = False) -> Path:
    """A folder ``videos`` of numbered videos a, b, ..., with or without ground truth beside it."""
    for name, length in zip("abcdefgh", lengths, strict=False):
        write_video(folder / "videos" / f"{name}.mp4", length)
        if labels:
            (folder / "groundTruth").mkdir(exist_ok=True)
            names = ["early" if frame < length // 2 else "late" for frame in range(length)]
            (folder / "groundTruth" / f"{name}.txt").write_text("\n".join(names) + "\n")
    return folder


class NumberFeatures:
    """An extractor whose feature is the number that a frame carries; counts what it has looked at."""

    def __init__(self, marker: int = 0) -> None:
        self.marker = marker
        self.n_seen = 0

    @property
    def frame_size(self) -> None:
        return None

    def identity(self) -> dict[str, str | int | float | bool]:
        return {"kind": "number", "marker": self.marker}

    def extract(self, chunks: Iterable[Frames]) -> Iterator[np.ndarray]:
        for chunk in chunks:
            self.n_seen += len(chunk.images)
            yield np.array([[number_of(image), self.marker] for image in chunk.images], dtype=np.float32)
