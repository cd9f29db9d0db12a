"""The oracle itself, held against loops over every cell, closed forms, differences, POT."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

import jaxtyping
import numpy as np
import pytest

from vasot.errors import DataError, SettingsError, VasotError
from vasot.transport.reference import (
    dense_band,
    dense_complement_band,
    dense_off_diagonal,
    dense_structure_with_mask,
    gradient,
    objective_terms,
    plain_mirror_steps,
    small_step_mirror_descent,
)

Problem = dict[str, Any]
KINDS = {"balanced": (None, None), "partial": (None, 0.1), "columns hard": (0.2, None), "unbalanced": (0.3, 0.1)}
kinds = pytest.mark.parametrize("penalties", list(KINDS.values()), ids=list(KINDS))


def alignment(seed: int, n: int, m: int, penalties: tuple[float | None, float | None], **changes: Any) -> Problem:
    """Two recordings of the same three steps, uniform weights."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((3, 6))
    x = centres[np.arange(n) * 3 // n] + 0.5 * rng.standard_normal((n, 6))
    y = centres[np.arange(m) * 3 // m] + 0.5 * rng.standard_normal((m, 6))
    cosine = (x / np.linalg.norm(x, axis=1, keepdims=True)) @ (y / np.linalg.norm(y, axis=1, keepdims=True)).T
    problem: Problem = {
        "cost": 1 - cosine,
        "cx": dense_band(n, max(1, n // 10), 10.0),
        "cy": dense_complement_band(m, max(1, m // 10)),
        "p": np.full(n, 1 / n),
        "q": np.full(m, 1 / m),
        "alpha": 0.4,
        "epsilon": 0.1,
        "penalty_x": penalties[0],
        "penalty_y": penalties[1],
    }
    return problem | changes


def segmentation(seed: int, n: int, k: int, **changes: Any) -> Problem:
    """A recording and its actions: rows hard, the action marginal penalised."""
    return alignment(seed, n, k, (None, 0.1), cy=dense_off_diagonal(k)) | changes


def anything(seed: int, n: int, m: int, penalties: tuple[float | None, float | None]) -> tuple[np.ndarray, Problem]:
    """A plan that meets no marginal, and structures without symmetry: nothing can cancel."""
    rng = np.random.default_rng(seed)
    p, q = rng.uniform(0.1, 1, n), rng.uniform(0.1, 1, m)
    structures = {"cx": rng.standard_normal((n, n)), "cy": rng.standard_normal((m, m))}
    plan = rng.uniform(0.01, 0.2, (n, m))
    return plan, alignment(seed, n, m, penalties, p=p / p.sum(), q=q / q.sum(), **structures)


def kl(a: np.ndarray, b: np.ndarray) -> float:
    return sum(float(s * math.log(s / t) - s + t) for s, t in zip(a, b, strict=True))


@pytest.mark.parametrize(("n", "half_width"), [(1, 1), (5, 1), (6, 2), (7, 6), (4, 9)])
def test_bands_follow_their_definition_entry_by_entry(n: int, half_width: int) -> None:
    apart = np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    inside = (apart >= 1) & (apart <= half_width)
    np.testing.assert_array_equal(dense_band(n, half_width, 25.0), np.where(inside, 25.0, 0.0))
    np.testing.assert_array_equal(dense_complement_band(n, half_width), np.where(inside, 0.0, 1.0))


def test_two_different_actions_are_one_apart() -> None:
    np.testing.assert_array_equal(dense_off_diagonal(4), 1 - np.eye(4))


def test_a_masked_frame_has_no_structure_and_the_input_stays() -> None:
    whole = dense_complement_band(4, 1)
    masked = dense_structure_with_mask(whole, np.array([True, True, False, True]))
    assert not masked[2].any()
    assert not masked[:, 2].any()
    kept = [0, 1, 3]
    np.testing.assert_array_equal(masked[np.ix_(kept, kept)], whole[np.ix_(kept, kept)])
    assert whole[2, 2] == 1.0


@kinds
def test_the_terms_equal_loops_over_every_pair_of_cells(penalties: tuple[float | None, float | None]) -> None:
    plan, problem = anything(1, 4, 3, penalties)
    cells = list(itertools.product(range(4), range(3)))
    structure = sum(
        problem["cx"][i, k] * plan[k, m] * problem["cy"][m, j] * plan[i, j] for i, j in cells for k, m in cells
    )
    expected = {
        "linear": 0.6 * sum(problem["cost"][c] * plan[c] for c in cells),
        "structure": 0.2 * structure,
        "marginal_x": (penalties[0] or 0.0) * kl(plan.sum(axis=1), problem["p"]),
        "marginal_y": (penalties[1] or 0.0) * kl(plan.sum(axis=0), problem["q"]),
        "entropy": 0.1 * sum(plan[c] * math.log(plan[c]) for c in cells),
    }
    terms = objective_terms(plan, **problem)
    assert terms.pop("total") == pytest.approx(sum(expected.values()), rel=1e-13)
    assert terms == pytest.approx(expected, rel=1e-13)


def test_cells_without_mass_cost_no_entropy_and_mass_on_zero_weight_costs_infinity() -> None:
    problem = alignment(0, 2, 2, (0.3, 0.1))
    diagonal = np.diag([0.5, 0.5])
    assert objective_terms(diagonal, **problem)["entropy"] == pytest.approx(0.1 * math.log(0.5))
    padded = problem | {"p": np.array([1.0, 0.0])}
    assert objective_terms(diagonal, **padded)["marginal_x"] == math.inf
    assert math.isfinite(objective_terms(np.array([[0.5, 0.5], [0.0, 0.0]]), **padded)["total"])


@kinds
def test_the_gradient_equals_central_differences_of_the_objective(penalties: tuple[float | None, float | None]) -> None:
    plan, problem = anything(2, 5, 4, penalties)
    numeric = np.empty_like(plan)
    for cell in np.ndindex(plan.shape):
        nudge = np.zeros_like(plan)
        nudge[cell] = 1e-5
        above, below = (objective_terms(plan + s * nudge, **problem)["total"] for s in (1, -1))
        numeric[cell] = (above - below) / 2e-5
    np.testing.assert_allclose(gradient(plan, **problem), numeric, rtol=1e-6, atol=1e-8)


def test_the_gradient_is_zero_on_padding_and_minus_infinity_where_mass_is_missing() -> None:
    problem = alignment(0, 3, 2, (0.3, 0.1), p=np.array([0.5, 0.5, 0.0]))
    slope = gradient(np.array([[0.5, 0.0], [0.2, 0.3], [0.0, 0.0]]), **problem)
    assert slope[0, 1] == -math.inf
    np.testing.assert_array_equal(slope[2], 0.0)
    assert np.isfinite(slope[[0, 1, 1], [0, 0, 1]]).all()


@kinds
def test_the_descent_never_rises_meets_the_constraints_and_ends_stationary(
    penalties: tuple[float | None, float | None],
) -> None:
    problem = alignment(3, 10, 8, penalties)
    end = small_step_mirror_descent(**problem, tolerance=1e-7)
    assert end.converged
    assert end.terms == pytest.approx(objective_terms(end.plan, **problem))
    assert end.terms["total"] == end.objectives[-1]
    assert np.diff(end.objectives).max() <= 1e-13
    assert end.objectives[-1] < end.objectives[0] - 1e-3
    if penalties[0] is None:
        np.testing.assert_allclose(end.plan.sum(axis=1), problem["p"], rtol=1e-10)
    if penalties[1] is None:
        np.testing.assert_allclose(end.plan.sum(axis=0), problem["q"], rtol=1e-10)
    slope, weight = gradient(end.plan, **problem), end.plan
    for _ in range(2000):
        if penalties[0] is None:
            slope = slope - ((slope * weight).sum(axis=1) / weight.sum(axis=1))[:, None]
        if penalties[1] is None:
            slope = slope - ((slope * weight).sum(axis=0) / weight.sum(axis=0))[None, :]
    assert np.sum(weight * np.abs(slope)) < 1e-5
    assert end.residual <= 1e-7


def test_one_cell_has_the_closed_form() -> None:
    one = np.ones((1, 1))
    problem = alignment(
        0, 1, 1, (0.3, 0.1), cost=0.7 * one, p=np.array([0.8]), q=np.array([1.5]), cx=0 * one, alpha=0.25
    )
    log_mass = (0.3 * math.log(0.8) + 0.1 * math.log(1.5) - 0.1 - 0.75 * 0.7) / (0.3 + 0.1 + 0.1)
    end = small_step_mirror_descent(**problem, tolerance=1e-12)
    assert end.plan[0, 0] == pytest.approx(math.exp(log_mass), rel=1e-9)


@pytest.mark.parametrize("step", [0.1, 1.0, 500.0])
def test_the_end_of_a_convex_problem_is_independent_of_the_step(step: float) -> None:
    problem = alignment(4, 8, 6, (0.3, 0.1), alpha=0.0)
    gentle, other = small_step_mirror_descent(**problem), small_step_mirror_descent(**problem, step=step)
    assert other.converged
    np.testing.assert_allclose(other.plan, gentle.plan, atol=1e-6)


@kinds
def test_padding_changes_nothing_and_holds_no_mass(penalties: tuple[float | None, float | None]) -> None:
    problem = alignment(5, 7, 5, penalties)
    padded = problem | {
        "cost": np.pad(problem["cost"], ((0, 2), (0, 1)), constant_values=3.0),
        "cx": dense_band(9, 1, 10.0),
        "cy": dense_complement_band(6, 1),
        "p": np.pad(problem["p"], (0, 2)),
        "q": np.pad(problem["q"], (0, 1)),
    }
    alone, among = (small_step_mirror_descent(**some, max_steps=60) for some in (problem, padded))
    np.testing.assert_allclose(among.plan, np.pad(alone.plan, ((0, 2), (0, 1))), atol=1e-12)
    np.testing.assert_allclose(
        plain_mirror_steps(**padded), np.pad(plain_mirror_steps(**problem), ((0, 2), (0, 1))), atol=1e-12
    )


@pytest.mark.parametrize("sharpness", [1.0, 30.0, 300.0])
def test_the_projection_scales_rows_and_columns_and_meets_both_marginals(sharpness: float) -> None:
    rng = np.random.default_rng(6)
    problem = alignment(6, 12, 9, (None, None))
    start = np.exp(-sharpness * rng.uniform(0, 1, (12, 9)))
    plan = small_step_mirror_descent(**problem, start=start, max_steps=0).plan
    assert np.abs(plan.sum(axis=0) - problem["q"]).sum() < 1e-11
    assert np.abs(plan.sum(axis=1) - problem["p"]).sum() < 1e-11
    scale = np.log(plan) - np.log(start)
    np.testing.assert_allclose(scale - scale[:1] - scale[:, :1] + scale[0, 0], 0.0, atol=1e-8)


@pytest.mark.parametrize(
    ("seed", "n", "m", "alpha", "epsilon"), [(7, 10, 12, 0.3, 0.2), (8, 15, 10, 0.5, 0.1), (9, 16, 20, 0.4, 0.2)]
)
def test_the_balanced_objective_and_plan_are_those_of_pot(
    seed: int, n: int, m: int, alpha: float, epsilon: float
) -> None:
    import ot

    problem = alignment(seed, n, m, (None, None), alpha=alpha, epsilon=epsilon)
    theirs = ot.gromov.entropic_fused_gromov_wasserstein(
        problem["cost"],
        -problem["cx"] / 4,
        problem["cy"],
        problem["p"],
        problem["q"],
        loss_fun="square_loss",
        symmetric=True,
        alpha=alpha,
        epsilon=epsilon,
        solver="PGD",
        max_iter=1000,
        tol=1e-11,
        numItermax=2000,
        stopThr=1e-12,
    )
    end = small_step_mirror_descent(**problem, tolerance=1e-7)
    assert end.terms["total"] == pytest.approx(objective_terms(theirs, **problem)["total"], rel=1e-8)
    np.testing.assert_allclose(end.plan, theirs, atol=1e-6)


@kinds
def test_the_smallest_epsilon_and_large_costs_stay_finite(penalties: tuple[float | None, float | None]) -> None:
    rough = alignment(10, 6, 5, penalties, epsilon=1e-3)
    rough["cost"] = 1e4 * rough["cost"]
    end = small_step_mirror_descent(**rough, max_steps=20)
    assert np.isfinite(end.plan).all()
    assert np.isfinite(end.objectives).all()
    assert end.objectives[-1] < end.objectives[0]


def test_an_unfinished_descent_says_so() -> None:
    end = small_step_mirror_descent(**segmentation(10, 8, 3), max_steps=3)
    assert not end.converged
    assert end.n_steps == 3
    assert end.residual > 1e-4


def test_plain_steps_are_the_updates_written_out() -> None:
    partial = segmentation(11, 6, 3)
    start = np.outer(partial["p"], partial["q"])
    np.testing.assert_allclose(plain_mirror_steps(**partial, n_steps=0), start)
    slope = gradient(start, **partial)
    moved = start * np.exp(-4 / np.abs(slope).max() * slope)
    moved *= (partial["p"] / moved.sum(axis=1))[:, None]
    np.testing.assert_allclose(plain_mirror_steps(**partial, n_steps=1), moved)
    balanced = alignment(11, 6, 5, (None, None))
    start = np.outer(balanced["p"], balanced["q"])
    kernel = np.exp(-(0.6 * balanced["cost"] + 0.4 * balanced["cx"] @ start @ balanced["cy"]) / 0.1)
    for _ in range(2000):
        kernel *= (balanced["p"] / kernel.sum(axis=1))[:, None]
        kernel *= balanced["q"] / kernel.sum(axis=0)
    np.testing.assert_allclose(plain_mirror_steps(**balanced, n_steps=1), kernel, rtol=1e-8)


@pytest.mark.parametrize("seed", range(4))
def test_small_steps_reach_no_higher_than_25_plain_ones(seed: int) -> None:
    for problem in (segmentation(seed, 30, 4), alignment(seed, 14, 12, (0.3, 0.2))):
        end = small_step_mirror_descent(**problem, tolerance=1e-6)
        assert end.converged
        plain = objective_terms(plain_mirror_steps(**problem), **problem)["total"]
        assert end.terms["total"] <= plain + 1e-9


@pytest.fixture
def without_shape_checks() -> Iterator[None]:
    """Let wrong shapes reach the function's own check, as they do for a user."""
    before = jaxtyping.config.jaxtyping_disable
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", before)


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"q": np.ones(3) / 3}, DataError, "q has shape"),
        ({"cx": np.full((4, 4), np.nan)}, DataError, "cx holds NaN"),
        ({"p": np.array([0.5, 0.8, -0.3, 0.0])}, DataError, "weights"),
        ({"p": np.ones(4)}, DataError, "equal sums"),
        ({"alpha": 1.5}, SettingsError, "alpha is 1.5"),
        ({"epsilon": 0.0}, SettingsError, "epsilon is 0.0"),
        ({"penalty_y": -1.0}, SettingsError, "penalty_y is -1.0"),
        ({"start": np.eye(4, 5)}, DataError, "start"),
    ],
)
def test_wrong_input_is_an_error_that_names_the_argument(changes: Problem, error: type[VasotError], words: str) -> None:
    solve: Callable[..., Any] = small_step_mirror_descent
    with pytest.raises(error, match=words):
        solve(**alignment(0, 4, 5, (None, None)) | changes)
