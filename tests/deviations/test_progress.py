from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vasot.datasets.synthetic import slowed
from vasot.decoding.path import monotone_path
from vasot.deviations.progress import progress_of
from vasot.errors import DataError
from vasot.types import Alignment


def aligned(place_of_x: np.ndarray, m_frames: int, rate_hz: float | None = 10.0) -> Alignment:
    """An alignment whose plan has all its mass where it is known that each frame of X belongs."""
    plan = np.zeros((place_of_x.size, m_frames))
    plan[np.arange(place_of_x.size), place_of_x] = 1
    times_y = None if rate_hz is None else np.arange(m_frames) / rate_hz
    return Alignment(
        "x", "y", place_of_x, plan.sum(axis=1), monotone_path(plan), plan, plan.sum(axis=0) == 0, None, times_y
    )


def same_pace(n: int, m: int) -> Alignment:
    return aligned(np.round(np.linspace(0, m - 1, n)).astype(int), m)


def test_at_the_same_pace_as_all_others_progress_is_the_elapsed_share() -> None:
    found = progress_of([same_pace(50, m) for m in (40, 50, 80)])

    assert found.fraction == pytest.approx((np.arange(50) + 0.5) / 50, abs=0.02)
    assert found.remaining_seconds is not None
    assert found.remaining_seconds == pytest.approx(5.0 * (1 - np.arange(50) / 50), abs=0.2)


def test_a_recording_that_is_slow_in_its_first_half_has_come_less_far() -> None:
    _, source = slowed(np.zeros((40, 1)), 3.0)
    place = np.r_[source, np.arange(40, 80)]

    found = progress_of([aligned(place, 80)] * 3)

    # 120 of 160 frames show the first half of what the others do.
    assert found.fraction[119] == pytest.approx(0.5, abs=0.02)
    assert found.fraction[-1] == pytest.approx(1, abs=0.01)


def test_progress_never_falls_and_what_remains_never_rises() -> None:
    generator = np.random.default_rng(0)
    noisy = [aligned(np.clip(np.arange(60) + generator.integers(-9, 10, 60), 0, 59), 60) for _ in range(5)]

    found = progress_of(noisy)

    assert (np.diff(found.fraction) >= 0).all()
    assert found.remaining_seconds is not None
    assert (np.diff(found.remaining_seconds) <= 0).all()
    assert (found.low <= found.fraction).all()
    assert (found.fraction <= found.high).all()


def test_one_recording_that_goes_another_way_does_not_change_the_median() -> None:
    usual = [same_pace(50, 50)] * 4
    odd = aligned(np.r_[np.zeros(45, dtype=int), np.arange(45, 50)], 50)

    assert progress_of([*usual, odd]).fraction == pytest.approx(progress_of(usual).fraction)


def test_what_remains_is_not_told_where_a_rate_is_unknown() -> None:
    known = same_pace(20, 20)

    assert progress_of([known, replace(known, times_y=None)]).remaining_seconds is None


def test_alignments_of_different_recordings_are_refused() -> None:
    with pytest.raises(DataError, match="of one recording"):
        progress_of([same_pace(20, 20), same_pace(21, 20)])
    with pytest.raises(DataError, match="of one recording"):
        progress_of([])
