from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vasot.decoding import CONFIDENCE_WINDOW, follow, frames_alike, matches_from_plan, monotone_path, path_to_map
from vasot.errors import DataError
from vasot.types import UNMATCHED


def blurred(slope_path: np.ndarray, m: int, width: float) -> np.ndarray:
    """A doubly balanced plan (Sinkhorn) whose ridge follows ``slope_path`` with this standard deviation."""
    kernel = np.exp(-0.5 * ((np.arange(m)[None] - slope_path[:, None]) / width) ** 2)
    n = slope_path.size
    column = np.full(m, 1.0)
    for _ in range(500):
        row = 1 / n / (kernel @ column)
        column = 1 / m / (row @ kernel)
    return np.asarray(row[:, None] * kernel * column)


def even_slope(n: int, m: int) -> np.ndarray:
    return (np.arange(n) + 0.5) / n * m - 0.5


def score(plan: np.ndarray, path: np.ndarray) -> float:
    """The objective said in words: frames advanced times the mean mass of the cells joined."""
    steps = zip(path[:-1].tolist(), path[1:].tolist(), strict=True)
    return sum(float((i - i0 + j - j0) * (plan[i0, j0] + plan[i, j]) / 2) for (i0, j0), (i, j) in steps)


def all_paths(n: int, m: int) -> list[list[tuple[int, int]]]:
    if n == 1 and m == 1:
        return [[(0, 0)]]
    before = [(n - a, m - b) for a, b in ((1, 1), (1, 0), (0, 1)) if n > a and m > b]
    return [[*path, (n - 1, m - 1)] for size in before for path in all_paths(*size)]


@given(n=st.integers(1, 5), m=st.integers(1, 5), seed=st.integers(0, 1000))
def test_the_path_is_the_best_of_all_paths(n: int, m: int, seed: int) -> None:
    plan = np.random.default_rng(seed).random((n, m))
    best = max(score(plan, np.array(path)) for path in all_paths(n, m))
    assert score(plan, monotone_path(plan)) == pytest.approx(best, rel=1e-12)


@given(n=st.integers(1, 40), m=st.integers(1, 40), seed=st.integers(0, 1000))
def test_the_path_runs_from_corner_to_corner_in_single_steps(n: int, m: int, seed: int) -> None:
    path = monotone_path(np.random.default_rng(seed).random((n, m)))
    assert path[0].tolist() == [0, 0]
    assert path[-1].tolist() == [n - 1, m - 1]
    assert {tuple(step) for step in np.diff(path, axis=0).tolist()} <= {(1, 0), (0, 1), (1, 1)}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", [1, 2, 7, 200])
def test_an_identity_plan_gives_the_exact_diagonal(n: int, dtype: type) -> None:
    assert monotone_path((np.eye(n) / n).astype(dtype)).tolist() == [[i, i] for i in range(n)]


@pytest.mark.parametrize("width", [0.5, 5.0, 25.0])
def test_a_blurred_identity_still_gives_the_exact_diagonal(width: float) -> None:
    assert monotone_path(blurred(even_slope(150, 150), 150, width)).tolist() == [[i, i] for i in range(150)]


@given(n=st.integers(1, 20), m=st.integers(1, 20), seed=st.integers(0, 1000))
def test_a_transposed_or_reversed_plan_has_the_transposed_or_reversed_path(n: int, m: int, seed: int) -> None:
    plan = np.random.default_rng(seed).random((n, m))
    path = monotone_path(plan)
    np.testing.assert_array_equal(monotone_path(plan.T), path[:, ::-1])
    np.testing.assert_array_equal(monotone_path(plan[::-1, ::-1]), [n - 1, m - 1] - path[::-1])


@pytest.mark.parametrize(("n", "m"), [(100, 200), (200, 100), (60, 300), (300, 60)])
def test_a_sharp_plan_of_another_speed_is_followed_to_the_frame(n: int, m: int) -> None:
    where = even_slope(max(n, m), min(n, m)).round().astype(int)
    plan = np.zeros((n, m))
    longer = np.arange(max(n, m))
    plan[(longer, where) if n > m else (where, longer)] = 1 / max(n, m)
    path = monotone_path(plan)
    assert (plan[path[:, 0], path[:, 1]] > 0).all()
    assert len(path) == max(n, m)


@pytest.mark.parametrize(("n", "m", "width"), [(100, 200, 6.0), (200, 100, 3.0), (60, 300, 10.0)])
def test_a_blurred_plan_of_another_speed_is_followed(n: int, m: int, width: float) -> None:
    away = np.abs(path_to_map(monotone_path(blurred(even_slope(n, m), m, width)), n) - even_slope(n, m))
    assert away.mean() < 0.5
    assert away.max() < width


def test_a_plan_that_says_nothing_lets_both_recordings_run_on() -> None:
    # Sums of 0.1 round differently along different paths; that must not decide.
    assert monotone_path(np.full((50, 50), 0.1)).tolist() == [[i, i] for i in range(50)]
    assert monotone_path(np.zeros((2, 3))).tolist() == [[0, 0], [0, 1], [1, 2]]


def test_of_two_swapped_blocks_the_path_keeps_the_heavier_and_the_matches_keep_both() -> None:
    where = np.r_[0:10, 30:50, 10:30, 50:60]
    plan = np.zeros((60, 60))
    plan[np.arange(60), where] = 1.0
    plan[30:50] *= 0.9
    path = {tuple(pair) for pair in monotone_path(plan).tolist()}
    assert {(i, where[i]) for i in range(10, 30)} <= path
    assert not {(i, where[i]) for i in range(31, 50)} & path
    assert matches_from_plan(plan, virtual=False)[0].tolist() == where.tolist()


def test_playback_never_goes_back_and_stays_within_the_recording() -> None:
    plan = np.random.default_rng(3).random((70, 40))
    frames = path_to_map(monotone_path(plan), 70)
    assert frames.shape == (70,)
    assert (np.diff(frames) >= 0).all()
    assert frames.min() >= 0
    assert frames.max() <= 39


@pytest.mark.parametrize(
    ("path", "n_frames"), [([[0, 0], [2, 2]], 3), ([[0, 0], [1, 1]], 3), ([[0, 0], [1, 1]], 1), ([[-1, 0], [0, 1]], 1)]
)
def test_a_path_that_leaves_out_frames_is_refused(path: list[list[int]], n_frames: int) -> None:
    with pytest.raises(DataError, match="every one of the"):
        path_to_map(np.array(path), n_frames)


@given(n=st.integers(1, 30), m=st.integers(1, 30), seed=st.integers(0, 1000))
def test_following_never_goes_back_and_meets_the_path_at_every_frame(n: int, m: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    path = monotone_path(generator.random((n, m)))
    times_x, times_y = (np.cumsum(generator.uniform(0.01, 0.5, size)) for size in (n, m))
    everywhere = np.sort(np.append(generator.uniform(times_x[0] - 1, times_x[-1] + 1, 200), times_x))
    for ends in (None, (float(times_x[-1]) + 0.5, float(times_y[-1]) + 0.2)):
        assert (np.diff(follow(path, times_x, times_y, everywhere, ends)) >= 0).all()
        there = follow(path, times_x, times_y, times_x, ends)
        for frame in range(n):
            partners = times_y[path[path[:, 0] == frame, 1]]
            assert partners[0] <= there[frame] <= partners[-1]
            if partners.size == 1:
                assert there[frame] == partners[0]


def test_following_waits_hurries_and_runs_straight_between_frames() -> None:
    path = np.array([[0, 0], [1, 0], [2, 0], [3, 1], [4, 2], [4, 3], [4, 4], [4, 5], [5, 6]])
    times_x, times_y = np.arange(6) * 0.5, 10 + np.arange(7.0)
    at = np.array([0.0, 0.7, 1.0, 1.25, 1.5, 2.0, 2.25, 2.5])
    assert follow(path, times_x, times_y, at).tolist() == [10.0, 10.0, 10.0, 10.5, 11.0, 13.5, 14.75, 16.0]


def test_following_ends_both_recordings_together_where_their_ends_are_known() -> None:
    path = np.array([[0, 0], [1, 1]])
    times = np.array([0.0, 1.0])
    at = np.array([-1.0, 1.0, 1.5, 2.0, 3.0])
    assert follow(path, times, times, at, ends=(2.0, 1.5)).tolist() == [0.0, 1.0, 1.25, 1.5, 1.5]
    assert follow(path, times, times, at).tolist() == [0.0, 1.0, 1.0, 1.0, 1.0]


def test_following_refuses_the_times_of_another_recording() -> None:
    path = np.array([[0, 0], [1, 1]])
    with pytest.raises(DataError, match="names frame 1 of Y, but there are 1 times"):
        follow(path, np.arange(2.0), np.zeros(1), 0.5)
    with pytest.raises(DataError, match="every one of the 3 frames"):
        follow(path, np.arange(3.0), np.arange(2.0), 0.5)


def test_a_frame_is_unmatched_only_where_virtual_mass_exceeds_the_sum_of_real_mass() -> None:
    plan = np.array(
        [
            [0.3, 0.3, 0.3, 0.5],  # the virtual cell is the largest, yet most mass is on real frames
            [0.2, 0.1, 0.1, 0.5],
            [0.25, 0.25, 0.0, 0.5],  # exactly as much: matched
            [0.0, 0.9, 0.5, 0.0],
        ]
    )
    matches, confidence, unmatched_y = matches_from_plan(plan, virtual=True)
    assert matches.tolist() == [0, UNMATCHED, 0]
    assert confidence[1] == pytest.approx(0.5 / 0.9)
    # Real mass of Y's frames: 0.75, 0.65, 0.4.
    assert unmatched_y.tolist() == [False, True, True]


def test_without_virtual_frames_the_last_row_and_column_are_real() -> None:
    matches, _, unmatched_y = matches_from_plan(np.eye(4)[:, ::-1].copy(), virtual=False)
    assert matches.tolist() == [3, 2, 1, 0]
    assert not unmatched_y.any()


def test_confidence_counts_the_mass_within_the_window_and_none_beyond() -> None:
    m = 400
    half_width = round(CONFIDENCE_WINDOW * m)
    plan = np.zeros((3, m))
    plan[:, 200] = 0.5
    plan[0, 200 + half_width] = 0.3
    plan[0, 200 - half_width] = 0.2
    plan[1, 200 + half_width + 1] = 0.3
    plan[1, 200 - half_width - 1] = 0.2
    plan[2] = 0.0
    plan[2, [0, m - 1]] = 0.6, 0.2  # the window does not wrap around
    assert matches_from_plan(plan, virtual=False)[1].tolist() == pytest.approx([1.0, 0.5, 0.75])


def test_virtual_mass_lowers_the_confidence_of_a_match() -> None:
    plan = np.array([[0.3, 0.0, 0.0, 0.1], [0.0, 0.0, 0.0, 0.6]])
    assert matches_from_plan(plan, virtual=True)[1].tolist() == pytest.approx([0.75])


def test_a_frame_without_mass_is_unmatched_with_no_confidence() -> None:
    plan = np.array([[0.5, 0.0, 0.0], [0.0, 0.0, 0.0]])
    matches, confidence, unmatched_y = matches_from_plan(plan, virtual=False)
    assert (matches.tolist(), confidence.tolist()) == ([0, UNMATCHED], [1.0, 0.0])
    assert unmatched_y.tolist() == [False, True, True]


@given(n=st.integers(1, 30), m=st.integers(1, 30), seed=st.integers(0, 1000))
def test_confidence_is_a_share_and_a_common_scale_changes_nothing(n: int, m: int, seed: int) -> None:
    plan = np.random.default_rng(seed).random((n + 1, m + 1)) ** 4
    matches, confidence, unmatched_y = matches_from_plan(plan, virtual=True)
    assert (confidence >= 0).all()
    assert (confidence <= 1).all()
    again = matches_from_plan(plan * 1024, virtual=True)
    for got, expected in zip(again, (matches, confidence, unmatched_y), strict=True):
        np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize(("bad", "decode"), list(product([np.nan, np.inf, -1e-3], ["matches", "path"])))
def test_mass_that_is_not_finite_or_negative_is_refused_with_its_place(bad: float, decode: str) -> None:
    plan = np.full((4, 5), 0.05)
    plan[2, 3] = bad
    with pytest.raises(DataError, match="frame 2 of X on frame 3 of Y"):
        monotone_path(plan) if decode == "path" else matches_from_plan(plan, virtual=False)


@pytest.mark.parametrize("shape", [(1, 5), (5, 1), (1, 1)])
def test_an_extended_plan_needs_real_frames_on_both_sides(shape: tuple[int, int]) -> None:
    with pytest.raises(DataError, match="no pair of real frames"):
        matches_from_plan(np.ones(shape), virtual=True)


def test_an_empty_plan_is_refused() -> None:
    with pytest.raises(DataError, match="both at least 1"):
        monotone_path(np.zeros((0, 3)))


def test_a_strided_view_is_decoded_as_well() -> None:
    wide = np.zeros((6, 12))
    wide[:, ::2] = np.eye(6)
    assert monotone_path(wide[:, ::2]).tolist() == [[i, i] for i in range(6)]


def test_frames_that_have_their_like_are_matched_where_their_real_mass_is_largest() -> None:
    plan = np.array([[0.1, 0.2, 0.5], [0.0, 0.1, 0.6], [0.6, 0.5, 0.0]])
    like = np.array([True, False]), np.array([False, True])
    matches, confidence, unmatched_y = matches_from_plan(plan, virtual=True, like=like)
    assert matches.tolist() == [1, UNMATCHED]
    assert unmatched_y.tolist() == [True, False]
    # Most of its mass found no room, and the confidence says so.
    assert confidence[0] < 0.5
    assert matches_from_plan(plan, virtual=True)[0].tolist() == [UNMATCHED, UNMATCHED]


def test_a_frame_without_any_mass_stays_unmatched_though_it_has_its_like() -> None:
    plan = np.array([[0.0, 0.0], [0.5, 0.5]])
    everything = np.ones(2, dtype=bool)
    assert matches_from_plan(plan, virtual=False, like=(everything, everything))[0].tolist() == [UNMATCHED, 0]


def test_one_frame_that_looks_like_another_by_chance_does_not_count() -> None:
    cost = np.full((9, 40), 0.9)
    cost[4, 20] = 0.1
    alike_x, alike_y = frames_alike(cost, 0.5)
    assert not alike_x.any()
    assert not alike_y.any()
    cost[3:6, 19:22] = 0.1
    assert np.flatnonzero(frames_alike(cost, 0.5)[0]).tolist() == [3, 4, 5]
    assert np.flatnonzero(frames_alike(cost, 0.5)[1]).tolist() == [19, 20, 21]


@pytest.mark.parametrize("cost", [np.ones((0, 3)), np.full((2, 2), np.nan)])
def test_costs_that_say_nothing_are_refused(cost: np.ndarray) -> None:
    with pytest.raises(DataError, match="must be of one frame or more"):
        frames_alike(cost, 0.5)
