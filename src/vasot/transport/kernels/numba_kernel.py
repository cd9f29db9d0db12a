"""The passes of the mirror descent as compiled loops on the processor."""

from __future__ import annotations

import threading

import numba
import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from vasot.transport.kernels import numba_loops as loops
from vasot.transport.kernels import numba_sinkhorn as sinkhorn
from vasot.transport.kernels.base import Evaluation
from vasot.transport.kernels.newton import SWEEPS_BEFORE_NEWTON, improved_scaling
from vasot.transport.problem import FusedGWProblem
from vasot.transport.structures import BoxStructure, Structure

__all__ = ["NumbaKernel", "supports"]

_BLOCK_ROWS = 256
_LARGE = 1 << 17
_WORTH_THREADS = 1 << 15
_THREADS: int = numba.get_num_threads()
# The workqueue threading layer of numba must not be entered from two Python threads at once.
_lock = threading.RLock()


def supports(problem: FusedGWProblem) -> bool:
    """True for a problem on the processor whose structures are of the box family."""
    box = isinstance(problem.structure_x, BoxStructure) and isinstance(problem.structure_y, BoxStructure)
    return problem.cost.device.type == "cpu" and box


class NumbaKernel:
    """State of a batch in numpy arrays; see :class:`vasot.transport.kernels.base.Kernel`."""

    def __init__(self, problem: FusedGWProblem) -> None:
        self.problem = problem
        self.cost = np.ascontiguousarray(problem.cost.detach().numpy())
        batch, n, m = self.cost.shape
        dtype = self.cost.dtype
        self.p = np.ascontiguousarray(problem.marginal_x.weights.detach().numpy())
        self.q = np.ascontiguousarray(problem.marginal_y.weights.detach().numpy())
        self.hx, self.cx, self.mask_x = _structure_arrays(problem.structure_x, batch, dtype)
        self.hy, self.cy, self.mask_y = _structure_arrays(problem.structure_y, batch, dtype)
        # np.empty pages that are never touched cost nothing, and the first slot is filled below.
        self.s = np.empty((3, batch, n, m), dtype)
        self.k = np.empty((2, batch, n, m), dtype)
        self.s[0] = 0
        self.k[0] = self.p[:, :, None] * self.q[:, None, :]
        self.s_slot = np.zeros(batch, np.int64)
        self.s_prev = np.ones(batch, np.int64)
        self.k_slot = np.zeros(batch, np.int64)
        self.a = _safe_log(self.p)
        self.b = _safe_log(self.q)
        self.new_a = self.a.copy()
        self.u = (self.p > 0).astype(dtype)
        self.v = (self.q > 0).astype(dtype)
        penalty_x, penalty_y = problem.marginal_x.penalty, problem.marginal_y.penalty
        self.kappa_x, self.inverse_x = _relaxation(penalty_x, problem.epsilon)
        self.kappa_y, self.inverse_y = _relaxation(penalty_y, problem.epsilon)
        both_soft = penalty_x is not None and penalty_y is not None
        self.offset = 1.0 if both_soft else 0.0
        self.limit = 1e9 if dtype == np.float32 else 1e120

    def start(self, log_kernel: Float[Tensor, "b n m"], a: Float[Tensor, "b n"], b: Float[Tensor, "b m"]) -> None:
        """See :meth:`vasot.transport.kernels.base.Kernel.start`."""
        every = np.arange(len(self.cost))
        self.s[self.s_slot, every] = log_kernel.numpy()
        self.a[:] = a.numpy()
        self.b[:] = b.numpy()
        real = (self.p > 0)[:, :, None] & (self.q > 0)[:, None, :]
        log_plan = log_kernel + a[:, :, None] + b[:, None, :]
        self.k[self.k_slot, every] = np.where(real, log_plan.exp().numpy(), 0)

    def linearise(self, step: Float[np.ndarray, " b"], active: Bool[np.ndarray, " b"]) -> Evaluation:
        """See :meth:`vasot.transport.kernels.base.Kernel.linearise`."""
        problem = self.problem
        batch, n, m = self.cost.shape
        tasks = self._tasks(active)
        dtype = self.cost.dtype
        steps = step
        par = np.empty((batch, 6), dtype)
        par[:, :4] = [1 - problem.alpha, problem.alpha, 1 / problem.epsilon, self.offset]
        par[:, 4] = steps
        par[:, 5] = 1 - steps
        full_v = self.b + _safe_log(self.v)
        rows = np.zeros((batch, n))
        columns = np.zeros((len(tasks), m))
        sums = np.zeros((len(tasks), 4))
        with _lock:
            _match_threads(self.cost.size)
            loops.linearise(
                tasks, self.cost, self.s, self.s_slot, 3 - self.s_slot - self.s_prev, self.k, self.k_slot,
                self.u, self.v, self._masked(full_v), self.p, dtype.type(self.kappa_x), self._column_totals(),
                self.cx, self.hx, self.mask_x, self.cy, self.hy, self.mask_y, par,
                self.new_a, rows, columns, sums,
            )  # fmt: skip
        self.next_b = full_v
        column_sums = np.zeros((batch, m))
        np.add.at(column_sums, tasks[:, 0], columns)
        totals = np.zeros((batch, 4))
        np.add.at(totals, tasks[:, 0], sums)
        return self._evaluation(totals, rows, column_sums)

    def _evaluation(self, totals: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> Evaluation:
        problem = self.problem
        potential_x = (self.a + _safe_log(self.u)).astype(np.float64)
        potential_y = self.next_b.astype(np.float64)
        p, q = self.p.astype(np.float64), self.q.astype(np.float64)
        entropy = totals[:, 2] + (potential_x * rows).sum(1) + (potential_y * columns).sum(1)
        term_x, error_x = _marginal_term(rows, p, problem.marginal_x.penalty)
        term_y, error_y = _marginal_term(columns, q, problem.marginal_y.penalty)
        linear = (1 - problem.alpha) * totals[:, 0]
        structure = problem.alpha / 2 * totals[:, 1]
        merit = linear + structure + term_x + term_y + problem.epsilon * entropy
        if problem.marginal_y.is_hard:
            merit = merit - problem.epsilon * (potential_y * (columns - q)).sum(1)
        mass = np.maximum(rows.sum(1), np.finfo(np.float64).tiny)
        terms = np.stack([linear, structure, term_x, term_y, problem.epsilon * entropy])
        return Evaluation(terms, merit, totals[:, 3] / mass, error_x, error_y)

    def accept(self, which: Bool[np.ndarray, " b"]) -> None:
        """See :meth:`vasot.transport.kernels.base.Kernel.accept`."""
        go = which
        self._absorb_columns(go)
        free = 3 - self.s_slot - self.s_prev
        self.s_prev = np.where(go, self.s_slot, self.s_prev)
        self.s_slot = np.where(go, free, self.s_slot)
        self.k_slot = np.where(go, 1 - self.k_slot, self.k_slot)
        self.a[go] = self.new_a[go]

    def retreat(self, which: Bool[np.ndarray, " b"], share: float) -> None:
        """See :meth:`vasot.transport.kernels.base.Kernel.retreat`."""
        if which.any():
            self._absorb_columns(which)
            self._rebuild(which, share)

    def _absorb_columns(self, which: np.ndarray) -> None:
        self.b[which] = self.next_b[which]
        self.u[which] = self.p[which] > 0
        self.v[which] = self.q[which] > 0

    def project(self, tolerance: Float[np.ndarray, " b"], active: Bool[np.ndarray, " b"], max_sweeps: int) -> None:
        """See :meth:`vasot.transport.kernels.base.Kernel.project`."""
        left = np.where(active, max_sweeps, 0)
        before = np.full(len(left), np.inf)
        saved = self.v.copy()
        newton = np.ones(len(left), np.bool_)
        elements = np.flatnonzero(active)
        while elements.size:
            ended, changes = self._sweep(elements, left, tolerance)
            for e in elements[ended[elements] == sinkhorn.UNSAFE]:
                self._absorb(int(e))
                before[e] = np.inf
            for e in elements[ended[elements] == sinkhorn.OUT_OF_SWEEPS]:
                # A Newton step that did not help is taken back, and no other is tried.
                if not changes[e] < before[e]:
                    self.v[e], newton[e] = saved[e], False
                saved[e], before[e] = self.v[e], changes[e] if newton[e] else np.inf
                if newton[e] and left[e] > 0:
                    left[e] -= self._newton(int(e), int(left[e]))
            elements = elements[(ended[elements] != sinkhorn.CONVERGED) & (left[elements] > 0)]
        if active.any():
            self._fit_rows(np.flatnonzero(active & (left <= 0)), tolerance)

    def _fit_rows(self, elements: np.ndarray, tolerance: np.ndarray) -> None:
        if elements.size:
            self._sweep(elements, np.zeros(len(self.v), np.int64), tolerance)

    def _sweep(self, elements: np.ndarray, left: np.ndarray, limits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """At most as many sweeps as come before a Newton step, taken off ``left``; how they ended, last changes."""
        dtype = self.cost.dtype.type
        shared = (dtype(self.kappa_x), dtype(self.kappa_y), self.inverse_x, self.inverse_y, self.limit)
        sweeps = np.minimum(left, SWEEPS_BEFORE_NEWTON)
        ended = np.zeros(len(left), np.int64)
        changes = np.zeros(len(left))
        with _lock:
            _match_threads(self.cost.size)
            if self.cost[0].size < _LARGE:
                sinkhorn.project_small(
                    elements, self.k, self.k_slot, self.a, self.b, self.p, self.q, *shared, limits, sweeps,
                    self.u, self.v, ended, changes,
                )  # fmt: skip
            else:
                for e in elements:
                    sweeps[e], ended[e], changes[e] = sinkhorn.project_large(
                        self.k[self.k_slot[e], e], self.a[e], self.b[e], self.p[e], self.q[e], *shared,
                        limits[e], sweeps[e], self.u[e], self.v[e],
                    )  # fmt: skip
        left[elements] -= sweeps[elements]
        return ended, changes

    def _newton(self, e: int, budget: int) -> int:
        """A Newton step on the column scaling of one element; returns the products it took."""
        kernel = self.k[self.k_slot[e], e]

        def product(direction: np.ndarray) -> np.ndarray:
            with _lock:
                _match_threads(kernel.size)
                return np.asarray(
                    sinkhorn.curvature_product(kernel, self.u[e], self.v[e], self.p[e], direction.astype(kernel.dtype))
                )

        v, q, b = (array[e].astype(np.float64) for array in (self.v, self.q, self.b))
        self.v[e], used = improved_scaling(product, v, q, b, self.kappa_x, self.kappa_y, budget)
        return used

    def _absorb(self, e: int) -> None:
        """Move the scalings into the potentials by a sweep in the log domain, and rebuild the kernel."""
        a = self.a[e].astype(np.float64)
        b = self.b[e].astype(np.float64) + _safe_log(self.v[e].astype(np.float64))
        with _lock:
            loops.absorb(
                self.s[self.s_slot[e], e], a, b, self.p[e].astype(np.float64), self.q[e].astype(np.float64),
                self.kappa_x, self.kappa_y,
            )  # fmt: skip
        self.b[e] = b
        self.u[e] = self.p[e] > 0
        self.v[e] = self.q[e] > 0
        only = np.zeros(len(self.cost), np.bool_)
        only[e] = True
        self._rebuild(only, 0.0)

    def _rebuild(self, which: Bool[np.ndarray, " b"], share: float) -> None:
        with _lock:
            _match_threads(self.cost.size)
            loops.rebuild(
                self._tasks(which), self.s, self.s_slot, self.s_prev, self.cost.dtype.type(share), self.k,
                self.k_slot, self.a, self._masked(self.b), self.p, self.cost.dtype.type(self.kappa_x),
            )  # fmt: skip

    def plan(self) -> Float[Tensor, "b n m"]:
        """See :meth:`vasot.transport.kernels.base.Kernel.plan`."""
        out = np.empty_like(self.cost)
        with _lock:
            _match_threads(self.cost.size)
            everything = np.ones(len(self.cost), np.bool_)
            loops.write_plan(self._tasks(everything), self.k, self.k_slot, self.u, self.v, out)
        return torch.from_numpy(out)

    def _masked(self, potential_y: np.ndarray) -> np.ndarray:
        return np.where(self.q > 0, potential_y, potential_y.dtype.type(_FORBIDDEN))

    def _tasks(self, which: Bool[np.ndarray, " b"]) -> np.ndarray:
        elements = np.flatnonzero(which)
        n = self.cost.shape[1]
        starts = np.arange(0, n, _BLOCK_ROWS if self.cost[0].size >= _LARGE else n)
        ends = np.append(starts[1:], n)
        blocks = np.stack([starts, ends], axis=1)
        tasks = np.empty((len(elements) * len(blocks), 3), np.int64)
        tasks[:, 0] = np.repeat(elements, len(blocks))
        tasks[:, 1:] = np.tile(blocks, (len(elements), 1))
        return tasks

    def _column_totals(self) -> np.ndarray:
        """Column sums over the entries that take part, needed where the first structure has a constant part."""
        batch, _, m = self.cost.shape
        if not (self.cx[:, 0] != 0).any():
            return np.zeros((batch, m), self.cost.dtype)
        chosen = self.k[self.k_slot, np.arange(batch)]
        sums = np.einsum("bnm,bn->bm", chosen, (self.u * self.mask_x).astype(self.cost.dtype))
        return np.asarray(sums * self.v)


_FORBIDDEN = -1e30
"""Potential of a padded column in a log-kernel row: its exponential is exactly zero."""


def _structure_arrays(structure: Structure, batch: int, dtype: np.dtype) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    if not isinstance(structure, BoxStructure):
        raise TypeError(f"{type(structure).__name__} is not of the box family")
    coefficients = torch.stack([structure.everywhere, structure.within, structure.diagonal], dim=1)
    half_width = structure.half_width.clamp(max=structure.size)
    arrays = (half_width.numpy(), coefficients.numpy().astype(dtype), structure.mask.numpy().astype(dtype))
    repeat = batch // len(half_width)
    return tuple(np.ascontiguousarray(np.repeat(array, repeat, axis=0)) for array in arrays)  # type: ignore[return-value]


def _relaxation(penalty: float | None, epsilon: float) -> tuple[float, float]:
    """Exponent λ/(λ+ε) of a generalised Sinkhorn step, and ε/λ; 1 and 0 for a hard marginal (Chizat et al., 2018)."""
    return (1.0, 0.0) if penalty is None else (penalty / (penalty + epsilon), epsilon / penalty)


def _safe_log(values: np.ndarray) -> np.ndarray:
    """Logarithm, 0 where the value is 0: those entries carry no mass and are skipped."""
    return np.log(np.where(values > 0, values, values.dtype.type(1)))


def _marginal_term(sums: np.ndarray, weights: np.ndarray, penalty: float | None) -> tuple[np.ndarray, np.ndarray]:
    real = weights > 0
    ratio = np.where(real, sums / np.where(real, weights, 1), 1.0)
    if penalty is None:
        return np.zeros(len(sums)), np.abs(ratio - 1).max(1)
    divergence = np.where(sums > 0, sums * np.log(np.where(sums > 0, ratio, 1)), 0) - sums + weights
    return penalty * divergence.sum(1), np.zeros(len(sums))


def _match_threads(entries: int) -> None:
    """As many threads as torch may use; one for little work, where handing it out would take longer."""
    wanted = 1 if entries < _WORTH_THREADS else min(torch.get_num_threads(), _THREADS)
    if numba.get_num_threads() != wanted:
        numba.set_num_threads(wanted)
