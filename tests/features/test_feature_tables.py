from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np
import pytest

from vasot.datasets.folder import read_folder
from vasot.errors import DataError
from vasot.features.precomputed import read_array, read_track, read_track_with_note
from vasot.features.tables import Points, read_table, table_of_numbers

PLACES = np.random.default_rng(0).uniform(0, 100, (6, 3, 2)).round(3)
SURE = np.random.default_rng(1).uniform(0.5, 1, (6, 3)).round(3)
NAMES = ("nose", "left hand", "right_hand")


def lines(rows: Sequence[Sequence[object]], comma: str = ",") -> str:
    return "".join(comma.join(str(word) for word in row) + "\n" for row in rows)


def numbers(frame: int, axes: int = 2, confidence: bool = True) -> list[object]:
    return [
        value
        for point in range(3)
        for value in [*PLACES[frame, point, :axes], *([SURE[frame, point]] if confidence else [])]
    ]


def deeplabcut(individuals: bool) -> str:
    head: list[list[object]] = [["scorer", *["net"] * 9]]
    head += [["individuals", *["mouse"] * 9]] if individuals else []
    head += [["bodyparts", *[name for name in NAMES for _ in range(3)]], ["coords", *["x", "y", "likelihood"] * 3]]
    return lines([*head, *([frame, *numbers(frame)] for frame in range(6))])


def sleap() -> str:
    head = [
        "track",
        "frame_idx",
        "instance.score",
        *[f"{name}.{part}" for name in NAMES for part in ("x", "y", "score")],
    ]
    return lines([head, *(["mouse", frame, 0.9, *numbers(frame)] for frame in (3, 0, 1, 2, 4, 5))])


def mediapipe() -> str:
    head = ["frame", "timestamp", *[f"{name}_{part}" for name in NAMES for part in ("x", "y", "visibility")]]
    return lines([head, *([frame, frame / 25, *numbers(frame)] for frame in range(6))])


def numbered() -> str:
    head = [f"{part}{point}" for point in range(3) for part in "xyv"]
    return lines([head, *(numbers(frame) for frame in range(6))])


@pytest.mark.parametrize("text", [deeplabcut(False), deeplabcut(True), sleap(), mediapipe(), numbered()])
def test_points_are_read_as_every_tracker_writes_them(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(text)
    points = read_table(tmp_path / "a.csv").content
    assert isinstance(points, Points)
    np.testing.assert_allclose(points.places, PLACES)
    assert points.confidence is not None
    np.testing.assert_allclose(points.confidence, SURE)
    assert table_of_numbers(tmp_path / "a.csv")
    assert read_array(tmp_path / "a.csv").shape == (6, 12)


def test_frames_that_sleap_leaves_out_are_missing_and_counted(tmp_path: Path) -> None:
    kept = [line for line in sleap().splitlines(keepends=True) if not line.startswith("mouse,2,")]
    (tmp_path / "a.csv").write_text("".join(kept))
    track, note = read_track_with_note(tmp_path / "a.csv")
    assert track.n_frames == 6
    assert note == "a: 3 of 18 points missing, interpolated in time"


def test_several_animals_are_points_of_their_own(tmp_path: Path) -> None:
    second = sleap().splitlines(keepends=True)[1:]
    (tmp_path / "a.csv").write_text(sleap() + "".join(second).replace("mouse", "rat"))
    points = read_table(tmp_path / "a.csv").content
    assert isinstance(points, Points)
    np.testing.assert_allclose(points.places, np.concatenate([PLACES, PLACES], axis=1))


@pytest.mark.parametrize(
    ("ending", "text"),
    [
        ("csv", "1,2\n3,4.5\n"),
        ("csv", "width,height\n1,2\n3,4.5\n"),
        ("csv", "frame;width;height\n0;1;2\n1;3;4.5\n"),
        ("tsv", "\ufeff1\t2\n\n3\t4.5\n"),
        ("csv", "seconds,width,height\n0.5,1,2\n0.75,3,4.5\n"),
    ],
)
def test_plain_tables_are_features(ending: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{ending}"
    path.write_text(text)
    assert read_array(path).tolist() == [[1, 2], [3, 4.5]]
    times = read_track(path, rate_hz=10.0).times_seconds
    assert times is not None
    assert times.tolist() == ([0.5, 0.75] if "seconds" in text else [0.0, 0.1])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("width,height\n", "no line of numbers"),
        ("a,b\n1,2\n3\n", "line 3 has 1 values"),
        ("a,b\n1,2\n3,wide\n", "line 3 has 'wide' where a number is due"),
        ("frame,seconds\n0,1\n", "no column of features"),
        ("seconds,a\n0,1\n0,2\n", "time stamp of frame 1 does not follow"),
        ("scorer,net\n0,1\n", "no lines 'bodyparts' and 'coords'"),
        ("frame_idx,a\n0,1\n", "no columns NODE.x"),
        ("a,b\n1,2\n3,\n", "frame 1 holds NaN"),
    ],
)
def test_a_wrong_table_is_refused_with_its_line(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(DataError, match=said):
        read_track(tmp_path / "a.csv")


@pytest.mark.parametrize("text", ["video,start_seconds,end_seconds\na.mp4,1,2\n", "name,note\nx,y\n"])
def test_other_tables_in_a_folder_are_passed_over(text: str, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(text)
    (tmp_path / "a.csv").write_text("1,2\n3,4\n")
    dataset = read_folder(tmp_path)
    assert [track.name for track in dataset.tracks] == ["a"]
    assert "list.csv" in dataset.warnings[0]


def test_points_missing_in_a_folder_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(numbered().replace(str(PLACES[2, 1, 0]), ""))
    assert "a: 1 of 18 points missing, interpolated in time" in read_folder(tmp_path).warnings


FEATURES = np.arange(12.0).reshape(6, 2)


@pytest.mark.parametrize("kind", ["npz", "h5"])
@pytest.mark.parametrize(
    ("extra", "times"),
    [
        ({}, None),
        ({"fps": 20.0}, np.arange(6) / 20),
        ({"rate_hz": np.array(5)}, np.arange(6) / 5),
        ({"times_seconds": np.array([0, 1, 2, 4, 8, 9.5])}, np.array([0, 1, 2, 4, 8, 9.5])),
    ],
)
def test_archives_give_features_and_their_times(
    kind: str, extra: dict[str, np.ndarray], times: np.ndarray | None, tmp_path: Path
) -> None:
    path = archive(tmp_path / f"a.{kind}", {"mine": FEATURES, **extra})
    track = read_track(path)
    np.testing.assert_array_equal(track.features, FEATURES)
    if times is None:
        assert track.times_seconds is None
    else:
        assert track.times_seconds is not None
        np.testing.assert_allclose(track.times_seconds, times)


def archive(path: Path, arrays: dict[str, np.ndarray]) -> Path:
    if path.suffix == ".npz":
        np.savez(path, **arrays)  # type: ignore[arg-type]
    else:
        with h5py.File(path, "w") as file:
            for name, array in arrays.items():
                file[name] = array
    return path


@pytest.mark.parametrize("kind", ["npz", "h5"])
def test_the_array_called_features_is_taken_among_several(kind: str, tmp_path: Path) -> None:
    path = archive(tmp_path / f"a.{kind}", {"other": np.ones((3, 3)), "features": FEATURES})
    np.testing.assert_array_equal(read_array(path), FEATURES)
    unclear = archive(tmp_path / f"b.{kind}", {"one": np.ones((3, 3)), "two": FEATURES})
    with pytest.raises(DataError, match=r"one \(3, 3\), two \(6, 2\); call the one to read 'features'"):
        read_array(unclear)


def test_rates_of_hdf5_may_be_attributes(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.h5", {"features": FEATURES})
    with h5py.File(path, "a") as file:
        file.attrs["fps"] = 50.0
    times = read_track(path).times_seconds
    assert times is not None
    np.testing.assert_allclose(times, np.arange(6) / 50)


def test_sleaps_analysis_file_is_read(tmp_path: Path) -> None:
    tracks, scores = PLACES.transpose(2, 1, 0)[None], SURE.T[None]
    path = archive(
        tmp_path / "a.h5", {"tracks": tracks, "point_scores": scores, "node_names": np.array(NAMES, dtype="S")}
    )
    (tmp_path / "b.csv").write_text(sleap())
    np.testing.assert_allclose(read_array(path), read_array(tmp_path / "b.csv"), rtol=1e-5)


@pytest.mark.parametrize("name", ["a.npz", "a.h5"])
@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 half", b"some text"])
def test_files_that_are_no_archives_are_refused(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=name):
        read_array(tmp_path / name)


def test_nothing_that_could_execute_code_is_loaded(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", features=np.array([{"a": 1}], dtype=object))
    with pytest.raises(DataError, match="plain arrays"):
        read_array(tmp_path / "a.npz")
    pandas = archive(tmp_path / "b.h5", {"df/table": np.ones(3), "df/block0_values": FEATURES})
    with pytest.raises(DataError, match="pandas"):
        read_array(pandas)
