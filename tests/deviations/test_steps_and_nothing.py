from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from made_deviations import LIMITS, N_ACTIONS, USUAL, observation, varied
from vasot.deviations.timeline import NOTHING, Limits, read_timeline


def read(steps: list[tuple[int, int]]) -> list[tuple[int, int, int]]:
    found = read_timeline(observation("take", steps), LIMITS)
    return [(step.action, step.start_frame, step.end_frame) for step in found.steps]


def test_steps_are_the_runs_of_an_action() -> None:
    assert read([(0, 20), (1, 30), (0, 10)]) == [(0, 0, 20), (1, 20, 50), (0, 50, 60)]


def test_a_slip_of_a_few_frames_goes_to_the_longer_neighbour() -> None:
    assert read([(0, 20), (3, 2), (1, 30)]) == [(0, 0, 20), (1, 20, 52)]
    assert read([(0, 30), (3, 2), (0, 10)]) == [(0, 0, 42)]


def test_a_run_counts_less_where_the_model_is_unsure() -> None:
    seen = observation("take", [(0, 20), (3, 6), (1, 30)])
    unsure = np.where(seen.segmentation.labels == 3, 0.3, 0.9)
    doubted = replace(seen, segmentation=replace(seen.segmentation, confidence=unsure))

    assert [step.action for step in read_timeline(seen, LIMITS).steps] == [0, 3, 1]
    assert [step.action for step in read_timeline(doubted, LIMITS).steps] == [0, 1]


def test_a_step_interrupted_by_nothing_is_one_step_without_that_time() -> None:
    found = read_timeline(observation("take", [(0, 10), (NOTHING, 15), (0, 12), (1, 20)]), LIMITS)

    assert [(step.action, step.start_frame, step.end_frame, step.length) for step in found.steps] == [
        (0, 0, 37, 22.0),
        (1, 37, 57, 20.0),
    ]
    assert [(gap.start_frame, gap.end_frame) for gap in found.nothing] == [(10, 25)]


@pytest.mark.parametrize(("unmatched", "distance"), [(0.0, 1.0), (1.0, 0.0)])
def test_nothing_is_both_unmatched_and_far(unmatched: float, distance: float) -> None:
    seen = observation("take", [(0, 10), (NOTHING, 15), (1, 12)])
    gap = slice(10, 25)
    seen.unmatched[gap], seen.distance[gap] = unmatched, distance

    assert read_timeline(seen, LIMITS).nothing == ()


def test_limits_come_from_matched_frames_and_the_usual_length_of_steps() -> None:
    seen = [observation(f"reference_{i}", [*varied(USUAL, i, 0.0), (NOTHING, 20)]) for i in range(4)]
    for each in seen:
        each.distance[:85] = np.linspace(0, 0.2, 85)

    limits = Limits.of(seen)

    assert limits.far == pytest.approx(0.3, abs=0.01)
    # A third of the length, weighed by a confidence of 0.9; of the action that is not shown, that of the median one.
    assert limits.shortest == pytest.approx(0.3 * np.array([20, 30, 10, 25, 22.5]))
    assert limits.shortest.shape == (N_ACTIONS,)
