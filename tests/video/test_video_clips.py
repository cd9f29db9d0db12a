from __future__ import annotations

from pathlib import Path

import pytest

from vasot.errors import DataError
from vasot.video.clips import Clip, read_clips


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.mp4", "b c.mp4", "tea/d.mp4"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def table(folder: Path, text: str) -> Path:
    path = folder / "clips.csv"
    path.write_text(text, encoding="utf-8-sig")
    return path


def test_clips_are_named_given_times_and_activities(folder: Path) -> None:
    path = table(
        folder, "video,start_seconds,end_seconds,name\na.mp4,1.5,3,\na.mp4,,2.5,\nb c.mp4,4,,ф 'x'\ntea/d.mp4,,,\n\n"
    )
    assert read_clips(path) == [
        Clip("a_1", folder / "a.mp4", 1.5, 3.0),
        Clip("a_2", folder / "a.mp4", 0.0, 2.5),
        Clip("ф 'x'", folder / "b c.mp4", 4.0, None),
        Clip("d", folder / "tea/d.mp4", 0.0, None, "tea"),
    ]


def test_the_column_of_names_may_be_missing(folder: Path) -> None:
    assert read_clips(table(folder, "video,start_seconds,end_seconds\na.mp4,0,1\n"))[0].name == "a"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no column 'video'"),
        ("video,start_second,end_seconds\n", "did you mean 'start_seconds'"),
        ("video,start_seconds\na.mp4,1\n", "no column 'end_seconds'"),
        ("video,start_seconds,end_seconds\n", "names no clip"),
        ("video,start_seconds,end_seconds\na.mp4,1\n", "line 2 has 2 values for 3 columns"),
        ("video,start_seconds,end_seconds\nz.mp4,1,2\n", "line 2 names the video 'z.mp4'"),
        ("video,start_seconds,end_seconds\na.mp4,0,1\na.mp4,one,2\n", "line 3 has start_seconds 'one'"),
        ("video,start_seconds,end_seconds\na.mp4,nan,2\n", "line 2 has start_seconds 'nan'"),
        ("video,start_seconds,end_seconds\na.mp4,-1,2\n", "line 2 has start_seconds '-1'"),
        ("video,start_seconds,end_seconds\na.mp4,2,2\n", "line 2 ends at 2.0 s"),
        ("video,start_seconds,end_seconds,name\na.mp4,0,1,x\na.mp4,1,2,x\n", "lines 2 and 3 both name the clip 'x'"),
    ],
)
def test_a_wrong_table_is_refused_with_its_line(folder: Path, text: str, said: str) -> None:
    with pytest.raises(DataError) as caught:
        read_clips(table(folder, text))
    assert said in str(caught.value)
    assert "clips.csv" in str(caught.value)
