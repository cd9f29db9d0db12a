"""ASOT: action segmentation by optimal transport (Xu and Gould, CVPR 2024)."""

from __future__ import annotations

from typing import ClassVar

from vasot.methods.base import Task
from vasot.methods.settings import MethodSettings, SegmentationSettings
from vasot.methods.transport import TransportMethod

__all__ = ["ASOT", "ASOTSettings"]


class ASOTSettings(SegmentationSettings, MethodSettings):
    """Settings of ASOT."""


class ASOT(TransportMethod):
    """Segmentation alone: the loss is L_xa, of one recording at a time."""

    name: ClassVar[str] = "asot"
    tasks: ClassVar[frozenset[Task]] = frozenset({"segment"})
    paired: ClassVar[bool] = False
    Config: ClassVar[type[MethodSettings]] = ASOTSettings
