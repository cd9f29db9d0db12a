"""What a solver hands back: the plan, and everything needed to judge it."""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import Bool, Float, Int
from torch import Tensor

from vasot.transport.problem import ObjectiveTerms

__all__ = ["Solution"]


@dataclass(frozen=True, eq=False)
class Solution:
    """The result for a batch; every field is per batch element.

    Attributes:
        plan: (b, n, m) transported mass, zero on padding, in the cost's dtype; carries no gradient.
        converged: (b,) True where the plan's change and the marginal errors are under their tolerances.
        n_iters: (b,) outer iterations taken.
        objective: the terms of F at the plan, (b,) each, float64.
        marginal_error_x, marginal_error_y: (b,) largest relative deviation of a row (column) sum from its weight
            where the marginal is hard; 0 where it is penalised and so has nothing to violate. Float64.
        plan_change: (b,) the part of the mass that the last outer iteration moved, per unit of step. Float64.
    """

    plan: Float[Tensor, "b n m"]
    converged: Bool[Tensor, " b"]
    n_iters: Int[Tensor, " b"]
    objective: ObjectiveTerms
    marginal_error_x: Float[Tensor, " b"]
    marginal_error_y: Float[Tensor, " b"]
    plan_change: Float[Tensor, " b"]

    def describe(self) -> str:
        """One sentence: how many elements converged, what is left, and what to do about it."""
        count = self.plan.shape[0]
        done = int(self.converged.sum())
        if done == count:
            return f"all {count} converged, after at most {int(self.n_iters.max())} iterations"
        error = max(float(self.marginal_error_x.max()), float(self.marginal_error_y.max()))
        return (
            f"{done} of {count} converged in {int(self.n_iters.max())} iterations; the others still move up to "
            f"{float(self.plan_change.max()):.1e} of their mass and miss their marginals by up to {error:.1e}: "
            "raise n_outer or max_sweeps, or epsilon"
        )
