"""Transport plans as targets of a loss of one's own: a linear map of made features learns K prototypes."""

from __future__ import annotations

import numpy as np
import torch

from vasot.datasets import SyntheticSettings, make_dataset
from vasot.features.precomputed import standardise
from vasot.metrics import apply_matching, match_actions
from vasot.transport import (
    Band,
    FusedGWProblem,
    Marginal,
    MirrorDescent,
    OffDiagonal,
    cosine_cost,
    solve,
    temporal_prior,
)

K = 4
TEMPERATURE = 0.1


def plan_of(embedding: torch.Tensor, prototypes: torch.Tensor) -> torch.Tensor:
    """The mass of each frame on each prototype, (1, n, K); it carries no gradient."""
    n = embedding.shape[1]
    frames, count = torch.tensor([n]), torch.tensor([K])
    cost = cosine_cost(embedding, prototypes) + temporal_prior(frames, count, n, K, weight=0.2).float()
    problem = FusedGWProblem(
        cost=cost.detach(),
        structure_x=Band.from_radius(n, 0.04),
        structure_y=OffDiagonal.of_size(K),
        marginal_x=Marginal.uniform(frames, n),
        # A penalty instead of a constraint: prototypes may take unequal shares of the frames.
        marginal_y=Marginal.uniform(count, K, penalty=0.1),
        alpha=0.3,
        epsilon=0.07,
    )
    # A plan that the next step replaces need not be solved to the last digit.
    return solve(problem, MirrorDescent(gentle_steps=0, plan_tolerance=1e-3, marginal_tolerance=1e-3)).plan


def main() -> None:
    torch.manual_seed(0)
    made = make_dataset(SyntheticSettings(n_recordings=4, n_actions=K, mean_frames=20, background=0.0))
    clips = [torch.from_numpy(standardise(track.features))[None] for track in made.dataset.tracks]
    truth = np.concatenate([recording.labels for recording in made.dataset.recordings if recording.labels is not None])

    encoder = torch.nn.Linear(clips[0].shape[2], 16)
    prototypes = torch.nn.Parameter(torch.randn(1, K, 16))
    optimiser = torch.optim.Adam([*encoder.parameters(), prototypes], lr=1e-2)

    def share_right() -> float:
        with torch.no_grad():
            labels = np.concatenate([plan_of(encoder(clip), prototypes)[0].argmax(1).numpy() for clip in clips])
        # The number of a prototype means nothing, so prototypes are matched to classes first.
        return float((apply_matching(labels, match_actions(labels, truth, K)) == truth).mean())

    print(f"before: {100 * share_right():.1f} % of frames right")
    for _ in range(8):
        for clip in clips:
            embedding = torch.nn.functional.normalize(encoder(clip), dim=-1)
            centre = torch.nn.functional.normalize(prototypes, dim=-1)
            plan = plan_of(embedding, centre)
            target = plan / plan.sum(2, keepdim=True)
            loss = -(target * (embedding @ centre.mT / TEMPERATURE).log_softmax(2)).sum(2).mean()
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
    print(f"after: {100 * share_right():.1f} % of frames right")


if __name__ == "__main__":
    main()
