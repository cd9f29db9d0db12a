"""The base networks by name: what looks at single pictures, below the layers that see them in context."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from vasot.encoders.resnet import ResNetBase
from vasot.encoders.squeezenet import SqueezeNetBase

__all__ = ["BASES", "BaseName", "BaseNetwork", "make_base"]

BaseName = Literal["resnet50", "squeezenet1_1"]

BaseNetwork = ResNetBase | SqueezeNetBase

BASES: Mapping[BaseName, type[ResNetBase] | type[SqueezeNetBase]] = {
    "resnet50": ResNetBase,
    "squeezenet1_1": SqueezeNetBase,
}


def make_base(name: BaseName, *, recompute: bool = False) -> BaseNetwork:
    """The network, with random weights; ``recompute``: see :func:`~vasot.encoders.blocks.through`."""
    return BASES[name](recompute=recompute)
