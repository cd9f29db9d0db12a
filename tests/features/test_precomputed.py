from __future__ import annotations

import contextlib
import io
import math
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from vasot.errors import DataError, SettingsError
from vasot.features.precomputed import read_array, read_track, standardise


def npy_bytes(array: np.ndarray, allow_pickle: bool = False) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=allow_pickle)
    return buffer.getvalue()


GOOD = npy_bytes(np.arange(12, dtype=np.float32).reshape(4, 3))


def archive_bytes() -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, features=np.ones((4, 3)))
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["f2", "f4", "f8", ">f8", "i8", "u1", "?"])
def test_every_kind_of_real_number_becomes_float32(tmp_path: Path, kind: str) -> None:
    np.save(tmp_path / "a.npy", np.array([[0, 1], [1, 0], [1, 1]], dtype=kind))
    array = read_array(tmp_path / "a.npy")
    assert array.dtype == np.float32
    assert array.tolist() == [[0, 1], [1, 0], [1, 1]]


def test_an_array_in_column_order_keeps_its_frames(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.asfortranarray([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]))
    assert read_array(tmp_path / "a.npy").tolist() == [[1, 2, 3], [4, 5, 6]]


def test_features_stay_as_read_when_the_file_is_written_again(tmp_path: Path) -> None:
    (tmp_path / "a.npy").write_bytes(GOOD)
    array = read_array(tmp_path / "a.npy")
    with (tmp_path / "a.npy").open("r+b") as file:
        file.seek(-4, io.SEEK_END)
        file.write(b"\0\0\0\0")
    assert array[-1, -1] == 11


@pytest.mark.parametrize(
    "text",
    [
        "1 2\n3 4\n",
        "1 2\n3 4",
        "1\t2\r\n3 4\r\n",
        " 1  2 \n 3 4\n\n \n",
        "\ufeff1 2\n3 4\n",
        "1.0e0 2.000000000000000000e+00\n3 4\n",
    ],
)
def test_text_is_read_with_any_spacing_and_line_ends(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.TXT").write_text(text, encoding="utf-8", newline="")
    array = read_array(str(tmp_path / "a.TXT"))
    assert array.dtype == np.float32
    assert array.tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty; write one line of numbers per frame"),
        (" \n\n", "is empty"),
        ("1 2\n3 x\n", "line 2: 'x' is not a number; write numbers only"),
        ("1,2\n3,4\n", "line 1: '1,2' is not a number; separate numbers by spaces"),
        ("# made today\n1 2\n", "line 1: '#' is not a number"),
        ("1 2\n3 4\n5", "line 3 has 1 numbers, line 1 has 2; the file may be cut off"),
        ("1 2\n\n3 4\n", "line 2 is blank"),
        ("\n1 2\n", "line 1 is blank"),
        ("1_0 2\n", "1_0"),
    ],
)
def test_a_bad_text_file_is_named_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "a.txt").write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_array(tmp_path / "a.txt")
    assert str(caught.value).startswith(f"{tmp_path / 'a.txt'}: ")
    assert message in str(caught.value)


def test_a_binary_file_with_a_text_ending_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(DataError, match=r"a\.txt: is not a text file"):
        read_array(tmp_path / "a.txt")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (GOOD[:-5], "is cut off, damaged"),
        (GOOD[:40], "is cut off, damaged"),
        (GOOD.replace(b"(4, 3)", b"(4, 3 "), "is cut off, damaged"),
        (GOOD.replace(b"'shape'", b"'shapo'"), "is cut off, damaged"),
        (b"version https://git-lfs.example/spec/v1\n", r"is not a \.npy file"),
        (archive_bytes(), r"is not a \.npy file"),
        (npy_bytes(np.array([[{}]], dtype=object), allow_pickle=True), "holds Python objects"),
        (npy_bytes(np.array([["a"]])), "type <U1; save real numbers"),
        (npy_bytes(np.ones((2, 2), dtype=complex)), "type complex128"),
        (npy_bytes(np.ones((0, 3))), r"empty array of shape \(0, 3\)"),
        (npy_bytes(np.ones(())), r"shape \(\)"),
        (npy_bytes(np.ones(5)), r"shape \(5,\); expected \(frames, dimensions\): save array\[:, None\]"),
        (npy_bytes(np.ones((5, 33, 7))), r"shape \(5, 33, 7\).*array\.reshape\(len\(array\), -1\)"),
    ],
)
def test_a_bad_npy_file_is_named_with_its_fault(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(DataError, match=rf"a\.npy: .*{message}"):
        read_array(tmp_path / "a.npy")


@given(st.data())
def test_a_damaged_npy_file_is_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    damaged = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 3))):
        damaged[data.draw(st.integers(0, len(GOOD) - 1))] = data.draw(st.integers(0, 255))
    with TemporaryDirectory() as folder:
        file = Path(folder) / "a.npy"
        file.write_bytes(damaged)
        with contextlib.suppress(DataError):
            assert read_array(file).ndim == 2


def test_a_missing_file_a_folder_and_another_ending_are_named(tmp_path: Path) -> None:
    (tmp_path / "folder.npy").mkdir()
    for name, message in [("none.npy", "No such file"), ("none.txt", "No such file"), ("folder.npy", "cannot be read")]:
        with pytest.raises(DataError, match=rf"{name}: .*{message}"):
            read_array(tmp_path / name)
    with pytest.raises(DataError, match=r"a\.mat: features are read from .*\.npy, .* files, not from '\.mat'"):
        read_array(tmp_path / "a.mat")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300])
def test_nan_infinity_and_overflow_are_named_with_file_and_frame(tmp_path: Path, value: float) -> None:
    features = np.ones((5, 3))
    features[3, 1] = features[4, 0] = value
    np.save(tmp_path / "a.npy", features)
    np.savetxt(tmp_path / "b.txt", features)
    for name in ("a.npy", "b.txt"):
        with pytest.raises(DataError, match=rf"{name}: frame 3 holds NaN or infinity \(2 of 5 frames do\)"):
            read_track(tmp_path / name)


def test_a_track_is_called_after_its_file_and_timed_by_its_rate(tmp_path: Path) -> None:
    np.save(tmp_path / "P03.cam01.npy", np.zeros((4, 2)))
    track = read_track(tmp_path / "P03.cam01.npy", rate_hz=2.0)
    assert (track.name, track.activity, track.source) == ("P03.cam01", "all", tmp_path / "P03.cam01.npy")
    assert track.times_seconds is not None
    assert track.times_seconds.tolist() == [0.0, 0.5, 1.0, 1.5]
    named = read_track(str(tmp_path / "P03.cam01.npy"), name="mine", activity="tea")
    assert (named.name, named.activity, named.times_seconds) == ("mine", "tea", None)


@pytest.mark.parametrize("rate", [0.0, -1.0, math.nan, math.inf])
def test_a_rate_that_is_none_is_refused(tmp_path: Path, rate: float) -> None:
    with pytest.raises(SettingsError, match="rate_hz is"):
        read_track(tmp_path / "a.npy", rate_hz=rate)


def test_one_frame_and_frames_of_zeros_are_allowed(tmp_path: Path) -> None:
    np.save(tmp_path / "one.npy", np.array([[1.0, 2.0]]))
    np.save(tmp_path / "zeros.npy", np.zeros((3, 2)))
    assert read_track(tmp_path / "one.npy").n_frames == 1
    assert read_track(tmp_path / "zeros.npy").n_frames == 3


def test_standardised_features_follow_the_formula() -> None:
    generator = np.random.default_rng(0)
    features = (5 + 3 * generator.standard_normal((50, 4))).astype(np.float32)
    features[[0, 7]] = 0
    result = standardise(features)
    for column in range(4):
        values = [float(features[frame, column]) for frame in range(50) if frame not in (0, 7)]
        mean = sum(values) / 48
        deviation = math.sqrt(sum((value - mean) ** 2 for value in values) / 48)
        for frame in range(50):
            expected = 0.0 if frame in (0, 7) else (float(features[frame, column]) - mean) / (deviation * 2)
            assert result[frame, column] == pytest.approx(expected, abs=1e-6)


def test_standardised_frames_have_a_mean_squared_norm_of_one() -> None:
    features = np.random.default_rng(1).uniform(100, 101, (200, 30)).astype(np.float32)
    assert np.square(standardise(features)).sum(axis=1).mean() == pytest.approx(1, abs=1e-5)


def test_small_changes_of_a_large_feature_are_not_lost_to_rounding() -> None:
    features = (4000 + 0.01 * np.random.default_rng(3).standard_normal((3000, 1))).astype(np.float32)
    exact = features.astype(np.float64) - features.astype(np.float64).mean()
    assert np.abs(standardise(features) - exact / exact.std()).max() < 1e-5


@pytest.mark.parametrize("value", [0.1, -3e30, 1e-42, 1e-300])
@pytest.mark.parametrize("kind", ["f4", "f8"])
def test_a_constant_feature_becomes_zero_and_leaves_the_others_alone(value: float, kind: str) -> None:
    features = np.random.default_rng(2).standard_normal((999, 3)).astype(kind)
    features[:, 1] = value
    result = standardise(features)
    assert not result[:, 1].any()
    assert result[:, 0].std() == pytest.approx(1 / math.sqrt(3), abs=1e-5)


def test_a_feature_constant_but_for_the_zero_frames_is_constant() -> None:
    features = np.array([[0.0, 0.0], [2.0, 5.0], [3.0, 5.0]], dtype=np.float32)
    assert standardise(features)[:, 1].tolist() == [0, 0, 0]


@pytest.mark.parametrize("features", [np.zeros((4, 3)), np.ones((1, 3)), np.full((5, 2), 7.0)])
def test_nothing_to_standardise_gives_zeros(features: np.ndarray) -> None:
    result = standardise(features)
    assert result.dtype == np.float32
    assert result.shape == features.shape
    assert not result.any()


@given(
    npst.arrays(
        np.float32, npst.array_shapes(min_dims=2, max_dims=2, max_side=8), elements=st.floats(-1e9, 1e9, width=32)
    ),
    st.sampled_from([0.25, 2.0, 1024.0]),
)
def test_standardised_features_are_finite_and_independent_of_scale(features: np.ndarray, scale: float) -> None:
    result = standardise(features)
    assert np.isfinite(result).all()
    assert np.array_equal(standardise(features.astype(np.float64) * scale), result)


@pytest.mark.data
def test_features_written_as_text_are_read(data_root: Path) -> None:
    track = read_track(data_root / "breakfast_coffee" / "features" / "P05_cam01_P05_coffee.txt", rate_hz=15.0)
    assert track.features.shape == (1119, 64)
    assert not track.features[0].any()
    assert np.isfinite(standardise(track.features)).all()


@pytest.mark.data
def test_a_real_file_with_nan_is_named_with_its_frame(data_root: Path) -> None:
    file = data_root / "lego_assembly" / "Task3_Human2_trial2.npy"
    broken = np.flatnonzero(np.isnan(np.load(file)).any(axis=1))
    with pytest.raises(DataError, match=rf"Task3_Human2_trial2\.npy: frame {broken[0]} holds NaN") as caught:
        read_track(file)
    assert f"({broken.size} of 1207 frames do)" in str(caught.value)


@pytest.mark.data
def test_body_poses_become_places_and_velocities(data_root: Path) -> None:
    features = read_array(data_root / "golf_swings" / "pose" / "swing1.npy")
    assert features.shape == (155, 33 * 3 * 2)
    assert np.isfinite(features).all()
