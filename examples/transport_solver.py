"""The transport solver alone: align a sequence with a slower copy that holds frames from elsewhere."""

from __future__ import annotations

import numpy as np
import torch

from vasot.datasets import SyntheticSettings, make_dataset, slowed, with_foreign_frames
from vasot.transport import (
    Band,
    ComplementBand,
    FusedGWProblem,
    Marginal,
    MirrorDescent,
    cosine_cost,
    solve,
    split_virtual_frames,
    with_virtual_frames,
)


def main() -> None:
    made = make_dataset(SyntheticSettings(n_recordings=1, mean_frames=15, background=0.0, noise=0.05, offset=0.0))
    first = made.dataset.tracks[0].features
    slow, shown = slowed(first, 1.5)
    second, position = with_foreign_frames(slow, 0.2, np.random.default_rng(0))
    n, m = len(first), len(second)

    x, y = (torch.from_numpy(array)[None].double() for array in (second, first))
    frames_x, frames_y = torch.tensor([m]), torch.tensor([n])
    problem = FusedGWProblem(
        cost=cosine_cost(x, y),
        structure_x=Band.from_radius(m, 0.04),
        structure_y=ComplementBand.from_radius(n, 0.04),
        marginal_x=Marginal.uniform(frames_x, m, dtype=torch.float64),
        marginal_y=Marginal.uniform(frames_y, n, dtype=torch.float64),
        alpha=0.3,
        epsilon=0.03,
    )
    # The virtual frames let frames of either side correspond to none.
    solution = solve(with_virtual_frames(problem, cost=0.5), MirrorDescent(n_outer=200, plan_tolerance=1e-6))
    split = split_virtual_frames(solution.plan)

    print(solution.describe())
    print(f"objective {float(solution.objective.total):.4f}, of which entropy {float(solution.objective.entropy):.4f}")
    print(f"row sums miss their marginal by {float(solution.marginal_error_x):.0e}")

    unmatched = split.unmatched_x[0].numpy()
    foreign = position < 0
    print(f"foreign frames found: {(unmatched & foreign).sum()} of {foreign.sum()}")
    print(f"own frames called foreign: {(unmatched & ~foreign).sum()} of {(~foreign).sum()}")
    error = np.abs(split.plan[0].argmax(1).numpy() - shown[position])[~foreign & ~unmatched]
    print(f"matches within three frames of the truth: {100 * (error <= 3).mean():.1f} %")


if __name__ == "__main__":
    main()
