"""How much mass each frame carries, and how firmly."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import torch
from jaxtyping import Float, Int
from torch import Tensor

from vasot.errors import SettingsError

__all__ = ["Marginal"]


@dataclass(frozen=True, eq=False)
class Marginal:
    """The mass of every row (or column) of a plan.

    Attributes:
        weights: (b, n) non-negative, zero on padding, with a positive sum.
        penalty: None: the plan's sums must equal the weights (a hard constraint). A number λ > 0: they may differ
            at the price ``λ KL(sums | weights)``.

    Raises:
        SettingsError: negative, non-finite or all-zero weights, or a penalty that is not positive.
    """

    weights: Float[Tensor, "b n"]
    penalty: float | None = None

    def __post_init__(self) -> None:
        if self.weights.ndim != 2:
            raise SettingsError(f"weights have shape {tuple(self.weights.shape)}; expected (batch, frames)")
        total = self.weights.sum(1)
        if not bool(torch.isfinite(self.weights).all()) or bool((self.weights < 0).any()) or bool((total <= 0).any()):
            raise SettingsError(
                "weights of a marginal must be finite and non-negative, with a positive sum per batch element"
            )
        if self.penalty is not None and not (math.isfinite(self.penalty) and self.penalty > 0):
            raise SettingsError(f"penalty is {self.penalty}; use a positive number, or None for a hard constraint")

    @property
    def is_hard(self) -> bool:
        """True for a hard constraint."""
        return self.penalty is None

    @classmethod
    def uniform(
        cls,
        lengths: Int[Tensor, " b"],
        size: int,
        *,
        penalty: float | None = None,
        dtype: torch.dtype = torch.float32,
    ) -> Self:
        """Equal weights on the first ``lengths`` frames, summing to 1, and zero on the rest.

        >>> Marginal.uniform(torch.tensor([2]), 3).weights.tolist()
        [[0.5, 0.5, 0.0]]
        """
        real = torch.arange(size, device=lengths.device) < lengths[:, None]
        return cls((real / lengths[:, None].double()).to(dtype), penalty)
