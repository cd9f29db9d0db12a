"""The sound of a recording, carried into a new video beside its pictures."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet

from vasot.errors import SettingsError
from vasot.video.probe import open_video, time_zero

__all__ = ["HeardPacket", "Sound"]

if TYPE_CHECKING:
    HeardPacket: TypeAlias = tuple[float, Packet[AudioStream]]
else:
    # PyAV's packets are generic for type checkers only.
    HeardPacket = tuple[float, Packet]
"""When a packet is heard, in seconds since the start, and the packet."""

_COPIED = frozenset({"aac", "ac3", "alac", "eac3", "flac", "mp3", "opus"})
"""What an ``.mp4`` can hold as it is (FFmpeg's names)."""

_AAC_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)

_GAP_SECONDS = 0.05
"""Time stamps that are off by less than this are rounded ones: the samples follow each other."""

_TOLERANCE_SECONDS = 1e-4


class Sound:
    """The first sound track of a stretch of a recording, one packet at a time; the stretch's start becomes 0.

    Packets are copied where an ``.mp4`` can hold them, and encoded as AAC where not. A copied stretch begins with the
    first whole packet in it (up to a tenth of a second late), at its right time.

    Args:
        path: the recording.
        start_seconds, end_seconds: the stretch; to the end of the file where the end is None.

    Raises:
        SettingsError: the stretch is empty.
    """

    def __init__(self, path: str | Path, start_seconds: float = 0.0, end_seconds: float | None = None) -> None:
        if start_seconds < 0 or (end_seconds is not None and end_seconds <= start_seconds):
            raise SettingsError(f"the stretch from {start_seconds} s to {end_seconds} s is empty")
        self.path = Path(path)
        self.damage: str | None = None
        """What is wrong with the sound, where it could not be kept to its end."""
        self._start = start_seconds
        self._length = math.inf if end_seconds is None else end_seconds - start_seconds

    def packets(self, output: OutputContainer) -> Iterator[HeardPacket]:
        """Add a track to ``output`` at once, and yield what belongs into it: seconds since the start, packet.

        No track is added where the stretch has no sound, or none that can be read.

        Raises:
            DataError: the file is no video.
        """
        found = self._packets(output)
        first = next(found, None)
        return iter(()) if first is None else _chained(first, found)

    def _packets(self, output: OutputContainer) -> Iterator[HeardPacket]:
        with open_video(self.path) as (container, pictures):
            stream = next(iter(container.streams.audio), None)
            if stream is None or not stream.time_base:
                return
            begin = time_zero(container, pictures) + self._start
            try:
                if self._start > 0:
                    container.seek(math.floor(begin / stream.time_base), stream=stream, backward=True)
                if stream.codec_context.codec.canonical_name in _COPIED:
                    yield from self._copied(container, stream, output, begin)
                else:
                    yield from self._encoded(container, stream, output, begin)
            except av.error.FFmpegError as error:
                self.damage = f"{self.path.name}: the sound cannot be read to its end ({error.strerror})"

    def _copied(
        self, container: InputContainer, stream: AudioStream, output: OutputContainer, begin: float
    ) -> Iterator[HeardPacket]:
        """Packets as they are, at times since ``begin`` on the file's own clock."""
        assert stream.time_base is not None
        tick = float(stream.time_base)
        shift = round(begin / tick)
        track: AudioStream | None = None
        for packet in container.demux(stream):
            if packet.pts is None or packet.size == 0:
                continue
            time = packet.pts * tick - begin
            # What lies before the beginning of a whole recording only fills the decoder: it is kept.
            if self._start > 0 and time < -_TOLERANCE_SECONDS:
                continue
            if time >= self._length - _TOLERANCE_SECONDS:
                return
            track = track or output.add_stream_from_template(stream)
            packet.pts -= shift
            packet.dts = packet.pts
            packet.stream = track
            yield time, packet

    def _encoded(
        self, container: InputContainer, stream: AudioStream, output: OutputContainer, begin: float
    ) -> Iterator[HeardPacket]:
        """The sound as AAC, mono or stereo, cut to the sample."""
        rate = min(_AAC_RATES, key=lambda known: abs(known - stream.codec_context.sample_rate))
        layout = "mono" if stream.codec_context.layout.nb_channels == 1 else "stereo"
        track: AudioStream | None = None
        for frame in self._cut(container, stream, AudioResampler("fltp", layout, rate), begin, rate):
            if track is None:
                track = output.add_stream("aac", rate=rate)
                track.codec_context.layout = layout
            for packet in track.encode(frame):
                yield float((packet.pts or 0) * packet.time_base), packet
        for packet in track.encode(None) if track is not None else ():
            yield float((packet.pts or 0) * packet.time_base), packet

    def _cut(
        self, container: InputContainer, stream: AudioStream, resampler: AudioResampler, begin: float, rate: int
    ) -> Iterator[AudioFrame]:
        """Decoded sound of the stretch, its first sample at 0."""
        last = math.inf if math.isinf(self._length) else round(self._length * rate)
        expected: int | None = None
        for decoded in container.decode(stream):
            for piece in resampler.resample(decoded):
                if piece.pts is None or piece.time_base is None:
                    continue
                at = round((float(piece.pts * piece.time_base) - begin) * rate)
                if expected is not None and abs(at - expected) < _GAP_SECONDS * rate:
                    at = expected
                expected = at + piece.samples
                if at >= last:
                    return
                samples = piece.to_ndarray()[:, max(0, -at) : max(0, int(min(last - at, piece.samples)))]
                if samples.shape[1] == 0:
                    continue
                kept = AudioFrame.from_ndarray(
                    np.ascontiguousarray(samples, np.float32), format="fltp", layout=piece.layout.name
                )
                kept.sample_rate, kept.pts, kept.time_base = rate, max(at, 0), Fraction(1, rate)
                yield kept


def _chained(first: HeardPacket, rest: Iterator[HeardPacket]) -> Iterator[HeardPacket]:
    yield first
    yield from rest
