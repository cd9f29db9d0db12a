from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from made_videos import HEIGHT, WIDTH, number_of, numbered
from vasot.errors import RunFolderError, SettingsError
from vasot.video.probe import frame_times, probe
from vasot.video.reader import FrameReader, frame_at
from vasot.video.writer import VideoWriter


@pytest.mark.parametrize("rate", [25.0, 30000 / 1001, 10.0])
def test_frames_come_back_in_order_at_their_times(rate: float, tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    with VideoWriter(path, rate, HEIGHT, WIDTH) as video:
        for number in range(40):
            video.write(numbered(number))
    np.testing.assert_allclose(frame_times(path), np.arange(40) / rate, atol=1e-4)
    assert not probe(path).variable_rate
    assert probe(path).mean_rate_hz == pytest.approx(rate, rel=1e-3)
    images = np.concatenate([chunk.images for chunk in FrameReader(path, fps=rate)])
    assert [number_of(image) for image in images] == list(range(40))


def test_the_index_stands_at_the_front(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    with VideoWriter(path, 25, HEIGHT, WIDTH) as video:
        video.write(numbered(1))
    content = path.read_bytes()
    assert 0 < content.index(b"moov") < content.index(b"mdat")


def test_a_body_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def broken_off() -> None:
        with VideoWriter(tmp_path / "a.mp4", 25, HEIGHT, WIDTH) as video:
            video.write(numbered(1))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken_off()
    assert not list(tmp_path.iterdir())


def test_a_file_that_exists_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_text("precious")
    with pytest.raises(RunFolderError), VideoWriter(path, 25, HEIGHT, WIDTH):
        pass
    assert path.read_text() == "precious"


@pytest.mark.parametrize(("rate", "height", "width"), [(0, 32, 32), (25, 31, 32), (25, 32, 0)])
def test_sizes_and_rates_that_the_format_lacks_are_refused(rate: float, height: int, width: int) -> None:
    with pytest.raises(SettingsError):
        VideoWriter("a.mp4", rate, height, width)


def test_a_frame_of_another_size_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="shape"), VideoWriter(tmp_path / "a.mp4", 25, HEIGHT, WIDTH) as video:
        video.write(numbered(1)[:, :-2])


def test_frames_with_times_of_their_own_appear_at_them(tmp_path: Path) -> None:
    path, times = tmp_path / "a.mp4", np.cumsum([0.0, 0.04, 0.033, 0.5, 0.001, 1 / 3])
    with VideoWriter(path, 25, HEIGHT, WIDTH, own_times=True) as video:
        for number, time in enumerate(times):
            video.write(numbered(number), float(time))
    np.testing.assert_allclose(frame_times(path), times, atol=1e-5)
    images = list(FrameReader(path).shown_at(times))
    assert [number_of(image) for image in images] == list(range(6))


@pytest.mark.parametrize(("own_times", "text"), [(False, "own_times"), (True, "not behind")])
def test_a_time_that_is_not_asked_for_or_goes_back_is_refused(own_times: bool, text: str, tmp_path: Path) -> None:
    def twice() -> None:
        with VideoWriter(tmp_path / "a.mp4", 25, HEIGHT, WIDTH, own_times=own_times) as video:
            video.write(numbered(1), 0.5)
            video.write(numbered(2), 0.5)

    with pytest.raises(SettingsError, match=text):
        twice()
    assert not list(tmp_path.iterdir())


def test_the_file_says_how_its_colours_are_meant(tmp_path: Path) -> None:
    path, green = tmp_path / "a.mp4", np.full((720, 1280, 3), (30, 200, 60), dtype=np.uint8)
    with VideoWriter(path, 25, 720, 1280, fast=True) as video:
        video.write(green)
    with av.open(str(path)) as container:
        assert container.streams.video[0].codec_context.colorspace == 6
    np.testing.assert_allclose(frame_at(path, 0.0).mean((0, 1)), green[0, 0], atol=4)
