"""The objective that the solver reaches, against POT and against the dense descent in small steps."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from transport_problems import KINDS, Kind, alignment, dense_arguments, segmentation

from vasot.transport import FusedGWProblem, MirrorDescent
from vasot.transport.reference import plain_mirror_steps, small_step_mirror_descent

EXACT = MirrorDescent(n_outer=500, plan_tolerance=1e-9, marginal_tolerance=1e-10)
PENALISED: list[Kind] = ["partial", "columns hard", "unbalanced"]

# (n, m, epsilon, alpha, seed)
Case = tuple[int, int, float, float, int]
SAME_VALLEY: list[Case] = [
    (20, 20, 0.1, 0.3, 1),
    (20, 20, 0.3, 0.8, 0),
    (20, 31, 0.02, 0.1, 1),
    (20, 31, 0.05, 0.1, 1),
    (20, 31, 0.1, 0.3, 1),
    (50, 40, 0.05, 0.3, 1),
    (50, 40, 0.1, 0.5, 1),
    (50, 40, 0.3, 0.5, 0),
    (100, 80, 0.05, 0.1, 0),
    (100, 80, 0.1, 0.5, 0),
    (100, 80, 0.3, 0.3, 0),
    (200, 150, 0.1, 0.3, 0),
    (200, 150, 0.3, 0.1, 0),
]
LOWER_VALLEY: list[Case] = [
    (20, 20, 0.05, 0.3, 0),
    (20, 31, 0.05, 0.5, 0),
    (50, 40, 0.02, 0.5, 1),
    (50, 40, 0.05, 0.5, 0),
    (200, 150, 0.05, 0.5, 0),
]


def plan_of_pot(problem: FusedGWProblem) -> Tensor:
    """Where POT's projected gradient descent ends, moved onto both marginals.

    POT stops its inner sweeps after 1000, so its columns are off by up to 1e-2 where rows and columns are equally
    many, and by that its objective lies below what any feasible plan can reach; hence the projection.
    """
    # POT takes a second to import, and only these tests need it.
    import ot

    dense = dense_arguments(problem)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sinkhorn did not converge", UserWarning)
        plan = ot.gromov.entropic_fused_gromov_wasserstein(
            dense["cost"], -dense["cx"] / 4, dense["cy"], dense["p"], dense["q"], loss_fun="square_loss",
            symmetric=True, alpha=problem.alpha, epsilon=problem.epsilon, solver="PGD", tol=1e-9, max_iter=300,
        )  # fmt: skip
    feasible = small_step_mirror_descent(**dense, start=np.asarray(plan), max_steps=0).plan
    return torch.from_numpy(feasible)[None]


@pytest.mark.parametrize(("n", "m", "epsilon", "alpha", "seed"), SAME_VALLEY)
def test_the_objective_and_the_plan_equal_those_of_pot(n: int, m: int, epsilon: float, alpha: float, seed: int) -> None:
    """The objective is not convex and POT takes full steps, so the two can end in different valleys.

    These cases were chosen from 112 (five sizes, four epsilons, up to four alphas and two seeds) as those in which both
    converge to the same one, spread over the sizes; the next test takes some in which POT ended higher.
    """
    problem = alignment(seed, n, m, alpha=alpha, epsilon=epsilon)
    solution, pot = EXACT(problem), plan_of_pot(problem)
    assert float(solution.objective.total) == pytest.approx(float(problem.value(pot)), rel=1e-6)
    assert float((solution.plan - pot).abs().sum(2).max()) < 1e-4 / n
    assert float(solution.marginal_error_x.maximum(solution.marginal_error_y)) < 1e-6


@pytest.mark.parametrize(("n", "m", "epsilon", "alpha", "seed"), LOWER_VALLEY)
def test_the_objective_is_below_that_of_pot_where_pot_ends_in_a_higher_valley(
    n: int, m: int, epsilon: float, alpha: float, seed: int
) -> None:
    problem = alignment(seed, n, m, alpha=alpha, epsilon=epsilon)
    pot = float(problem.value(plan_of_pot(problem)))
    assert float(EXACT(problem).objective.total) <= pot + 1e-6 * abs(pot)


@pytest.mark.parametrize("epsilon", [0.1, 0.3])
def test_float32_reaches_the_objective_of_float64(epsilon: float) -> None:
    settings: dict[str, Any] = {"alpha": 0.3, "epsilon": epsilon}
    wide = MirrorDescent(n_outer=100)(alignment(1, 50, 40, **settings))
    single = MirrorDescent(n_outer=100)(alignment(1, 50, 40, dtype=torch.float32, **settings))
    assert float(single.objective.total) == pytest.approx(float(wide.objective.total), rel=1e-4)
    assert float(single.marginal_error_x.maximum(single.marginal_error_y)) < 1e-4


def penalised_problems() -> dict[str, FusedGWProblem]:
    problems = {
        f"{kind}, epsilon {epsilon}": alignment(seed, 24, 18, kind=kind, epsilon=epsilon, alpha=0.3)
        for seed, kind in enumerate(PENALISED)
        for epsilon in (0.07, 0.3)
    }
    for seed in range(3):
        problems[f"segmentation {seed}"] = segmentation(seed, 40, 5, epsilon=0.07, alpha=0.4, radius=0.05)
    return problems


@pytest.mark.parametrize("name", list(penalised_problems()))
def test_penalised_problems_end_where_small_steps_end(name: str) -> None:
    problem = penalised_problems()[name]
    oracle = small_step_mirror_descent(**dense_arguments(problem), tolerance=1e-6)
    assert oracle.converged
    solution = MirrorDescent(n_outer=300)(problem)
    assert float(solution.objective.total) == pytest.approx(oracle.terms["total"], rel=1e-4)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("epsilon", [0.05, 0.2])
def test_the_objective_is_never_above_what_25_plain_mirror_steps_reach(kind: Kind, epsilon: float, seed: int) -> None:
    problem = (
        segmentation(seed, 60, 6, epsilon=epsilon)
        if kind == "partial"
        else alignment(seed, 30, 22, kind=kind, epsilon=epsilon, alpha=0.3)
    )
    plain = plain_mirror_steps(**dense_arguments(problem), n_steps=25)
    value = float(problem.value(torch.from_numpy(plain)[None]))
    assert float(MirrorDescent(n_outer=200)(problem).objective.total) <= value + 1e-6 * abs(value)


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_converged_plan_is_a_stationary_point(kind: Kind) -> None:
    """The gradient is constant but for one multiplier per hard row and column."""
    problem = alignment(1, 15, 12, kind=kind, epsilon=0.2, alpha=0.3)
    solution = MirrorDescent(n_outer=500, plan_tolerance=1e-10, marginal_tolerance=1e-11)(problem)
    assert bool(solution.converged)
    gradient = problem.gradient(solution.plan)[0]
    if problem.marginal_x.is_hard:
        gradient = gradient - gradient.mean(1, keepdim=True)
    if problem.marginal_y.is_hard:
        gradient = gradient - gradient.mean(0, keepdim=True)
    assert float(gradient.abs().max()) < 1e-6
