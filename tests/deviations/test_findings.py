from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from made_deviations import N_ACTIONS, USUAL, deviations, reference, references, timeline, varied
from vasot.deviations.findings import LEAST_CONFIDENCE, Deviation, find_deviations, score_of
from vasot.deviations.norm import Norm
from vasot.deviations.timeline import NOTHING


def told(found: list[Deviation]) -> list[tuple[str, int | None, int, int]]:
    return [(each.kind, each.action, each.here.start_frame, each.here.end_frame) for each in found]


def test_a_recording_as_the_references_has_no_deviations_and_score_0() -> None:
    found = deviations(USUAL)

    assert found == []
    assert score_of(found, Norm.of(references(), references(), N_ACTIONS)) == 0


def test_a_step_left_out_is_missing_at_the_point_where_it_would_be() -> None:
    (found,) = deviations(((0, 20), (1, 30), (3, 25)))

    assert told([found]) == [("missing", 2, 50, 50)]
    assert found.size == pytest.approx(10, abs=1)
    step = references()[0].of_action(2)[0]
    assert (found.there.start_frame, found.there.end_frame) == (step.start_frame, step.end_frame)


def test_the_first_step_is_missing_at_the_beginning() -> None:
    assert told(deviations(USUAL[1:])) == [("missing", 0, 0, 0)]


def test_a_step_that_comes_again_is_repeated_where_the_alignment_does_not_expect_it() -> None:
    assert told(deviations((*USUAL[:3], (0, 20), USUAL[3]))) == [("repeated", 0, 60, 80)]


def test_a_step_that_no_reference_shows_is_extra() -> None:
    assert told(deviations((*USUAL[:2], (4, 15), *USUAL[2:]))) == [("extra", 4, 50, 65)]


def test_of_two_exchanged_neighbours_the_shorter_one_is_out_of_order() -> None:
    (found,) = deviations(((0, 20), (2, 10), (1, 30), (3, 25)))

    assert told([found]) == [("order", 2, 20, 30)]
    assert found.against == (1,)


def test_a_step_moved_past_several_is_one_deviation() -> None:
    (found,) = deviations(((1, 30), (2, 10), (3, 25), (0, 20)))

    assert told([found]) == [("order", 0, 65, 85)]
    assert found.against == (1, 2, 3)


@pytest.mark.parametrize(("kind", "factor"), [("slow", 2.0), ("fast", 0.5)])
def test_a_step_of_another_pace_is_told_with_its_ratio(kind: str, factor: float) -> None:
    (found,) = deviations(((0, 20), (1, round(30 * factor)), (2, 10), (3, 25)))

    assert told([found]) == [(kind, 1, 20, 20 + round(30 * factor))]
    assert found.ratio == pytest.approx(factor, rel=0.1)
    assert found.size == pytest.approx(30 * abs(factor - 1), abs=3)


def test_a_recording_that_is_slow_throughout_is_told_once_and_its_steps_are_not() -> None:
    twice = [(action, 2 * length) for action, length in USUAL]

    (found,) = deviations(twice)

    assert told([found]) == [("slow", None, 0, 170)]
    assert found.ratio == pytest.approx(2, rel=0.1)


def test_what_is_slow_follows_from_the_spread_of_the_references() -> None:
    slower = ((0, 20), (1, 56), (2, 10), (3, 25))
    loose = [timeline(f"reference_{i}", varied(USUAL, i, spread=0.4)) for i in range(8)]

    assert [each.kind for each in deviations(slower)] == ["slow"]
    assert deviations(slower, loose) == []


def test_a_stretch_that_matches_nothing_is_told_unless_the_references_have_such() -> None:
    paused = (*USUAL[:2], (NOTHING, 20), *USUAL[2:])
    with_pauses = [timeline(f"reference_{i}", varied((*USUAL[:2], (NOTHING, 18), *USUAL[2:]), i)) for i in range(5)]

    assert told(deviations(paused)) == [("unmatched", None, 50, 70)]
    assert deviations(paused, with_pauses) == []
    assert [each.kind for each in deviations((*USUAL[:2], (NOTHING, 60), *USUAL[2:]), with_pauses)] == ["unmatched"]


def test_all_deviations_of_a_recording_come_in_order_of_time() -> None:
    found = deviations(((1, 30), (0, 20), (NOTHING, 20), (3, 60)))

    assert told(found) == [
        ("missing", 2, 30, 30),
        ("order", 0, 30, 50),
        ("unmatched", None, 50, 70),
        ("slow", 3, 70, 130),
    ]


def test_the_score_grows_with_what_deviates() -> None:
    norm = Norm.of(references(), references(), N_ACTIONS)
    one, two = deviations(((0, 20), (1, 30), (3, 25))), deviations(((1, 30), (3, 25)))

    assert 0 < score_of(one, norm) < score_of(two, norm)
    assert score_of(one, norm) == pytest.approx(10 / 85, rel=0.15)


def test_a_step_that_the_alignment_finds_elsewhere_is_less_surely_missing() -> None:
    known, held = references(), timeline("take", ((0, 20), (1, 30), (3, 25)))
    norm = Norm.of(known, known, N_ACTIONS)
    aligned = [reference(each, held) for each in known]
    matched = [replace(each, unmatched=np.zeros_like(each.unmatched)) for each in aligned]

    assert find_deviations(held, matched, norm) == []
    assert find_deviations(held, aligned, norm)[0].confidence > 0.9 > LEAST_CONFIDENCE


def test_a_single_reference_says_what_should_happen_and_others_how_much_may_differ() -> None:
    (alone,) = references(1)
    others = [timeline(f"other_{i}", varied(USUAL, 10 + i)) for i in range(6)]
    loose = [timeline(f"other_{i}", varied(USUAL, 10 + i, spread=0.4)) for i in range(6)]
    slower = ((0, 20), (1, 56), (2, 10), (3, 25))

    assert deviations(USUAL, [alone], others) == []
    assert [each.kind for each in deviations(slower, [alone], others)] == ["slow"]
    assert deviations(slower, [alone], loose) == []


def test_a_step_that_many_other_recordings_leave_out_is_not_asked_for() -> None:
    (alone,) = references(1)
    often = [timeline(f"other_{i}", USUAL if i % 2 else (*USUAL[:2], USUAL[3])) for i in range(6)]

    assert deviations((*USUAL[:2], USUAL[3]), [alone], often) == []
