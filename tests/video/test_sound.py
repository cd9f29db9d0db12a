from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from made_videos import HEIGHT, WIDTH, heard_in, numbered, write_sounding_video, write_video
from vasot.errors import SettingsError
from vasot.video.sound import Sound
from vasot.video.writer import VideoWriter

RATE = 48000


def written(source: Path, target: Path, start: float = 0.0, end: float | None = None, n_frames: int = 75) -> Sound:
    sound = Sound(source, start, end)
    with VideoWriter(target, 25, HEIGHT, WIDTH, fast=True, sound=sound) as writer:
        for number in range(n_frames):
            writer.write(numbered(number))
    return sound


def lag(found: np.ndarray, expected: np.ndarray) -> float:
    """By how many seconds ``found`` is late, up to a tenth of a second, by the highest correlation."""
    reach, middle = RATE // 10, slice(RATE // 2, RATE)
    shifts = range(-reach, reach + 1, 8)
    scores = [float(expected[middle] @ found[middle.start + shift : middle.stop + shift]) for shift in shifts]
    return shifts[int(np.argmax(scores))] / RATE


@pytest.mark.parametrize(
    ("name", "codec", "sound_codec", "kept_as"),
    [
        ("a.mp4", "libx264", "aac", "aac"),
        ("a.ts", "libx264", "aac", "aac"),
        ("a.mp4", "libx264", "libmp3lame", "mp3"),
        ("a.webm", "libvpx", "libopus", "opus"),
        ("a.mkv", "libx264", "flac", "flac"),
        ("a.avi", "mpeg4", "pcm_s16le", "aac"),
        ("a.mkv", "libx264", "mp2", "aac"),
    ],
)
def test_sound_is_kept_in_time(name: str, codec: str, sound_codec: str, kept_as: str, tmp_path: Path) -> None:
    source = tmp_path / name
    write_sounding_video(source, 75, codec, sound_codec)
    before, _ = heard_in(source, 3.5)
    with av.open(str(source)) as container:
        # A transport stream counts from a time of its own.
        before = np.roll(before, -round((container.start_time or 0) / av.time_base * RATE))
    sound = written(source, tmp_path / "out.mp4")
    after, kind = heard_in(tmp_path / "out.mp4", 3.5)
    assert kind == kept_as
    assert abs(lag(after, before)) < 0.002
    assert np.abs(after[: 3 * RATE]).mean() == pytest.approx(np.abs(before[: 3 * RATE]).mean(), rel=0.05)
    assert sound.damage is None


@pytest.mark.parametrize(("name", "sound_codec"), [("a.mp4", "aac"), ("a.mkv", "pcm_s16le")])
def test_a_stretch_has_its_own_sound_and_no_more(name: str, sound_codec: str, tmp_path: Path) -> None:
    samples = write_sounding_video(tmp_path / name, 100, "libx264", sound_codec)
    written(tmp_path / name, tmp_path / "out.mp4", 1.3, 3.1, n_frames=45)
    after, _ = heard_in(tmp_path / "out.mp4", 4.0)
    assert abs(lag(after, samples[round(1.3 * RATE) :])) < 0.002
    heard = np.flatnonzero(np.abs(after) > 0.01) / RATE
    assert heard[0] < 0.1
    assert 1.75 < heard[-1] < 1.83


def test_sound_lies_beside_the_pictures_in_the_file(tmp_path: Path) -> None:
    write_sounding_video(tmp_path / "a.mp4", 100, "libx264", "aac")
    written(tmp_path / "a.mp4", tmp_path / "out.mp4", n_frames=100)
    with av.open(str(tmp_path / "out.mp4")) as container:
        kinds = [packet.stream.type for packet in container.demux() if packet.size]
    first_half = kinds[: len(kinds) // 2]
    assert first_half.count("audio") > 0.3 * kinds.count("audio")
    assert first_half.count("video") > 0.3 * kinds.count("video")


def test_a_video_without_sound_gives_none(tmp_path: Path) -> None:
    write_video(tmp_path / "a.mp4", 10)
    written(tmp_path / "a.mp4", tmp_path / "out.mp4", n_frames=10)
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert not container.streams.audio


def test_an_empty_stretch_of_sound_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="empty"):
        Sound(tmp_path / "a.mp4", 2.0, 2.0)
