"""Compiled Sinkhorn sweeps, and the product that a Newton step needs.

Conventions are those of :mod:`vasot.transport.kernels.numba_loops`.
"""

from __future__ import annotations

import math

import numba
import numpy as np

__all__ = ["CONVERGED", "OUT_OF_SWEEPS", "UNSAFE", "curvature_product", "project_large", "project_small"]

CONVERGED, UNSAFE, OUT_OF_SWEEPS = 0, 1, 2
"""How sweeps end; unsafe: the scalings left the range in which they neither overflow nor underflow."""

# Reordering sums lets the compiler use vector instructions; infinities and NaN keep their meaning.
_FAST = {"reassoc", "contract", "nsz", "arcp"}


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


@numba.njit(cache=True, error_model="numpy", fastmath=_FAST, nogil=True)
def _curvature_rows(i0, i1, kernel, u, v, p, direction, out):
    """Add ``Pᵀ D_r⁻¹ P d`` (without the factor v) of some rows, where ``P = u ∘ K ∘ v`` and r are its row sums."""
    m = kernel.shape[1]
    local = np.zeros(m, kernel.dtype)
    for i in range(i0, i1):
        if p[i] == 0:
            continue
        row = kernel[i]
        weighted, total = kernel.dtype.type(0), kernel.dtype.type(0)
        for j in range(m):
            share = row[j] * v[j]
            total += share
            weighted += share * direction[j]
        scale = u[i] * weighted / total
        for j in range(m):
            local[j] += scale * row[j]
    for j in range(m):
        out[j] += local[j]


@numba.njit(cache=True, error_model="numpy", parallel=True, nogil=True)
def curvature_product(kernel, u, v, p, direction):
    """``Pᵀ D_r⁻¹ P d`` for one element; with ``d = 1`` the column sums of P."""
    n, m = kernel.shape
    blocks = (n + 255) // 256
    parts = np.zeros((blocks, m), np.float64)
    for block in numba.prange(blocks):
        _curvature_rows(block * 256, min(n, block * 256 + 256), kernel, u, v, p, direction, parts[block])
    return parts.sum(0) * v


@numba.njit(cache=True, error_model="numpy", nogil=True)
def _project(kernel, a, b, p, q, kappa_x, kappa_y, inverse_x, inverse_y, limit, tolerance, max_sweeps, u, v):
    """Sweeps for one element; returns those used, how they ended, and the last change of the column scaling."""
    n, m = kernel.shape
    new_v, change = np.empty_like(v), np.inf
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
            return sweep + 1, UNSAFE, change
        if change < tolerance:
            return sweep + 1, CONVERGED, change
        v[:] = new_v
    # Out of sweeps: the rows must still fit the columns.
    for i0 in range(0, n, 256):
        _sweep_rows(i0, min(n, i0 + 256), kernel, a, p, kappa_x, v, u, columns)
    return max_sweeps, OUT_OF_SWEEPS, change


@numba.njit(cache=True, error_model="numpy", parallel=True, nogil=True)
def project_small(
    elements,
    kernel,
    k_slot,
    a,
    b,
    p,
    q,
    kappa_x,
    kappa_y,
    inverse_x,
    inverse_y,
    limit,
    tolerance,
    sweeps,
    u,
    v,
    ended,
    changes,
):
    """Sweeps for several elements, one per thread; ``sweeps`` says how many, and then how many were used."""
    for index in numba.prange(elements.shape[0]):
        e = elements[index]
        sweeps[e], ended[e], changes[e] = _project(
            kernel[k_slot[e], e], a[e], b[e], p[e], q[e], kappa_x, kappa_y, inverse_x, inverse_y, limit,
            tolerance[e], sweeps[e], u[e], v[e],
        )  # fmt: skip


@numba.njit(cache=True, error_model="numpy", parallel=True, nogil=True)
def project_large(kernel, a, b, p, q, kappa_x, kappa_y, inverse_x, inverse_y, limit, tolerance, max_sweeps, u, v):
    """As :func:`_project`, for one large element: blocks of rows over the threads."""
    n, m = kernel.shape
    blocks = (n + 255) // 256
    new_v, change = np.empty_like(v), np.inf
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
            return sweep + 1, UNSAFE, change
        if change < tolerance:
            return sweep + 1, CONVERGED, change
        v[:] = new_v
    # Out of sweeps: the rows must still fit the columns.
    for block in numba.prange(blocks):
        _sweep_rows(block * 256, min(n, block * 256 + 256), kernel, a, p, kappa_x, v, u, parts[block])
    return max_sweeps, OUT_OF_SWEEPS, change
