from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vasot.decoding import labels_and_confidence, segments_to_labels
from vasot.errors import DataError
from vasot.types import Segment, Segmentation


def test_a_label_is_the_action_with_most_mass_and_its_confidence_the_share() -> None:
    labels, confidence = labels_and_confidence(np.array([[0.1, 0.3, 0.1], [0.0, 0.0, 0.2]]))
    assert labels.tolist() == [1, 2]
    assert confidence.tolist() == pytest.approx([0.6, 1.0])


def test_ties_go_to_the_lower_action() -> None:
    assert labels_and_confidence(np.full((2, 4), 0.125))[0].tolist() == [0, 0]


def test_one_action_gets_everything() -> None:
    labels, confidence = labels_and_confidence(np.full((3, 1), 1 / 3, dtype=np.float32))
    assert (labels.tolist(), confidence.tolist()) == ([0, 0, 0], [1.0, 1.0, 1.0])


@pytest.mark.parametrize("row", [[0.0, 0.0], [np.nan, 0.1], [np.inf, 0.1], [0.3, -0.1]])
def test_a_frame_without_usable_mass_is_refused_by_its_number(row: list[float]) -> None:
    plan = np.full((4, 2), 0.125)
    plan[2] = row
    with pytest.raises(DataError, match=r"frame 2 has mass .*1 of 4 frames"):
        labels_and_confidence(plan)


def test_a_plan_without_frames_is_refused() -> None:
    with pytest.raises(DataError, match="both at least 1"):
        labels_and_confidence(np.zeros((0, 3)))


@given(labels=st.lists(st.integers(0, 4), min_size=1, max_size=40), seed=st.integers(0, 100))
def test_labels_to_segments_and_back_is_the_identity(labels: list[int], seed: int) -> None:
    names = tuple(f"action {k}" for k in range(5))
    segmentation = Segmentation("a", np.array(labels), np.ones(len(labels)), 5, names)
    segments = list(segmentation.segments())
    np.random.default_rng(seed).shuffle(segments)
    assert segments_to_labels(segments, len(labels)).tolist() == labels


@pytest.mark.parametrize(
    "spans",
    [[], [(0, 3)], [(1, 6)], [(0, 2), (3, 6)], [(0, 4), (3, 6)], [(0, 3), (3, 7)], [(0, 3), (3, 3), (3, 6)]],
    ids=["none", "ends early", "begins late", "gap", "overlap", "too long", "empty"],
)
def test_segments_that_do_not_cover_every_frame_once_are_refused(spans: list[tuple[int, int]]) -> None:
    with pytest.raises(DataError, match="cover every frame once"):
        segments_to_labels([Segment(start, end, 0, 1.0) for start, end in spans], 6)
