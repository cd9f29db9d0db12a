from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from made_videos import HEIGHT, WIDTH, number_of, numbered
from vasot.errors import RunFolderError, SettingsError
from vasot.video.probe import frame_times, probe
from vasot.video.reader import FrameReader
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
