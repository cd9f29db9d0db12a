from __future__ import annotations

import numpy as np
import pytest

from made_choices import as_segmentations, by_time_alone, disturbed, fits, steps
from vasot.errors import SettingsError
from vasot.metrics.agreement import compare_segmentations
from vasot.metrics.stability import CountFits, choose_count

SIX = ["a"] * 6


def test_the_number_that_is_found_again_is_recommended_and_fairly_sure() -> None:
    choice = choose_count([fits(3, 0.5), fits(5, 0.02), fits(7, 0.5)], SIX)
    assert choice.recommended == 5
    assert choice.as_good == (5,)
    assert choice.sureness == "fairly sure"
    assert choice.row.wins > 0.95
    assert [row.n_actions for row in choice.rows] == [3, 5, 7]


def test_the_smallest_of_those_that_cannot_be_told_apart_is_recommended_and_not_sure() -> None:
    choice = choose_count([fits(6, 0.1), fits(5, 0.1), fits(3, 0.6)], SIX)
    assert choice.as_good == (5, 6)
    assert (choice.recommended, choice.sureness) == (5, "not sure")


def test_what_time_alone_explains_is_not_taken_for_found() -> None:
    choice = choose_count([by_time_alone(2), by_time_alone(4), by_time_alone(6)], SIX)
    assert all(row.seeds.observed > 0.9 for row in choice.rows)
    assert all(abs(row.score) < 0.05 for row in choice.rows)
    assert choice.sureness == "not sure"


def test_nothing_is_found_where_seeds_disagree() -> None:
    choice = choose_count([fits(3, 1.0), fits(5, 1.0)], SIX)
    assert choice.nothing_found
    assert choice.sureness == "not sure"


def test_the_score_is_the_mean_of_the_gains_of_pairs_of_seeds_and_of_halves() -> None:
    each = fits(4, 0.2)
    row = choose_count([each, fits(5, 0.2)], SIX).rows[0]
    labels = [[one.labels for one in seed] for seed in each.seeds]
    assert each.halves is not None
    halves = [[one.labels for one in half] for half in each.halves]
    gains = [compare_segmentations(labels[a], labels[b], 4, SIX).agreement().gain for a, b in ((0, 1), (0, 2), (1, 2))]
    between = compare_segmentations(halves[0], halves[1], 4, SIX).agreement().gain
    assert row.seeds.gain == pytest.approx(np.mean(gains))
    assert row.score == pytest.approx((np.mean(gains) + between) / 2)
    assert row.low < row.score < row.high or row.high - row.low < 0.1


def test_halves_that_disagree_lower_the_score() -> None:
    good, truth = fits(4, 0.05), steps(6, 4, seed=0)
    other = as_segmentations(disturbed(truth, 0.9, 4, 9), 4)
    assert good.halves is not None
    broken = CountFits(4, good.seeds, (good.halves[0], other))
    one, two = (choose_count([each, fits(5, 0.3)], SIX).rows[0] for each in (good, broken))
    assert two.score < one.score - 0.2
    assert two.seeds == one.seeds


def test_without_halves_the_seeds_decide() -> None:
    without = CountFits(4, fits(4, 0.1).seeds)
    row = choose_count([without, CountFits(5, fits(5, 0.1).seeds)], SIX).rows[0]
    assert row.halves is None
    assert row.score == row.seeds.gain


def test_the_same_fits_give_the_same_choice() -> None:
    given = [fits(3, 0.3), fits(4, 0.3)]
    assert choose_count(given, SIX, seed=3) == choose_count(list(reversed(given)), SIX, seed=3)


def test_wins_are_shares_of_the_same_draws() -> None:
    choice = choose_count([fits(3, 0.3), fits(4, 0.3), fits(5, 0.3)], SIX)
    assert sum(row.wins for row in choice.rows) == pytest.approx(1)


def test_a_row_counts_unused_actions_segments_and_successors() -> None:
    labels = [np.array([0, 0, 2, 2, 2, 2, 0, 0]), np.array([0, 0, 2, 2, 3, 3, 3, 3])]
    same = as_segmentations(labels, 5, rate_hz=2.0)
    row = choose_count([CountFits(5, (same, same))], ["a", "a"]).rows[0]
    assert row.unused == (1, 4)
    assert row.used == 3
    assert row.segments_per_recording == 3
    assert (row.median_frames, row.median_seconds) == (2, 1)
    # 0 to 2 twice, 2 to 0 and 2 to 3 once each: three of four changes are the usual ones.
    assert row.usual_successor == 0.75


def test_seconds_are_told_only_where_every_rate_is_known() -> None:
    assert choose_count([CountFits(3, fits(3, 0.1).seeds)], SIX).rows[0].median_seconds is None


def test_one_seed_is_refused() -> None:
    with pytest.raises(SettingsError, match="two seeds of each"):
        choose_count([CountFits(3, fits(3, 0.1).seeds[:1])], SIX)
