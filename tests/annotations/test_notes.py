from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pympi import Eaf

from vasot.annotations.marks import ReadOptions
from vasot.annotations.notes import NOTE_READERS, Note, read_notes
from vasot.errors import DataError, SettingsError


def elan(path: Path, author: str = "somebody") -> Path:
    document = Eaf(author=author)
    document.remove_tier("default")
    for tier, start, end, text in (
        ("steps", 0, 1500, "pour"),
        ("hands", 500, 2000, "left\nhand"),
        ("hands", 2000, 2500, ""),
        ("confidence", 0, 1500, "0.9"),
    ):
        if tier not in document.get_tier_names():
            document.add_tier(tier)
        document.add_annotation(tier, start, end, text)
    document.to_file(str(path))
    return path


def boris(path: Path, events: list[list[Any]]) -> Path:
    kinds = {"0": {"type": "State event", "code": "walk"}, "1": {"type": "Point event", "code": "peck"}}
    project = {"behaviors_conf": kinds, "observations": {"day 1": {"file": {"1": ["x/take.mp4"]}, "events": events}}}
    path.write_text(json.dumps(project))
    return path


def test_all_tiers_of_elan_are_read_or_the_one_asked_for(tmp_path: Path) -> None:
    file = elan(tmp_path / "take.eaf")
    (sheet,) = read_notes(file)
    assert sheet.names == ("take",)
    assert [(note.tier, note.start, note.end) for note in sheet.notes] == [
        ("steps", 0.0, 1.5),
        ("confidence", 0.0, 1.5),
        ("hands", 0.5, 2.0),
        ("hands", 2.0, 2.5),
    ]
    (one,) = read_notes(file, options=ReadOptions("hands"))
    assert [note.text for note in one.notes] == ["left\nhand", ""]
    with pytest.raises(DataError, match="did you mean 'hands'"):
        read_notes(file, options=ReadOptions("hand"))


def test_confidences_that_were_exported_are_no_annotations(tmp_path: Path) -> None:
    (sheet,) = read_notes(elan(tmp_path / "take.eaf", author="vasot"))
    assert {note.tier for note in sheet.notes} == {"steps", "hands"}


def test_point_events_subjects_and_modifiers_of_boris_are_read(tmp_path: Path) -> None:
    events = [
        [0.5, "hen", "walk", "fast", ""],
        [1.0, "cock", "walk", "", ""],
        [1.5, "hen", "peck", "", ""],
        [2.0, "hen", "walk", "fast", ""],
        [3.0, "cock", "walk", "", ""],
    ]
    (sheet,) = read_notes(boris(tmp_path / "a.boris", events))
    assert sheet.names == ("day 1", "take")
    assert sheet.notes == (
        Note(0.5, 2.0, "walk [fast]", "hen"),
        Note(1.0, 3.0, "walk", "cock"),
        Note(1.5, 1.5, "peck", "hen"),
    )
    assert [note.is_point for note in sheet.notes] == [False, False, True]
    with pytest.raises(DataError, match="never ends"):
        read_notes(boris(tmp_path / "b.boris", events[:2]))


def test_subtitles_may_overlap_and_keep_their_lines(tmp_path: Path) -> None:
    file = tmp_path / "a.srt"
    file.write_text(
        "1\n00:00:00,000 --> 00:00:02,000\n<i>one</i>\ntwo\n\n2\n00:00:01,000 --> 00:00:01,000\nnow\n", encoding="utf-8"
    )
    (sheet,) = read_notes(file)
    assert sheet.notes == (Note(0.0, 2.0, "one\ntwo"), Note(1.0, 1.0, "now"))


def test_rows_without_an_end_are_points(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("video;start;end;label;tier\nx;0:01.5;0:02;reach;hand\nx;2.5;;touch;\ny;0;1;reach;\n")
    x, y = read_notes(file)
    assert x.notes == (Note(1.5, 2.0, "reach", "hand"), Note(2.5, 2.5, "touch"))
    assert y.names == ("y",)
    file.write_text("start,label\n1,touch\n")
    assert read_notes(file)[0].notes == (Note(1.0, 1.0, "touch"),)


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ("2,1,a", "ends before it begins"),
        ("-1,1,a", "begins before the recording"),
        ("inf,,a", "no number"),
        ("x,1,a", "line 2 has the time 'x'"),
        (",1,a", "line 2 has no time"),
        ("", "holds no annotation"),
    ],
)
def test_times_that_cannot_be_used_are_refused(rows: str, text: str, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text(f"start,end,label\n{rows}\n")
    with pytest.raises(DataError, match=text):
        read_notes(file)


def test_the_format_has_to_be_known(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="--format"):
        read_notes(tmp_path / "a.txt")
    with pytest.raises(SettingsError, match="label-studio"):
        read_notes(tmp_path / "a.json", "labelstudio")
    assert set(NOTE_READERS) == {"boris", "csv", "eaf", "label-studio", "srt"}
