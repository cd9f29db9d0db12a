from __future__ import annotations

import csv
import html
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pyarrow.parquet as pq
import pysubs2
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from jaxtyping import Float
from pympi import Eaf, TextGrid

from vasot.errors import DataError, MissingExtra, RunFolderError, SettingsError
from vasot.export.content import Exported, Video, one_line, spans_of, time_code
from vasot.export.eaf import ACTIONS_TIER
from vasot.export.formats import EXPORTERS, plan_export, write_export
from vasot.export.json_results import Document
from vasot.types import UNMATCHED, Alignment, Segmentation

NAMES = ('say "go", then', "cut & <paste>\nslowly", "attendre é", "組み立てる", "last; {one}")
NTSC = 1001 / 30000
Found = list[tuple[float, float, str]]
Clock = Float[np.ndarray, " t"]

CLOCKS: dict[str, Clock] = {
    "29.97": np.arange(1200) * NTSC,
    "variable": np.cumsum(np.tile([0.04, 0.033, 0.1, 0.021], 300)) - 0.04,
}


def recording(times: Clock, labels: list[int] | None = None, name: str = "take 1") -> Exported:
    """A video whose frames appear at the given instants, cut into five segments where no labels are given."""
    size = times.size
    marks = np.repeat(np.arange(5), -(-size // 5))[:size] if labels is None else np.array(labels)
    segmentation = Segmentation(name, marks, np.full(size, 0.5), 5, NAMES, times)
    end = float(times[-1]) + 0.02
    return Exported(name, spans_of(segmentation, end), NAMES, Video(Path(f"{name}.mp4"), 64, 48, end, times))


def written(format_name: str, folder: Path, *recordings: Exported) -> Path:
    plan = plan_export(format_name, [each.name for each in recordings], folder, aligned=False, force=False)
    write_export(plan, recordings)
    return plan.segments[recordings[0].name]


def expected(each: Exported, name: Callable[[str], str] = str) -> Found:
    return [(start / 1000, end / 1000, name(span.name)) for start, end, span in each.timed("test")]


def read_csv(path: Path, _: Exported) -> Found:
    with path.open(newline="", encoding="utf-8") as file:
        return [(float(r["start_seconds"]), float(r["end_seconds"]), r["action_name"]) for r in csv.DictReader(file)]


def read_parquet(path: Path, _: Exported) -> Found:
    return [(r["start_seconds"], r["end_seconds"], r["action_name"]) for r in pq.read_table(path).to_pylist()]


def read_json(path: Path, _: Exported) -> Found:
    (part,) = Document.model_validate_json(path.read_text(encoding="utf-8")).recordings
    return [(s.start_seconds or 0.0, s.end_seconds or 0.0, s.action_name) for s in part.segments]


def read_eaf(path: Path, _: Exported) -> Found:
    rows = sorted(Eaf(str(path)).get_annotation_data_for_tier(ACTIONS_TIER))
    return [(start / 1000, end / 1000, name) for start, end, name in rows]


def read_subtitles(path: Path, _: Exported) -> Found:
    events = pysubs2.load(str(path), encoding="utf-8", keep_unknown_html_tags=True)
    unescape = html.unescape if path.suffix == ".vtt" else str
    return [(e.start / 1000, e.end / 1000, unescape(e.text.replace("\\N", "\n"))) for e in events]


def read_textgrid(path: Path, _: Exported) -> Found:
    grid = TextGrid(str(path))
    return [(a, b, name.replace('""', '"')) for a, b, name in grid.get_tier("actions").get_all_intervals() if name]


def read_boris(path: Path, each: Exported) -> Found:
    events = json.loads(path.read_text(encoding="utf-8"))["observations"][each.name]["events"]
    return [(a[0], b[0], a[2]) for a, b in zip(events[::2], events[1::2], strict=True)]


def read_via(path: Path, _: Exported) -> Found:
    project = json.loads(path.read_text(encoding="utf-8"))
    options = project["attribute"]["1"]["options"]
    return [(*each["z"], options[each["av"]["1"]]) for each in project["metadata"].values()]


def read_fiftyone(path: Path, each: Exported) -> Found:
    found = json.loads(path.read_text(encoding="utf-8"))["labels"][each.name]
    return [(*one["timestamps"], one["label"]) for one in found]


def at_frame(each: Exported, frame: int) -> float:
    video = each.shown("test")
    return round(float(np.append(video.frame_times, video.duration_seconds)[frame]), 3)


def read_label_studio(path: Path, each: Exported) -> Found:
    (task,) = json.loads(path.read_text(encoding="utf-8"))
    values = [region["value"] for region in task["predictions"][0]["result"]]
    return [
        (at_frame(each, v["ranges"][0]["start"] - 1), at_frame(each, v["ranges"][0]["end"]), v["timelinelabels"][0])
        for v in values
    ]


def read_cvat(path: Path, each: Exported) -> Found:
    root = ElementTree.parse(path).getroot()
    size = int(root.findtext("meta/task/size") or 0)
    found = []
    for track in root.iter("track"):
        frames = [int(box.attrib["frame"]) for box in track] + [size]
        found.append((at_frame(each, frames[0]), at_frame(each, frames[1]), track.attrib["label"]))
    return found


READERS: dict[str, Callable[[Path, Exported], Found]] = {
    "boris": read_boris,
    "csv": read_csv,
    "cvat": read_cvat,
    "eaf": read_eaf,
    "fiftyone": read_fiftyone,
    "json": read_json,
    "label-studio": read_label_studio,
    "parquet": read_parquet,
    "srt": read_subtitles,
    "textgrid": read_textgrid,
    "via": read_via,
    "vtt": read_subtitles,
}
CHAPTERS = "youtube"
FORMATS = pytest.mark.parametrize("format_name", sorted(READERS))


def test_every_registered_format_is_read_back_here() -> None:
    assert set(EXPORTERS) == {*READERS, CHAPTERS}


@FORMATS
@pytest.mark.parametrize("clock", sorted(CLOCKS))
def test_segments_come_back_to_the_millisecond_with_their_names(format_name: str, clock: str, tmp_path: Path) -> None:
    each = recording(CLOCKS[clock])
    found = READERS[format_name](written(format_name, tmp_path, each), each)
    names = expected(each, one_line if format_name == "textgrid" else str)
    assert [name for *_, name in found] == [name for *_, name in names]
    assert np.allclose([row[:2] for row in found], [row[:2] for row in names], atol=0.0005, rtol=0)


@FORMATS
def test_one_segment_that_lasts_the_whole_recording_comes_back(format_name: str, tmp_path: Path) -> None:
    each = recording(np.arange(30) * NTSC, [2] * 30)
    found = READERS[format_name](written(format_name, tmp_path, each), each)
    assert [name for *_, name in found] == ["attendre é"]
    assert found[0][:2] == pytest.approx((0.0, 29 * NTSC + 0.02), abs=0.0005)


@FORMATS
def test_a_recording_without_segments_gives_a_file_without_segments(format_name: str, tmp_path: Path) -> None:
    whole = recording(np.arange(30) * NTSC)
    each = Exported(whole.name, (), NAMES, whole.video)
    path = written(format_name, tmp_path, each)
    if format_name in ("srt", "vtt"):
        assert "-->" not in path.read_text(encoding="utf-8")
    else:
        assert READERS[format_name](path, each) == []


@pytest.mark.parametrize("format_name", sorted(EXPORTERS))
def test_two_exports_of_the_same_results_lie_in_the_same_files(format_name: str, tmp_path: Path) -> None:
    pair = (recording(CLOCKS["29.97"], name="a"), recording(CLOCKS["variable"], name="b"))
    first = written(format_name, tmp_path, *pair)
    with pytest.raises(RunFolderError, match="exists already"):
        plan_export(format_name, ["a", "b"], tmp_path, aligned=False, force=False)
    assert plan_export(format_name, ["a", "b"], tmp_path, aligned=False, force=True).segments["a"] == first
    assert len(list(tmp_path.iterdir())) == (1 if EXPORTERS[format_name].together else 2)


@examples(max_examples=25)
@given(
    steps=st.lists(st.floats(0.002, 0.5), min_size=2, max_size=40),
    data=st.data(),
)
def test_frames_seconds_and_time_codes_agree_at_any_rate(steps: list[float], data: st.DataObject) -> None:
    times = np.concatenate([[0.0], np.cumsum(steps)])
    labels = data.draw(st.lists(st.integers(0, 4), min_size=times.size, max_size=times.size))
    each = recording(times, labels)
    spans = each.spans
    assert [span.start_frame for span in spans[1:]] == [span.end_frame for span in spans[:-1]]
    assert [span.start_ms for span in spans[1:]] == [span.end_ms for span in spans[:-1]]
    for span in spans:
        assert span.start_ms is not None
        assert abs(span.start_ms / 1000 - times[span.start_frame]) <= 0.000501
        hours, minutes, seconds = time_code(span.start_ms).split(":")
        assert round((int(hours) * 3600 + int(minutes) * 60 + float(seconds)) * 1000) == span.start_ms
    assert each.video is not None
    assert spans[-1].end_ms == round(min(each.video.duration_seconds, 2 * times[-1] - times[-2]) * 1000)


@pytest.mark.parametrize("format_name", ["cvat", "label-studio"])
def test_borders_that_lie_half_way_between_milliseconds_keep_their_frame(format_name: str, tmp_path: Path) -> None:
    # They appear half a millisecond behind a whole one, and as floats a trace later still.
    borders = (0, 135, 495, 675, 855)
    lengths = np.diff((*borders, 900))
    each = recording(np.arange(900) * NTSC, np.repeat(np.arange(5), lengths).tolist())
    found = READERS[format_name](written(format_name, tmp_path, each), each)
    starts = [round(frame * NTSC, 3) for frame in borders]
    assert [row[0] for row in found] == starts
    assert [row[1] for row in found[:-1]] == starts[1:]


def test_chapters_begin_at_zero_and_say_what_youtube_does_not_show(tmp_path: Path) -> None:
    long, short = recording(np.arange(0.5, 60.5), name="long"), recording(np.arange(4.0), [0, 0, 1, 1], "short")
    plan = plan_export("youtube", ["long", "short"], tmp_path, aligned=False, force=False)
    notes = write_export(plan, [long, short])
    text = plan.segments["long"].read_text(encoding="utf-8").splitlines()
    assert text[:2] == ['0:00 say "go", then', "0:12 cut & <paste> slowly"]
    assert len(notes) == 2
    assert all(note.startswith("short: 2 chapters") for note in notes)


@pytest.mark.parametrize("format_name", sorted(EXPORTERS))
def test_without_a_known_rate_only_tables_can_be_written(format_name: str, tmp_path: Path) -> None:
    marks = Segmentation("a", np.array([0, 0, 1]), np.ones(3), 5, NAMES)
    each = Exported("a", spans_of(marks), NAMES)
    if format_name in ("csv", "json", "parquet"):
        assert written(format_name, tmp_path, each).is_file()
        return
    with pytest.raises(DataError, match=r"^a: "):
        written(format_name, tmp_path, each)
    assert list(tmp_path.iterdir()) == []


def alignment() -> Alignment:
    return Alignment(
        *("a", "b", np.array([0, UNMATCHED]), np.array([1.0, 0.5]), np.array([[0, 0], [1, 1]]), np.full((2, 2), 0.25)),
        unmatched_y=np.array([False, True]),
        times_x=np.array([0.0, NTSC]),
        times_y=np.array([0.5, 1.0]),
    )


def test_alignments_go_where_the_format_holds_them(tmp_path: Path) -> None:
    rows: dict[str, Any] = {}
    for format_name in ("csv", "json", "parquet"):
        plan = plan_export(format_name, ["a"], tmp_path, aligned=True, force=False)
        write_export(plan, [recording(CLOCKS["29.97"], name="a")], [alignment()])
    with (tmp_path / "alignments.csv").open(newline="") as file:
        rows["csv"] = [(r["seconds_x"], r["frame_y"], r["seconds_y"]) for r in csv.DictReader(file)]
    assert rows["csv"] == [("0.000", "0", "0.500"), ("0.033", "", "")]
    table = pq.read_table(tmp_path / "alignments.parquet").to_pylist()
    assert [(r["seconds_x"], r["frame_y"], r["seconds_y"]) for r in table] == [(0.0, 0, 0.5), (0.033, None, None)]
    document = Document.model_validate_json((tmp_path / "segments.json").read_text(encoding="utf-8"))
    assert [match.frame_y for match in document.alignments[0].matches] == [0, None]
    with pytest.raises(SettingsError, match=r"srt cannot hold alignments; .* csv, json, parquet"):
        plan_export("srt", ["a"], tmp_path, aligned=True, force=False)


def test_a_mistyped_format_names_the_nearest_one(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no export format named 'textgird'; did you mean 'textgrid'"):
        plan_export("textgird", ["a"], tmp_path, aligned=False, force=False)


def test_parquet_without_its_library_prints_the_install_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(MissingExtra, match=r"pip install 'vasot\[parquet\]'"):
        written("parquet", tmp_path, recording(CLOCKS["29.97"]))
    assert list(tmp_path.iterdir()) == []


def test_the_shipped_schema_is_that_of_the_documents() -> None:
    from vasot.export import json_results

    shipped = Path(json_results.__file__).with_name("results.schema.json")
    assert json.loads(shipped.read_text(encoding="utf-8")) == Document.model_json_schema()
