"""Virtual frames: one extra row and column that take the mass of frames without counterpart.

This is the only place that adds or drops them. They stand at the end of both axes, cost the same to everything,
carry no temporal prior, and take part in no structure (Ali et al., ICCV 2025, section 3.1).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from vasot.errors import SettingsError
from vasot.transport.marginals import Marginal
from vasot.transport.problem import FusedGWProblem
from vasot.transport.structures import BoxStructure

__all__ = ["VirtualMass", "VirtualSplit", "split_virtual_frames", "with_virtual_frames"]

VirtualMass = Literal["half", "frame"]


@dataclass(frozen=True, eq=False)
class VirtualSplit:
    """A plan without its virtual frames, and what lay on them.

    Attributes:
        plan: (b, n, m) mass between real frames.
        mass_x: (b, n) mass of each frame of X on the virtual frame of Y.
        mass_y: (b, m) mass of each frame of Y on the virtual frame of X.
    """

    plan: Float[Tensor, "b n m"]
    mass_x: Float[Tensor, "b n"]
    mass_y: Float[Tensor, "b m"]

    @property
    def unmatched_x(self) -> Bool[Tensor, "b n"]:
        """True where a frame of X has more mass on the virtual frame than on all real ones together."""
        return self.mass_x > self.plan.sum(2)

    @property
    def unmatched_y(self) -> Bool[Tensor, "b m"]:
        """True where a frame of Y has more mass on the virtual frame than on all real ones together."""
        return self.mass_y > self.plan.sum(1)


def with_virtual_frames(problem: FusedGWProblem, cost: float, mass: VirtualMass = "half") -> FusedGWProblem:
    """The problem with a virtual frame behind each sequence.

    Args:
        problem: between real frames, with marginals of total mass 1.
        cost: ζ, the cost of leaving a frame unmatched. As a part of C it is weighed by 1 - α, and the entropy
            rewards spreading: raise it with epsilon and alpha (0.5 at 0.03, 0.7 at 0.07).
        mass: "half": real frames share one half and the virtual frame holds the other, on both sides, so that any
            part of either recording can stay unmatched; the structures are scaled so that alpha keeps its meaning.
            "frame": the virtual frame weighs as much as one real frame (as published), and can absorb about one.

    Raises:
        SettingsError: cost negative or not finite, unknown ``mass``, or a structure that cannot be extended.
    """
    if not (math.isfinite(cost) and cost >= 0):
        raise SettingsError(f"virtual_cost is {cost}; use a finite number >= 0, such as 0.5")
    if mass not in ("half", "frame"):
        raise SettingsError(f"virtual_mass is '{mass}'; use 'half' or 'frame'")
    structure_x, structure_y = problem.structure_x, problem.structure_y
    if not (isinstance(structure_x, BoxStructure) and isinstance(structure_y, BoxStructure)):
        raise SettingsError("virtual frames need structures made by Band, ComplementBand or OffDiagonal")
    real_share = [
        torch.full_like(weights[:, :1], 0.5) if mass == "half" else _frames(weights) / (_frames(weights) + 1)
        for weights in (problem.marginal_x.weights, problem.marginal_y.weights)
    ]
    scale = 2.0 if mass == "half" else 1.0
    return replace(
        problem,
        cost=torch.nn.functional.pad(problem.cost, (0, 1, 0, 1), value=cost),
        structure_x=structure_x.extended().scaled(scale),
        structure_y=structure_y.extended(),
        marginal_x=_extended(problem.marginal_x, real_share[0]),
        marginal_y=_extended(problem.marginal_y, real_share[1]),
    )


def split_virtual_frames(plan: Float[Tensor, "b n1 m1"]) -> VirtualSplit:
    """Undo :func:`with_virtual_frames` on a plan: drop the last row and the last column, keeping their mass."""
    return VirtualSplit(plan[:, :-1, :-1], plan[:, :-1, -1], plan[:, -1, :-1])


def _frames(weights: Float[Tensor, "b n"]) -> Float[Tensor, "b 1"]:
    return (weights > 0).sum(1, keepdim=True).to(weights.dtype)


def _extended(marginal: Marginal, real_share: Float[Tensor, "b 1"]) -> Marginal:
    weights = torch.cat([marginal.weights * real_share, 1 - real_share], dim=1)
    return Marginal(weights, marginal.penalty)
