"""Compiled passes over one plan.

Every pass reads each entry once, along the rows, and splits into blocks of rows whose size depends on the problem
alone, so that results do not depend on the number of threads. Array letters follow the notation of
:mod:`vasot.transport.kernels.base`; ``e`` is the batch element. Compiled functions carry no annotations: numba infers
the types from the arrays.
"""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np
from numba import types
from numba.extending import overload

__all__ = ["absorb", "linearise", "rebuild", "write_plan"]

# Reordering sums lets the compiler use vector instructions; infinities and NaN keep their meaning.
_FAST = {"reassoc", "contract", "nsz", "arcp"}
_EXP_TAYLOR = tuple(1 / math.factorial(k) for k in range(12, -1, -1))


def _vector_exp(x: Any) -> Any:
    raise NotImplementedError("only for use in compiled code")


@overload(_vector_exp, inline="always")
def _vector_exp_overload(x: Any) -> Any:
    """``exp`` as a polynomial on ±(log 2)/2 and a shift of the exponent (Cephes), which the compiler vectorises.

    Underflow is cut early (at exp(-75) in float32, exp(-600) in float64), so that scaling the result by small
    weights never makes a denormal number, which processors handle slowly.
    """
    if x is types.float32:

        def exp32(x: Any) -> Any:
            low = np.float32(-75.0)
            c = max(x, low)
            z = np.float32(math.floor(c * np.float32(1.44269504) + np.float32(0.5)))
            r = c - z * np.float32(0.693359375) + z * np.float32(2.12194440e-4)
            y = np.float32(1.9875691500e-4)
            y = y * r + np.float32(1.3981999507e-3)
            y = y * r + np.float32(8.3334519073e-3)
            y = y * r + np.float32(4.1665795894e-2)
            y = y * r + np.float32(1.6666665459e-1)
            y = y * r + np.float32(5.0000001201e-1)
            y = y * r * r + r + np.float32(1.0)
            bits = (np.int32(z) + np.int32(127)) << np.int32(23)
            y = y * np.int32(bits).view(np.float32)
            return y if x > low else np.float32(0.0)

        return exp32

    def exp64(x: Any) -> Any:
        c = max(x, -600.0)
        z = math.floor(c * 1.4426950408889634 + 0.5)
        r = c - z * 6.93145751953125e-1 - z * 1.42860682030941723212e-6
        y = 0.0
        for coefficient in _EXP_TAYLOR:
            y = y * r + coefficient
        bits = (np.int64(z) + 1023) << 52
        y = y * np.int64(bits).view(np.float64)
        return y if x > -600.0 else 0.0

    return exp64


@numba.njit(cache=True, error_model="numpy", fastmath=_FAST, nogil=True)
def _row_kernel(x, weight, kappa, kernel_row):
    """Row update: fill ``kernel_row`` with exp(x + a) and return a; ``kappa`` is 1 for a hard marginal."""
    m = x.shape[0]
    top = x[0]
    for j in range(1, m):
        top = max(top, x[j])
    total = x[0] * 0
    for j in range(m):
        value = _vector_exp(x[j] - top)
        kernel_row[j] = value
        total += value
    log_sum = top + math.log(total)
    potential = kappa * (math.log(weight) - log_sum)
    scale = x.dtype.type(math.exp(potential + top)) if kappa < 1 else weight / total
    for j in range(m):
        kernel_row[j] *= scale
    return potential


@numba.njit(cache=True, error_model="numpy", fastmath=_FAST, nogil=True)
def _structured_row(window, row, prefix, box_x, diag_x, everywhere_y, box_y, diag_y, h_y, mask_y, out):
    """``out = ((box_x window + diag_x row) ∘ mask_y) Cy ∘ mask_y`` for one row of the product Cx T.

    ``prefix`` holds running sums, constant beyond both ends, so that a box sum is a difference at a fixed distance.
    """
    m = row.shape[0]
    running = 0.0
    for j in range(h_y + 1):
        prefix[j] = 0.0
    for j in range(m):
        value = (box_x * window[j] + diag_x * row[j]) * mask_y[j]
        out[j] = value
        running += value
        prefix[h_y + 1 + j] = running
    for j in range(h_y + m + 1, 2 * h_y + m + 1):
        prefix[j] = running
    base = everywhere_y * running
    if box_y == 0.0:
        for j in range(m):
            out[j] = (base + diag_y * out[j]) * mask_y[j]
    else:
        for j in range(m):
            box = prefix[j + 2 * h_y + 1] - prefix[j]
            out[j] = (base + box_y * box + diag_y * out[j]) * mask_y[j]


@numba.njit(cache=True, error_model="numpy", fastmath=_FAST, nogil=True)
def _add_row(window, kernel, v, weight):
    for j in range(window.shape[0]):
        window[j] += np.float64(weight * kernel[j] * v[j])


@numba.njit(cache=True, error_model="numpy", fastmath=_FAST, nogil=True)
def _combine_row(kernel, u, v, cost, g, s, b, par, new_s, x, columns):
    """One row: the sums that judge the plan, and the next log-kernel. ``par``: 1-α, α, 1/ε, offset, step."""
    zero = u * 0
    linear, structure, entropy, mass = zero, zero, zero, zero
    cost_weight, structure_weight, inverse_epsilon, offset, step = par[0], par[1], par[2], par[3], par[4]
    keep = par[5]
    for j in range(kernel.shape[0]):
        t = u * kernel[j] * v[j]
        linear += cost[j] * t
        structure += g[j] * t
        entropy += s[j] * t
        mass += t
        columns[j] += t
        target = -(cost_weight * cost[j] + structure_weight * g[j]) * inverse_epsilon - offset
        new = keep * s[j] + step * target
        new_s[j] = new
        x[j] = new + b[j]
    return linear, structure, entropy, mass


@numba.njit(cache=True, error_model="numpy", fastmath=_FAST, nogil=True)
def _linearise_block(
    i0,
    i1,
    cost,
    s,
    kernel,
    u,
    v,
    b,
    p,
    kappa_x,
    total_x,
    cx,
    h_x,
    mask_x,
    cy,
    h_y,
    mask_y,
    par,
    new_s,
    new_kernel,
    new_a,
    rows,
    columns,
    sums,
):
    n, m = cost.shape
    window = np.zeros(m, np.float64)
    prefix = np.zeros(m + 2 * h_y + 1, np.float64)
    own = np.zeros(m, cost.dtype)
    g = np.zeros(m, cost.dtype)
    x = np.empty(m, cost.dtype)
    local = np.zeros(m, cost.dtype)
    structured = par[1] != 0
    for k in range(max(0, i0 - h_x - 1), min(n, i0 + h_x)):
        if structured and mask_x[k] * u[k] != 0:
            _add_row(window, kernel[k], v, mask_x[k] * u[k])
    for i in range(i0, i1):
        if structured:
            if i + h_x < n and mask_x[i + h_x] * u[i + h_x] != 0:
                _add_row(window, kernel[i + h_x], v, mask_x[i + h_x] * u[i + h_x])
            gone = i - h_x - 1
            if gone >= 0 and mask_x[gone] * u[gone] != 0:
                _add_row(window, kernel[gone], v, -mask_x[gone] * u[gone])
            if mask_x[i] != 0 and p[i] > 0:
                for j in range(m):
                    own[j] = cx[0] * total_x[j] + cx[2] * u[i] * kernel[i, j] * v[j]
                _structured_row(window, own, prefix, cx[1], 1.0, cy[0], cy[1], cy[2], h_y, mask_y, g)
            else:
                g[:] = 0
        if p[i] == 0:
            new_kernel[i, :] = 0
            new_s[i, :] = 0
            rows[i] = 0
            continue
        local[:] = 0
        linear, structure, entropy, mass = _combine_row(
            kernel[i], u[i], v, cost[i], g, s[i], b, par, new_s[i], x, local
        )
        new_a[i] = _row_kernel(x, p[i], kappa_x, new_kernel[i])
        moved = mass * 0
        for j in range(m):
            columns[j] += local[j]
            moved += abs(new_kernel[i, j] - u[i] * kernel[i, j] * v[j])
        rows[i] = mass
        sums[0] += linear
        sums[1] += structure
        sums[2] += entropy
        sums[3] += moved


@numba.njit(cache=True, error_model="numpy", parallel=True, nogil=True)
def linearise(
    tasks,
    cost,
    s,
    s_slot,
    s_new,
    kernel,
    k_slot,
    u,
    v,
    b,
    p,
    kappa_x,
    total_x,
    cx,
    h_x,
    mask_x,
    cy,
    h_y,
    mask_y,
    par,
    new_a,
    rows,
    columns,
    sums,
):
    """For every task (element, first row, last row): judge the plan and prepare the next log-kernel and kernel."""
    for task in numba.prange(tasks.shape[0]):
        e, i0, i1 = tasks[task, 0], tasks[task, 1], tasks[task, 2]
        _linearise_block(
            i0, i1, cost[e], s[s_slot[e], e], kernel[k_slot[e], e], u[e], v[e], b[e], p[e], kappa_x, total_x[e],
            cx[e], h_x[e], mask_x[e], cy[e], h_y[e], mask_y[e], par[e],
            s[s_new[e], e], kernel[1 - k_slot[e], e], new_a[e], rows[e], columns[task], sums[task],
        )  # fmt: skip


@numba.njit(cache=True, error_model="numpy", parallel=True, nogil=True)
def rebuild(tasks, s, s_slot, s_other, share, kernel, k_slot, a, b, p, kappa_x):
    """Kernel and row potentials anew from the log-kernel, moved by ``share`` towards another slot first."""
    for task in numba.prange(tasks.shape[0]):
        e, i0, i1 = tasks[task, 0], tasks[task, 1], tasks[task, 2]
        current, other, k = s[s_slot[e], e], s[s_other[e], e], kernel[k_slot[e], e]
        x = np.empty(k.shape[1], k.dtype)
        for i in range(i0, i1):
            if p[e, i] == 0:
                k[i, :] = 0
                continue
            for j in range(k.shape[1]):
                if share != 0:
                    current[i, j] += share * (other[i, j] - current[i, j])
                x[j] = current[i, j] + b[e, j]
            a[e, i] = _row_kernel(x, p[e, i], kappa_x, k[i])


@numba.njit(cache=True, error_model="numpy", nogil=True)
def absorb(s, a, b, p, q, kappa_x, kappa_y):
    """One sweep in the log domain for one element: rows, then columns; updates ``a`` and ``b`` in place."""
    n, m = s.shape
    top = np.full(m, -np.inf)
    total = np.zeros(m)
    for i in range(n):
        if p[i] == 0:
            continue
        peak = -np.inf
        for j in range(m):
            if q[j] > 0:
                peak = max(peak, np.float64(s[i, j]) + b[j])
        mass = 0.0
        for j in range(m):
            if q[j] > 0:
                mass += math.exp(np.float64(s[i, j]) + b[j] - peak)
        a[i] = kappa_x * (math.log(p[i]) - peak - math.log(mass))
        for j in range(m):
            value = np.float64(s[i, j]) + a[i]
            if value > top[j]:
                total[j] = total[j] * math.exp(top[j] - value) + 1.0
                top[j] = value
            else:
                total[j] += math.exp(value - top[j])
    for j in range(m):
        if q[j] > 0:
            b[j] = kappa_y * (math.log(q[j]) - top[j] - math.log(total[j]))


@numba.njit(cache=True, error_model="numpy", parallel=True, nogil=True)
def write_plan(tasks, kernel, k_slot, u, v, plan):
    """``plan = u ∘ K ∘ v``."""
    for task in numba.prange(tasks.shape[0]):
        e = tasks[task, 0]
        k = kernel[k_slot[e], e]
        for i in range(tasks[task, 1], tasks[task, 2]):
            for j in range(k.shape[1]):
                plan[e, i, j] = u[e, i] * k[i, j] * v[e, j]
