"""How a problem is solved: one solver per file, all called as ``solver(problem)``."""

from __future__ import annotations

from vasot.transport.solvers.base import Solver, solve
from vasot.transport.solvers.mirror import MirrorDescent

__all__ = ["MirrorDescent", "Solver", "solve"]
