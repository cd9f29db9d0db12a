from __future__ import annotations

import pytest
import torch
from torch import Tensor

from vasot.methods.segmentation import FrameSegmentation
from vasot.methods.solvers import ANSWER, STEP

SETTINGS = FrameSegmentation(
    alpha=0.3, epsilon=0.07, radius=0.15, temporal_prior=0.25, action_penalty=0.11, temperature=0.1
)


def clips(lengths: tuple[int, ...], size: int, k: int = 3) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    x = torch.nn.functional.normalize(torch.randn(len(lengths), size, 5, generator=generator), dim=2)
    actions = torch.nn.functional.normalize(torch.randn(k, 5, generator=generator), dim=1)
    return x, torch.tensor(lengths), actions


def blocks() -> tuple[Tensor, Tensor, Tensor]:
    """Three stretches of unlike frames, each the exact embedding of an action."""
    actions = torch.eye(5)[:3]
    return actions.repeat_interleave(torch.tensor([8, 5, 7]), 0)[None], torch.tensor([20]), actions


def test_the_cost_is_one_minus_cosine_plus_the_prior_on_relative_time() -> None:
    x, n, actions = clips((6, 4), 6)
    cost = SETTINGS.problem(x, n, actions).cost
    for b in range(2):
        for i in range(int(n[b])):
            for k in range(3):
                expected = 1 - float(x[b, i] @ actions[k]) + 0.25 * abs((i + 0.5) / int(n[b]) - (k + 0.5) / 3)
                assert float(cost[b, i, k]) == pytest.approx(expected, abs=1e-5)


def test_frames_carry_fixed_mass_and_actions_are_penalised() -> None:
    x, n, actions = clips((6, 4), 6)
    problem = SETTINGS.problem(x, n, actions)
    assert problem.marginal_x.is_hard
    assert problem.marginal_y.penalty == 0.11
    assert torch.allclose(problem.marginal_x.weights[1], torch.tensor([0.25] * 4 + [0.0, 0.0]))
    assert torch.allclose(problem.marginal_y.weights, torch.full((2, 3), 1 / 3))


def test_stretches_of_one_action_get_that_action() -> None:
    x, n, actions = blocks()
    labels = SETTINGS.plan(x, n, actions, ANSWER)[0].argmax(1)
    assert labels.tolist() == [0] * 8 + [1] * 5 + [2] * 7


def test_the_loss_is_cross_entropy_against_the_plan_with_rows_scaled_to_one() -> None:
    x, n, actions = clips((6, 4), 6)
    plan = SETTINGS.plan(x, n, actions, STEP)
    found = SETTINGS.loss(x, n, actions)
    for b in range(2):
        real = slice(None, int(n[b]))
        label = plan[b, real] / plan[b, real].sum(1, keepdim=True)
        expected = -(label * (x[b, real] @ actions.T / 0.1).log_softmax(1)).sum(1).mean()
        assert found[b].item() == pytest.approx(expected.item(), rel=1e-5)


def test_the_loss_of_a_recording_is_the_same_alone_as_among_others() -> None:
    x, n, actions = clips((6, 4), 6)
    together = SETTINGS.loss(x, n, actions)
    for b in range(2):
        alone = SETTINGS.loss(x[b : b + 1, : n[b]], n[b : b + 1], actions)
        assert alone.item() == pytest.approx(together[b].item(), rel=1e-4)


def test_a_frame_fewer_than_actions_and_a_single_action_are_solved() -> None:
    x, n, actions = clips((2,), 2, k=4)
    assert bool(SETTINGS.plan(x, n, actions, ANSWER).isfinite().all())
    assert torch.allclose(SETTINGS.plan(x, n, actions[:1], ANSWER).sum(), torch.tensor(1.0))
    assert SETTINGS.loss(x, n, actions[:1]).item() == pytest.approx(0, abs=1e-6)
