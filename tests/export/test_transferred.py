from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from vasot.annotations.notes import Note, read_notes
from vasot.decoding.carry import Carried
from vasot.errors import SettingsError
from vasot.export.content import Video
from vasot.export.formats import plan_export, write_export
from vasot.export.transferred import (
    FORMATS,
    Target,
    TransferredNote,
    as_exported,
    check_choices,
    keep_chosen,
    write_transfer_table,
)

TIMES = np.arange(250) / 25
TARGET = Target("take ü", TIMES[::2], 10.0, Video(Path("take ü.mp4"), 640, 360, 10.0, TIMES))
FOUND = [
    TransferredNote(Note(0.0, 2.0, "pour\nslowly", "left"), Carried(0.5, 3.0, 1.0, 0.9)),
    TransferredNote(Note(1.0, 3.0, "hold", "right"), Carried(2.0, 4.0, 0.6, 0.5)),
    TransferredNote(Note(1.5, 2.5, "hold it", "left"), Carried(2.2, 3.4, 0.2, 0.1)),
    TransferredNote(Note(2.0, 2.0, "drop", "left"), Carried(3.1, 3.1, 1.0, 0.8)),
]


def written(format_name: str, folder: Path, unmatched: str = "flag") -> Path:
    plan = plan_export(format_name, [TARGET.name], folder, aligned=False, force=False)
    chosen = keep_chosen(FOUND, unmatched)
    assert write_export(plan, [as_exported(TARGET, chosen, format_name, unmatched)]) == []
    return plan.segments[TARGET.name]


@pytest.mark.parametrize("format_name", [name for name in FORMATS if name != "csv"])
def test_every_format_holds_overlapping_annotations_and_points(format_name: str, tmp_path: Path) -> None:
    said = written(format_name, tmp_path).read_text(encoding="utf-8")
    for text in ("pour", "slowly", "hold", "hold it", "drop"):
        assert text in said


@pytest.mark.parametrize("format_name", ["boris", "eaf", "srt"])
def test_what_was_transferred_is_read_again(format_name: str, tmp_path: Path) -> None:
    (sheet,) = read_notes(written(format_name, tmp_path))
    assert TARGET.name in sheet.names
    again = {note.text.split(" (")[0].replace("\n", " "): note for note in sheet.notes}
    assert set(again) == {"pour slowly", "hold", "hold it", "drop"}
    for each in FOUND:
        note = again[each.note.text.replace("\n", " ")]
        assert note.start == pytest.approx(each.carried.start_seconds)
        if each.note.is_point and format_name != "boris":
            # As long as one frame.
            assert note.end == pytest.approx(note.start + 0.04, abs=1.1e-3)
        else:
            assert note.end == pytest.approx(each.carried.end_seconds)
    flagged = [note.text for note in sheet.notes if note.text.endswith(" (unmatched)")]
    assert flagged == ["hold it (unmatched)"]


def test_tiers_and_subjects_are_kept(tmp_path: Path) -> None:
    (boris,) = read_notes(written("boris", tmp_path))
    assert {note.text: note.tier for note in boris.notes}["hold"] == "right"
    assert [note.text for note in boris.notes if note.is_point] == ["drop"]
    (elan,) = read_notes(written("eaf", tmp_path))
    tiers = {note.text: note.tier for note in elan.notes}
    # A tier of ELAN holds no two annotations at once.
    assert tiers == {"pour\nslowly": "left", "hold": "right", "hold it (unmatched)": "left 2", "drop": "left"}


def test_annotations_without_counterpart_are_flagged_kept_or_left_out(tmp_path: Path) -> None:
    texts = {}
    for choice in ("flag", "keep", "leave-out"):
        (sheet,) = read_notes(written("srt", tmp_path / choice, choice))
        texts[choice] = [note.text for note in sheet.notes if note.text.startswith("hold it")]
    assert texts == {"flag": ["hold it (unmatched)"], "keep": ["hold it"], "leave-out": []}


def test_a_behaviour_that_is_a_state_and_a_point_is_told_apart(tmp_path: Path) -> None:
    both = [
        TransferredNote(Note(0.0, 1.0, "grasp"), Carried(0.0, 1.0, 1.0, 1.0)),
        TransferredNote(Note(2.0, 2.0, "grasp"), Carried(2.0, 2.0, 1.0, 1.0)),
    ]
    plan = plan_export("boris", [TARGET.name], tmp_path, aligned=False, force=False)
    write_export(plan, [as_exported(TARGET, both, "boris", "keep")])
    (sheet,) = read_notes(plan.segments[TARGET.name])
    assert [(note.text, note.start, note.end) for note in sheet.notes] == [
        ("grasp", 0.0, 1.0),
        ("grasp (point)", 2.0, 2.0),
    ]


def test_an_array_counts_its_own_frames() -> None:
    target = Target("array", np.arange(40) / 4, 10.0, None)
    exported = as_exported(target, FOUND, "json", "keep")
    assert [(span.start_frame, span.end_frame) for span in exported.spans] == [(2, 12), (8, 16), (8, 13), (12, 13)]


def test_the_table_says_where_an_annotation_came_from_and_how_sure_it_is(tmp_path: Path) -> None:
    write_transfer_table([(TARGET, FOUND)], tmp_path / "transfer.csv")
    with (tmp_path / "transfer.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["unmatched"] for row in rows] == ["0", "0", "1", "0"]
    assert rows[0]["name"] == "pour\nslowly"
    assert rows[1]["start_time"] == "00:00:02.000"
    assert (rows[3]["end_seconds"], rows[3]["from_end_seconds"]) == ("", "")
    (sheet,) = read_notes(tmp_path / "transfer.csv")
    assert sheet.notes[-1] == Note(3.1, 3.1, "drop", "left")


def test_unknown_formats_and_choices_are_refused() -> None:
    with pytest.raises(SettingsError, match="did you mean 'label-studio'"):
        check_choices("label_studio", "flag")
    with pytest.raises(SettingsError, match="Known: flag, keep, leave-out"):
        check_choices("srt", "drop")
