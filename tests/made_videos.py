"""Small videos whose frames carry their own number, in any codec and with any time stamps."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.stream import AudioStream
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


@contextmanager
def _usual_scheduling() -> Iterator[None]:
    """Undo that SVT-AV1, run by root, makes its process a real-time one.

    It stays one, and so do its children: the driver of a browser then spins for ever and lets nothing else run.
    """
    before = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        os.sched_setscheduler(0, *before)


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
    with _usual_scheduling(), av.open(str(path), "w") as container:
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


def write_sounding_video(path: Path, n_frames: int, codec: str, sound_codec: str, rate_hz: int = 48000) -> np.ndarray:
    """Write frames 0, 1, ... at 25 Hz under a tone that rises all the time; returns its samples."""
    seconds = np.arange(n_frames * rate_hz // 25) / rate_hz
    samples = (0.3 * np.sin(2 * np.pi * (200 + 150 * seconds) * seconds)).astype(np.float32)
    with av.open(str(path), "w") as container:
        pictures = container.add_stream(codec, rate=25)
        sound = container.add_stream(sound_codec, rate=rate_hz, layout="mono")
        assert isinstance(pictures, VideoStream)
        assert isinstance(sound, AudioStream)
        pictures.width, pictures.height, pictures.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number, part in enumerate(np.split(samples, n_frames)):
            frame = av.VideoFrame.from_ndarray(numbered(number), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(pictures.encode(frame))
            heard = av.AudioFrame.from_ndarray(part[None], format="flt", layout="mono")
            heard.sample_rate, heard.time_base = rate_hz, Fraction(1, rate_hz)
            heard.pts = number * part.size
            container.mux(sound.encode(heard))
        container.mux(pictures.encode(None))
        container.mux(sound.encode(None))
    return samples


def heard_in(path: Path, n_seconds: float, rate_hz: int = 48000) -> tuple[np.ndarray, str]:
    """The sound of a file from its beginning on, each sample at its time (silence where there is none); its codec."""
    found = np.zeros(round(n_seconds * rate_hz), dtype=np.float32)
    with av.open(str(path)) as container:
        resampler = av.AudioResampler("fltp", "mono", rate_hz)
        for frame in container.decode(audio=0):
            for piece in resampler.resample(frame):
                assert piece.pts is not None
                assert piece.time_base is not None
                at, part = round(float(piece.pts * piece.time_base) * rate_hz), piece.to_ndarray()[0]
                part = part[max(0, -at) : max(0, found.size - at)]
                found[max(at, 0) : max(at, 0) + part.size] = part
        return found, container.streams.audio[0].codec_context.codec.canonical_name
