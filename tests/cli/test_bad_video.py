"""Folders with videos that are broken, odd or no videos: one clear end each, and the others are not lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from made_videos import write_corpus, write_video
from vasot.cli.main import app

TINY = ["--set", "epochs=1", "--set", "frames_per_clip=8", "--set", "radius=0.2", "--set", "hidden_sizes=[8]"]
FEW_STARTS = ["--set", "starts=1", "--set", "start_rounds=0"]


@pytest.fixture(autouse=True)
def own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VASOT_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_corpus(tmp_path / "data", (60, 70)) / "videos"


def vasot(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def fit(data: Path) -> Result:
    return vasot("fit", data, "-k", 2, "-o", data.parent.parent / "run", *TINY, *FEW_STARTS)


def test_what_is_left_out_stands_in_a_closing_table(data: Path) -> None:
    (data / "notes.mp4").write_text("no video")
    (data / "empty.mov").touch()
    result = fit(data)
    assert result.exit_code == 0, result.output
    closing = result.stdout[result.stdout.index("trained in") :]
    assert "2 videos or clips were left out:" in closing
    assert "notes.mp4: is no video" in closing
    assert "empty.mov: is empty" in closing


def test_pictures_hidden_files_and_capital_endings(data: Path) -> None:
    for name in ("a.jpg", "b.gif", "._a.mp4", ".hidden.mp4"):
        (data / name).write_bytes(b"\x00")
    (data / "b.mp4").rename(data / "b.MP4")
    result = vasot("check", data)
    assert result.exit_code == 0, result.output
    assert "2 recordings" in result.stdout


def test_two_endings_of_one_name_are_refused_by_both_names(data: Path) -> None:
    write_video(data / "a.mkv", 60)
    result = vasot("check", data)
    assert result.exit_code == 2
    assert "a.mkv and " in result.stdout
    assert "both stand for one recording" in result.stdout


def test_a_clip_that_goes_on_after_its_video_is_cut_and_told(data: Path) -> None:
    (data / "clips.csv").write_text("video,start_seconds,end_seconds\na.mp4,0,2.4\nb.mp4,0,99\n")
    result = vasot("check", data)
    assert result.exit_code == 1
    assert "clip 'b' is to end at 99 s, but b.mp4 ends at 2.80 s; it is cut there" in result.stdout
    assert "'a'" not in result.stdout


def test_one_frame_beside_longer_videos_is_a_recording(data: Path) -> None:
    write_video(data / "one.mp4", 1)
    result = fit(data)
    assert result.exit_code == 0, result.output
    assert (data.parent.parent / "run" / "segments" / "one.segments.csv").is_file()
