"""Mirror descent: independence of neighbours, padding, kernel and threads; extremes; settings."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest
import torch
from torch import Tensor
from transport_problems import KINDS, Kind, alignment, padded_batch, segmentation

from vasot.errors import SettingsError
from vasot.transport import (
    Dense,
    FusedGWProblem,
    Marginal,
    MirrorDescent,
    Solution,
    solve,
    with_virtual_frames,
)

Storage = Literal["numba", "torch"]
kernels = pytest.mark.parametrize("kernel", ["numba", "torch"])
kinds = pytest.mark.parametrize("kind", list(KINDS))
dtypes = pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)

FAMILIES: dict[str, list[FusedGWProblem]] = {
    # The last element of each is done long before the others, which keep the batch running.
    **{
        kind: [
            alignment(0, 12, 9, kind=kind, epsilon=0.1, alpha=0.3),
            alignment(1, 7, 15, kind=kind, epsilon=0.1, alpha=0.3),
            alignment(2, 20, 20, kind=kind, epsilon=0.1, alpha=0.3),
            alignment(4, 2, 3, kind=kind, epsilon=0.1, alpha=0.3),
        ]
        for kind in KINDS
    },
    "virtual frames": [with_virtual_frames(alignment(seed, 9 + seed, 11, epsilon=0.07), 0.5) for seed in range(3)],
    "segmentation": [segmentation(seed, 30 - 8 * seed, 4 + seed, epsilon=0.07) for seed in range(3)],
}
families = pytest.mark.parametrize("family", list(FAMILIES))


def batch_of(family: str, extra: int) -> FusedGWProblem:
    """The family side by side; virtual frames are added behind the padding, as they always are."""
    if family != "virtual frames":
        problems = FAMILIES[family]
        n, m = (max(problem.cost.shape[axis] for problem in problems) + extra for axis in (1, 2))
        return padded_batch(problems, n, m)
    real = [alignment(seed, 9 + seed, 11, epsilon=0.07) for seed in range(3)]
    return with_virtual_frames(padded_batch(real, 11 + extra, 11 + extra), 0.5)


def real_part(plan: Tensor, problem: FusedGWProblem) -> Tensor:
    """The cells of one element that carry weight in a batch, in order."""
    rows, columns = plan.sum(1) > 0, plan.sum(0) > 0
    cut = plan[rows][:, columns]
    assert cut.shape == problem.cost.shape[1:]
    return cut


def measured_errors(plan: Tensor, problem: FusedGWProblem) -> tuple[Tensor, Tensor]:
    """Largest relative error of the row and of the column sums, in float64, where the marginal is hard."""
    errors = []
    for marginal, axis in ((problem.marginal_x, 2), (problem.marginal_y, 1)):
        weights = marginal.weights.double()
        error = (plan.double().sum(axis) / weights.clamp_min(1e-300) - 1).abs() * (weights > 0)
        errors.append(error.amax(1) if marginal.is_hard else torch.zeros(len(plan), dtype=torch.float64))
    return errors[0], errors[1]


def assert_same(
    one: Solution, element: int, other: Solution, at: int, problem: FusedGWProblem, tolerance: float
) -> None:
    here, there = real_part(one.plan[element], problem), real_part(other.plan[at], problem)
    torch.testing.assert_close(here, there, rtol=0, atol=tolerance * float(there.max()))
    for name in ("converged", "n_iters"):
        assert getattr(one, name)[element] == getattr(other, name)[at], name
    for name in ("plan_change", "marginal_error_x", "marginal_error_y"):
        assert float(getattr(one, name)[element]) == pytest.approx(float(getattr(other, name)[at]), abs=tolerance), name
    assert float(one.objective.total[element]) == pytest.approx(float(other.objective.total[at]), abs=tolerance)


@kernels
@families
def test_a_result_is_the_same_alone_among_others_and_with_more_padding(family: str, kernel: Storage) -> None:
    solver = MirrorDescent(n_outer=16, max_sweeps=40, kernel=kernel)
    together, padded = solver(batch_of(family, 0)), solver(batch_of(family, 5))
    for element, problem in enumerate(FAMILIES[family]):
        alone = solver(problem)
        assert_same(together, element, alone, 0, problem, 1e-9)
        assert_same(padded, element, alone, 0, problem, 1e-9)


@families
def test_both_kernels_give_the_same_answer_in_float64(family: str) -> None:
    problem = batch_of(family, 3)
    solver = MirrorDescent(n_outer=16, max_sweeps=40)
    compiled, plain = (replace(solver, kernel=kernel)(problem) for kernel in ("numba", "torch"))
    for element, alone in enumerate(FAMILIES[family]):
        assert_same(compiled, element, plain, element, alone, 1e-9)


@kinds
def test_both_kernels_give_the_same_answer_in_float32(kind: Kind) -> None:
    problem = alignment(5, 40, 30, kind=kind, epsilon=0.3, dtype=torch.float32)
    compiled, plain = (MirrorDescent(kernel=kernel)(problem) for kernel in ("numba", "torch"))
    assert compiled.plan.dtype == plain.plan.dtype == torch.float32
    torch.testing.assert_close(compiled.plan * 40, plain.plan * 40, rtol=0, atol=1e-3)
    torch.testing.assert_close(compiled.objective.total, plain.objective.total, rtol=1e-5, atol=1e-6)


THREADS_PROGRAM = """
import torch
from transport_problems import alignment
from vasot.transport import MirrorDescent

for n, m, kind in ((520, 260, "balanced"), (2800, 50, "partial"), (40, 30, "balanced")):
    problem = alignment(3, n, m, kind=kind, radius=0.04, rho=0.2)
    for kernel in ("numba", "torch"):
        solver = MirrorDescent(n_outer=3, gentle_steps=3, max_sweeps=20, kernel=kernel)
        plans = []
        for threads in (2, 1):
            torch.set_num_threads(threads)
            plans.append(solver(problem).plan)
        print(kernel, n, float((plans[0] - plans[1]).abs().max()) * n)
"""


def test_a_result_does_not_depend_on_the_number_of_threads() -> None:
    # A process of its own: the test run may have been started with one thread per worker, which cannot be raised.
    threads = {"NUMBA_NUM_THREADS": "2", "OMP_NUM_THREADS": "2", "OMP_WAIT_POLICY": "passive"}
    paths = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    done = subprocess.run(
        [sys.executable, "-c", THREADS_PROGRAM],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **threads, "PYTHONPATH": paths},
    )
    differences = [line.split() for line in done.stdout.splitlines()]
    assert len(differences) == 6
    for kernel, n, difference in differences:
        assert float(difference) < 1e-9, f"{kernel}, {n} frames"


@kernels
@pytest.mark.parametrize("kind", ["balanced", "partial"])
def test_a_plan_longer_than_a_block_of_rows_equals_that_of_dense_structures(kind: Kind, kernel: Storage) -> None:
    problem = alignment(2, 530, 270, kind=kind, radius=0.3, rho=0.2)
    dense = replace(
        problem, structure_x=Dense(problem.structure_x.dense()), structure_y=Dense(problem.structure_y.dense())
    )
    # Without first steps, whose length differs: the bound on the curvature is closer for a band than for any matrix.
    solver = MirrorDescent(n_outer=4, gentle_steps=0, kernel="torch")
    expected, found = solver(dense), replace(solver, kernel=kernel)(problem)
    torch.testing.assert_close(found.plan * 530, expected.plan * 530, rtol=0, atol=1e-9)


@kernels
@kinds
def test_the_reported_objective_and_errors_are_those_of_the_plan(kind: Kind, kernel: Storage) -> None:
    problem = padded_batch([alignment(0, 12, 9, kind=kind), alignment(1, 7, 15, kind=kind)], 14, 17)
    solution = MirrorDescent(kernel=kernel)(problem)
    terms = problem.terms(solution.plan)
    for name in ("linear", "structure", "marginal_x", "marginal_y", "entropy", "total"):
        torch.testing.assert_close(
            getattr(solution.objective, name), getattr(terms, name), rtol=1e-10, atol=1e-10, msg=name
        )
    error_x, error_y = measured_errors(solution.plan, problem)
    torch.testing.assert_close(solution.marginal_error_x, error_x, rtol=0, atol=1e-13)
    torch.testing.assert_close(solution.marginal_error_y, error_y, rtol=0, atol=1e-13)


@kernels
@dtypes
@kinds
def test_hard_marginals_are_met(kind: Kind, dtype: torch.dtype, kernel: Storage) -> None:
    for problem in (
        alignment(0, 60, 45, kind=kind, dtype=dtype),
        padded_batch(
            [alignment(1, 12, 30, kind=kind, dtype=dtype), alignment(2, 25, 9, kind=kind, dtype=dtype)], 30, 40
        ),
    ):
        solution = MirrorDescent(kernel=kernel)(problem)
        bound = 1e-4 if dtype == torch.float32 else 1e-6
        for error in measured_errors(solution.plan, problem):
            assert float(error.max()) < bound


@kernels
@dtypes
@kinds
@pytest.mark.parametrize(("epsilon", "scale"), [(1e-3, 1.0), (1e-3, 1e4), (0.07, 1e4), (10.0, 1.0)])
def test_extremes_end_finite_and_converged_or_honestly_not(
    epsilon: float, scale: float, kind: Kind, dtype: torch.dtype, kernel: Storage
) -> None:
    solver = MirrorDescent(n_outer=5, gentle_steps=5, max_sweeps=16, kernel=kernel)
    for n, m in ((1, 1), (1, 7), (7, 1), (3, 150), (20, 20)):
        problem = alignment(n + m, n, m, kind=kind, epsilon=epsilon, dtype=dtype)
        problem = replace(problem, cost=problem.cost * scale)
        solution = solver(problem)
        where = f"{n} x {m}"
        assert torch.isfinite(solution.plan).all(), where
        assert (solution.plan >= 0).all(), where
        assert torch.isfinite(solution.objective.total).all(), where
        assert torch.isfinite(solution.plan_change).all(), where
        errors = torch.stack(measured_errors(solution.plan, problem)).max()
        if bool(solution.converged):
            assert float(errors) < (1e-4 if dtype == torch.float32 else 1e-7), where
        reported = torch.stack([solution.marginal_error_x, solution.marginal_error_y]).max()
        assert float(reported) == pytest.approx(float(errors), rel=1e-3, abs=1e-5), where


@kernels
def test_a_problem_of_one_frame_each_has_one_plan(kernel: Storage) -> None:
    solution = MirrorDescent(kernel=kernel)(alignment(0, 1, 1))
    assert solution.plan.tolist() == [[[pytest.approx(1.0)]]]
    assert bool(solution.converged)


@kernels
def test_an_unconverged_result_says_so_and_what_to_do(kernel: Storage) -> None:
    problem = padded_batch([alignment(0, 1, 1, epsilon=0.02), alignment(1, 20, 20, epsilon=0.02)], 20, 20)
    solution = MirrorDescent(n_outer=3, max_sweeps=3, kernel=kernel)(problem)
    assert solution.converged.tolist() == [True, False]
    assert solution.describe().startswith("1 of 2 converged in 3 iterations")
    assert "raise n_outer or max_sweeps, or epsilon" in solution.describe()


def test_a_converged_result_says_so() -> None:
    solution = solve(alignment(0, 8, 8, epsilon=1.0))
    assert solution.describe().startswith("all 1 converged, after at most ")


@kernels
@pytest.mark.parametrize("kind", ["balanced", "partial"])
def test_more_iterations_never_end_higher(kind: Kind, kernel: Storage) -> None:
    problem = alignment(3, 30, 25, kind=kind, epsilon=0.05)
    reached = [float(MirrorDescent(n_outer=count, kernel=kernel)(problem).objective.total) for count in (1, 3, 10, 30)]
    assert reached == sorted(reached, reverse=True)


@kernels
def test_penalised_weights_pull_the_columns_and_more_so_the_higher_the_penalty(kernel: Storage) -> None:
    problem = segmentation(0, 40, 5, epsilon=0.05)
    off = []
    for penalty in (0.01, 0.3, 100.0):
        marginal = Marginal(problem.marginal_y.weights, penalty)
        plan = MirrorDescent(n_outer=30, kernel=kernel)(replace(problem, marginal_y=marginal)).plan
        off.append(float((plan.sum(1) - marginal.weights).abs().max()))
    assert off[0] > off[1] > off[2]
    assert off[2] < 1e-3


@kernels
def test_the_plan_carries_no_gradient_and_the_problem_is_left_as_it_was(kernel: Storage) -> None:
    problem = alignment(0, 6, 5, kind="partial", alpha=0.0)
    problem = replace(problem, cost=problem.cost.clone().requires_grad_())
    before = problem.cost.detach().clone()
    assert not MirrorDescent(kernel=kernel)(problem).plan.requires_grad
    torch.testing.assert_close(problem.cost.detach(), before, rtol=0, atol=0)


@kernels
def test_solving_twice_gives_the_same_bits(kernel: Storage) -> None:
    problem = alignment(0, 60, 45)
    first, second = (MirrorDescent(kernel=kernel)(problem).plan for _ in range(2))
    torch.testing.assert_close(first, second, rtol=0, atol=0)


def test_any_symmetric_structure_can_be_used_with_the_torch_kernel() -> None:
    problem = alignment(0, 12, 10)
    dense = replace(problem, structure_y=Dense(problem.structure_y.dense()))
    torch.testing.assert_close(solve(dense).plan, solve(problem).plan, rtol=0, atol=1e-9)
    with pytest.raises(SettingsError, match=r"kernel 'numba' .*Dense.*use kernel='torch'"):
        MirrorDescent(kernel="numba")(dense)


SETTINGS: dict[str, Any] = {
    "n_outer": 0,
    "max_sweeps": 0,
    "gentle_steps": -1,
    "plan_tolerance": 0.0,
    "marginal_tolerance": -1e-3,
    "kernel": "triton",
}


@pytest.mark.usefixtures("shapes_unchecked")
@pytest.mark.parametrize("name", list(SETTINGS))
def test_a_setting_of_the_solver_out_of_range_is_refused_by_name(name: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name} is "):
        MirrorDescent(**{name: SETTINGS[name]})
