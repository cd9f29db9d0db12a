"""Folders with videos that are broken, odd or no videos: one clear end each, and the others are not lost."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
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
    assert "left out: 2 videos or clips" in closing
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


def test_pictures_alone_are_no_recordings(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"1")
    result = vasot("check", tmp_path)
    assert result.exit_code == 2
    assert "among its 1 file (1 .jpg)" in result.stdout
    assert "or videos, such as .mp4" in result.stdout


def test_a_name_in_an_unknown_encoding_is_refused_readably(data: Path) -> None:
    (data / "b.mp4").rename(data / os.fsdecode(b"caf\xe9.mp4"))
    result = fit(data)
    assert result.exit_code == 2
    assert "caf\N{REPLACEMENT CHARACTER}.mp4: its name holds letters in an unknown encoding; rename" in result.stderr
    assert not (data.parent.parent / "run").exists()


def test_links_that_lead_nowhere_are_left_out(data: Path) -> None:
    (data / "gone.mp4").symlink_to(data / "nothing.mp4")
    (data / "linked.mp4").symlink_to(write_video(data.parent / "elsewhere.mp4", 65))
    result = vasot("check", data)
    assert result.exit_code == 1
    assert "gone.mp4: there is no such file; it is left out" in result.stdout
    assert "would train on 3 recordings" in result.stdout


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """No file may grow beyond so many bytes, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def leftovers(folder: Path) -> list[Path]:
    return list(folder.rglob("*.partial*"))


def test_a_disk_that_is_full_while_features_are_kept(data: Path, tmp_path: Path) -> None:
    with largest_file(20_000):
        result = fit(data)
    assert result.exit_code == 2
    assert "File too large" in result.stderr
    assert "set VASOT_CACHE to another folder" in result.stderr
    assert not leftovers(tmp_path)
    assert not (tmp_path / "run").exists()
    assert fit(data).exit_code == 0


def test_a_disk_that_is_full_while_a_checkpoint_is_written(data: Path, tmp_path: Path) -> None:
    words = ["fit", data, "-k", 2, "-o", tmp_path / "run", *TINY, "--set", "hidden_sizes=[64]", *FEW_STARTS]
    with largest_file(60_000):
        result = vasot(*words)
    assert result.exit_code == 2, result.output
    assert f"training stopped: {tmp_path / 'run'} cannot be written (File too large)" in result.stderr
    assert "start again with --force" in result.stderr
    assert not leftovers(tmp_path)
    assert vasot(*words, "--force").exit_code == 0


def test_weights_that_do_not_fit_on_the_disk_end_with_one_line(data: Path, tmp_path: Path) -> None:
    from vasot.errors import VasotError
    from vasot.training.model import load

    assert fit(data).exit_code == 0
    model = load(tmp_path / "run")
    with largest_file(4_000), pytest.raises(VasotError, match=r"cannot write .*model\.safetensors: File too large"):
        model.save(tmp_path / "copy")
    assert not leftovers(tmp_path)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on two good videos."""
    folder = tmp_path_factory.mktemp("run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VASOT_CACHE", str(folder / "cache"))
        result = fit(write_corpus(folder / "data", (60, 70)) / "videos")
    assert result.exit_code == 0, result.output
    return folder / "run"


def test_new_videos_that_break_off_or_cannot_be_read_are_named(run: Path, data: Path, tmp_path: Path) -> None:
    whole = write_video(tmp_path / "whole.mkv", 200, options={"g": "10"})
    (data / "cut.mkv").write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    (data / "notes.mp4").write_text("no video")
    result = vasot("segment", run, data, "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert "warning: cut breaks off at " in result.stderr
    assert "notes.mp4: is no video" in result.stderr
    assert {path.name.split(".")[0] for path in (tmp_path / "out").iterdir()} == {"a", "b", "cut"}
    refused = vasot("segment", run, data / "notes.mp4", data / "a.mp4", "-o", tmp_path / "other")
    assert refused.exit_code == 2
    assert "notes.mp4: is no video" in refused.stderr
    assert not (tmp_path / "other").exists()


def test_an_interrupt_during_extraction_keeps_what_was_done(data: Path, tmp_path: Path) -> None:
    # The longest is looked at first; it is still being looked at when the shortest is done.
    write_video(data / "long.mp4", 4000, options={"preset": "ultrafast"})
    words = ["fit", str(data), "-k", "2", "-o", str(tmp_path / "run"), "--fps", "25", *TINY, *FEW_STARTS]
    program = "import signal, vasot.cli.main as m; signal.signal(signal.SIGINT, signal.default_int_handler); m.main()"
    process = subprocess.Popen([sys.executable, "-c", program, *words], stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 60
    while not (kept := list((tmp_path / "cache").rglob("[!.]*.npz"))) and time.monotonic() < until:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said.splitlines()[-1] == "interrupted"
    assert "Traceback" not in said
    assert not leftovers(tmp_path)
    assert not (tmp_path / "run").exists()
    (data / "long.mp4").unlink()
    stamps = {path: path.stat().st_mtime_ns for path in kept}
    assert vasot(*words).exit_code == 0
    assert {path: path.stat().st_mtime_ns for path in kept} == stamps
