"""VAOT: video alignment by optimal transport (Ali et al., ICCV 2025)."""

from __future__ import annotations

from typing import ClassVar

from vasot.methods.base import Task
from vasot.methods.settings import AlignmentSettings, MethodSettings
from vasot.methods.transport import TransportMethod

__all__ = ["VAOT", "VAOTSettings"]


class VAOTSettings(AlignmentSettings, MethodSettings):
    """Settings of VAOT."""


class VAOT(TransportMethod):
    """Alignment alone: the loss is L_xy."""

    name: ClassVar[str] = "vaot"
    tasks: ClassVar[frozenset[Task]] = frozenset({"align"})
    paired: ClassVar[bool] = True
    Config: ClassVar[type[MethodSettings]] = VAOTSettings
