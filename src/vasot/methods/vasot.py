"""VASOT: alignment and action segmentation with one model (Ali et al., ICCV 2025)."""

from __future__ import annotations

from typing import ClassVar

from vasot.methods.base import Task
from vasot.methods.settings import AlignmentSettings, MethodSettings, SegmentationSettings
from vasot.methods.transport import TransportMethod

__all__ = ["VASOT", "VASOTSettings"]


class VASOTSettings(SegmentationSettings, AlignmentSettings, MethodSettings):
    """Settings of VASOT."""


class VASOT(TransportMethod):
    """Both at once: the loss is w_align L_xy + w_seg (L_xa + L_ya)."""

    name: ClassVar[str] = "vasot"
    tasks: ClassVar[frozenset[Task]] = frozenset({"align", "segment"})
    paired: ClassVar[bool] = True
    Config: ClassVar[type[MethodSettings]] = VASOTSettings
