from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from made_data import tiny, tiny_data
from made_videos import write_corpus, write_video
from vasot.cli.main import app
from vasot.datasets.synthetic import write_dataset
from vasot.training.model import fit
from vasot.video.probe import frame_times, probe

SMALL: dict[str, Any] = {
    "epochs": 1,
    "frames_per_clip": 8,
    "radius": 0.2,
    "hidden_sizes": [8],
    "starts": 1,
    "start_rounds": 0,
}


def vasot(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """``data`` with videos a, b and c, the run ``run`` on them, and the run ``arrays`` on arrays."""
    folder = tmp_path_factory.mktemp("sync")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VASOT_CACHE", str(folder / "cache"))
        write_corpus(folder / "data", (60, 70, 45))
        (folder / "data" / "videos" / "clips.csv").write_text(
            "video,start_seconds,end_seconds,name\na.mp4,,,a\nb.mp4,,,b\nc.mp4,0.3,1.5,middle\n"
        )
        fit(folder / "data" / "videos", actions=2, output=folder / "run", **SMALL)
        write_dataset(tiny_data(), folder / "tables")
        fit(folder / "tables", output=folder / "arrays", rate_hz=10.0, **tiny())
        fit(folder / "tables", output=folder / "asot", method="asot", **tiny())
        yield folder


def test_names_and_new_videos_are_played_in_step(place: Path, tmp_path: Path) -> None:
    new = shutil.copy(place / "data" / "videos" / "b.mp4", tmp_path / "neu ü.mp4")
    result = vasot("sync", place / "run", "a", new, "middle", "-o", tmp_path / "out.mp4", "--layout", "grid")
    assert result.exit_code == 0, result.output
    assert "neu ü follows a: " in result.stdout
    assert "middle follows a: " in result.stdout
    assert f"wrote {tmp_path / 'out.mp4'}" in result.stdout
    facts = probe(tmp_path / "out.mp4")
    assert (facts.codec, facts.pixel_format, facts.n_frames) == ("h264", "yuv420p", 60)
    again = vasot("sync", place / "run", "a", "b", "-o", tmp_path / "out.mp4")
    assert again.exit_code == 2
    assert "--force" in again.stderr
    assert vasot("sync", place / "run", "b", "a", "-o", tmp_path / "out.mp4", "--force").exit_code == 0
    assert probe(tmp_path / "out.mp4").n_frames == 70


def test_a_clip_leads_for_as_long_as_it_lasts(place: Path, tmp_path: Path) -> None:
    result = vasot("sync", place / "run", "middle", "a", "-o", tmp_path / "out.mp4", "--height", 64)
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
        ("asot", ["a", "b"], "does not align"),
        ("data", ["a", "b"], "not a run of vasot"),
    ],
)
def test_what_cannot_be_played_is_refused(
    place: Path, tmp_path: Path, run: str, words: list[object], text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    output = [] if "-o" in words else ["-o", "out.mp4"]
    result = vasot("sync", place / run, *words, *output)
    assert result.exit_code == 2, result.output
    assert text in result.stderr
    assert not list(tmp_path.iterdir())


def test_arrays_have_nothing_to_play(place: Path, tmp_path: Path) -> None:
    names = sorted(path.stem for path in (place / "tables" / "features").iterdir())[:2]
    result = vasot("sync", place / "arrays", *names, "-o", tmp_path / "out.mp4")
    assert result.exit_code == 2
    assert "is an array of features" in result.stderr
    assert not list(tmp_path.iterdir())


def test_the_same_file_under_its_name_and_its_path_is_one_recording(place: Path, tmp_path: Path) -> None:
    result = vasot("sync", place / "run", "a", place / "data" / "videos" / "a.mp4", "-o", tmp_path / "out.mp4")
    assert result.exit_code == 2
    assert "are the same recording" in result.stderr


def test_a_recording_that_breaks_off_is_told(place: Path, tmp_path: Path) -> None:
    whole = write_video(tmp_path / "whole.mkv", 80, options={"g": "10"})
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * 0.7)])
    result = vasot("sync", place / "run", cut, "b", "-o", tmp_path / "out.mp4")
    assert result.exit_code == 0, result.output
    assert "cut breaks off" in result.stderr
