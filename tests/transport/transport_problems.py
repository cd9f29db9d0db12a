"""Random problems and made recordings with known answers, for every test of the transport core."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from vasot.transport import (
    Band,
    ComplementBand,
    FusedGWProblem,
    Marginal,
    OffDiagonal,
    VirtualMass,
    cosine_cost,
    temporal_prior,
    with_virtual_frames,
)
from vasot.transport.structures import Structure

Kind = Literal["balanced", "partial", "columns hard", "unbalanced"]
KINDS: dict[Kind, tuple[float | None, float | None]] = {
    "balanced": (None, None),
    "partial": (None, 0.1),
    "columns hard": (0.2, None),
    "unbalanced": (0.3, 0.1),
}


def three_steps(seed: int, n: int, m: int, width: int = 6, noise: float = 0.5) -> tuple[Tensor, Tensor]:
    """Two noisy recordings (1, n, width) and (1, m, width) of the same three steps, float64."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((3, width))
    x, y = (centres[np.arange(k) * 3 // k] + noise * rng.standard_normal((k, width)) for k in (n, m))
    return torch.from_numpy(x)[None], torch.from_numpy(y)[None]


def alignment(
    seed: int,
    n: int,
    m: int,
    *,
    kind: Kind = "balanced",
    radius: float = 0.1,
    alpha: float = 0.4,
    epsilon: float = 0.1,
    rho: float = 0.0,
    dtype: torch.dtype = torch.float64,
    second: Structure | None = None,
) -> FusedGWProblem:
    """One element: two recordings of the same three steps, uniform weights."""
    lengths_x, lengths_y = torch.tensor([n]), torch.tensor([m])
    penalty_x, penalty_y = KINDS[kind]
    cost = cosine_cost(*three_steps(seed, n, m)) + temporal_prior(lengths_x, lengths_y, n, m, rho)
    return FusedGWProblem(
        cost.to(dtype),
        Band.from_radius(lengths_x, max(radius, 1 / n)),
        ComplementBand.from_radius(lengths_y, max(radius, 1 / m)) if second is None else second,
        Marginal.uniform(lengths_x, n, penalty=penalty_x, dtype=dtype),
        Marginal.uniform(lengths_y, m, penalty=penalty_y, dtype=dtype),
        alpha,
        epsilon,
    )


def segmentation(seed: int, n: int, k: int, **settings: Any) -> FusedGWProblem:
    """One element: a recording and its actions; rows hard, the action marginal penalised."""
    return alignment(seed, n, k, **{"kind": "partial", "rho": 0.2, "second": OffDiagonal.of_size(k), **settings})


def padded_batch(problems: list[FusedGWProblem], n: int, m: int) -> FusedGWProblem:
    """Problems of one element each (box structures, equal settings) as one batch, padded to n x m.

    The padding holds noise instead of zeros: nothing may depend on what lies there.
    """
    first = problems[0]
    noise = torch.Generator().manual_seed(0)
    cost = 5 * torch.rand(len(problems), n, m, generator=noise, dtype=first.cost.dtype)
    for element, problem in enumerate(problems):
        cost[element, : problem.cost.shape[1], : problem.cost.shape[2]] = problem.cost[0]
    sides: dict[str, Any] = {}
    for side, size in (("x", n), ("y", m)):
        parts: list[Any] = [getattr(problem, f"structure_{side}") for problem in problems]
        fields = ("half_width", "everywhere", "within", "diagonal")
        joined = {name: torch.cat([getattr(part, name) for part in parts]) for name in fields}
        mask = torch.cat([_pad(part.mask, size) for part in parts])
        sides[f"structure_{side}"] = replace(parts[0], mask=mask, **joined)
        marginals: list[Marginal] = [getattr(problem, f"marginal_{side}") for problem in problems]
        weights = torch.cat([_pad(marginal.weights, size) for marginal in marginals])
        sides[f"marginal_{side}"] = Marginal(weights, marginals[0].penalty)
    return replace(first, cost=cost, **sides)


def dense_arguments(problem: FusedGWProblem, element: int = 0) -> dict[str, Any]:
    """One element of a problem as the arguments that every function of ``transport.reference`` takes."""

    def structure(side: Structure) -> np.ndarray:
        dense = side.dense().numpy()
        return np.asarray(dense[element if len(dense) > 1 else 0])

    return {
        "cost": problem.cost[element].double().numpy(),
        "cx": structure(problem.structure_x),
        "cy": structure(problem.structure_y),
        "p": problem.marginal_x.weights[element].double().numpy(),
        "q": problem.marginal_y.weights[element].double().numpy(),
        "alpha": problem.alpha,
        "epsilon": problem.epsilon,
        "penalty_x": problem.marginal_x.penalty,
        "penalty_y": problem.marginal_y.penalty,
    }


def frames_of(actions: list[int], seed: int, *, frames_per_action: int = 10, noise: float = 0.02) -> np.ndarray:
    """A made recording: orthogonal directions, one per action, each drifting to a second one of its own.

    The drift makes every frame of an action distinct, so that the right match of a frame is one frame, not a stretch.
    Directions depend on the action alone; the noise depends on the seed.
    """
    rng = np.random.default_rng(seed)
    width = 2 * (max(actions) + 1) + 2
    angle = np.tile(np.linspace(0, np.pi / 2, frames_per_action, endpoint=False), len(actions))
    action = np.repeat(actions, frames_per_action)
    frames = noise * rng.standard_normal((len(action), width))
    index = np.arange(len(action))
    frames[index, 2 * action] += np.cos(angle)
    frames[index, 2 * action + 1] += np.sin(angle)
    return frames


def recordings_problem(
    x: np.ndarray,
    y: np.ndarray,
    *,
    virtual_mass: VirtualMass | None = None,
    zeta: float = 0.5,
    epsilon: float = 0.03,
    alpha: float = 0.3,
    radius: float = 0.02,
    rho: float = 0.05,
) -> FusedGWProblem:
    """The alignment problem of two recordings, as it is solved at inference."""
    n, m = len(x), len(y)
    lengths_x, lengths_y = torch.tensor([n]), torch.tensor([m])
    cost = cosine_cost(torch.from_numpy(x)[None], torch.from_numpy(y)[None])
    problem = FusedGWProblem(
        cost + temporal_prior(lengths_x, lengths_y, n, m, rho).to(cost.dtype),
        Band.from_radius(lengths_x, max(radius, 1 / n)),
        ComplementBand.from_radius(lengths_y, max(radius, 1 / m)),
        Marginal.uniform(lengths_x, n, dtype=cost.dtype),
        Marginal.uniform(lengths_y, m, dtype=cost.dtype),
        alpha,
        epsilon,
    )
    return problem if virtual_mass is None else with_virtual_frames(problem, zeta, virtual_mass)


def _pad(rows: Tensor, size: int) -> Tensor:
    return torch.nn.functional.pad(rows, (0, size - rows.shape[1]))
