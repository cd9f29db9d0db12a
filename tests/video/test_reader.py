from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from made_videos import HEIGHT, WIDTH, number_of, numbered, write_video
from vasot.errors import DataError, SettingsError
from vasot.types import FrameSize
from vasot.video.probe import frame_times, probe
from vasot.video.reader import FrameReader, frame_at, frames_at
from vasot.video.sampling import instants, shown_at

VARIABLE = [0, 40, 80, 200, 210, 220, 600, 640, 680, 1000, 1040, 1500]
"""Milliseconds at which the frames of a video of variable rate appear."""


def read(path: Path, **changes: object) -> tuple[list[int], np.ndarray]:
    """The numbers that the frames show, and the instants."""
    chunks = list(FrameReader(path, **{"fps": 10.0, **changes}))  # type: ignore[arg-type]
    numbers = [number_of(image) for chunk in chunks for image in chunk.images]
    return numbers, np.concatenate([chunk.times_seconds for chunk in chunks])


@pytest.mark.parametrize(
    ("codec", "ending"), [("libx264", "mp4"), ("libx264", "mkv"), ("libvpx-vp9", "webm"), ("libsvtav1", "mp4")]
)
@pytest.mark.parametrize("start", [0.0, 1.3])
def test_the_frame_shown_at_each_instant_is_taken_in_every_codec(
    codec: str, ending: str, start: float, tmp_path: Path
) -> None:
    options = {"bf": "3", "g": "12"} if codec == "libx264" else {}
    path = write_video(tmp_path / f"a.{ending}", 60, codec=codec, options=options)
    numbers, times = read(path, start_seconds=start)
    np.testing.assert_allclose(times, instants(start, 2.4, 10.0), atol=1e-9)
    assert numbers == [int(np.floor(time * 25 + 1e-3)) for time in times]


def test_time_stamps_decide_at_a_variable_rate(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mkv", stamps=VARIABLE, time_base=Fraction(1, 1000))
    numbers, times = read(path, fps=20.0)
    expected = [max(index for index, stamp in enumerate(VARIABLE) if stamp <= 1000 * time + 0.5) for time in times]
    assert numbers == expected
    assert len(set(numbers)) < len(VARIABLE)
    assert probe(path).variable_rate


@pytest.mark.parametrize(("seconds", "number"), [(0.0, 0), (0.19, 2), (0.2, 3), (0.9, 8), (99.0, 11)])
def test_a_single_frame_is_the_one_shown_at_that_instant(seconds: float, number: int, tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mkv", stamps=VARIABLE, time_base=Fraction(1, 1000))
    assert number_of(frame_at(path, seconds)) == number
    assert min(frame_at(path, seconds, HEIGHT // 2).shape[:2]) == HEIGHT // 2


def test_frames_at_several_instants_are_those_of_each_alone(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", 200, options={"bf": "3", "g": "30"})
    # Out of order, twice the same, two of one frame, far apart, and past the end.
    seconds = [6.31, 0.0, 0.04, 99.0, 0.05, 6.31, 3.99, 5.0]
    numbers = [number_of(image) for image in frames_at(path, seconds)]
    assert numbers == [157, 0, 1, 199, 1, 157, 99, 125]
    assert numbers == [number_of(frame_at(path, instant)) for instant in seconds]
    assert frames_at(path, []) == []
    assert {min(image.shape[:2]) for image in frames_at(path, [0.0, 7.0], HEIGHT // 2)} == {HEIGHT // 2}


def test_frames_behind_a_break_are_the_last_whole_one(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mkv", 200, options={"g": "25"})
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    first, last, behind = (number_of(image) for image in frames_at(path, [0.0, 7.6, 99.0]))
    assert first == 0
    assert 50 < last < 150
    assert behind == last


def test_time_begins_with_the_file_whatever_its_clock_says(tmp_path: Path) -> None:
    late = write_video(
        tmp_path / "late.mkv", stamps=[5000 + 40 * frame for frame in range(20)], time_base=Fraction(1, 1000)
    )
    numbers, times = read(late)
    assert numbers == [0, 2, 5, 7, 10, 12, 15, 17]
    assert times[0] == 0
    assert probe(late).duration_seconds == pytest.approx(0.8, abs=0.002)


def test_an_instant_before_the_first_frame_shows_the_first(tmp_path: Path) -> None:
    path = tmp_path / "sound_first.mp4"
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=25, options={"bf": "0"})
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        sound = container.add_stream("aac", rate=8000)
        wave = av.AudioFrame.from_ndarray(np.zeros((1, 16000), dtype=np.float32), format="fltp", layout="mono")
        wave.sample_rate, wave.pts = 8000, 0
        container.mux(sound.encode(wave))
        container.mux(sound.encode(None))
        for number in range(10):
            frame = av.VideoFrame.from_ndarray(numbered(number + 1), format="rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = number + 10, Fraction(1, 25)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
    assert probe(path).first_frame_seconds == pytest.approx(0.4, abs=0.15)
    numbers, _ = read(path)
    assert numbers[0] == 1
    assert numbers == sorted(numbers)
    assert numbers[-1] in (8, 9)


@pytest.mark.parametrize("size", [(20, 64), 16, None])
def test_frames_come_in_the_size_that_was_asked_for(size: FrameSize, tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", 5)
    shape = next(iter(FrameReader(path, size=size))).images.shape[1:]
    assert shape == {(20, 64): (20, 64, 3), 16: (16, 64, 3), None: (HEIGHT, WIDTH, 3)}[size]


@pytest.mark.parametrize("chunk_frames", [1, 3, 100])
def test_chunks_hold_all_frames_in_order_whatever_their_size(chunk_frames: int, tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", 40)
    chunks = list(FrameReader(path, chunk_frames=chunk_frames))
    assert all(len(chunk.images) == chunk_frames for chunk in chunks[:-1])
    assert [number_of(image) for chunk in chunks for image in chunk.images] == read(path)[0]


@pytest.mark.parametrize("pixel_format", ["gray", "yuv420p10le", "yuv444p"])
def test_grey_and_deep_pictures_become_rgb(pixel_format: str, tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", 12, pixel_format=pixel_format)
    assert read(path, fps=25.0)[0] == list(range(12))
    # The decoder may hand out grey as colour.
    assert pixel_format == "gray" or probe(path).pixel_format == pixel_format


def test_pictures_with_transparency_become_rgb(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mov", 6, codec="png", pixel_format="rgba")
    assert read(path, fps=25.0)[0] == list(range(6))


@pytest.mark.parametrize(("width", "height"), [(16, 16), (7680, 4320)])
def test_tiny_and_huge_pictures_are_read(width: int, height: int, tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for _ in range(2):
            container.mux(stream.encode(av.VideoFrame(width, height, "yuv420p")))
        container.mux(stream.encode(None))
    assert (probe(path).width, probe(path).height) == (width, height)
    assert next(iter(FrameReader(path, size=(32, 32)))).images.shape == (1, 32, 32, 3)


def test_a_single_frame_is_a_video(tmp_path: Path) -> None:
    assert read(write_video(tmp_path / "a.mp4", 1))[0] == [0]


def test_a_stretch_ends_before_its_end_and_within_the_video(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", 50)
    assert len(read(path, start_seconds=0.5, end_seconds=1.0)[0]) == 5
    assert len(read(path, start_seconds=0.5, end_seconds=99.0)[0]) == 15


def test_a_truncated_file_gives_its_frames_up_to_the_break(tmp_path: Path) -> None:
    whole = write_video(tmp_path / "whole.mkv", 200, options={"g": "10"})
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    reader = FrameReader(cut)
    numbers = [number_of(image) for chunk in reader for image in chunk.images]
    assert 20 < len(numbers) < 60
    # Frames are stored out of order, so that a few before the last one may be lost.
    assert numbers[:-3] == read(whole)[0][: len(numbers) - 3]
    assert reader.damage is not None
    assert reader.damage.at_seconds == pytest.approx(len(numbers) / 10, abs=0.15)
    found = probe(cut).damage
    assert found is not None
    assert found.at_seconds == pytest.approx(reader.damage.at_seconds, abs=0.15)


def test_a_whole_file_is_not_called_damaged(tmp_path: Path) -> None:
    reader = FrameReader(write_video(tmp_path / "a.mp4", 30))
    list(reader)
    assert reader.damage is None
    assert probe(reader.path).damage is None


def unreadable(kind: str, folder: Path) -> Path:
    path = folder / "a video 'of' кофе.mp4"
    if kind == "text":
        path.write_text("this is no video\n" * 50)
    elif kind == "empty":
        path.touch()
    elif kind == "sound":
        with av.open(str(path), "w") as container:
            stream = container.add_stream("aac", rate=8000)
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 2048), dtype=np.float32), format="fltp", layout="mono")
            frame.sample_rate = 8000
            container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("kind", "said"),
    [("text", "no video that can be read"), ("empty", "0 bytes"), ("sound", "only audio"), ("none", "no such file")],
)
def test_what_is_no_video_is_refused_by_name(kind: str, said: str, tmp_path: Path) -> None:
    path = unreadable(kind, tmp_path)
    for look in (probe, lambda file: list(FrameReader(file))):
        with pytest.raises(DataError, match=said) as caught:
            look(path)
        assert str(path) in str(caught.value)


def test_a_path_with_quotes_spaces_and_other_letters_is_read(tmp_path: Path) -> None:
    assert len(read(write_video(tmp_path / 'it\'s a "test" ☕ видео.mp4', 25))[0]) == 10


@pytest.mark.parametrize(
    "wrong", [{"fps": 0.0}, {"fps": -1.0}, {"size": 0}, {"start_seconds": 2.0, "end_seconds": 1.0}]
)
def test_senseless_settings_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(SettingsError):
        FrameReader("a.mp4", **wrong)  # type: ignore[arg-type]


def test_portrait_recordings_are_turned_upright(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_video(tmp_path / "a.mp4", 4)
    lying = next(iter(FrameReader(path))).images[0]
    # PyAV writes no display matrix, so the angle that it would read is put in its place.
    monkeypatch.setattr("vasot.video.reader.turns_of", lambda _: 3)
    upright = next(iter(FrameReader(path))).images[0]
    np.testing.assert_array_equal(upright, np.rot90(lying, 3))
    assert next(iter(FrameReader(path, size=(40, 10)))).images.shape[1:3] == (40, 10)


@pytest.mark.data
@pytest.mark.parametrize("folder", ["pushups", "golf_swings"])
def test_sampled_frames_of_real_videos_are_those_that_decoding_all_gives(folder: str, data_root: Path) -> None:
    for path in sorted((data_root / folder / "videos").iterdir())[::17]:
        times = frame_times(path)
        with av.open(str(path)) as container:
            frames = list(container.decode(container.streams.video[0]))
        assert len(frames) == len(times) == probe(path).n_frames
        reader = FrameReader(path, fps=7.3, start_seconds=0.83, size=(48, 48))
        chunks = list(reader)
        shown = shown_at(times, np.concatenate([chunk.times_seconds for chunk in chunks]))
        images = np.concatenate([chunk.images for chunk in chunks])
        for image, index in list(zip(images, shown, strict=True))[::5]:
            expected = frames[index].reformat(48, 48, "rgb24", interpolation=av.video.reformatter.Interpolation.AREA)
            np.testing.assert_array_equal(image, expected.to_ndarray())


def test_shown_at_agrees_with_counting() -> None:
    times = np.array([0.0, 0.04, 0.08, 0.5])
    wanted = np.linspace(-0.2, 0.7, 91)
    expected = [max(0, int((times <= instant + 5e-4).sum()) - 1) for instant in wanted]
    assert shown_at(times, wanted).tolist() == expected


def test_instants_may_stand_still_and_pass_over_frames_but_never_go_back(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", 40)
    instants = np.array([0.2, 0.2, 0.21, 0.24, 0.8, 0.8, 1.59, 1.6, 9.0])
    shown = [number_of(image) for image in FrameReader(path, start_seconds=0.2).shown_at(instants)]
    assert shown == [5, 5, 5, 6, 20, 20, 39, 39, 39]
    with pytest.raises(SettingsError, match="in order"):
        list(FrameReader(path).shown_at([0.5, 0.4]))
