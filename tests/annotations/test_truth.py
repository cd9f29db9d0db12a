from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from made_videos import write_video
from vasot.annotations.marks import Mark, Marks
from vasot.annotations.truth import TruthPlace, frame_names, truth_places, write_truth
from vasot.datasets.labels import UNLABELLED
from vasot.datasets.reading import Reading
from vasot.datasets.recordings import read_data
from vasot.errors import DataError, RunFolderError

RATE = 10.0


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two recordings of 20 and 30 frames, ten a second."""
    for name, size in (("a", 20), ("b", 30)):
        (tmp_path / "data" / "features").mkdir(parents=True, exist_ok=True)
        features = np.random.default_rng(size).standard_normal((size, 4)).astype(np.float32)
        np.save(tmp_path / "data" / "features" / f"{name}.npy", features)
    return tmp_path / "data"


def marks(*found: Mark, name: str = "a", in_frames: bool = False) -> Marks:
    return Marks(f"{name}.eaf", (name,), found, in_frames)


def write(data: Path, *found: Marks, force: bool = False) -> list[str]:
    places = truth_places(data, Reading(rate_hz=RATE))
    done = write_truth(found, places, data / "mapping" / "mapping.txt", force)
    return done[0].file.read_text(encoding="utf-8").splitlines()


def test_frames_between_segments_are_unlabelled_and_the_data_set_reads_the_rest(data: Path) -> None:
    names = write(data, marks(Mark(0.5, 1.0, "x y"), Mark(1.0, 1.5, "é")))
    assert names == [UNLABELLED] * 5 + ["x y"] * 5 + ["é"] * 5 + [UNLABELLED] * 5
    dataset = read_data(data, Reading(rate_hz=RATE))
    labels = dataset.recordings[0].labels
    assert labels is not None
    assert [dataset.class_names[label] for label in labels] == names


def test_a_mapping_need_not_list_unlabelled_but_every_other_class(data: Path) -> None:
    (data / "mapping").mkdir()
    (data / "mapping" / "mapping.txt").write_text("0 reach\n1 grasp\n")
    with pytest.raises(DataError, match=r"class 'grsp' is not listed in .*mapping.txt; did you mean 'grasp'"):
        write(data, marks(Mark(0.0, 1.0, "reach")), marks(Mark(0.0, 1.0, "grsp"), name="b"))
    assert not (data / "groundTruth").exists()
    write(data, marks(Mark(0.0, 1.0, "grasp")))
    assert read_data(data, Reading(rate_hz=RATE)).class_names == ("reach", "grasp", UNLABELLED)


def test_ground_truth_that_is_there_is_replaced_only_with_force(data: Path) -> None:
    (data / "groundTruth").mkdir()
    (data / "groundTruth" / "a").write_text("mine\n" * 20)
    with pytest.raises(RunFolderError, match="exists already"):
        write(data, marks(Mark(0.0, 2.0, "x")))
    assert (data / "groundTruth" / "a").read_text() == "mine\n" * 20
    assert write(data, marks(Mark(0.0, 2.0, "x")), force=True) == ["x"] * 20
    assert [file.name for file in (data / "groundTruth").iterdir()] == ["a"]


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (marks(Mark(0.0, 1.0, "x"), name="aa"), "no recording 'aa' in the data"),
        (marks(Mark(2.5, 2.8, "x")), "'a' ends at 2.000 s; is it the annotation of another recording"),
        (marks(Mark(1.0, 3.5, "x")), "is it the annotation of another recording"),
        (marks(Mark(0, 5, "x"), in_frames=True), "'a' is an array of features"),
    ],
)
def test_annotations_of_another_recording_are_refused(found: Marks, said: str, data: Path) -> None:
    with pytest.raises(DataError, match=said):
        write(data, found)
    assert not (data / "groundTruth").exists()


def test_two_files_of_one_recording_are_put_together_unless_they_overlap(data: Path) -> None:
    names = write(data, marks(Mark(1.0, 2.0, "late")), marks(Mark(0.0, 1.0, "early")))
    assert names == ["early"] * 10 + ["late"] * 10
    with pytest.raises(DataError, match="overlap"):
        write(data, marks(Mark(0.0, 1.0, "x")), marks(Mark(0.5, 1.5, "y")), force=True)


def test_without_a_known_rate_times_say_nothing(data: Path) -> None:
    places = truth_places(data, Reading())
    with pytest.raises(DataError, match="give --rate HZ"):
        write_truth([marks(Mark(0.0, 1.0, "x"))], places, data / "mapping.txt", force=False)


def test_a_segment_shorter_than_a_frame_is_counted_as_lost() -> None:
    place = TruthPlace(("a",), Path("a"), np.arange(4) / 10, 0.4, False)
    names, lost = frame_names([Mark(0.12, 0.15, "blink"), Mark(0.2, 0.4, "x")], place)
    assert (names, lost) == ([UNLABELLED, UNLABELLED, "x", "x"], 1)


@examples(max_examples=30)
@given(
    steps=st.lists(st.floats(0.002, 0.2), min_size=3, max_size=40),
    labels=st.lists(st.integers(0, 3), min_size=41, max_size=41),
)
def test_segments_written_in_milliseconds_become_the_labels_they_came_from(
    steps: list[float], labels: list[int]
) -> None:
    starts = np.concatenate([[0.0], np.cumsum(steps)])
    end = float(starts[-1]) + 0.05
    edges = [round(float(at), 3) for at in (*starts, end)]
    found = [Mark(edges[i], edges[i + 1], str(label)) for i, label in enumerate(labels[: starts.size])]
    names, lost = frame_names(found, TruthPlace(("a",), Path("a"), starts, end, True))
    assert names == [str(label) for label in labels[: starts.size]]
    assert lost == 0


@pytest.mark.parametrize("clock", ["29.97", "variable"])
def test_labels_of_a_video_number_its_frames_at_any_rate(clock: str, tmp_path: Path) -> None:
    stamps = np.arange(20) * 1001 if clock == "29.97" else np.cumsum([0, *[700, 1500, 3000, 900] * 5])[:20]
    write_video(tmp_path / "take.mp4", 20, stamps=stamps.tolist(), time_base=Fraction(1, 30000))
    (place,) = truth_places(tmp_path, Reading())
    at = float(stamps[8]) / 30000
    seconds = marks(Mark(0.0, round(at, 3), "x"), Mark(round(at, 3), place.end_seconds, "y"), name="take")
    frames = marks(Mark(0, 8, "x"), Mark(8, 20, "y"), name="take", in_frames=True)
    for found in (seconds, frames):
        write_truth([found], [place], tmp_path / "mapping.txt", force=True)
        assert place.file.read_text().splitlines() == ["x"] * 8 + ["y"] * 12
    late = marks(Mark(0, 21, "x"), name="take", in_frames=True)
    with pytest.raises(DataError, match="ends with frame 21, but the video has 20"):
        write_truth([late], [place], tmp_path / "mapping.txt", force=True)


def test_clips_of_one_video_share_its_labels(tmp_path: Path) -> None:
    write_video(tmp_path / "day.mp4", 50)
    (tmp_path / "clips.csv").write_text("video,start_seconds,end_seconds,name\nday.mp4,0,1,one\nday.mp4,1,2,two\n")
    (place,) = truth_places(tmp_path, Reading())
    assert place.names == ("one", "day", "two")
    found = [marks(Mark(0.0, 1.0, "x"), name="one"), marks(Mark(1.0, 2.0, "y"), name="two")]
    write_truth(found, [place], tmp_path / "mapping.txt", force=False)
    assert place.file.read_text().splitlines() == ["x"] * 25 + ["y"] * 25
