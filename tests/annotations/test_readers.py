from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pympi import Eaf

from vasot.annotations.formats import READERS, read_annotations
from vasot.annotations.marks import Mark, ReadOptions
from vasot.errors import DataError, SettingsError

TWO = (Mark(0.5, 1.25, "reach, & é"), Mark(1.25, 3.0, "grasp"))


def write_csv(path: Path, marks: tuple[Mark, ...]) -> None:
    rows = [f'{mark.start},{mark.end},"{mark.name}"' for mark in marks]
    path.write_text("\n".join(["start_seconds,end_seconds,label", *rows]), encoding="utf-8")


def write_srt(path: Path, marks: tuple[Mark, ...]) -> None:
    def clock(seconds: float) -> str:
        return f"00:00:{seconds:06.3f}".replace(".", ",") if seconds >= 0 else f"-00:00:{-seconds:06.3f}"

    blocks = [f"{n}\n{clock(mark.start)} --> {clock(mark.end)}\n{mark.name}\n" for n, mark in enumerate(marks, 1)]
    path.write_text("\n".join(blocks), encoding="utf-8")


def write_eaf(path: Path, marks: tuple[Mark, ...]) -> None:
    document = Eaf()
    for mark in marks:
        document.add_annotation("default", round(mark.start * 1000), round(mark.end * 1000), mark.name)
    document.to_file(str(path))


def project(marks: tuple[Mark, ...], **changes: Any) -> dict[str, Any]:
    """A BORIS project of one observation, with a point event in the middle of it."""
    events = sorted([[at, "", mark.name, "", ""] for mark in marks for at in (mark.start, mark.end)])
    return {
        "behaviors_conf": {
            **{str(n): {"code": mark.name, "type": "State event"} for n, mark in enumerate(marks)},
            "point": {"code": "blink", "type": "Point event"},
        },
        "observations": {
            "take": {"file": {"1": ["C:\\films\\clip.mp4"]}, "events": [*events, [0.7, "", "blink", "", ""]], **changes}
        },
    }


def write_boris(path: Path, marks: tuple[Mark, ...]) -> None:
    path.write_text(json.dumps(project(marks)), encoding="utf-8")


def task(marks: tuple[Mark, ...], **changes: Any) -> dict[str, Any]:
    """A task of Label Studio whose video has four frames a second, with a cancelled annotation behind the good one."""
    result = [
        {
            "value": {
                "ranges": [{"start": int(mark.start * 4) + 1, "end": int(mark.end * 4)}],
                "timelinelabels": [mark.name],
            }
        }
        for mark in marks
    ]
    annotations = [{"result": result}, {"result": [], "was_cancelled": True}]
    return {"data": {"video": "/data/upload/1/0a1b2c3d-take.mp4"}, "annotations": annotations, **changes}


def write_label_studio(path: Path, marks: tuple[Mark, ...]) -> None:
    path.write_text(json.dumps([task(marks)]), encoding="utf-8")


WRITERS: dict[str, tuple[str, Callable[[Path, tuple[Mark, ...]], None]]] = {
    "boris": (".boris", write_boris),
    "csv": (".csv", write_csv),
    "eaf": (".eaf", write_eaf),
    "label-studio": (".json", write_label_studio),
    "srt": (".srt", write_srt),
}
FORMATS = pytest.mark.parametrize("format_name", sorted(WRITERS))


def test_every_registered_format_is_written_here() -> None:
    assert set(READERS) == set(WRITERS)


@FORMATS
def test_segments_of_the_recording_that_the_file_names_are_read(format_name: str, tmp_path: Path) -> None:
    ending, write = WRITERS[format_name]
    write(tmp_path / f"take{ending}", TWO)
    (found,) = read_annotations(tmp_path / f"take{ending}")
    assert "take" in found.names
    scale = 4 if found.in_frames else 1
    assert [(mark.start / scale, mark.end / scale, mark.name) for mark in found.marks] == [
        (mark.start, mark.end, mark.name) for mark in TWO
    ]
    assert found.in_frames == (format_name == "label-studio")


@FORMATS
def test_overlapping_segments_are_refused_with_both_names(format_name: str, tmp_path: Path) -> None:
    ending, write = WRITERS[format_name]
    write(tmp_path / f"take{ending}", (Mark(0.5, 2.0, "reach"), Mark(1.0, 3.0, "grasp")))
    with pytest.raises(DataError, match=r"'reach'.*'grasp'.*overlap"):
        read_annotations(tmp_path / f"take{ending}")


@FORMATS
def test_a_file_without_segments_is_refused(format_name: str, tmp_path: Path) -> None:
    ending, write = WRITERS[format_name]
    write(tmp_path / f"take{ending}", ())
    with pytest.raises(DataError, match="holds no segments"):
        read_annotations(tmp_path / f"take{ending}")


@FORMATS
@pytest.mark.parametrize("content", [b"\xff\xfe\xff", b"{]", b"<a/>", b"[1]", b""], ids=repr)
def test_a_file_of_something_else_is_a_clear_error(format_name: str, content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "take.xyz"
    file.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_annotations(file, format_name)
    assert str(file) in str(caught.value)


@FORMATS
def test_a_missing_file_is_a_clear_error(format_name: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        read_annotations(tmp_path / "none.xyz", format_name)


@pytest.mark.parametrize(
    ("start", "end", "name", "said"),
    [
        ("-1", "2", "a", "begins before the recording"),
        ("2", "2", "a", "does not end after it begins"),
        ("nan", "2", "a", "no number"),
        ("1", "2", "", "has no name"),
        ("one", "2", "a", "line 2 has the time 'one'"),
        ("1:2:3:4", "5", "a", "write seconds"),
        ("", "2", "a", "no time in seconds"),
    ],
)
def test_a_line_that_cannot_be_used_is_named(start: str, end: str, name: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "take.csv"
    file.write_text(f"start,end,name\n{start},{end},{name}\n")
    with pytest.raises(DataError, match=said):
        read_annotations(file)


def test_tables_may_have_time_codes_semicolons_and_many_recordings(tmp_path: Path) -> None:
    file = tmp_path / "all.csv"
    file.write_text("\ufeffrecording;start_time;end_time;label\na;00:01:02.500;01:03.5;x\nb;1;2;y\n", encoding="utf-8")
    first, second = read_annotations(file)
    assert (first.names, first.marks) == (("a",), (Mark(62.5, 63.5, "x"),))
    assert (second.names, second.marks) == (("b",), (Mark(1.0, 2.0, "y"),))


def test_a_table_without_a_column_of_names_says_which_it_could_have(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("start,end,what\n1,2,x\n")
    with pytest.raises(DataError, match="no column action_name or class or label or name; it has start, end, what"):
        read_annotations(tmp_path / "a.csv")


def test_of_several_tiers_the_one_asked_for_is_read(tmp_path: Path) -> None:
    document = Eaf()
    for number, tier in enumerate(("left", "right")):
        document.add_tier(tier)
        document.add_annotation(tier, 1000 * number, 1000 * number + 500, tier)
    document.to_file(str(tmp_path / "a.eaf"))
    with pytest.raises(DataError, match=r"2 tiers \(left, right\); say with --tier"):
        read_annotations(tmp_path / "a.eaf")
    with pytest.raises(DataError, match="no tier 'rigth' with annotations; did you mean 'right'"):
        read_annotations(tmp_path / "a.eaf", options=ReadOptions("rigth"))
    assert read_annotations(tmp_path / "a.eaf", options=ReadOptions("right"))[0].marks == (Mark(1.0, 1.5, "right"),)


def test_the_time_origin_of_an_elan_file_is_added(tmp_path: Path) -> None:
    document = Eaf()
    document.add_linked_file("file:///a.mp4", mimetype="video/mp4", time_origin=2000)
    document.add_annotation("default", 0, 500, "x")
    document.to_file(str(tmp_path / "a.eaf"))
    assert read_annotations(tmp_path / "a.eaf")[0].marks == (Mark(2.0, 2.5, "x"),)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"time offset": 3.0}, "time offset of 3.0 s"),
        ({"file": {"1": ["a.mp4", "b.mp4"]}}, "2 media files in a row"),
        ({"events": [[1.0, "", "grasp", "", ""]]}, "'grasp' begins at 1 s and never ends"),
    ],
)
def test_an_observation_whose_times_are_not_those_of_its_video_is_refused(
    changes: dict[str, Any], said: str, tmp_path: Path
) -> None:
    (tmp_path / "a.boris").write_text(json.dumps(project(TWO, **changes)))
    with pytest.raises(DataError, match=said):
        read_annotations(tmp_path / "a.boris")


def test_predictions_are_no_ground_truth(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps([task(TWO, annotations=[], predictions=[{"result": []}])]))
    with pytest.raises(DataError, match="predictions are no ground truth"):
        read_annotations(tmp_path / "a.json")


def test_the_style_of_a_subtitle_is_not_part_of_its_name(tmp_path: Path) -> None:
    (tmp_path / "a.srt").write_text("1\n00:00:01,000 --> 00:00:02,000\n<i>cut</i>\n{hard}\n")
    assert read_annotations(tmp_path / "a.srt")[0].marks == (Mark(1.0, 2.0, "cut {hard}"),)


def test_an_unknown_ending_or_format_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="give --format"):
        read_annotations(tmp_path / "a.doc")
    with pytest.raises(SettingsError, match="no import format named 'elan'"):
        read_annotations(tmp_path / "a.doc", "elan")
