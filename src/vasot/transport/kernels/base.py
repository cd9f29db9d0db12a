"""What the mirror descent asks of a storage.

A few passes over the plan, per batch element, without side effects on its neighbours.

The iterate is kept as ``T = u ∘ K ∘ v`` with ``K = exp(S + a + b)``; ``S`` is the log-kernel (a running average of
``-G/ε``) and ``a``, ``b`` are the potentials absorbed so far, so that ``u`` and ``v`` stay near 1 and neither
overflows nor underflows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float
from torch import Tensor

__all__ = ["Evaluation", "Kernel"]


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The current plan judged, (b,) float64 each.

    Attributes:
        terms: linear, structure, marginal_x, marginal_y and entropy term of F.
        merit: F, corrected to first order for what the column sums still miss (the Lagrangian): comparable between
            plans whose marginals are met only approximately.
        change: mass that a full pass would move, as a share of the total mass.
        error_x, error_y: largest relative deviation of a row (column) sum from its weight, 0 where penalised.
    """

    terms: Float[np.ndarray, "5 b"]
    merit: Float[np.ndarray, " b"]
    change: Float[np.ndarray, " b"]
    error_x: Float[np.ndarray, " b"]
    error_y: Float[np.ndarray, " b"]


@runtime_checkable
class Kernel(Protocol):
    """Storage and passes of one batch of problems; begins at ``T = p qᵀ``."""

    def start(self, log_kernel: Float[Tensor, "b n m"], a: Float[Tensor, "b n"], b: Float[Tensor, "b m"]) -> None:
        """Begin at the plan ``exp(S + a_i + b_j)`` instead."""
        ...

    def linearise(self, step: Float[np.ndarray, " b"], active: Bool[np.ndarray, " b"]) -> Evaluation:
        """Judge the current plan, and prepare the log-kernel ``(1-step) S - step G/ε`` that would follow it."""
        ...

    def accept(self, which: Bool[np.ndarray, " b"]) -> None:
        """Take the prepared log-kernel; the one it replaces is remembered as the last accepted."""
        ...

    def retreat(self, which: Bool[np.ndarray, " b"], share: float) -> None:
        """Move the log-kernel by ``share`` of the way back to the last accepted one."""
        ...

    def project(self, tolerance: Float[np.ndarray, " b"], active: Bool[np.ndarray, " b"], max_sweeps: int) -> None:
        """Sinkhorn sweeps until the column scaling changes by less than the tolerance; ends with exact rows."""
        ...

    def plan(self) -> Float[Tensor, "b n m"]:
        """The current plan, in the problem's dtype and on its device."""
        ...
