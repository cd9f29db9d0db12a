"""The segmentation half: transport between the frames of a recording and the actions."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from vasot.methods.solvers import STEP
from vasot.objectives.pseudo_label import pseudo_label_loss
from vasot.transport import (
    Band,
    FusedGWProblem,
    Marginal,
    OffDiagonal,
    Solver,
    cosine_cost,
    solve,
    temporal_prior,
)

__all__ = ["FrameSegmentation"]


@dataclass(frozen=True)
class FrameSegmentation:
    """Fused Gromov-Wasserstein transport with a penalised action marginal (ASOT; Xu and Gould, CVPR 2024)."""

    alpha: float
    epsilon: float
    radius: float
    temporal_prior: float
    action_penalty: float
    temperature: float

    def problem(
        self, x: Float[Tensor, "b n e"], lengths: Int[Tensor, " b"], actions: Float[Tensor, "k e"]
    ) -> FusedGWProblem:
        """The transport problem between a batch of embeddings and K action embeddings."""
        b, n, _ = x.shape
        k = len(actions)
        counts = torch.full_like(lengths, k)
        prior = temporal_prior(lengths, counts, n, k, self.temporal_prior)
        return FusedGWProblem(
            cost=cosine_cost(x, actions.expand(b, k, -1)) + prior.to(x.dtype),
            structure_x=Band.from_radius(lengths, self.radius, size=n),
            structure_y=OffDiagonal.of_size(counts),
            marginal_x=Marginal.uniform(lengths, n, dtype=x.dtype),
            marginal_y=Marginal.uniform(counts, k, penalty=self.action_penalty, dtype=x.dtype),
            alpha=self.alpha,
            epsilon=self.epsilon,
        )

    @torch.no_grad()
    def plan(
        self, x: Float[Tensor, "b n e"], lengths: Int[Tensor, " b"], actions: Float[Tensor, "k e"], solver: Solver
    ) -> Float[Tensor, "b n k"]:
        """The transport plan: the mass of every frame on every action."""
        return solve(self.problem(x, lengths, actions), solver).plan

    def loss(
        self, x: Float[Tensor, "b n e"], lengths: Int[Tensor, " b"], actions: Float[Tensor, "k e"]
    ) -> Float[Tensor, " b"]:
        """L_xa: embeddings and actions against their own transport plan."""
        plan = self.plan(x.detach(), lengths, actions.detach(), STEP)
        real = torch.arange(x.shape[1], device=x.device) < lengths[:, None]
        every = torch.ones(plan.shape[0], plan.shape[2], dtype=torch.bool, device=x.device)
        return pseudo_label_loss(x, actions.expand(len(x), -1, -1), plan, real, every, self.temperature)
