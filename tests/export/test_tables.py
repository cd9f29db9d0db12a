from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pytest

from vasot.decoding import segments_to_labels
from vasot.errors import RunFolderError, VasotError
from vasot.export import (
    atomic_write,
    refuse_existing,
    write_alignment_csv,
    write_labels_txt,
    write_path_csv,
    write_segments_csv,
)
from vasot.types import UNMATCHED, Alignment, Segment, Segmentation

Writer: TypeAlias = Callable[..., None]


def segmentation(known_rate: bool = True) -> Segmentation:
    return Segmentation(
        name="a",
        labels=np.array([2, 2, 0, 0, 0, 1]),
        confidence=np.array([1.0, 0.5, 0.9, 0.9, 0.9, 1 / 3]),
        n_actions=3,
        action_names=("take cup", 'pour "milk", cold', "attendre é"),
        times_seconds=np.arange(6) / 30 if known_rate else None,
    )


def alignment(known_rate: bool = True) -> Alignment:
    return Alignment(
        name_x="a",
        name_y="b",
        matches=np.array([0, UNMATCHED, 1]),
        confidence=np.array([1.0, 0.75, 2 / 3]),
        path=np.array([[0, 0], [1, 0], [2, 1]]),
        plan=np.full((3, 2), 1 / 6),
        unmatched_y=np.array([False, False]),
        times_x=np.arange(3) / 4 if known_rate else None,
        times_y=np.arange(2) / 3 if known_rate else None,
    )


WRITERS = pytest.mark.parametrize(
    ("write", "value"),
    [
        (write_segments_csv, segmentation()),
        (write_labels_txt, segmentation()),
        (write_alignment_csv, alignment()),
        (write_path_csv, alignment()),
    ],
    ids=["segments", "labels", "alignment", "path"],
)


def test_the_table_of_segments_reads_as_documented(tmp_path: Path) -> None:
    write_segments_csv(segmentation(), tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes().decode() == (
        "start_frame,end_frame,start_seconds,end_seconds,action,action_name,confidence\n"
        "0,2,0.0000,0.0667,2,attendre é,0.7500\n"
        "2,5,0.0667,0.1667,0,take cup,0.9000\n"
        '5,6,0.1667,0.2000,1,"pour ""milk"", cold",0.3333\n'
    )


def test_seconds_are_empty_where_the_rate_is_not_known(tmp_path: Path) -> None:
    write_segments_csv(segmentation(known_rate=False), tmp_path / "a.csv")
    write_alignment_csv(alignment(known_rate=False), tmp_path / "b.csv")
    write_path_csv(alignment(known_rate=False), tmp_path / "c.csv")
    assert (tmp_path / "a.csv").read_text().splitlines()[1] == "0,2,,,2,attendre é,0.7500"
    assert (tmp_path / "b.csv").read_text().splitlines()[1:3] == ["0,,0,,1.0000", "1,,,,0.7500"]
    assert (tmp_path / "c.csv").read_text().splitlines()[2] == "1,,0,"


def test_a_table_of_segments_gives_the_labels_back(tmp_path: Path) -> None:
    write_segments_csv(segmentation(), tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(newline="") as stream:
        segments = [
            Segment(int(row["start_frame"]), int(row["end_frame"]), int(row["action"]), float(row["confidence"]))
            for row in csv.DictReader(stream)
        ]
    assert segments_to_labels(segments, 6).tolist() == [2, 2, 0, 0, 0, 1]


def test_labels_are_one_name_per_frame(tmp_path: Path) -> None:
    write_labels_txt(segmentation(), tmp_path / "a.txt")
    names = ["attendre é"] * 2 + ["take cup"] * 3 + ['pour "milk", cold']
    assert (tmp_path / "a.txt").read_bytes().decode() == "\n".join(names) + "\n"


def test_the_table_of_matches_leaves_unmatched_frames_empty(tmp_path: Path) -> None:
    write_alignment_csv(alignment(), tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes().decode() == (
        "frame_x,seconds_x,frame_y,seconds_y,confidence\n"
        "0,0.0000,0,0.0000,1.0000\n"
        "1,0.2500,,,0.7500\n"
        "2,0.5000,1,0.3333,0.6667\n"
    )


def test_the_table_of_the_path_has_a_line_per_step(tmp_path: Path) -> None:
    write_path_csv(alignment(), tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes().decode() == (
        "frame_x,seconds_x,frame_y,seconds_y\n0,0.0000,0,0.0000\n1,0.2500,0,0.0000\n2,0.5000,1,0.3333\n"
    )


@WRITERS
def test_an_existing_file_is_kept_unless_forced(write: Writer, value: Segmentation | Alignment, tmp_path: Path) -> None:
    target = tmp_path / "a.csv"
    target.write_text("mine")
    with pytest.raises(RunFolderError, match=r"a\.csv exists already; use --force"):
        write(value, target)
    assert target.read_text() == "mine"
    write(value, target, force=True)
    assert target.read_text() != "mine"
    assert [file.name for file in tmp_path.iterdir()] == ["a.csv"]


@WRITERS
def test_missing_folders_are_made(write: Writer, value: Segmentation | Alignment, tmp_path: Path) -> None:
    write(value, tmp_path / "one" / "two" / "a.csv")
    write(value, tmp_path / "a.csv")
    assert (tmp_path / "one" / "two" / "a.csv").read_bytes() == (tmp_path / "a.csv").read_bytes()


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_write_that_fails_halfway_leaves_nothing_behind(error: type[BaseException], tmp_path: Path) -> None:
    def interrupted(target: Path) -> None:
        with atomic_write(target) as partial:
            partial.write_text("half")
            raise error

    with pytest.raises(error):
        interrupted(tmp_path / "a.csv")
    assert list(tmp_path.iterdir()) == []


def test_the_file_appears_only_when_it_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "a.tar.gz"
    with atomic_write(target) as partial:
        partial.write_text("whole")
        assert not target.exists()
        assert partial.parent == tmp_path
        assert partial.suffix == ".gz"
    assert target.read_text() == "whole"


def test_a_file_that_appears_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    target = tmp_path / "a.csv"

    def overtaken() -> None:
        with atomic_write(target) as partial:
            partial.write_text("late")
            target.write_text("first")

    with pytest.raises(RunFolderError, match="exists already"):
        overtaken()
    assert target.read_text() == "first"
    assert [file.name for file in tmp_path.iterdir()] == ["a.csv"]


def test_an_error_of_the_system_names_the_file_and_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    with pytest.raises(VasotError, match=r"cannot write .*a\.csv: .*write elsewhere"):
        write_path_csv(alignment(), tmp_path / "file" / "a.csv")
    with pytest.raises(VasotError, match=r"cannot write .*folder: .*write elsewhere"):
        write_path_csv(alignment(), tmp_path / "folder", force=True)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["file", "folder"]


def test_an_error_about_another_file_is_passed_on(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), atomic_write(tmp_path / "a.csv"):
        (tmp_path / "missing").read_text()


def test_several_files_are_refused_together_before_any_is_written(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("a.csv", "b.csv", "c.csv")]
    refuse_existing(paths)
    for path in paths[1:]:
        path.write_text("")
    with pytest.raises(RunFolderError, match=r"b\.csv exists already \(and 1 more"):
        refuse_existing(paths)
    refuse_existing(paths, force=True)


def test_a_link_that_leads_nowhere_counts_as_existing(tmp_path: Path) -> None:
    (tmp_path / "a.csv").symlink_to(tmp_path / "gone")
    with pytest.raises(RunFolderError, match="exists already"):
        write_path_csv(alignment(), tmp_path / "a.csv")


def test_files_have_the_permissions_of_any_new_file(tmp_path: Path) -> None:
    write_path_csv(alignment(), tmp_path / "a.csv")
    (tmp_path / "plain").write_text("")
    assert (tmp_path / "a.csv").stat().st_mode == (tmp_path / "plain").stat().st_mode
