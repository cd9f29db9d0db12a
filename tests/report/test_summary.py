from __future__ import annotations

import numpy as np
import pytest

from vasot.errors import DataError
from vasot.report.summary import N_INSTANTS, summarise
from vasot.types import Segmentation, default_action_names


def segmentation(labels: list[int], step_seconds: float | None = None, n_actions: int = 4) -> Segmentation:
    times = None if step_seconds is None else step_seconds * np.arange(len(labels))
    return Segmentation(
        "a", np.array(labels), np.full(len(labels), 0.5), n_actions, default_action_names(n_actions), times
    )


def test_how_often_how_long_and_where_are_counted_by_hand() -> None:
    summary = summarise([segmentation([0, 0, 1, 0, 2, 2, 2, 2], 0.5), segmentation([1, 1, 2, 2], 1.0)])
    first, second, third, never = summary.actions
    assert summary.unit == "s"
    assert summary.total == pytest.approx(8 * 0.5 + 4 * 1.0)
    assert first.lengths.tolist() == [1.0, 0.5]
    assert second.lengths.tolist() == [0.5, 2.0]
    assert third.lengths.tolist() == [2.0, 2.0]
    assert [each.n_recordings for each in summary.actions] == [1, 2, 2, 0]
    assert [each.share for each in summary.actions] == pytest.approx([3 / 12, 3 / 12, 6 / 12, 0])
    # Middles of its segments: frame 1 of 8 and frame 3.5 of 8.
    assert first.position == pytest.approx((1 / 8 + 3.5 / 8) / 2)
    assert never.position is None
    assert never.confidence is None
    assert third.confidence == 0.5


def test_transitions_beginnings_and_ends_are_counted() -> None:
    summary = summarise([segmentation([0, 1, 0, 1, 2]), segmentation([1, 2])])
    expected = np.zeros((4, 4), int)
    expected[0, 1], expected[1, 0], expected[1, 2] = 2, 1, 2
    assert summary.transitions.tolist() == expected.tolist()
    assert summary.starts.tolist() == [1, 1, 0, 0]
    assert summary.ends.tolist() == [0, 0, 2, 0]
    assert summary.segments_per_recording == 3.5


def test_the_typical_order_follows_time_and_names_what_never_occurs() -> None:
    summary = summarise([segmentation([2, 2, 0, 1]), segmentation([2, 0, 0, 1])])
    assert summary.typical_order == (2, 0, 1)
    assert summary.unused == (3,)


def test_occupancy_is_the_share_of_recordings_at_each_relative_instant() -> None:
    summary = summarise([segmentation([0] * 10 + [1] * 10), segmentation([0, 1, 1, 1])])
    shares = np.stack([each.occupancy for each in summary.actions])
    np.testing.assert_allclose(shares.sum(axis=0), 1)
    quarter, half = N_INSTANTS // 4, N_INSTANTS // 2
    np.testing.assert_allclose(shares[0], [1.0] * quarter + [0.5] * (half - quarter) + [0.0] * half)


def test_one_recording_without_a_rate_puts_all_lengths_in_frames() -> None:
    summary = summarise([segmentation([0, 0, 1], 0.1), segmentation([0, 1, 1])])
    assert summary.unit == "frames"
    assert summary.actions[0].lengths.tolist() == [2, 1]


def test_segmentations_of_different_models_are_refused() -> None:
    with pytest.raises(DataError, match=r"2 segmentations with \[3, 4\] actions"):
        summarise([segmentation([0, 1]), segmentation([0, 1], n_actions=3)])
