"""How precisely transport is solved: roughly for a training step, to convergence for an answer."""

from __future__ import annotations

from vasot.transport import MirrorDescent, Solver

__all__ = ["ANSWER", "STEP"]

STEP: Solver = MirrorDescent(n_outer=25, gentle_steps=0, plan_tolerance=1e-3, marginal_tolerance=1e-3)
"""For pseudo-labels, which the next step replaces: the published number of iterations, marginals to 0.1 %."""

ANSWER: Solver = MirrorDescent(n_outer=100)
"""For what a user is told."""
