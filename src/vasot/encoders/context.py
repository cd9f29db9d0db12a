"""Embeddings from pixels: every frame is seen together with one before it, so that motion shows."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from typing import Literal

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from vasot.encoders.bases import BaseName, make_base
from vasot.encoders.blocks import batch_norms
from vasot.features.preparation import Preparation

__all__ = ["N_CONTEXT", "ContextEncoder", "Freeze"]

N_CONTEXT = 2
"""Pictures behind one embedding: an earlier one and the frame itself, in this order."""

Freeze = Literal["base", "norm", "none"]


class ContextEncoder(nn.Module):
    """A base network per picture, two 3-D convolutions, max-pool, two linear layers, unit embedding.

    With a ResNet-50 to conv4 block 3 as its base it is the architecture of Dwibedi et al. (CVPR 2019), as Ali et al.
    (ICCV 2025) use it with two context frames.

    Args:
        side: of the square pictures, in pixels.
        embedding_size: E.
        base: the network that looks at single pictures.
        width: channels of the 3-D convolutions, and width of the linear layers.
        freeze: ``base``: the base stays as it is; ``norm``: only its batch norms do, so that a base without any is
            trained as a whole; ``none``: all is trained. What stays keeps its running statistics, too. Everything
            behind the base is always trained.
        dropout: share of inputs of each linear layer that is zeroed in training.
        recompute: see :func:`~vasot.encoders.blocks.through`; of the base.
    """

    def __init__(
        self,
        side: int,
        embedding_size: int,
        *,
        base: BaseName = "resnet50",
        width: int = 512,
        freeze: Freeze = "norm",
        dropout: float = 0.1,
        recompute: bool = False,
    ) -> None:
        super().__init__()
        self._mean: Tensor
        self._std: Tensor
        self._side = side
        self._freeze = freeze
        self.base = make_base(base, recompute=recompute)
        self.context = nn.Sequential(*_convolution(self.base.n_channels, width), *_convolution(width, width))
        self.head = nn.Sequential(
            nn.Dropout(dropout), nn.Linear(width, width), nn.ReLU(),
            nn.Dropout(dropout), nn.Linear(width, width), nn.ReLU(),
            nn.Linear(width, embedding_size),
        )  # fmt: skip
        usual = Preparation(size=None)
        self.register_buffer("_mean", 255 * torch.tensor(usual.mean)[:, None, None], persistent=False)
        self.register_buffer("_std", 255 * torch.tensor(usual.std)[:, None, None], persistent=False)
        frozen = [self.base] if freeze == "base" else list(batch_norms(self.base)) if freeze == "norm" else []
        for module in frozen:
            module.requires_grad_(requires_grad=False)
        self.train()

    def train(self, mode: bool = True) -> ContextEncoder:
        """Training or inference; batch norms that are frozen always stay as in inference."""
        super().train(mode)
        if self._freeze != "none":
            for norm in batch_norms(self.base):
                norm.eval()
        return self

    def load_base(self, weights: Mapping[str, Tensor]) -> None:
        """Take over the weights of the base; names and shapes must be its own."""
        self.base.load_state_dict(dict(weights))

    def forward(self, pixels: UInt8[Tensor, "f d"]) -> Float[Tensor, "f e"]:
        """Embeddings of unit norm.

        Args:
            pixels: per frame, the bytes of the earlier picture and of its own, each side x side x RGB.
        """
        side, n_frames = self._side, len(pixels)
        pictures = pixels.reshape(n_frames * N_CONTEXT, side, side, 3).permute(0, 3, 1, 2).float()
        pictures = (pictures - self._mean) / self._std
        with torch.set_grad_enabled(torch.is_grad_enabled() and self._freeze != "base"):
            maps = self.base(pictures)
        # (f, context, channels, p, q) -> (f, channels, context, p, q): time is the first of the three axes.
        stack = maps.unflatten(0, (n_frames, N_CONTEXT)).transpose(1, 2)
        on_cpu = stack.device.type == "cpu"
        # On CPUs, torch 2.13 now and then puts NaN into the weight gradient of a bfloat16 Conv3d, all else finite.
        with torch.autocast("cpu", enabled=False) if on_cpu else nullcontext():
            pooled = self.context(stack.float() if on_cpu else stack).amax((2, 3, 4))
        embedding: Tensor = nn.functional.normalize(self.head(pooled).float(), dim=-1)
        return embedding


def _convolution(n_in: int, n_out: int) -> list[nn.Module]:
    return [nn.Conv3d(n_in, n_out, 3, padding=1, bias=False), nn.BatchNorm3d(n_out), nn.ReLU()]
