"""The alignment half: transport between the frames of two recordings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor

from vasot.methods.solvers import STEP
from vasot.objectives.pseudo_label import pseudo_label_loss
from vasot.transport import (
    Band,
    ComplementBand,
    FusedGWProblem,
    Marginal,
    Solver,
    VirtualSplit,
    cosine_cost,
    solve,
    split_virtual_frames,
    temporal_prior,
    with_virtual_frames,
)

__all__ = ["FrameAlignment"]


@dataclass(frozen=True)
class FrameAlignment:
    """Balanced fused Gromov-Wasserstein alignment with virtual frames (VAOT; Ali et al., ICCV 2025, section 3.1).

    For ablations it can do without virtual frames (``virtual_mass="none"``), and be unbalanced: a ``frame_penalty``
    above 0 penalises both marginals instead of holding them.
    """

    alpha: float
    epsilon: float
    radius: float
    temporal_prior: float
    virtual_cost: float
    virtual_mass: Literal["half", "frame", "none"]
    temperature: float
    frame_penalty: float = 0.0

    @property
    def has_virtual_frames(self) -> bool:
        """Whether the last row and column of a plan are virtual frames."""
        return self.virtual_mass != "none"

    def problem(
        self,
        x: Float[Tensor, "b n e"],
        lengths_x: Int[Tensor, " b"],
        y: Float[Tensor, "b m e"],
        lengths_y: Int[Tensor, " b"],
    ) -> FusedGWProblem:
        """The transport problem between two batches of embeddings, virtual frames included where there are some."""
        n, m, dtype = x.shape[1], y.shape[1], x.dtype
        prior = temporal_prior(lengths_x, lengths_y, n, m, self.temporal_prior)
        penalty = self.frame_penalty or None
        plain = FusedGWProblem(
            cost=cosine_cost(x, y) + prior.to(dtype),
            structure_x=Band.from_radius(lengths_x, self.radius, size=n),
            structure_y=ComplementBand.from_radius(lengths_y, self.radius, size=m),
            marginal_x=Marginal.uniform(lengths_x, n, penalty=penalty, dtype=dtype),
            marginal_y=Marginal.uniform(lengths_y, m, penalty=penalty, dtype=dtype),
            alpha=self.alpha,
            epsilon=self.epsilon,
        )
        if self.virtual_mass == "none":
            return plain
        return with_virtual_frames(plain, self.virtual_cost, self.virtual_mass)

    @torch.no_grad()
    def plan(
        self,
        x: Float[Tensor, "b n e"],
        lengths_x: Int[Tensor, " b"],
        y: Float[Tensor, "b m e"],
        lengths_y: Int[Tensor, " b"],
        solver: Solver,
    ) -> VirtualSplit:
        """The transport plan, with the virtual frames' mass beside it."""
        plan = solve(self.problem(x, lengths_x, y, lengths_y), solver).plan
        if self.has_virtual_frames:
            return split_virtual_frames(plan)
        return VirtualSplit(plan, torch.zeros_like(plan[:, :, 0]), torch.zeros_like(plan[:, 0]))

    def loss(
        self,
        x: Float[Tensor, "b n e"],
        lengths_x: Int[Tensor, " b"],
        y: Float[Tensor, "b m e"],
        lengths_y: Int[Tensor, " b"],
    ) -> Float[Tensor, " b"]:
        """L_xy: the embeddings against their own transport plan; unmatched frames are left out."""
        split = self.plan(x.detach(), lengths_x, y.detach(), lengths_y, STEP)
        real_y = torch.arange(y.shape[1], device=y.device) < lengths_y[:, None]
        return pseudo_label_loss(x, y, split.plan, ~split.unmatched_x, real_y, self.temperature)
