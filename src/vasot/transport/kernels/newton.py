"""Newton steps for Sinkhorn sweeps that creep.

A sweep maps x = log v to F(x), whose derivative is ``J = κx κy D_c⁻¹ Pᵀ D_r⁻¹ P`` for a plan P with row sums r and
column sums c. Where the plan falls into parts that hardly exchange mass, J has eigenvalues of 0.9999 and more, and
plain sweeps take tens of thousands of steps. Newton's method solves ``(I - J) δ = F(x) - x`` instead. Conjugate
gradients do that in as many products as there are such eigenvalues, and a product costs what a sweep costs.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

__all__ = ["SWEEPS_BEFORE_NEWTON", "improved_scaling", "newton_step"]

SWEEPS_BEFORE_NEWTON = 20
"""Sweeps that must have failed to converge before a Newton step is tried; they leave slow parts only."""

_CG_STEPS = 40
_LONGEST_STEP = 3.0
"""Largest change of log v in one step: the derivative is only true nearby."""

_CG_TOLERANCE = 1e-3

Vector = Float[np.ndarray, " m"]


def improved_scaling(
    product: Callable[[Vector], Vector],
    v: Vector,
    q: Vector,
    absorbed: Vector,
    kappa_x: float,
    kappa_y: float,
    budget: int,
) -> tuple[Vector, int]:
    """The column scaling after one Newton step, and the products it took.

    Args:
        product: as in :func:`newton_step`; of ones it gives the column sums.
        v: present scaling, zero on padding; the row scalings fit it.
        q: column weights.
        absorbed: potentials of the columns that the kernel contains already.
        kappa_x, kappa_y: exponents of the row and column half of a sweep.
        budget: products at most.
    """
    real = q > 0
    columns = np.where(real, product(np.ones(len(q))), 1.0)
    if not (columns > 0).all():
        return v, 1
    log_v, log_q = (np.log(np.where(real, values, 1.0)) for values in (v, q))
    wanted = kappa_y * (log_q - np.log(columns) + log_v) - (1 - kappa_y) * absorbed
    residual = np.where(real, wanted - log_v, 0.0)
    # Padded columns get no weight, so that they neither move nor count.
    step, used = newton_step(product, np.where(real, columns, 0.0), residual, kappa_x * kappa_y, budget - 1)
    return np.where(real, v * np.exp(np.clip(step, -_LONGEST_STEP, _LONGEST_STEP)), 0.0), used + 1


def newton_step(
    product: Callable[[Vector], Vector], columns: Vector, residual: Vector, kappa: float, max_steps: int
) -> tuple[Vector, int]:
    """Solve ``(D_c - κ Pᵀ D_r⁻¹ P) δ = D_c residual`` by conjugate gradients preconditioned with ``D_c``.

    Args:
        product: ``d -> Pᵀ D_r⁻¹ P d``.
        columns: c, zero on padding.
        residual: ``F(x) - x``.
        kappa: κx κy; at 1 a constant shift of x changes nothing, and is left out.
        max_steps: products at most.

    Returns:
        δ and the number of products.
    """
    free = kappa == 1
    weights = columns / columns.sum()

    def centred(vector: Vector) -> Vector:
        return vector - (weights * vector).sum() if free else vector

    step = np.zeros_like(residual)
    safe = np.where(columns > 0, columns, 1.0)
    z = centred(residual)
    left = columns * z
    direction = z.copy()
    rho = begun = float((left * z).sum())
    used = 0
    while used < min(max_steps, _CG_STEPS) and rho > _CG_TOLERANCE**2 * begun:
        image = columns * direction - kappa * product(direction)
        curvature = float((direction * image).sum())
        used += 1
        if not curvature > 0:
            break
        alpha = rho / curvature
        step += alpha * direction
        left -= alpha * image
        z = centred(left / safe)
        rho, last = float((left * z).sum()), rho
        direction = z + rho / last * direction
    return centred(step), used
