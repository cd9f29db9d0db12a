"""The alignment half: transport between the frames of two recordings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float, Int, Shaped
from torch import Tensor, nn

from vasot.batching.clips import Clips
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

_ALIKE = 0.55
"""Share of the cost of staying unmatched up to which frames are alike.

Chosen on rendered videos (seeds 10 to 13 of ``vasot demo``), where 0.5 to 0.6 find unmatched frames about equally well.
"""

_MOST_ALIKE = 0.25
"""Share of the frames of two recordings that is taken to have a counterpart, whatever the recordings look like."""

_ALIKE_COST = 0.2
"""What the last of those frames costs in recordings of one place and person.

0.15 to 0.25 find unmatched frames of rendered videos (seeds 10 to 13 of ``vasot demo``) about equally well.
"""


@dataclass(frozen=True)
class FrameAlignment:
    """Balanced fused Gromov-Wasserstein alignment with virtual frames (VAOT; Ali et al., ICCV 2025, section 3.1).

    For ablations it can do without virtual frames (``virtual_mass="none"``), and be unbalanced: a ``frame_penalty``
    above 0 penalises both marginals instead of holding them.

    The published method compares embeddings alone. Training draws the embeddings of one action together, and those of
    background to each other, so that what is new in a recording can no longer be told by them. With ``appearance``
    above 0 the cost also holds how unlike the features are from which the embeddings were made (:meth:`compared`).
    """

    alpha: float
    epsilon: float
    radius: float
    temporal_prior: float
    virtual_cost: float
    virtual_mass: Literal["half", "frame", "none"]
    temperature: float
    frame_penalty: float = 0.0
    appearance: float = 0.0

    @property
    def has_virtual_frames(self) -> bool:
        """Whether the last row and column of a plan are virtual frames."""
        return self.virtual_mass != "none"

    @property
    def alike_cost(self) -> float:
        """Up to which :meth:`cost` frames are alike, a share of what staying unmatched costs.

        A frame whose nearest frame in the other recording costs no more has a counterpart, even where balanced masses
        left no room for it. 0 where the cost says nothing of appearance.
        """
        return _ALIKE * self.virtual_cost if self.appearance else 0.0

    def cost(
        self,
        x: Float[Tensor, "b n c"],
        lengths_x: Int[Tensor, " b"],
        y: Float[Tensor, "b m c"],
        lengths_y: Int[Tensor, " b"],
    ) -> Float[Tensor, "b n m"]:
        """How unlike frames are, 1 - cosine of what they are compared by, set against the cost of staying unmatched.

        Of different people in different places even the same moments look unlike, and all frames would stay unmatched.
        So where the cost holds appearance, the frames most alike (a quarter of both recordings, each against its
        nearest in the other) are let cost what they would in recordings of one place: the rest by as much less.
        """
        cost = cosine_cost(x, y)
        if not self.appearance:
            return cost
        real_x, real_y = (
            torch.arange(size, device=x.device) < lengths[:, None]
            for size, lengths in ((x.shape[1], lengths_x), (y.shape[1], lengths_y))
        )
        real = real_x[:, :, None] & real_y[:, None]
        known = torch.where(real, cost, torch.inf)
        nearest = torch.cat([known.amin(2), known.amin(1)], dim=1)
        nearest = torch.where(torch.cat([real_x, real_y], dim=1), nearest, torch.nan)
        beyond = torch.nanquantile(nearest, _MOST_ALIKE, dim=1) - _ALIKE_COST
        return cost - beyond.clamp_min(0)[:, None, None]

    def compared(self, embedding: Float[Tensor, "b n e"], features: Shaped[Tensor, "b n d"]) -> Float[Tensor, "b n c"]:
        """Vectors whose cosine is a mean of two: of the embeddings, and of the features with weight ``appearance``."""
        if not self.appearance:
            return embedding
        own = nn.functional.normalize(features, dim=2)
        return torch.cat([(1 - self.appearance) ** 0.5 * embedding, self.appearance**0.5 * own], dim=2)

    def problem(
        self,
        x: Float[Tensor, "b n e"],
        lengths_x: Int[Tensor, " b"],
        y: Float[Tensor, "b m e"],
        lengths_y: Int[Tensor, " b"],
    ) -> FusedGWProblem:
        """The transport problem between two batches of embeddings, or of what :meth:`compared` makes of them.

        Virtual frames are included where there are some.
        """
        n, m, dtype = x.shape[1], y.shape[1], x.dtype
        prior = temporal_prior(lengths_x, lengths_y, n, m, self.temporal_prior)
        penalty = self.frame_penalty or None
        plain = FusedGWProblem(
            cost=self.cost(x, lengths_x, y, lengths_y) + prior.to(dtype),
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
        self, x: Clips, y: Clips, features_x: Shaped[Tensor, "b n d"], features_y: Shaped[Tensor, "b m d"]
    ) -> Float[Tensor, " b"]:
        """L_xy: embeddings against the plan of what they are compared by; unmatched frames are left out."""
        seen_x, seen_y = self.compared(x.features.detach(), features_x), self.compared(y.features.detach(), features_y)
        split = self.plan(seen_x, x.lengths, seen_y, y.lengths, STEP)
        real_y = torch.arange(y.features.shape[1], device=y.features.device) < y.lengths[:, None]
        return pseudo_label_loss(x.features, y.features, split.plan, ~split.unmatched_x, real_y, self.temperature)
