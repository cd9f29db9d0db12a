"""Cross-entropy against transport plans: the one loss that all three methods train on."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor

__all__ = ["pseudo_label_loss"]


def pseudo_label_loss(
    x: Float[Tensor, "b n e"],
    targets: Float[Tensor, "b m e"],
    plan: Float[Tensor, "b n m"],
    used: Bool[Tensor, "b n"],
    real_targets: Bool[Tensor, "b m"],
    temperature: float,
) -> Float[Tensor, " b"]:
    """``-(1/N_used) Σ_i Σ_j T̂_ij log softmax_j(x_i · y_j / τ)``, per batch element.

    The rows of the plan are scaled to sum to 1 and carry no gradient. Source: Ali et al., ICCV 2025, Eq. 6 to 9.

    Args:
        x: embeddings of unit norm.
        targets: embeddings of the other recording's frames, or of the actions.
        plan: transported mass between them, virtual frames cut off.
        used: frames that count; False on padding and on unmatched frames. A frame without mass never counts.
        real_targets: False on padding.
        temperature: τ.

    Returns:
        (b,), 0 where no frame of an element counts.
    """
    logits = x @ targets.mT / temperature
    logits = logits.masked_fill(~real_targets[:, None, :], -torch.inf)
    log_share = logits.log_softmax(2).masked_fill(~real_targets[:, None, :], 0)
    mass = plan.detach().sum(2)
    counted = used & (mass > 0)
    label = plan.detach() / mass.clamp_min(torch.finfo(mass.dtype).tiny)[:, :, None]
    per_frame = -(label * log_share).sum(2)
    return (per_frame * counted).sum(1) / counted.sum(1).clamp_min(1)
