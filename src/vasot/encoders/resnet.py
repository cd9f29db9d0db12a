"""The lower part of a ResNet-50, with the parameter names that checkpoints of it use."""

from __future__ import annotations

from typing import ClassVar

from jaxtyping import Float
from torch import Tensor, nn

from vasot.encoders.blocks import through

__all__ = ["ResNetBase"]

_EXPANSION = 4


class ResNetBase(nn.Module):
    """ResNet-50 (He et al., CVPR 2016) up to the third block of conv4: 224 x 224 pixels become 1024 maps of 14 x 14.

    The stride of a block lies on its 3 x 3 convolution, as in the weights that are commonly handed around. Names are
    ``conv1``, ``bn1``, ``layer1`` (conv2), ``layer2`` (conv3) and ``layer3`` (conv4).

    Args:
        recompute: see :func:`~vasot.encoders.blocks.through`.
    """

    n_channels: ClassVar[int] = 1024
    """Channels of the map after block 3 of conv4."""

    def __init__(self, *, recompute: bool = False) -> None:
        super().__init__()
        self._recompute = recompute
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.layer1 = _layer(64, 64, n_blocks=3, stride=1)
        self.layer2 = _layer(256, 128, n_blocks=4, stride=2)
        self.layer3 = _layer(512, 256, n_blocks=3, stride=2)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, pixels: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 1024 p q"]:
        """The map of every picture."""
        x = nn.functional.relu(self.bn1(self.conv1(pixels)))
        x = nn.functional.max_pool2d(x, 3, stride=2, padding=1)
        for layer in (self.layer1, self.layer2, self.layer3):
            for block in layer:
                x = through(block, x, recompute=self._recompute)
        return x


class _Bottleneck(nn.Module):
    def __init__(self, n_in: int, n_middle: int, stride: int) -> None:
        super().__init__()
        n_out = n_middle * _EXPANSION
        self.conv1 = nn.Conv2d(n_in, n_middle, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(n_middle)
        self.conv2 = nn.Conv2d(n_middle, n_middle, 3, stride=stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(n_middle)
        self.conv3 = nn.Conv2d(n_middle, n_out, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(n_out)
        self.downsample: nn.Module | None = None
        if stride != 1 or n_in != n_out:
            shortcut = nn.Conv2d(n_in, n_out, 1, stride=stride, bias=False)
            self.downsample = nn.Sequential(shortcut, nn.BatchNorm2d(n_out))

    def forward(self, x: Tensor) -> Tensor:
        y = nn.functional.relu(self.bn1(self.conv1(x)))
        y = nn.functional.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return nn.functional.relu(y + (x if self.downsample is None else self.downsample(x)))


def _layer(n_in: int, n_middle: int, *, n_blocks: int, stride: int) -> nn.Sequential:
    first = _Bottleneck(n_in, n_middle, stride)
    return nn.Sequential(first, *(_Bottleneck(n_middle * _EXPANSION, n_middle, 1) for _ in range(n_blocks - 1)))
