"""The fused Gromov-Wasserstein problem with entropy: its data, its value and its gradient."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from vasot.errors import SettingsError
from vasot.transport.marginals import Marginal
from vasot.transport.structures import Structure

__all__ = ["FusedGWProblem", "ObjectiveTerms"]


@dataclass(frozen=True, eq=False)
class ObjectiveTerms:
    """The terms of the objective, (b,) each, float64; their sum is :attr:`total`."""

    linear: Float[Tensor, " b"]
    structure: Float[Tensor, " b"]
    marginal_x: Float[Tensor, " b"]
    marginal_y: Float[Tensor, " b"]
    entropy: Float[Tensor, " b"]

    @property
    def total(self) -> Float[Tensor, " b"]:
        """F(T)."""
        return self.linear + self.structure + self.marginal_x + self.marginal_y + self.entropy


@dataclass(frozen=True, eq=False)
class FusedGWProblem:
    """Transport between two sequences, or a sequence and a set of actions.

    With plans ``T (n, m) >= 0``, p and q the marginals' weights,

        F(T) = (1-α) <C, T> + (α/2) <Cx T Cy, T> + λx KL(T1 | p) + λy KL(Tᵀ1 | q) + ε Σ T log T

    is minimised; a marginal whose penalty is None is a constraint instead of a term. KL is that of measures,
    ``KL(a | b) = Σ a log(a/b) - a + b``. The ½ makes ``(1-α) C + α Cx T Cy`` the gradient of the first two terms,
    which is what the published programs descend (Ali et al., ICCV 2025, Eq. 3, prints none).

    Attributes:
        cost: (b, n, m) C, finite.
        structure_x, structure_y: Cx (n, n) and Cy (m, m).
        marginal_x, marginal_y: weights (b, n) and (b, m); zero weight means padding.
        alpha: weight of the structure term, 0..1.
        epsilon: weight of the entropy, positive.

    Raises:
        SettingsError: the text names the argument that does not fit, and the remedy.
    """

    cost: Float[Tensor, "b n m"]
    structure_x: Structure
    structure_y: Structure
    marginal_x: Marginal
    marginal_y: Marginal
    alpha: float
    epsilon: float

    def __post_init__(self) -> None:
        if not 0 <= self.alpha <= 1:
            raise SettingsError(f"alpha is {self.alpha}; it weighs structure against cost, so use 0 <= alpha <= 1")
        if not (math.isfinite(self.epsilon) and self.epsilon > 0):
            raise SettingsError(f"epsilon is {self.epsilon}; the entropy needs a finite positive weight, such as 0.07")
        if self.cost.ndim != 3 or 0 in self.cost.shape:
            raise SettingsError(
                f"cost has shape {tuple(self.cost.shape)}; expected (batch, n, m), each at least 1: "
                "add a batch axis with cost[None]"
            )
        if self.cost.dtype not in (torch.float32, torch.float64):
            raise SettingsError(f"cost is {self.cost.dtype}; use torch.float32 or torch.float64")
        if self.cost.device.type == "mps":
            raise SettingsError("cost is on mps, which has no float64 for the control sums; move it with .to('cpu')")
        self._check_sides()
        low, high = torch.aminmax(self.cost.detach())
        if not (math.isfinite(float(low)) and math.isfinite(float(high))):
            raise SettingsError("cost holds NaN or infinity; forbid a pair with a large finite cost instead")
        if self.marginal_x.is_hard and self.marginal_y.is_hard:
            mass_x, mass_y = (marginal.weights.double().sum(1) for marginal in (self.marginal_x, self.marginal_y))
            if not bool(torch.isclose(mass_x, mass_y, rtol=1e-4, atol=0).all()):
                raise SettingsError(
                    "marginal_x and marginal_y are both hard but their masses differ "
                    f"({float(mass_x[0]):.6g} and {float(mass_y[0]):.6g} in the first element); "
                    "scale them to the same sum, or give one a penalty"
                )

    def _check_sides(self) -> None:
        b, n, m = self.cost.shape
        for side, size, structure, marginal in (
            ("x", n, self.structure_x, self.marginal_x),
            ("y", m, self.structure_y, self.marginal_y),
        ):
            if structure.size != size:
                raise SettingsError(
                    f"structure_{side} has size {structure.size} but cost is {n} x {m}; build it for {size}"
                )
            bound = structure.bound()
            if len(bound) not in (1, b) or bound.device != self.cost.device:
                raise SettingsError(
                    f"structure_{side} holds {len(bound)} matrices on {bound.device} but cost has {b} elements on "
                    f"{self.cost.device}; build it for one element or for all {b}, and move it with .to(...)"
                )
            weights = marginal.weights
            if tuple(weights.shape) != (b, size):
                raise SettingsError(
                    f"marginal_{side} has weights of shape {tuple(weights.shape)} but cost is "
                    f"{tuple(self.cost.shape)}; expected {(b, size)}"
                )
            if weights.device != self.cost.device or weights.dtype != self.cost.dtype:
                raise SettingsError(
                    f"marginal_{side} is {weights.dtype} on {weights.device}, cost is {self.cost.dtype} on "
                    f"{self.cost.device}; move one with .to(...)"
                )

    def transport_gradient(self, plan: Float[Tensor, "b n m"]) -> Float[Tensor, "b n m"]:
        """``G(T) = (1-α) C + α Cx T Cy``, the gradient of the first two terms, in O(n m)."""
        if self.alpha == 0:
            return self.cost
        product = self.structure_y.matmul(self.structure_x.matmul(plan, 1), 2)
        return (1 - self.alpha) * self.cost + self.alpha * product

    def gradient(self, plan: Float[Tensor, "b n m"]) -> Float[Tensor, "b n m"]:
        """Gradient of :meth:`value`; zero where a weight is zero (padding), infinite where T is zero elsewhere."""
        total = self.transport_gradient(plan) + self.epsilon * (plan.log() + 1)
        for marginal, axis in ((self.marginal_x, 2), (self.marginal_y, 1)):
            if marginal.penalty is not None:
                ratio = plan.sum(axis) / marginal.weights
                total = total + (marginal.penalty * ratio.log()).unsqueeze(axis)
        real = (self.marginal_x.weights > 0)[:, :, None] & (self.marginal_y.weights > 0)[:, None, :]
        return torch.where(real, total, torch.zeros_like(total))

    def terms(self, plan: Float[Tensor, "b n m"]) -> ObjectiveTerms:
        """Every term of the objective at a plan, summed in float64."""
        wide = plan.double()
        cost = self.cost.double()
        product = self.structure_y.matmul(self.structure_x.matmul(wide, 1), 2)
        return ObjectiveTerms(
            linear=(1 - self.alpha) * (cost * wide).sum((1, 2)),
            structure=self.alpha / 2 * (product * wide).sum((1, 2)),
            marginal_x=divergence_term(wide.sum(2), self.marginal_x),
            marginal_y=divergence_term(wide.sum(1), self.marginal_y),
            entropy=self.epsilon * torch.special.xlogy(wide, wide).sum((1, 2)),
        )

    def value(self, plan: Float[Tensor, "b n m"]) -> Float[Tensor, " b"]:
        """F(T), (b,), float64."""
        return self.terms(plan).total


def divergence_term(sums: Float[Tensor, "b n"], marginal: Marginal) -> Float[Tensor, " b"]:
    """``λ KL(sums | weights)``, zero for a hard marginal; infinite where mass lies on a zero weight."""
    if marginal.penalty is None:
        return sums.new_zeros(sums.shape[0])
    weights = marginal.weights.to(sums.dtype)
    real = weights > 0
    safe = torch.where(real, weights, torch.ones_like(weights))
    spilled = torch.where((sums > 0) & ~real, torch.inf, 0.0).to(sums.dtype)
    terms = torch.special.xlogy(sums, sums / safe) - sums + weights + spilled
    total: Tensor = terms.sum(1)
    return marginal.penalty * total
