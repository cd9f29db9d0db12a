from __future__ import annotations

import numpy as np
import pytest

from made_deviations import N_ACTIONS, USUAL, references, timeline, varied
from vasot.deviations.norm import Norm, Token, tokens_of
from vasot.deviations.pace import LEVEL


def test_counts_are_those_that_four_of_five_references_reach() -> None:
    known = [*references(4), timeline("other", (*USUAL, (0, 20)))]

    norm = Norm.of(known, known, N_ACTIONS)

    assert norm.fewest.tolist() == [1, 1, 1, 1, 0]
    assert norm.most.tolist() == [2, 1, 1, 1, 0]
    assert norm.shown.tolist() == [1, 1, 1, 1, 0]


def test_an_order_that_one_reference_breaks_is_free() -> None:
    known = [*references(4), timeline("other", ((1, 30), (0, 20), *USUAL[2:]))]

    norm = Norm.of(known, known, N_ACTIONS)

    assert (Token(0, 0), Token(1, 0)) not in norm.before
    assert (Token(1, 0), Token(0, 0)) not in norm.before
    assert norm.before[Token(0, 0), Token(2, 0)] == 1


def test_tokens_count_the_occurrences_of_an_action() -> None:
    assert tokens_of(timeline("take", ((0, 20), (1, 30), (0, 20))).steps) == [Token(0, 0), Token(1, 0), Token(0, 1)]


def test_the_bounds_hold_new_lengths_about_as_often_as_their_level_says() -> None:
    outside = []
    for seed in range(60):
        known = [timeline(f"r{i}", varied(((0, 400), (1, 400), (2, 400)), 1000 * seed + i, 0.2)) for i in range(6)]
        spread = Norm.of(known, known, N_ACTIONS).paces.steps[0]
        new = 400 * np.exp(0.2 * np.random.default_rng(seed).standard_normal(50))
        outside.append(np.mean([abs(spread.unusual(length)) > 1 for length in new]))

    assert LEVEL / 3 < np.mean(outside) < 3 * LEVEL


def test_the_spread_of_few_references_is_drawn_to_that_of_all_steps() -> None:
    same = [timeline(f"r{i}", ((0, 100), (1, 100 + 15 * i), (2, 130 - 15 * i))) for i in range(3)]

    lengths = Norm.of(same, same, N_ACTIONS).paces.steps

    assert 0.04 < lengths[0].scale < lengths[1].scale


def test_an_outlier_among_the_references_does_not_make_everything_usual() -> None:
    known = [*references(7), timeline("odd", ((0, 20), (1, 300), (2, 10), (3, 25)))]

    assert Norm.of(known, known, N_ACTIONS).paces.steps[1].longest < 60


def test_a_usual_length_is_the_median_of_the_references() -> None:
    known = [timeline(f"r{length}", ((0, length),)) for length in (10, 20, 90)]

    spread = Norm.of(known, known, N_ACTIONS).paces.steps[0]

    assert spread.usual == pytest.approx(20)
    assert spread.shortest < 20 < spread.longest
