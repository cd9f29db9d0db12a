"""Mirror descent for balanced, partial and unbalanced problems alike.

The smooth part of F is replaced by its gradient at the current plan and the rest is minimised exactly,

    T <- argmin <W, T> + ε Σ T log T + λx KL(T1 | p) + λy KL(Tᵀ1 | q)      (hard marginals as constraints)

by generalised Sinkhorn sweeps in a stabilised form (Peyré, Cuturi and Solomon 2016; Chizat et al. 2018), where W
moves towards the gradient: ``W <- (1-s) W + s G(T)``. With step s = 1 and hard marginals this is the projected
gradient descent of step 1/ε of the published method. A step that raises the objective is taken back half-way
until it does not, so that the iteration cannot oscillate; close to a solution steps beyond 1 are tried, since the
published iteration creeps there. Every batch element has its own step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from vasot.errors import SettingsError
from vasot.transport.kernels.base import Evaluation, Kernel
from vasot.transport.kernels.torch_kernel import TorchKernel
from vasot.transport.problem import FusedGWProblem, ObjectiveTerms
from vasot.transport.solution import Solution
from vasot.transport.solvers.gentle import gentle_start

__all__ = ["MirrorDescent"]

_LOOSEST = 1e-2
"""Inner tolerance of the first outer iteration; later ones follow the plan's change."""
_SHORTEST_STEP = 2.0**-20
_LONGEST_STEP = 8.0
_NEAR = 0.05
"""Share of mass moved per iteration below which the valley is taken as found, and steps beyond 1 are tried."""


@dataclass(frozen=True)
class MirrorDescent:
    """Settings of the solver; an instance is called with a problem.

    Attributes:
        n_outer: at most this many outer iterations.
        plan_tolerance: converged when an outer iteration would move less than this share of the mass
            (None: 1e-4 in float32, 1e-6 in float64).
        marginal_tolerance: largest relative error of a hard marginal (None: 2e-5 in float32, 1e-8 in float64).
        gentle_steps: short first steps where a marginal is penalised, before the outer iterations (0: none); see
            :mod:`vasot.transport.solvers.gentle`.
        max_sweeps: at most this many Sinkhorn sweeps in one outer iteration.
        kernel: "numba" (processor), "torch" (any device), or "auto": numba where it can.
    """

    n_outer: int = 25
    plan_tolerance: float | None = None
    marginal_tolerance: float | None = None
    gentle_steps: int = 200
    max_sweeps: int = 200
    kernel: Literal["auto", "numba", "torch"] = "auto"

    def __post_init__(self) -> None:
        for name in ("n_outer", "max_sweeps"):
            if getattr(self, name) < 1:
                raise SettingsError(f"{name} is {getattr(self, name)}; at least one is needed")
        if self.gentle_steps < 0:
            raise SettingsError(f"gentle_steps is {self.gentle_steps}; use 0 for none")
        for name in ("plan_tolerance", "marginal_tolerance"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise SettingsError(f"{name} is {value}; use a positive number, or None for the dtype's default")
        if self.kernel not in ("auto", "numba", "torch"):
            raise SettingsError(f"kernel is '{self.kernel}'; use 'auto', 'numba' or 'torch'")

    @torch.no_grad()
    def __call__(self, problem: FusedGWProblem) -> Solution:
        """Solve every element of the batch, each as if it were alone."""
        return _Descent(self, problem).run()


class _Descent:
    """One solve: the control quantities of every batch element, (b,) on the processor."""

    def __init__(self, settings: MirrorDescent, problem: FusedGWProblem) -> None:
        single = problem.cost.dtype == torch.float32
        self.settings = settings
        self.problem = problem
        self.kernel = _make_kernel(settings, problem)
        self.plan_tolerance = settings.plan_tolerance or (1e-4 if single else 1e-6)
        self.marginal_tolerance = settings.marginal_tolerance or (2e-5 if single else 1e-8)
        # Rounding of the objective's terms: a rise below this is noise.
        self.noise = 1e-6 if single else 1e-13
        batch = problem.cost.shape[0]
        self.step = np.ones(batch)
        self.active = np.ones(batch, np.bool_)
        self.best = np.full(batch, np.inf)
        self.inner = np.full(batch, _LOOSEST)
        self.n_iters = np.zeros(batch, np.int64)
        self.residual = np.full(batch, np.inf)
        self.longest = np.full(batch, _LONGEST_STEP)

    def run(self) -> Solution:
        if self.settings.gentle_steps and not self._both_hard():
            start = gentle_start(self.problem, self.settings.gentle_steps)
            self.kernel.start(start.log_kernel, start.potential_x, start.potential_y)
        for _ in range(self.settings.n_outer):
            found = self.kernel.linearise(self.step, self.active)
            accepted, rejected = self._judge(found)
            self.active &= accepted | rejected
            if not self.active.any():
                break
            self.kernel.accept(accepted)
            self.kernel.retreat(rejected, 0.5)
            self.n_iters += self.active
            self.kernel.project(self.inner, self.active, self.settings.max_sweeps)
        return self._finish()

    def _both_hard(self) -> bool:
        return self.problem.marginal_x.is_hard and self.problem.marginal_y.is_hard

    def _judge(self, found: Evaluation) -> tuple[Bool[np.ndarray, " b"], Bool[np.ndarray, " b"]]:
        """Decide per element: go on, go half-way back, or (neither) done; adapt its step and inner tolerance."""
        residual = found.change / self.step
        rises = self.active & self._rises(found, residual)
        falls = self.active & ~rises
        done = falls & self._met(found) & (residual <= self.plan_tolerance)
        self.best = np.where(falls, np.minimum(self.best, found.merit + self._doubt(found)), self.best)
        near = residual < _NEAR
        # The objective is flat near a solution: there a growing residual tells that a step is too long.
        creeps = falls & (residual > self.residual) & (self.step > 1)
        self.longest = np.where(near & rises, 0.7 * self.step, self.longest)
        self.longest = np.where(near & creeps, np.maximum(0.7 * self.step, 1.0), self.longest)
        self.residual = np.where(falls, residual, self.residual)
        # Far from it a longer step may reach another valley than the published iteration does.
        cap = np.where(near, self.longest, np.minimum(self.longest, 1.0))
        self.step = np.where(rises, self.step / 2, np.minimum(self.step * 1.3, cap))
        stalled = self.step < _SHORTEST_STEP
        # A rejected step may have been judged through loose marginals: look more sharply next time.
        wanted = np.where(rises, 0.25 * self.inner, np.minimum(0.05 * residual, self.inner))
        self.inner = np.clip(wanted, self.marginal_tolerance / 2, _LOOSEST)
        return falls & ~done & ~stalled, rises & ~stalled

    def _doubt(self, found: Evaluation) -> Float[np.ndarray, " b"]:
        """What rounding and unmet marginals (to second order) can hide of the objective."""
        missed = np.maximum(self.inner, found.error_y)
        return np.asarray(self.noise * (1 + np.abs(found.merit)) + 20 * self.problem.epsilon * missed**2)

    def _rises(self, found: Evaluation, residual: Float[np.ndarray, " b"]) -> Bool[np.ndarray, " b"]:
        """True where the last step did not lower the objective by what it should, nor came closer to a fixed point.

        A full step on a concave objective lowers it by at least ε KL, which is at least ε/2 times the squared change
        (Pinsker); a tenth of this is asked for.
        """
        moved = np.minimum(self.residual, 1) * np.minimum(self.step, 1)
        lower = found.merit - self._doubt(found) <= self.best - 0.05 * self.problem.epsilon * moved**2
        return np.asarray(~lower & ~(residual <= 0.9 * self.residual))

    def _met(self, found: Evaluation) -> Bool[np.ndarray, " b"]:
        return np.asarray(np.maximum(found.error_x, found.error_y) <= self.marginal_tolerance)

    def _finish(self) -> Solution:
        """Meet the marginals to the final tolerance; a last step that raised the objective is taken back."""
        tolerance = np.full_like(self.inner, self.marginal_tolerance / 2)
        sweeps = 10 * self.settings.max_sweeps
        self.kernel.project(tolerance, np.ones_like(self.active), sweeps)
        found = self.kernel.linearise(self.step, np.ones_like(self.active))
        worse = self.active & self._rises(found, found.change / self.step)
        if worse.any():
            self.kernel.retreat(worse, 1.0)
            self.kernel.project(tolerance, worse, sweeps)
            found = self.kernel.linearise(self.step, np.ones_like(self.active))
        change = found.change / self.step
        device = self.problem.cost.device
        met = self._met(found) & (change <= self.plan_tolerance)

        def on_device(values: np.ndarray) -> Tensor:
            return torch.from_numpy(values).to(device)

        return Solution(
            plan=self.kernel.plan(),
            converged=on_device(met),
            n_iters=on_device(self.n_iters),
            objective=ObjectiveTerms(*on_device(found.terms)),
            marginal_error_x=on_device(found.error_x),
            marginal_error_y=on_device(found.error_y),
            plan_change=on_device(change),
        )


def _make_kernel(settings: MirrorDescent, problem: FusedGWProblem) -> Kernel:
    # Compiling and loading numba costs seconds, so only a solve that uses it imports it.
    if settings.kernel != "torch" and problem.cost.device.type == "cpu":
        from vasot.transport.kernels.numba_kernel import NumbaKernel, supports

        if supports(problem):
            return NumbaKernel(problem)
    if settings.kernel == "numba":
        raise SettingsError(
            "kernel 'numba' solves problems on the processor with Band, ComplementBand or OffDiagonal structures; "
            f"this one is on {problem.cost.device} with {type(problem.structure_x).__name__} and "
            f"{type(problem.structure_y).__name__}: use kernel='torch'"
        )
    return TorchKernel(problem)
