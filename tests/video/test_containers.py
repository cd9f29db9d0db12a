"""What containers do to time and to pictures: edit lists, clocks, display matrices, formats of pixels."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from made_videos import HEIGHT, WIDTH, number_of, numbered, write_video
from vasot.video.probe import frame_times, probe
from vasot.video.reader import FrameReader


def numbers(path: Path, **changes: float) -> list[int]:
    reader = FrameReader(path, **{"fps": 25.0, **changes})  # type: ignore[arg-type]
    return [number_of(image) for chunk in reader for image in chunk.images]


def edited(path: Path, cut_front: int, cut_end: int) -> Path:
    """Trim a video of 25 frames per second as phones do: by its edit list alone, all data stay."""
    data = bytearray(path.read_bytes())
    edit = data.index(b"elst") + 12
    clock = data.index(b"mdhd") + 16
    (ticks,) = struct.unpack_from(">I", data, clock)
    duration, begin = struct.unpack_from(">Ii", data, edit)
    # The length of an edit is in milliseconds, its beginning in the stream's own ticks.
    struct.pack_into(">Ii", data, edit, duration - 40 * (cut_front + cut_end), begin + ticks * cut_front // 25)
    path.write_bytes(data)
    return path


def test_frames_that_an_edit_list_cuts_off_are_not_shown(tmp_path: Path) -> None:
    path = edited(write_video(tmp_path / "a.mp4", 50, options={"bf": "3", "g": "12"}), 10, 5)
    assert numbers(path) == list(range(10, 45))
    assert numbers(path, start_seconds=0.52) == list(range(23, 45))
    np.testing.assert_allclose(frame_times(path), np.arange(35) / 25, atol=1e-6)
    assert probe(path).n_frames == 35
    assert probe(path).damage is None


def test_a_display_matrix_turns_the_picture_upright(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", 3)
    lying = next(iter(FrameReader(path))).images[0]
    data = bytearray(path.read_bytes())
    # Behind the name: version, times, track and length (24 bytes), then layer, group and volume (16).
    struct.pack_into(">9i", data, data.index(b"tkhd") + 44, 0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
    facts = probe(path)
    assert (facts.rotation_degrees, facts.width, facts.height) == (90, HEIGHT, WIDTH)
    np.testing.assert_array_equal(next(iter(FrameReader(path))).images[0], np.rot90(lying, -1))


def test_the_clock_of_a_transport_stream_starts_where_it_likes(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.ts", 50, options={"bf": "2"})
    assert numbers(path) == list(range(50))
    assert numbers(path, start_seconds=1.0) == list(range(25, 50))


def test_what_a_stream_marks_as_damaged_is_not_painted_over(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.ts", 200, options={"g": "50"})
    data = bytearray(path.read_bytes())
    middle = len(data) * 35 // 100
    data[middle : middle + 600] = np.random.default_rng(0).integers(0, 256, 600, dtype=np.uint8).tobytes()
    path.write_bytes(data)
    reader = FrameReader(path, fps=25.0)
    shown = [number_of(image) for chunk in reader for image in chunk.images]
    assert 30 < len(shown) < 100
    # Frames are stored out of order, so that a few before the last one may be lost.
    assert shown[:-3] == list(range(len(shown) - 3))
    found = probe(path).damage
    assert found is not None
    assert reader.damage is not None
    assert reader.damage.at_seconds == pytest.approx(found.at_seconds)


def test_a_size_that_changes_on_the_way_is_drawn_as_large_as_the_first(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=25)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuvj420p"
        for number in range(20):
            picture = av.VideoFrame.from_ndarray(numbered(number), format="rgb24")
            side = 1 if number < 10 else 2
            still = av.CodecContext.create("mjpeg", "w")
            still.width, still.height, still.pix_fmt = side * WIDTH, side * HEIGHT, "yuvj420p"
            still.time_base = Fraction(1, 25)
            for packet in still.encode(picture.reformat(still.width, still.height, "yuvj420p")):
                packet.stream, packet.pts, packet.dts, packet.time_base = stream, number, number, Fraction(1, 25)
                container.mux(packet)
    assert numbers(path) == list(range(20))
    assert {chunk.images.shape[1:] for chunk in FrameReader(path, size=None)} == {(HEIGHT, WIDTH, 3)}


@pytest.mark.parametrize(
    ("name", "codec", "pixel_format"),
    [
        ("a.mkv", "ffv1", "gray10le"),
        ("a.mkv", "ffv1", "bgra"),
        ("a.mov", "prores_ks", "yuva444p10le"),
        ("a.mov", "png", "ya8"),
        ("a.mp4", "libsvtav1", "yuv420p10le"),
        ("a.webm", "libvpx-vp9", "yuva420p"),
    ],
)
def test_grey_deep_and_transparent_pixels_are_read(name: str, codec: str, pixel_format: str, tmp_path: Path) -> None:
    assert numbers(write_video(tmp_path / name, 12, codec=codec, pixel_format=pixel_format)) == list(range(12))
