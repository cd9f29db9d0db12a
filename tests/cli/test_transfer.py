from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from vasot.annotations.notes import read_notes
from vasot.cli.main import app

SRT = """1
00:00:00,000 --> 00:00:01,000
first half,
on two lines

2
00:00:01,000 --> 00:00:02,400
second half
"""


def vasot(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "transfer.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    file = tmp_path / "labels.srt"
    file.write_text(SRT, encoding="utf-8")
    return file


def test_subtitles_reach_a_copy_of_the_video_unchanged(played: Path, labels: Path, tmp_path: Path) -> None:
    copy = shutil.copy(played / "data" / "videos" / "a.mp4", tmp_path / "copy.mp4")
    result = vasot("transfer", played / "run", "a", copy, "b", "--labels", labels, "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert "copy: 2 annotations, mean confidence " in result.stdout
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"transfer.csv", "copy.srt", "b.srt"}
    (before,), (after,) = read_notes(labels), read_notes(tmp_path / "out" / "copy.srt")
    for old, new in zip(before.notes, after.notes, strict=True):
        assert new.text.removesuffix(" (unmatched)") == old.text
        # A sampled frame lasts 0.1 s.
        assert (new.start, new.end) == pytest.approx((old.start, old.end), abs=0.15)
    assert {row["recording"] for row in rows(tmp_path / "out")} == {"copy", "b"}
    again = vasot("transfer", played / "run", "a", "b", "--labels", labels, "-o", tmp_path / "out")
    assert again.exit_code == 2
    assert "--force" in again.stderr


def test_another_format_can_be_asked_for_and_points_are_carried(played: Path, tmp_path: Path) -> None:
    table = tmp_path / "labels.csv"
    table.write_text(
        "recording,start,end,label,tier\na,0.2,1.2,reach,hand\na,1.5,,touch,hand\nother,0,1,x,\nb,0,1,x,\n"
    )
    out = tmp_path / "out"
    result = vasot("transfer", played / "run", "a", "b", "--labels", table, "-o", out, "--format", "boris")
    assert result.exit_code == 0, result.output
    (sheet,) = read_notes(out / "segments.boris")
    assert [(note.tier, note.is_point) for note in sheet.notes] == [("hand", False), ("hand", True)]
    assert "b" in sheet.names


def test_labels_beyond_a_clip_are_cut_or_left_out(played: Path, labels: Path, tmp_path: Path) -> None:
    labels.write_text(SRT.replace("00:00:01,000 -->", "00:00:01,600 -->"), encoding="utf-8")
    result = vasot("transfer", played / "run", "middle", "a", "--labels", labels, "-o", tmp_path, "--format", "csv")
    assert result.exit_code == 0, result.output
    assert "1 annotations lie outside 'middle'" in result.stdout
    (row,) = rows(tmp_path)
    assert (row["from_start_seconds"], row["from_end_seconds"]) == ("0.300", "1.000")


def test_frames_of_label_studio_are_those_of_the_video(played: Path, tmp_path: Path) -> None:
    region = {"value": {"ranges": [{"start": 6, "end": 25}], "timelinelabels": ["reach"]}}
    task = {"data": {"video": "/data/upload/1/0a1b2c3d-a.mp4"}, "annotations": [{"result": [region]}]}
    file = tmp_path / "tasks.json"
    file.write_text(json.dumps([task]))
    result = vasot("transfer", played / "run", "a", "b", "--labels", file, "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    (row,) = rows(tmp_path / "out")
    assert (row["from_start_seconds"], row["from_end_seconds"]) == ("0.200", "1.000")
    assert (tmp_path / "out" / "segments.label-studio.json").is_file()


def test_arrays_of_a_known_rate_get_labels_too(played: Path, labels: Path, tmp_path: Path) -> None:
    a, b = sorted(path.stem for path in (played / "tables" / "features").iterdir())[:2]
    result = vasot("transfer", played / "arrays", a, b, "--labels", labels, "-o", tmp_path, "--format", "eaf")
    assert result.exit_code == 0, result.output
    (sheet,) = read_notes(tmp_path / f"{b}.eaf")
    assert len(sheet.notes) == 2


@pytest.mark.parametrize(
    ("run", "words", "text"),
    [
        ("run", ["a"], "give the labelled one"),
        ("run", ["a", "absent"], "neither a recording of the run"),
        ("run", ["a", "b", "--format", "textgrid"], "cannot be transferred to the format 'textgrid'"),
        ("run", ["a", "b", "--unmatched", "drop"], "Known: flag, keep, leave-out"),
        ("run", ["a", "b", "--labels-format", "eaf"], "is no ELAN file"),
        ("asot", ["a", "b"], "cannot align"),
    ],
)
def test_what_cannot_be_transferred_is_refused(
    played: Path, labels: Path, tmp_path: Path, run: str, words: list[object], text: str
) -> None:
    result = vasot("transfer", played / run, *words, "--labels", labels, "-o", tmp_path / "out")
    assert result.exit_code == 2, result.output
    assert text in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SRT.replace("00:00:0", "00:01:0"), "none of its 2 annotations lies in 'a'"),
        ("", "holds no annotation"),
        ("1\n00:00:02,000 --> 00:00:01,000\nback\n", "ends before it begins"),
    ],
)
def test_labels_that_cannot_be_of_the_recording_are_refused(
    played: Path, labels: Path, tmp_path: Path, text: str, said: str
) -> None:
    labels.write_text(text, encoding="utf-8")
    result = vasot("transfer", played / "run", "a", "b", "--labels", labels, "-o", tmp_path / "out")
    assert result.exit_code == 2, result.output
    assert said in result.stderr


def test_labels_of_several_other_recordings_are_refused(played: Path, tmp_path: Path) -> None:
    table = tmp_path / "labels.csv"
    table.write_text("recording,start,end,label\nx,0,1,reach\ny,0,1,reach\n")
    result = vasot("transfer", played / "run", "a", "b", "--labels", table, "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert "are of 2 recordings (x, y)" in result.stderr
