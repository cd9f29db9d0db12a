"""The passes of the mirror descent in plain torch: any device, any structure."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from vasot.transport.kernels.base import Evaluation
from vasot.transport.kernels.newton import SWEEPS_BEFORE_NEWTON, improved_scaling
from vasot.transport.marginals import Marginal
from vasot.transport.problem import FusedGWProblem, divergence_term

__all__ = ["TorchKernel"]

_SWEEPS_BETWEEN_LOOKS = 8
"""How many sweeps are queued before the host asks the device whether it may stop."""


class TorchKernel:
    """State of a batch in tensors; see :class:`vasot.transport.kernels.base.Kernel`."""

    def __init__(self, problem: FusedGWProblem) -> None:
        self.problem = problem
        self.cost = problem.cost.detach()
        self.p = problem.marginal_x.weights.detach()
        self.q = problem.marginal_y.weights.detach()
        self.s = torch.zeros_like(self.cost)
        self.s_prev = self.s
        self.k = self.p[:, :, None] * self.q[:, None, :]
        self.a, self.b = _safe_log(self.p), _safe_log(self.q)
        self.u, self.v = (self.p > 0).to(self.p.dtype), (self.q > 0).to(self.q.dtype)
        self.kappa_x = _exponent(problem.marginal_x, problem.epsilon)
        self.kappa_y = _exponent(problem.marginal_y, problem.epsilon)
        both_soft = not (problem.marginal_x.is_hard or problem.marginal_y.is_hard)
        self.offset = 1.0 if both_soft else 0.0
        self.limit = 1e9 if self.cost.dtype == torch.float32 else 1e120

    def start(self, log_kernel: Float[Tensor, "b n m"], a: Float[Tensor, "b n"], b: Float[Tensor, "b m"]) -> None:
        """See :meth:`vasot.transport.kernels.base.Kernel.start`."""
        self.s = self.s_prev = log_kernel
        self.a, self.b = a, b
        real = (self.p > 0)[:, :, None] & (self.q > 0)[:, None, :]
        self.k = (log_kernel + a[:, :, None] + b[:, None, :]).exp() * real

    def linearise(self, step: Float[np.ndarray, " b"], active: Bool[np.ndarray, " b"]) -> Evaluation:  # noqa: ARG002 - all at once
        """See :meth:`vasot.transport.kernels.base.Kernel.linearise`."""
        problem = self.problem
        plan = self.plan()
        product = problem.structure_y.matmul(problem.structure_x.matmul(plan, 1), 2)
        gradient = (1 - problem.alpha) * self.cost + problem.alpha * product
        steps = self._on_device(step)[:, None, None].to(self.cost.dtype)
        self.next_s = (1 - steps) * self.s - steps * (gradient / problem.epsilon + self.offset)
        self.next_b = self.b + _safe_log(self.v)
        self.next_a, self.next_k = self._rows(self.next_s, self.next_b)
        change = (self.next_k - plan).abs().sum((1, 2), dtype=torch.float64)
        return self._evaluation(plan, product, change)

    def _evaluation(self, plan: Tensor, product: Tensor, change: Tensor) -> Evaluation:
        problem = self.problem
        rows, columns = (plan.sum(axis, dtype=torch.float64) for axis in (2, 1))
        potential_x, potential_y = (self.a + _safe_log(self.u)).double(), self.next_b.double()
        entropy = problem.epsilon * (
            (self.s * plan).sum((1, 2), dtype=torch.float64)
            + (potential_x * rows).sum(1)
            + (potential_y * columns).sum(1)
        )
        linear = (1 - problem.alpha) * (self.cost * plan).sum((1, 2), dtype=torch.float64)
        structure = problem.alpha / 2 * (product * plan).sum((1, 2), dtype=torch.float64)
        term_x = divergence_term(rows, problem.marginal_x)
        term_y = divergence_term(columns, problem.marginal_y)
        merit = linear + structure + term_x + term_y + entropy
        if problem.marginal_y.is_hard:
            merit = merit - problem.epsilon * (potential_y * (columns - self.q)).sum(1)
        terms = torch.stack([linear, structure, term_x, term_y, entropy])
        share = change / rows.sum(1).clamp_min(torch.finfo(torch.float64).tiny)
        errors = (_relative_error(rows, problem.marginal_x), _relative_error(columns, problem.marginal_y))
        # One transfer from the device for all of it.
        found = torch.cat([terms, torch.stack([merit, share, *errors])]).cpu().numpy()
        return Evaluation(found[:5], *found[5:])

    def _on_device(self, values: np.ndarray) -> Tensor:
        return torch.from_numpy(values).to(self.cost.device)

    def accept(self, which: Bool[np.ndarray, " b"]) -> None:
        """See :meth:`vasot.transport.kernels.base.Kernel.accept`."""
        go = self._on_device(which)[:, None, None]
        self.s_prev = torch.where(go, self.s, self.s_prev)
        self.s = torch.where(go, self.next_s, self.s)
        self.k = torch.where(go, self.next_k, self.k)
        self.a = torch.where(go[:, :, 0], self.next_a, self.a)
        self._absorb_columns(go[:, :, 0])

    def retreat(self, which: Bool[np.ndarray, " b"], share: float) -> None:
        """See :meth:`vasot.transport.kernels.base.Kernel.retreat`."""
        if which.any():
            back = self._on_device(which)[:, None]
            self.s = torch.where(back[:, :, None], torch.lerp(self.s, self.s_prev, share), self.s)
            self._absorb_columns(back)
            self._rebuild(back[:, 0])

    def _absorb_columns(self, which: Bool[Tensor, "b 1"]) -> None:
        self.b = torch.where(which, self.next_b, self.b)
        self._reset_scalings(which[:, 0])

    def project(self, tolerance: Float[np.ndarray, " b"], active: Bool[np.ndarray, " b"], max_sweeps: int) -> None:
        """See :meth:`vasot.transport.kernels.base.Kernel.project`."""
        limit = self._on_device(tolerance).to(self.cost.dtype)
        left = np.where(active, max_sweeps, 0)
        before = np.full(len(left), np.inf)
        newton = np.ones(len(left), np.bool_)
        saved = self.v.clone()
        running = active.copy()
        while running.any():
            left, unsafe, out, changes = self._sweep(running, limit, left)
            if unsafe.any():
                self._absorb(self._on_device(unsafe))
                before[unsafe] = np.inf
            for e in np.flatnonzero(out):
                # A Newton step that did not help is taken back, and no other is tried.
                if not changes[e] < before[e]:
                    self.v[e], newton[e] = saved[e], False
                saved[e], before[e] = self.v[e], changes[e] if newton[e] else np.inf
                if newton[e] and left[e] > 0:
                    left[e] -= self._newton(int(e), int(left[e]))
            running = (unsafe | out) & (left > 0)
        if (active & (left <= 0)).any():
            self._finish_rows(self._on_device(active & (left <= 0)))

    def _sweep(self, running: np.ndarray, limit: Tensor, left: np.ndarray) -> tuple[np.ndarray, ...]:
        """At most as many sweeps as come before a Newton step.

        Returns what is left of the sweeps, which elements left the safe range, which ran out, and the last changes.
        """
        budget = np.where(running, np.minimum(left, SWEEPS_BEFORE_NEWTON), 0)
        allowed = self._on_device(budget)
        going = self._on_device(running)
        unsafe, used = torch.zeros_like(going), torch.zeros_like(allowed)
        changes = torch.zeros_like(limit)
        for sweep in range(int(budget.max())):
            going = going & (sweep < allowed)
            total = torch.where(self.p > 0, (self.k @ self.v[:, :, None])[:, :, 0], torch.ones_like(self.p))
            u = self._row_scaling(total)
            columns = (u[:, None, :] @ self.k)[:, 0]
            lift = self._translation((u * total).sum(1))
            v = _scaling(self.q, columns * lift.exp()[:, None], self.kappa_y, self.b)
            change = torch.where(self.q > 0, (v / self.v - 1).abs(), torch.zeros_like(v)).amax(1)
            changes, used = torch.where(going, change, changes), used + going
            fine = _within(u, self.p, self.limit) & _within(v, self.q, self.limit)
            unsafe = unsafe | (going & ~fine)
            self.u = torch.where((going & fine)[:, None], u, self.u)
            going = going & fine & ~(change < limit)
            self.v = torch.where(going[:, None], v, self.v)
            if (sweep % _SWEEPS_BETWEEN_LOOKS == 0 or self.cost.device.type == "cpu") and not bool(going.any()):
                break
        self._finish_rows(going)
        found = torch.stack([used, unsafe.long(), going.long()]).cpu().numpy()
        return left - found[0], found[1] > 0, found[2] > 0, changes.cpu().numpy()

    def _newton(self, e: int, budget: int) -> int:
        """A Newton step on the column scaling of one element; returns the products it took."""
        k, u, v = self.k[e], self.u[e], self.v[e]
        total = torch.where(self.p[e] > 0, k @ v, torch.ones_like(u))

        def product(direction: np.ndarray) -> np.ndarray:
            weighted = k @ (v * self._on_device(direction).to(v.dtype))
            return np.asarray((((u * weighted / total) @ k) * v).double().cpu().numpy())

        scaling, q, b = (array[e].double().cpu().numpy() for array in (self.v, self.q, self.b))
        improved, used = improved_scaling(product, scaling, q, b, self.kappa_x, self.kappa_y, budget)
        self.v[e] = self._on_device(improved).to(self.v.dtype)
        return used

    def _finish_rows(self, running: Bool[Tensor, " b"]) -> None:
        total = torch.where(self.p > 0, (self.k @ self.v[:, :, None])[:, :, 0], torch.ones_like(self.p))
        self.u = torch.where(running[:, None], self._row_scaling(total), self.u)

    def _row_scaling(self, total: Tensor) -> Tensor:
        u = _scaling(self.p, total, self.kappa_x, self.a)
        # A penalised row whose whole mass lies below the smallest number keeps its scaling.
        return u if self.kappa_x == 1 else torch.where((total > 0) | (self.p <= 0), u, torch.ones_like(u))

    def _translation(self, mass: Tensor) -> Tensor:
        """Shift of the row potentials that makes both penalties imply the same mass (Séjourné et al., 2022)."""
        penalty_x, penalty_y = self.problem.marginal_x.penalty, self.problem.marginal_y.penalty
        if penalty_x is None or penalty_y is None:
            return torch.zeros_like(mass)
        inverse_x, inverse_y = self.problem.epsilon / penalty_x, self.problem.epsilon / penalty_y
        implied = (self.q * (-inverse_y * (self.b + _safe_log(self.v))).exp()).sum(1)
        return (mass / implied).log() / (inverse_x + inverse_y)

    def _absorb(self, which: Bool[Tensor, " b"]) -> None:
        """Move the scalings into the potentials by a sweep in the log domain, and rebuild the kernel."""
        b = self.b + _safe_log(self.v)
        a, _ = self._rows(self.s, b)
        forbidden = torch.where(self.p > 0, a, torch.full_like(a, -torch.inf))
        columns = torch.logsumexp(self.s + forbidden[:, :, None], 1)
        b = torch.where(self.q > 0, self.kappa_y * (_safe_log(self.q) - columns), torch.zeros_like(b))
        self.b = torch.where(which[:, None], b, self.b)
        self._reset_scalings(which)
        self._rebuild(which)

    def _rebuild(self, which: Bool[Tensor, " b"]) -> None:
        a, k = self._rows(self.s, self.b)
        self.a = torch.where(which[:, None], a, self.a)
        self.k = torch.where(which[:, None, None], k, self.k)

    def _rows(self, s: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
        """Row potentials for a log-kernel and column potentials, and the kernel that they make."""
        x = s + torch.where(self.q > 0, b, torch.full_like(b, -torch.inf))[:, None, :]
        a = self.kappa_x * (_safe_log(self.p) - torch.logsumexp(x, 2))
        k = (x + a[:, :, None]).exp() * (self.p > 0)[:, :, None]
        return torch.where(self.p > 0, a, torch.zeros_like(a)), k

    def _reset_scalings(self, which: Bool[Tensor, " b"]) -> None:
        one_x, one_y = (self.p > 0).to(self.p.dtype), (self.q > 0).to(self.q.dtype)
        which = which[:, None]
        self.u = torch.where(which, one_x, self.u)
        self.v = torch.where(which, one_y, self.v)

    def plan(self) -> Float[Tensor, "b n m"]:
        """See :meth:`vasot.transport.kernels.base.Kernel.plan`."""
        return self.u[:, :, None] * self.k * self.v[:, None, :]


def _scaling(weights: Tensor, sums: Tensor, kappa: float, absorbed: Tensor) -> Tensor:
    """``(weights / sums)^κ exp(-(1-κ) absorbed)``, zero on padding."""
    real = weights > 0
    sums = torch.where(real, sums, torch.ones_like(sums))
    if kappa == 1:
        return torch.where(real, weights, torch.zeros_like(weights)) / sums
    # Two logarithms: the quotient of a weight and a very small sum is infinite.
    scaled = kappa * (_safe_log(weights) - sums.log()) - (1 - kappa) * absorbed
    return torch.where(real, scaled.exp(), torch.zeros_like(scaled))


def _within(scaling: Tensor, weights: Tensor, limit: float) -> Tensor:
    return ((weights <= 0) | ((scaling <= limit) & (scaling * limit >= 1))).all(1)


def _safe_log(values: Tensor) -> Tensor:
    return torch.where(values > 0, values, torch.ones_like(values)).log()


def _exponent(marginal: Marginal, epsilon: float) -> float:
    """λ/(λ+ε) of a generalised Sinkhorn step, 1 for a hard marginal (Chizat et al., 2018)."""
    return 1.0 if marginal.penalty is None else marginal.penalty / (marginal.penalty + epsilon)


def _relative_error(sums: Tensor, marginal: Marginal) -> Tensor:
    if marginal.penalty is not None:
        return torch.zeros_like(sums[:, 0])
    weights = marginal.weights.double()
    real = weights > 0
    error = torch.where(real, (sums / torch.where(real, weights, torch.ones_like(weights)) - 1).abs(), 0.0)
    return error.amax(1)
