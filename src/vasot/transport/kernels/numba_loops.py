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

__all__ = ["absorb", "linearise", "project_large", "project_small", "rebuild", "write_plan"]

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


@numba.njit(cache=True, error_model="numpy", fastmath=_FAST, nogil=True)
def _sweep_rows(i0, i1, kernel, a, p, kappa_x, v, u, columns):
    """Row half of a sweep: u from v, and the column sums of u ∘ K. Returns the mass and the extremes of u."""
    m = kernel.shape[1]
    local = np.zeros(m, kernel.dtype)
    one = kernel.dtype.type(1)
    low, high, mass = one, one, 0.0
    for i in range(i0, i1):
        if p[i] == 0:
            continue
        row = kernel[i]
        total = one * 0
        for j in range(m):
            total += row[j] * v[j]
        if kappa_x == 1:
            scale = p[i] / total
        elif total <= 0:
            # A penalised row whose whole mass lies below the smallest number.
            scale = one
        else:
            scale = kernel.dtype.type(math.exp(kappa_x * (math.log(p[i]) - math.log(total)) - (1 - kappa_x) * a[i]))
        u[i] = scale
        low, high = min(low, scale), max(high, scale)
        mass += scale * total
        for j in range(m):
            local[j] += scale * row[j]
    for j in range(m):
        columns[j] += local[j]
    return mass, low, high


@numba.njit(cache=True, error_model="numpy", nogil=True)
def _column_update(columns, b, q, kappa_y, v, lift, new_v):
    """Column half of a sweep; returns the largest relative change and the extremes of the new scaling."""
    change, low, high = 0.0, np.inf, 0.0
    for j in range(q.shape[0]):
        if q[j] == 0:
            new_v[j] = 0
            continue
        if columns[j] <= 0:
            return np.inf, 0.0, np.inf
        if kappa_y == 1:
            value = q[j] / columns[j]
        else:
            value = math.exp(kappa_y * (math.log(q[j]) - math.log(columns[j]) - lift) - (1 - kappa_y) * b[j])
        new_v[j] = value
        change = max(change, abs(value / v[j] - 1.0))
        low, high = min(low, value), max(high, value)
    return change, low, high


@numba.njit(cache=True, error_model="numpy", nogil=True)
def _translation(mass, v, b, q, inverse_x, inverse_y):
    """Shift of the row potentials that makes both penalties imply the same mass (Séjourné et al., 2022).

    With both marginals penalised, plain sweeps crawl along ``a + t, b - t``; ``inverse`` is ε/λ, 0 if hard.
    """
    if inverse_x == 0 or inverse_y == 0:
        return 0.0
    implied = 0.0
    for j in range(q.shape[0]):
        if q[j] > 0:
            implied += q[j] * math.exp(-inverse_y * (b[j] + math.log(v[j])))
    return math.log(mass / implied) / (inverse_x + inverse_y)


@numba.njit(cache=True, error_model="numpy", nogil=True)
def _project(kernel, a, b, p, q, kappa_x, kappa_y, inverse_x, inverse_y, limit, tolerance, max_sweeps, u, v):
    """Sweeps for one element; returns those used and whether the scalings left the safe range."""
    n, m = kernel.shape
    new_v = np.empty_like(v)
    columns = np.empty(m, np.float64)
    for sweep in range(max_sweeps):
        columns[:] = 0
        mass, low_u, high_u = 0.0, 1.0, 1.0
        for i0 in range(0, n, 256):
            part, low, high = _sweep_rows(i0, min(n, i0 + 256), kernel, a, p, kappa_x, v, u, columns)
            mass += part
            low_u, high_u = min(low_u, low), max(high_u, high)
        lift = _translation(mass, v, b, q, inverse_x, inverse_y)
        change, low, high = _column_update(columns, b, q, kappa_y, v, lift, new_v)
        if not (high <= limit and high_u <= limit and low * limit >= 1 and low_u * limit >= 1):
            return sweep + 1, True
        if change < tolerance:
            return sweep + 1, False
        v[:] = new_v
    # Out of sweeps: the rows must still fit the columns.
    for i0 in range(0, n, 256):
        _sweep_rows(i0, min(n, i0 + 256), kernel, a, p, kappa_x, v, u, columns)
    return max_sweeps, False


@numba.njit(cache=True, error_model="numpy", parallel=True, nogil=True)
def project_small(
    elements, kernel, k_slot, a, b, p, q, kappa_x, kappa_y, inverse_x, inverse_y, limit, tolerance, sweeps, u, v, unsafe
):
    """Sweeps for several elements, one per thread; ``sweeps`` counts down what each may still use."""
    for index in numba.prange(elements.shape[0]):
        e = elements[index]
        used, unsafe[e] = _project(
            kernel[k_slot[e], e], a[e], b[e], p[e], q[e], kappa_x, kappa_y, inverse_x, inverse_y, limit,
            tolerance[e], sweeps[e], u[e], v[e],
        )  # fmt: skip
        sweeps[e] -= used


@numba.njit(cache=True, error_model="numpy", parallel=True, nogil=True)
def project_large(kernel, a, b, p, q, kappa_x, kappa_y, inverse_x, inverse_y, limit, tolerance, max_sweeps, u, v):
    """Sweeps for one large element, blocks of rows over the threads."""
    n, m = kernel.shape
    blocks = (n + 255) // 256
    new_v = np.empty_like(v)
    parts = np.empty((blocks, m), np.float64)
    extremes = np.empty((blocks, 3), np.float64)
    for sweep in range(max_sweeps):
        for block in numba.prange(blocks):
            parts[block] = 0
            mass_, low_, high_ = _sweep_rows(
                block * 256, min(n, block * 256 + 256), kernel, a, p, kappa_x, v, u, parts[block]
            )
            extremes[block, 0] = mass_
            extremes[block, 1] = low_
            extremes[block, 2] = high_
        columns = parts.sum(0)
        lift = _translation(extremes[:, 0].sum(), v, b, q, inverse_x, inverse_y)
        change, low, high = _column_update(columns, b, q, kappa_y, v, lift, new_v)
        low_u, high_u = extremes[:, 1].min(), extremes[:, 2].max()
        if not (high <= limit and high_u <= limit and low * limit >= 1 and low_u * limit >= 1):
            return sweep + 1, True
        if change < tolerance:
            return sweep + 1, False
        v[:] = new_v
    # Out of sweeps: the rows must still fit the columns.
    for block in numba.prange(blocks):
        _sweep_rows(block * 256, min(n, block * 256 + 256), kernel, a, p, kappa_x, v, u, parts[block])
    return max_sweeps, False


@numba.njit(cache=True, error_model="numpy", parallel=True, nogil=True)
def write_plan(tasks, kernel, k_slot, u, v, plan):
    """``plan = u ∘ K ∘ v``."""
    for task in numba.prange(tasks.shape[0]):
        e = tasks[task, 0]
        k = kernel[k_slot[e], e]
        for i in range(tasks[task, 1], tasks[task, 2]):
            for j in range(k.shape[1]):
                plan[e, i, j] = u[e, i] * k[i, j] * v[e, j]
