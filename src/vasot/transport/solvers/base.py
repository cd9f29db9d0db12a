"""The interface of solvers, and the one call that users need."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from vasot.transport.problem import FusedGWProblem
from vasot.transport.solution import Solution
from vasot.transport.solvers.mirror import MirrorDescent

__all__ = ["Solver", "solve"]


@runtime_checkable
class Solver(Protocol):
    """Anything that turns a problem into a solution, and refuses with an error what it cannot solve."""

    def __call__(self, problem: FusedGWProblem) -> Solution:
        """Solve every element of the batch, each as if it were alone."""
        ...


def solve(problem: FusedGWProblem, solver: Solver | None = None) -> Solution:
    """Solve a fused Gromov-Wasserstein problem; by :class:`MirrorDescent` with its defaults where none is given.

    >>> import torch
    >>> from vasot.transport import Band, ComplementBand, Marginal
    >>> n = torch.tensor([4])
    >>> cost = 1 - torch.eye(4, dtype=torch.float64)[None]
    >>> problem = FusedGWProblem(
    ...     cost, Band.from_radius(4, 0.25), ComplementBand.from_radius(4, 0.25),
    ...     Marginal.uniform(n, 4, dtype=torch.float64), Marginal.uniform(n, 4, dtype=torch.float64),
    ...     alpha=0.3, epsilon=0.05,
    ... )
    >>> solution = solve(problem)
    >>> solution.plan[0].argmax(1).tolist(), bool(solution.converged)
    ([0, 1, 2, 3], True)
    """
    return (solver or MirrorDescent())(problem)
