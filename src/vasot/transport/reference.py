"""The slow oracle: one problem at a time, dense float64 matrices, steps small enough to trust.

Nothing here is meant for users' data; the fast solvers are held against it. Every function takes one problem, not a
batch, as plain numpy arrays:

    F(T) = (1 - alpha) <C, T> + (alpha / 2) <Cx T Cy, T>
           + penalty_x KL(T 1 | p) + penalty_y KL(T' 1 | q) - epsilon H(T)

with ``H(T) = -sum T log T``, ``KL(a | b) = sum a log(a / b) - a + b`` and ``0 log 0 = 0``. A penalty of None makes
that marginal a constraint and its term 0. Shapes: ``cost`` and plans (n, m), ``cx`` (n, n), ``cy`` (m, m), ``p`` (n,),
``q`` (m,). A weight of zero in ``p`` or ``q`` is padding: its row or column never holds mass.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float

from vasot.errors import DataError, SettingsError

__all__ = [
    "Descent",
    "dense_band",
    "dense_complement_band",
    "dense_off_diagonal",
    "dense_structure_with_mask",
    "gradient",
    "objective_terms",
    "plain_mirror_steps",
    "small_step_mirror_descent",
]

MARGINAL_TOLERANCE = 1e-12
"""Largest share of the mass that the projection onto both marginals may leave in the wrong column."""


def dense_band(n: int, half_width: int, scale: float) -> Float[np.ndarray, "n n"]:
    """Return the temporal band: ``scale`` for pairs 1 to ``half_width`` frames apart, 0 elsewhere and on the diagonal.

    >>> dense_band(4, 1, 2.0)[1].tolist()
    [2.0, 0.0, 2.0, 0.0]
    """
    matrix = np.zeros((n, n))
    for i, k in np.ndindex(n, n):
        if 1 <= abs(i - k) <= half_width:
            matrix[i, k] = scale
    return matrix


def dense_complement_band(m: int, half_width: int) -> Float[np.ndarray, "m m"]:
    """Return 0 for pairs 1 to ``half_width`` frames apart and 1 elsewhere, the diagonal included.

    >>> dense_complement_band(4, 1)[1].tolist()
    [0.0, 1.0, 0.0, 1.0]
    """
    matrix = np.ones((m, m))
    for j, k in np.ndindex(m, m):
        if 1 <= abs(j - k) <= half_width:
            matrix[j, k] = 0.0
    return matrix


def dense_off_diagonal(k: int) -> Float[np.ndarray, "k k"]:
    """Return 0 for an action with itself and 1 for two different actions.

    >>> dense_off_diagonal(2).tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    matrix = np.ones((k, k))
    for a in range(k):
        matrix[a, a] = 0.0
    return matrix


def dense_structure_with_mask(
    matrix: Float[np.ndarray, "n n"], mask: Bool[np.ndarray, " n"]
) -> Float[np.ndarray, "n n"]:
    """Return a copy whose rows and columns are 0 where ``mask`` is False: virtual frames have no structure.

    >>> dense_structure_with_mask(np.ones((2, 2)), np.array([True, False])).tolist()
    [[1.0, 0.0], [0.0, 0.0]]
    """
    masked = matrix.copy()
    for i, k in np.ndindex(matrix.shape):
        if not (mask[i] and mask[k]):
            masked[i, k] = 0.0
    return masked


@dataclass(frozen=True, eq=False)
class Descent:
    """Where a descent ended.

    Attributes:
        plan: (n, m) the last plan.
        terms: the terms of the objective there, see :func:`objective_terms`.
        converged: whether the residual fell to the tolerance.
        n_steps: accepted steps.
        residual: ``sum T |gradient + multipliers|``, in units of the objective; 0 at a stationary plan.
        objectives: (n_steps + 1,) the objective from the start to the end; it never rises.
    """

    plan: Float[np.ndarray, "n m"]
    terms: dict[str, float]
    converged: bool
    n_steps: int
    residual: float
    objectives: Float[np.ndarray, " s"]


def objective_terms(
    plan: Float[np.ndarray, "n m"],
    cost: Float[np.ndarray, "n m"],
    cx: Float[np.ndarray, "n n"],
    cy: Float[np.ndarray, "m m"],
    p: Float[np.ndarray, " n"],
    q: Float[np.ndarray, " m"],
    alpha: float,
    epsilon: float,
    penalty_x: float | None,
    penalty_y: float | None,
) -> dict[str, float]:
    """Return ``linear, structure, marginal_x, marginal_y, entropy``, weights and signs included, and their ``total``.

    Raises:
        DataError: for arrays that do not fit each other, are not finite, or hold negative mass.
        SettingsError: for alpha, epsilon or a penalty out of range.
    """
    problem = _Problem(cost, cx, cy, p, q, alpha, epsilon, penalty_x, penalty_y)
    return problem.terms(problem.log_of(plan))


def gradient(
    plan: Float[np.ndarray, "n m"],
    cost: Float[np.ndarray, "n m"],
    cx: Float[np.ndarray, "n n"],
    cy: Float[np.ndarray, "m m"],
    p: Float[np.ndarray, " n"],
    q: Float[np.ndarray, " m"],
    alpha: float,
    epsilon: float,
    penalty_x: float | None,
    penalty_y: float | None,
) -> Float[np.ndarray, "n m"]:
    """Return dF/dT, penalties and entropy included; errors as :func:`objective_terms`.

    It is 0 in rows and columns of zero weight, and minus infinity, as the entropy's, in other cells without mass.
    """
    problem = _Problem(cost, cx, cy, p, q, alpha, epsilon, penalty_x, penalty_y)
    slope = np.zeros_like(problem.cost)
    slope[problem.cells()] = problem.restricted().gradient(problem.log_of(plan)[problem.cells()])
    return slope


def small_step_mirror_descent(
    cost: Float[np.ndarray, "n m"],
    cx: Float[np.ndarray, "n n"],
    cy: Float[np.ndarray, "m m"],
    p: Float[np.ndarray, " n"],
    q: Float[np.ndarray, " m"],
    alpha: float,
    epsilon: float,
    penalty_x: float | None,
    penalty_y: float | None,
    *,
    step: float | None = None,
    max_steps: int = 50_000,
    tolerance: float = 1e-8,
    start: Float[np.ndarray, "n m"] | None = None,
) -> Descent:
    """Follow ``T <- Projection(T * exp(-step * gradient))`` in steps so small that F never rises, until it rests.

    The projection is the exact Kullback-Leibler one onto the hard marginals; a step that would raise F is halved. All
    is kept as ``log T``, so nothing under- or overflows. (Beck and Teboulle 2003; Peyré, Cuturi, Solomon 2016.)

    Args:
        step: None takes a quarter of ``1 / L``, where L bounds the curvature of F relative to the entropy's:
            ``L = epsilon + penalties + alpha max(|Cx| p) max|Cy|``.
        max_steps: steps after which it gives up and says so in ``converged``.
        tolerance: for ``residual``; the plan is off by about this over epsilon, the objective by far less.
        start: a plan with mass in every cell of positive weight; ``p q'`` by default.

    Raises:
        DataError, SettingsError: as :func:`objective_terms`, and for a start without mass in such a cell.
    """
    whole = _Problem(cost, cx, cy, p, q, alpha, epsilon, penalty_x, penalty_y)
    problem = whole.restricted()
    log_plan = problem.log_product() if start is None else whole.log_of(start)[whole.cells()]
    if not np.isfinite(log_plan).all():
        raise DataError("start: a cell of positive weight holds no mass, and can never gain any; start inside")
    log_plan = problem.projected(log_plan)
    objectives = [problem.terms(log_plan)["total"]]
    size = 0.25 / problem.curvature() if step is None else step
    residual = np.inf
    while len(objectives) <= max_steps and residual > tolerance:
        direction = problem.gradient(log_plan)
        candidate = problem.projected(log_plan - size * direction)
        objective = problem.terms(candidate)["total"]
        # Rounding alone moves F by some units of its last digit; a rise above that is a step too long.
        if not objective <= objectives[-1] + 1e-14 * (1.0 + abs(objectives[-1])):
            size /= 2
            continue
        residual = float(np.sum(np.exp(log_plan) * np.abs(candidate - log_plan))) / size
        log_plan = candidate
        objectives.append(objective)
    return Descent(
        plan=whole.embedded(log_plan),
        terms=problem.terms(log_plan),
        converged=residual <= tolerance,
        n_steps=len(objectives) - 1,
        residual=residual,
        objectives=np.asarray(objectives),
    )


def plain_mirror_steps(
    cost: Float[np.ndarray, "n m"],
    cx: Float[np.ndarray, "n n"],
    cy: Float[np.ndarray, "m m"],
    p: Float[np.ndarray, " n"],
    q: Float[np.ndarray, " m"],
    alpha: float,
    epsilon: float,
    penalty_x: float | None,
    penalty_y: float | None,
    *,
    n_steps: int = 25,
) -> Float[np.ndarray, "n m"]:
    """Return the plan after a fixed number of unguarded mirror steps from ``p q'``: what a fast solver must not exceed.

    Both marginals hard: ``T <- Projection(exp(-G(T) / epsilon))``, G the gradient without the entropy's part.
    Otherwise ``T <- Projection(T * exp(-step * gradient))``, ``step = 4 / max |gradient|`` taken anew at every step.
    Errors as :func:`objective_terms`.
    """
    whole = _Problem(cost, cx, cy, p, q, alpha, epsilon, penalty_x, penalty_y)
    problem = whole.restricted()
    log_plan = problem.log_product()
    balanced = penalty_x is None and penalty_y is None
    for _ in range(n_steps):
        if balanced:
            log_plan = problem.projected(-problem.structure_gradient(np.exp(log_plan)) / epsilon)
        else:
            direction = problem.gradient(log_plan)
            log_plan = problem.projected(log_plan - 4.0 / np.abs(direction).max() * direction)
    return whole.embedded(log_plan)


@dataclass(frozen=True, eq=False)
class _Problem:
    """The arguments that every function above shares, checked once, and F on ``log T``."""

    cost: Float[np.ndarray, "n m"]
    cx: Float[np.ndarray, "n n"]
    cy: Float[np.ndarray, "m m"]
    p: Float[np.ndarray, " n"]
    q: Float[np.ndarray, " m"]
    alpha: float
    epsilon: float
    penalty_x: float | None
    penalty_y: float | None

    def __post_init__(self) -> None:
        n, m = self.cost.shape
        for name, shape in {"cost": (n, m), "cx": (n, n), "cy": (m, m), "p": (n,), "q": (m,)}.items():
            array = np.asarray(getattr(self, name), dtype=np.float64)
            object.__setattr__(self, name, array)
            if array.shape != shape:
                raise DataError(f"{name} has shape {array.shape}, but a cost of shape {(n, m)} needs {shape}")
            if not np.isfinite(array).all():
                raise DataError(f"{name} holds NaN or infinity; every entry must be finite")
        if min(self.p.min(), self.q.min()) < 0 or min(self.p.sum(), self.q.sum()) <= 0:
            raise DataError("p and q are weights: none may be negative and some must be positive")
        hard = self.penalty_x is None and self.penalty_y is None
        if hard and abs(self.p.sum() - self.q.sum()) > MARGINAL_TOLERANCE * self.p.sum():
            raise DataError(f"p sums to {self.p.sum()} and q to {self.q.sum()}; two constraints need equal sums")
        if not 0 <= self.alpha <= 1:
            raise SettingsError(f"alpha is {self.alpha}; choose from 0 (cost alone) to 1 (structure alone)")
        if not 0 < self.epsilon < np.inf:
            raise SettingsError(f"epsilon is {self.epsilon}; choose a positive number")
        for name, penalty in {"penalty_x": self.penalty_x, "penalty_y": self.penalty_y}.items():
            if penalty is not None and not 0 <= penalty < np.inf:
                raise SettingsError(f"{name} is {penalty}; choose 0 or more, or None for a constraint")

    def cells(self) -> tuple[np.ndarray, ...]:
        """Index of the cells whose row and column carry weight."""
        return np.ix_(np.flatnonzero(self.p), np.flatnonzero(self.q))

    def restricted(self) -> _Problem:
        """Return the same problem without padding, so that every logarithm of a weight is finite."""
        rows, columns = np.flatnonzero(self.p), np.flatnonzero(self.q)
        cx, cy = self.cx[np.ix_(rows, rows)], self.cy[np.ix_(columns, columns)]
        return replace(self, cost=self.cost[self.cells()], cx=cx, cy=cy, p=self.p[rows], q=self.q[columns])

    def embedded(self, log_plan: np.ndarray) -> np.ndarray:
        """Return the plan of the restricted problem with the padding's empty rows and columns put back."""
        plan = np.zeros_like(self.cost)
        plan[self.cells()] = np.exp(log_plan)
        return plan

    def log_of(self, plan: np.ndarray) -> np.ndarray:
        """Return ``log T``, minus infinity where there is no mass."""
        plan = np.asarray(plan, dtype=np.float64)
        if plan.shape != self.cost.shape or not (np.isfinite(plan) & (plan >= 0)).all():
            raise DataError(f"a plan must be finite, not negative, and of shape {self.cost.shape}; got {plan.shape}")
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(plan))

    def log_product(self) -> np.ndarray:
        """Return the start ``log(p q')``, with the mass that a hard marginal asks for."""
        return self.projected(np.log(self.p)[:, None] + np.log(self.q)[None, :])

    def terms(self, log_plan: np.ndarray) -> dict[str, float]:
        """Return the terms of F and their sum."""
        plan = np.exp(log_plan)
        massive = plan > 0
        terms = {
            "linear": (1 - self.alpha) * float(np.sum(self.cost * plan)),
            "structure": self.alpha / 2 * float(np.sum((self.cx @ plan @ self.cy) * plan)),
            "marginal_x": _penalty(self.penalty_x, plan.sum(axis=1), self.p),
            "marginal_y": _penalty(self.penalty_y, plan.sum(axis=0), self.q),
            "entropy": self.epsilon * float(np.sum(plan[massive] * log_plan[massive])),
        }
        return {**terms, "total": sum(terms.values())}

    def structure_gradient(self, plan: np.ndarray) -> np.ndarray:
        """Return G(T), the gradient of the linear and the structure term; structures need not be symmetric."""
        both_ways = self.cx @ plan @ self.cy + self.cx.T @ plan @ self.cy.T
        return np.asarray((1 - self.alpha) * self.cost + self.alpha / 2 * both_ways)

    def gradient(self, log_plan: np.ndarray) -> np.ndarray:
        """Return dF/dT; every weight must be positive."""
        slope = self.structure_gradient(np.exp(log_plan)) + self.epsilon * (log_plan + 1)
        if self.penalty_x:
            slope += self.penalty_x * (_log_sum_exp(log_plan, 1) - np.log(self.p))[:, None]
        if self.penalty_y:
            slope += self.penalty_y * (_log_sum_exp(log_plan, 0) - np.log(self.q))[None, :]
        return np.asarray(slope)

    def curvature(self) -> float:
        """Return a bound on the second derivative of F relative to that of ``sum T log T``.

        The penalties add at most themselves (KL shrinks when cells are summed); the structure term adds at most
        ``alpha max |Cx| T |Cy|`` by Schur's test, here with the row sums of T at p.
        """
        structure = float((np.abs(self.cx) @ self.p).max() * np.abs(self.cy).max())
        return self.epsilon + (self.penalty_x or 0.0) + (self.penalty_y or 0.0) + self.alpha * structure

    def projected(self, log_plan: np.ndarray) -> np.ndarray:
        """Return the plan nearest in KL(. | T) that meets the hard marginals."""
        if self.penalty_x is None and self.penalty_y is None:
            return _meet_both_marginals(log_plan, self.p, self.q)
        if self.penalty_x is None:
            return _meet_rows(log_plan, self.p)
        if self.penalty_y is None:
            return _meet_rows(log_plan.T, self.q).T
        return log_plan


def _penalty(weight: float | None, mass: np.ndarray, target: np.ndarray) -> float:
    """``weight * KL(mass | target)``; infinite where there is mass and the target is zero, 0 for a constraint."""
    if not weight:
        return 0.0
    if (mass[target == 0] > 0).any():
        return np.inf
    some = mass > 0
    return weight * float(np.sum(mass[some] * np.log(mass[some] / target[some])) - mass.sum() + target.sum())


def _log_sum_exp(values: np.ndarray, axis: int) -> np.ndarray:
    """``log sum exp`` along an axis; minus infinity where all entries are."""
    top = values.max(axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.exp(values - top).sum(axis=axis)) + top.squeeze(axis))


def _meet_rows(log_plan: np.ndarray, p: np.ndarray) -> np.ndarray:
    """Rescale every row to its weight."""
    return np.asarray(log_plan + (np.log(p) - _log_sum_exp(log_plan, 1))[:, None])


def _meet_both_marginals(log_plan: np.ndarray, p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Rescale rows and columns until both marginals hold: Sinkhorn's fixed point, rows exact throughout.

    Sweeps alone need thousands of rounds when the plan is nearly a permutation; a Newton step is tried before each.
    """
    current = _meet_rows(log_plan, p)
    for _ in range(10_000):
        plan = np.exp(current)
        missing = q - plan.sum(axis=0)
        if np.abs(missing).sum() <= MARGINAL_TOLERANCE * q.sum():
            return current
        better = _newton_step(current, plan, missing, p, q)
        current = _meet_rows(current + np.log(q) - _log_sum_exp(current, 0), p) if better is None else better
    raise DataError(
        f"the two marginals could not be met to {MARGINAL_TOLERANCE:g} of the mass in 10000 rounds; "
        "raise epsilon, or scale the cost down"
    )


def _newton_step(
    current: np.ndarray, plan: np.ndarray, missing: np.ndarray, p: np.ndarray, q: np.ndarray
) -> np.ndarray | None:
    """Return ``log T`` with clearly less missing column mass, or None where no Newton step brings that."""
    hessian = np.diag(plan.sum(axis=0)) - plan.T @ (plan / p[:, None])
    # Adding one constant to all potentials changes nothing; the rank-one term takes this direction out.
    hessian += np.outer(q, q) / q.sum()
    try:
        direction = np.linalg.solve(hessian, missing)
    except np.linalg.LinAlgError:
        return None
    for part in (1.0, 0.5, 0.25, 0.125, 0.0625):
        tried = _meet_rows(current + part * direction, p)
        left = q - np.exp(tried).sum(axis=0)
        if np.linalg.norm(left) < (1 - 0.5 * part) * np.linalg.norm(missing):
            return tried
    return None
