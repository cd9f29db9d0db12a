"""The convolutions of SqueezeNet 1.1, with the parameter names that checkpoints of it use."""

from __future__ import annotations

from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vasot.encoders.blocks import through

__all__ = ["SqueezeNetBase"]


class SqueezeNetBase(nn.Module):
    """SqueezeNet 1.1 (Iandola et al., 2016) up to fire9: 224 x 224 pixels become 512 maps of 13 x 13.

    It has no batch norms. Names are ``features.0`` (conv1) and ``features.3`` to ``features.12`` (fire2 to fire9), as
    in the weights that are commonly handed around; the classifier above is left out.

    Args:
        recompute: see :func:`~vasot.encoders.blocks.through`.
    """

    n_channels: ClassVar[int] = 512
    """Channels of the map after fire9."""

    def __init__(self, *, recompute: bool = False) -> None:
        super().__init__()
        self._recompute = recompute
        self.features = nn.Sequential(
            nn.Conv2d(3, 64, 3, stride=2), nn.ReLU(), _pool(),
            _Fire(64, 16, 64), _Fire(128, 16, 64), _pool(),
            _Fire(128, 32, 128), _Fire(256, 32, 128), _pool(),
            _Fire(256, 48, 192), _Fire(384, 48, 192), _Fire(384, 64, 256), _Fire(512, 64, 256),
        )  # fmt: skip
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_uniform_(module.weight, nonlinearity="relu")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, pixels: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 512 p q"]:
        """The map of every picture."""
        x = pixels
        for block in self.features:
            x = through(block, x, recompute=self._recompute)
        return x


class _Fire(nn.Module):
    """Few channels in, then as many from 1 x 1 as from 3 x 3 convolutions."""

    def __init__(self, n_in: int, n_squeezed: int, n_expanded: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(n_in, n_squeezed, 1)
        self.expand1x1 = nn.Conv2d(n_squeezed, n_expanded, 1)
        self.expand3x3 = nn.Conv2d(n_squeezed, n_expanded, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        squeezed = nn.functional.relu(self.squeeze(x))
        return nn.functional.relu(torch.cat([self.expand1x1(squeezed), self.expand3x3(squeezed)], dim=1))


def _pool() -> nn.MaxPool2d:
    return nn.MaxPool2d(3, stride=2, ceil_mode=True)
