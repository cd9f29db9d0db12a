from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vasot.datasets.rendered import RenderSettings, plan_videos
from vasot.decoding import monotone_path
from vasot.decoding.carry import carry
from vasot.errors import DataError
from vasot.types import UNMATCHED, Alignment

RATE, SAMPLED = 25.0, 10.0


def aligned(
    path: np.ndarray,
    times_x: np.ndarray,
    times_y: np.ndarray,
    alone: tuple[int, ...] = (),
    confidence: np.ndarray | None = None,
) -> Alignment:
    matches = np.zeros(times_x.size, dtype=np.int64)
    matches[path[:, 0]] = path[:, 1]
    matches[list(alone)] = UNMATCHED
    return Alignment(
        *("x", "y", matches, np.ones(times_x.size) if confidence is None else confidence, path),
        np.zeros((times_x.size, times_y.size)),
        np.zeros(times_y.size, dtype=bool),
        times_x,
        times_y,
    )


def diagonal(n: int) -> np.ndarray:
    return np.stack([np.arange(n)] * 2, axis=1)


def test_a_recording_onto_itself_changes_nothing() -> None:
    times = np.arange(50) / 10
    same = aligned(diagonal(50), times, times)
    for start, end in ((0.0, 5.0), (0.333, 1.777), (4.95, 5.0), (2.5, 2.5)):
        found = carry(same, start, end, (5.0, 5.0))
        if end - start >= 0.1 or start == end:
            assert (found.start_seconds, found.end_seconds) == pytest.approx((start, end), abs=1e-9)
        assert (found.matched, found.confidence) == (1.0, 1.0)


def test_stretches_that_touch_still_touch_and_the_last_one_ends_with_the_recording() -> None:
    path = np.array([[0, 0], [1, 1], [2, 1], [3, 2], [3, 3], [4, 4]])
    alignment = aligned(path, np.arange(5) / 10, np.arange(5) / 5)
    first, second = (carry(alignment, *stretch, (0.5, 1.0)) for stretch in ((0.0, 0.27), (0.27, 0.5)))
    assert first.start_seconds == 0.0
    assert first.end_seconds == second.start_seconds
    assert second.end_seconds == 1.0


def test_what_matches_nothing_says_so() -> None:
    times = np.arange(20) / 10
    sureness = np.linspace(0.5, 1.0, 20)
    alignment = aligned(diagonal(20), times, times, alone=(4, 5, 6, 7), confidence=sureness)
    half = carry(alignment, 0.2, 0.6, (2.0, 2.0))
    assert half.matched == 0.5
    assert half.confidence == pytest.approx((sureness[2] + sureness[3]) / 4)
    assert carry(alignment, 0.4, 0.8, (2.0, 2.0)).matched == 0.0
    assert carry(alignment, 0.45, 0.45, (2.0, 2.0)).matched == 0.0
    assert carry(alignment, 0.39, 0.39, (2.0, 2.0)).confidence == pytest.approx(sureness[3])


def test_borders_rounded_to_milliseconds_do_not_count_the_frame_behind() -> None:
    times = np.arange(20) / 29.97
    alignment = aligned(diagonal(20), times, times, alone=(3, 6))
    stretch = round(float(times[4]), 3), round(float(times[6]), 3)
    assert carry(alignment, *stretch, (0.7, 0.7)).matched == 1.0


def test_a_stretch_that_the_other_recording_passes_at_once_keeps_one_frame() -> None:
    path = np.array([[i, min(i, 3)] for i in range(10)])
    alignment = aligned(path, np.arange(10) / 10, np.arange(4) / 10)
    for stretch in ((0.5, 0.8), (0.0, 0.01)):
        found = carry(alignment, *stretch, (1.0, 0.4))
        assert found.end_seconds - found.start_seconds == pytest.approx(0.1)
        assert found.start_seconds >= 0.0
        assert found.end_seconds <= 0.4 + 1e-9


@given(n=st.integers(1, 30), m=st.integers(1, 30), seed=st.integers(0, 500))
def test_order_is_kept_and_nothing_leaves_the_recording(n: int, m: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    alignment = aligned(monotone_path(generator.random((n, m))), np.arange(n) / 10, np.arange(m) / 7)
    ends = (n / 10, m / 7)
    borders = np.sort(generator.uniform(0, ends[0], 6))
    found = [carry(alignment, float(at), float(at), ends).start_seconds for at in borders]
    assert found == sorted(found)
    assert found[0] >= 0
    assert found[-1] <= ends[1] + 1e-9


def test_there_and_back_on_videos_of_known_correspondence_is_within_a_frame_or_two() -> None:
    """Steps of rendered videos, by the paths that the known phases of their frames make."""
    videos = plan_videos(RenderSettings(n_videos=4, order_variation=0, omission=0, repetition=0, background=0, seed=3))
    sampled = []
    for video in videos:
        times = np.arange(int(np.ceil(video.n_frames / RATE * SAMPLED))) / SAMPLED
        frames = np.minimum(np.round(times * RATE + 1e-6).astype(int), video.n_frames - 1)
        sampled.append((times, video.truth.action[frames] + video.truth.phase[frames]))
    away, truly_away = [], []
    for x, (times_x, at_x) in enumerate(sampled):
        for y, (times_y, at_y) in enumerate(sampled):
            if x == y:
                continue
            plan = np.exp(-0.5 * ((at_x[:, None] - at_y[None]) / 0.02) ** 2)
            there = aligned(monotone_path(plan), times_x, times_y)
            back = aligned(monotone_path(plan.T.copy()), times_y, times_x)
            ends = (videos[x].n_frames / RATE, videos[y].n_frames / RATE)
            borders_x, borders_y = (
                np.r_[0, np.flatnonzero(np.diff(videos[number].truth.action)) + 1] / RATE for number in (x, y)
            )
            for start, end, truth in zip(borders_x[:-1], borders_x[1:], borders_y[:-1], strict=True):
                found = carry(there, float(start), float(end), ends)
                again = carry(back, found.start_seconds, found.end_seconds, ends[::-1])
                away += [again.start_seconds - start, again.end_seconds - end]
                truly_away.append(found.start_seconds - truth)
    # One sampled frame is 0.1 s, one of the videos' 0.04 s.
    assert np.abs(away).max() < 0.2
    assert np.median(np.abs(away)) < 0.04
    assert np.abs(truly_away).max() < 0.2


def test_times_that_are_not_known_or_go_back_are_refused() -> None:
    times = np.arange(4) / 10
    alignment = aligned(diagonal(4), times, times)
    with pytest.raises(DataError, match="before it starts"):
        carry(alignment, 0.3, 0.2, (0.4, 0.4))
    unknown = Alignment(
        *("x", "y", alignment.matches, alignment.confidence, alignment.path, alignment.plan, alignment.unmatched_y)
    )
    with pytest.raises(DataError, match="--rate HZ"):
        carry(unknown, 0.1, 0.2, (0.4, 0.4))
