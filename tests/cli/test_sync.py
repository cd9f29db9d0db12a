from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from made_videos import write_video
from vasot.cli.main import app
from vasot.video.probe import frame_times, probe


def vasot(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def test_names_and_new_videos_are_played_in_step(played: Path, tmp_path: Path) -> None:
    new = shutil.copy(played / "data" / "videos" / "b.mp4", tmp_path / "neu ü.mp4")
    result = vasot("sync", played / "run", "a", new, "middle", "-o", tmp_path / "out.mp4", "--layout", "grid")
    assert result.exit_code == 0, result.output
    assert "neu ü follows a: " in result.stdout
    assert "middle follows a: " in result.stdout
    assert f"wrote {tmp_path / 'out.mp4'}" in result.stdout
    facts = probe(tmp_path / "out.mp4")
    assert (facts.codec, facts.pixel_format, facts.n_frames) == ("h264", "yuv420p", 60)
    again = vasot("sync", played / "run", "a", "b", "-o", tmp_path / "out.mp4")
    assert again.exit_code == 2
    assert "--force" in again.stderr
    assert vasot("sync", played / "run", "b", "a", "-o", tmp_path / "out.mp4", "--force").exit_code == 0
    assert probe(tmp_path / "out.mp4").n_frames == 70


def test_a_clip_leads_for_as_long_as_it_lasts(played: Path, tmp_path: Path) -> None:
    result = vasot("sync", played / "run", "middle", "a", "-o", tmp_path / "out.mp4", "--height", 64)
    assert result.exit_code == 0, result.output
    # From 0.3 s, between two frames, up to 1.5 s.
    times = frame_times(tmp_path / "out.mp4")
    assert times.size == 31
    assert times[:2].tolist() == pytest.approx([0.0, 0.02], abs=1e-4)


@pytest.mark.parametrize(
    ("run", "words", "text"),
    [
        ("run", ["a"], "give two or more"),
        ("run", ["a", "a"], "are the same recording"),
        ("run", ["a", "middl"], "did you mean 'middle'"),
        ("run", ["a", "b", "-o", "out.avi"], "written as .mp4"),
        ("run", ["a", "b", "--layout", "row"], "there is no layout 'row'"),
        ("run", ["a", "b", "--height", 1], "show nothing"),
        ("asot", ["a", "b"], "cannot align"),
        ("data", ["a", "b"], "not a run of vasot"),
    ],
)
def test_what_cannot_be_played_is_refused(
    played: Path, tmp_path: Path, run: str, words: list[object], text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    output = [] if "-o" in words else ["-o", "out.mp4"]
    result = vasot("sync", played / run, *words, *output)
    assert result.exit_code == 2, result.output
    assert text in result.stderr
    assert not list(tmp_path.iterdir())


def test_arrays_have_nothing_to_play(played: Path, tmp_path: Path) -> None:
    names = sorted(path.stem for path in (played / "tables" / "features").iterdir())[:2]
    result = vasot("sync", played / "arrays", *names, "-o", tmp_path / "out.mp4")
    assert result.exit_code == 2
    assert "is an array of features" in result.stderr
    assert not list(tmp_path.iterdir())


def test_the_same_file_under_its_name_and_its_path_is_one_recording(played: Path, tmp_path: Path) -> None:
    result = vasot("sync", played / "run", "a", played / "data" / "videos" / "a.mp4", "-o", tmp_path / "out.mp4")
    assert result.exit_code == 2
    assert "are the same recording" in result.stderr


def test_a_recording_that_breaks_off_is_told(played: Path, tmp_path: Path) -> None:
    whole = write_video(tmp_path / "whole.mkv", 80, options={"g": "10"})
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * 0.7)])
    result = vasot("sync", played / "run", cut, "b", "-o", tmp_path / "out.mp4")
    assert result.exit_code == 0, result.output
    assert "cut breaks off" in result.stderr
