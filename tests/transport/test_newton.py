from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
import pytest
import torch

from vasot.transport import FusedGWProblem, Marginal, MirrorDescent, OffDiagonal
from vasot.transport.kernels.newton import improved_scaling, newton_step


def plan_of(seed: int, n: int = 9, m: int = 7) -> np.ndarray:
    return np.random.default_rng(seed).random((n, m)) + 0.05


@pytest.mark.parametrize("kappa", [0.6, 1.0])
def test_a_step_solves_the_linear_system(kappa: float) -> None:
    plan = plan_of(0)
    rows, columns = plan.sum(1), plan.sum(0)
    residual = np.random.default_rng(1).standard_normal(7)
    if kappa == 1:
        residual -= (columns * residual).sum() / columns.sum()
    step, used = newton_step(lambda d: plan.T @ (plan @ d / rows), columns, residual, kappa, 100)
    system = np.diag(columns) - kappa * plan.T @ (plan / rows[:, None])
    np.testing.assert_allclose(system @ step, columns * residual, atol=1e-3 * np.abs(columns * residual).max())
    assert used <= 7


def test_padded_columns_stay_at_zero_and_do_not_count() -> None:
    plan = plan_of(2)
    padded = np.c_[plan, np.zeros((9, 2))]
    q = np.full(7, 1 / 7)
    kernel, v = plan / plan.sum(1, keepdims=True) / 9, np.ones(7)

    def product(k: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
        return lambda d: k.T @ ((k @ d) / k.sum(1))

    alone, _ = improved_scaling(product(kernel), v, q, np.zeros(7), 1.0, 1.0, 50)
    wide = padded / plan.sum(1, keepdims=True) / 9
    more, _ = improved_scaling(
        product(wide),
        np.r_[v, 0, 0],
        np.r_[q, 0, 0],
        np.zeros(9),
        1.0,
        1.0,
        50,
    )
    np.testing.assert_allclose(more[:7], alone, rtol=1e-12)
    assert (more[7:] == 0).all()


def test_a_step_brings_the_columns_closer_than_a_sweep_does() -> None:
    plan = plan_of(3)
    kernel, q, v = plan / plan.sum(1, keepdims=True) / 9, np.full(7, 1 / 7), np.ones(7)

    def missed(scaling: np.ndarray) -> float:
        rows = (kernel @ scaling)[:, None]
        return float(np.abs((kernel * scaling / rows / 9).sum(0) / q - 1).max())

    improved, _ = improved_scaling(lambda d: kernel.T @ ((kernel @ d) / kernel.sum(1)), v, q, np.zeros(7), 1.0, 1.0, 50)
    sweep = q / kernel.sum(0)
    assert missed(improved) < 0.2 * missed(sweep) < missed(v)


@pytest.mark.parametrize("kernel", ["numba", "torch"])
def test_blocks_that_hardly_exchange_mass_are_balanced_in_few_sweeps(kernel: Literal["numba", "torch"]) -> None:
    # A thousandth of the mass must pass between the blocks, where the kernel is exp(-0.6 / 0.02) = 1e-13.
    cost = torch.full((1, 12, 12), 0.6, dtype=torch.float64)
    cost[0, :6, :6] = cost[0, 6:, 6:] = 0
    cost += 0.01 * torch.rand(cost.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    weights = torch.full((1, 12), 1 / 12, dtype=torch.float64)
    shifted = weights.clone()
    shifted[0, :6] -= 1e-3 / 6
    shifted[0, 6:] += 1e-3 / 6
    structure = OffDiagonal.of_size(12)
    problem = FusedGWProblem(cost, structure, structure, Marginal(weights), Marginal(shifted), alpha=0.0, epsilon=0.02)
    solution = MirrorDescent(n_outer=2, max_sweeps=60, kernel=kernel)(problem)
    assert bool(solution.converged), solution.describe()
    torch.testing.assert_close(solution.plan.sum(1), shifted, rtol=1e-7, atol=0)
    torch.testing.assert_close(solution.plan.sum(2), weights, rtol=1e-7, atol=0)
