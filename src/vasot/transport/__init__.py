"""Fused Gromov-Wasserstein transport in O(NM): usable on its own, without videos, labels or modules.

>>> from vasot.transport import Band, ComplementBand, FusedGWProblem, Marginal, solve
"""

from __future__ import annotations

from vasot.transport.costs import cosine_cost, temporal_prior
from vasot.transport.marginals import Marginal
from vasot.transport.problem import FusedGWProblem, ObjectiveTerms
from vasot.transport.solution import Solution
from vasot.transport.solvers import MirrorDescent, Solver, solve
from vasot.transport.structures import Band, BoxStructure, ComplementBand, Dense, OffDiagonal, Structure
from vasot.transport.virtual import VirtualMass, VirtualSplit, split_virtual_frames, with_virtual_frames

__all__ = [
    "Band",
    "BoxStructure",
    "ComplementBand",
    "Dense",
    "FusedGWProblem",
    "Marginal",
    "MirrorDescent",
    "ObjectiveTerms",
    "OffDiagonal",
    "Solution",
    "Solver",
    "Structure",
    "VirtualMass",
    "VirtualSplit",
    "cosine_cost",
    "solve",
    "split_virtual_frames",
    "temporal_prior",
    "with_virtual_frames",
]
