"""The linear cost: how unlike two frames are, and how far apart they lie in relative time."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor

from vasot.errors import SettingsError

__all__ = ["cosine_cost", "temporal_prior"]


def cosine_cost(x: Float[Tensor, "b n e"], y: Float[Tensor, "b m e"]) -> Float[Tensor, "b n m"]:
    """``1 - cos(x_i, y_j)``, in 0..2. A vector of zero norm has cosine 0 with everything, never NaN.

    >>> x = torch.tensor([[[1.0, 0.0], [0.0, 0.0]]])
    >>> cosine_cost(x, x).tolist()
    [[[0.0, 1.0], [1.0, 1.0]]]
    """
    return 1 - _unit(x) @ _unit(y).mT


def temporal_prior(
    lengths_x: Int[Tensor, " b"], lengths_y: Int[Tensor, " b"], size_x: int, size_y: int, weight: float
) -> Float[Tensor, "b n m"]:
    """``weight · |i/N - j/M|`` with the real lengths N and M; (b, size_x, size_y), float64.

    Both sides are taken at the middle of their cell, ``(i + ½)/N`` and ``(j + ½)/M``: the prior is then the same
    read forwards and backwards, and for K actions its cells are K equal parts of the recording (with ``k/K`` the
    first action is given half a part and the last one and a half).

    Raises:
        SettingsError: weight negative or not finite.

    >>> temporal_prior(torch.tensor([4]), torch.tensor([2]), 4, 2, 1.0)[0, :, 0].tolist()
    [0.125, 0.125, 0.375, 0.625]
    """
    if not (math.isfinite(weight) and weight >= 0):
        raise SettingsError(f"the weight of the temporal prior is {weight}; use a finite number, 0 to switch it off")
    time_x = (torch.arange(size_x, device=lengths_x.device, dtype=torch.float64) + 0.5) / lengths_x[:, None]
    time_y = (torch.arange(size_y, device=lengths_y.device, dtype=torch.float64) + 0.5) / lengths_y[:, None]
    return (time_x[:, :, None] - time_y[:, None, :]).abs().mul_(weight)


def _unit(x: Tensor) -> Tensor:
    # Entries near 1 first: the square of a very large or very small one would overflow or vanish.
    tiny = torch.finfo(x.dtype).tiny
    x = x / x.abs().amax(dim=-1, keepdim=True).clamp_min(tiny)
    unit: Tensor = x / x.norm(dim=-1, keepdim=True).clamp_min(tiny)
    return unit
