"""What the base networks share: their batch norms, and blocks whose activations are computed twice to save memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

__all__ = ["batch_norms", "through"]


def batch_norms(module: nn.Module) -> Iterator[nn.modules.batchnorm._BatchNorm]:
    """The batch norms within a module."""
    return (each for each in module.modules() if isinstance(each, nn.modules.batchnorm._BatchNorm))


def through(block: nn.Module, x: Tensor, *, recompute: bool) -> Tensor:
    """The block's output.

    Args:
        block: a part of a network.
        x: its input.
        recompute: in training, keep nothing but the input, and compute what lies within once more for the gradient.
    """
    if not (recompute and block.training and any(each.requires_grad for each in block.parameters())):
        result: Tensor = block(x)
        return result
    again: Callable[[], Any] = lambda: (nullcontext(), _statistics_kept(block))  # noqa: E731
    answer: Tensor = checkpoint(block, x, use_reentrant=False, context_fn=again)
    return answer


@contextmanager
def _statistics_kept(block: nn.Module) -> Iterator[None]:
    """Within, batch norms leave their running statistics alone: they have counted this batch already."""
    norms = [each for each in batch_norms(block) if each.training]
    momenta = [each.momentum for each in norms]
    counts = [each.num_batches_tracked for each in norms]
    before = [None if count is None else count.clone() for count in counts]
    for norm in norms:
        norm.momentum = 0.0
    try:
        yield
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
        for count, value in zip(counts, before, strict=True):
            if count is not None and value is not None:
                count.copy_(value)
