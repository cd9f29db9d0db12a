from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from vasot.batching.clips import Clips
from vasot.methods.alignment import FrameAlignment
from vasot.methods.solvers import ANSWER, STEP

SETTINGS = FrameAlignment(
    alpha=0.3,
    epsilon=0.07,
    radius=0.2,
    temporal_prior=0.25,
    virtual_cost=0.6,
    virtual_mass="half",
    temperature=0.1,
)


def clips(seed: int, lengths: tuple[int, ...], size: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    x = torch.nn.functional.normalize(torch.randn(len(lengths), size, 5, generator=generator), dim=2)
    return x, torch.tensor(lengths)


def loss(x: Tensor, nx: Tensor, y: Tensor, ny: Tensor, settings: FrameAlignment = SETTINGS) -> Tensor:
    """The loss of embeddings that are their own features."""
    return settings.loss(Clips(x, nx), Clips(y, ny), x.detach(), y.detach())


def test_the_cost_is_one_minus_cosine_plus_the_prior_on_relative_time() -> None:
    (x, nx), (y, ny) = clips(0, (6, 4), 6), clips(1, (5, 3), 5)
    cost = SETTINGS.problem(x, nx, y, ny).cost
    assert cost.shape == (2, 7, 6)
    for b in range(2):
        n, m = int(nx[b]), int(ny[b])
        for i in range(n):
            for j in range(m):
                expected = 1 - float(x[b, i] @ y[b, j]) + 0.25 * abs((i + 0.5) / n - (j + 0.5) / m)
                assert float(cost[b, i, j]) == pytest.approx(expected, abs=1e-5)


def test_virtual_frames_stand_at_the_end_with_a_constant_cost_and_no_prior() -> None:
    (x, nx), (y, ny) = clips(0, (6,), 6), clips(1, (5,), 5)
    cost = SETTINGS.problem(x, nx, y, ny).cost[0]
    assert torch.equal(cost[-1], torch.full((6,), 0.6))
    assert torch.equal(cost[:, -1], torch.full((7,), 0.6))


def test_both_marginals_are_hard_and_padding_has_no_mass() -> None:
    (x, nx), (y, ny) = clips(0, (6, 4), 6), clips(1, (5, 3), 5)
    problem = SETTINGS.problem(x, nx, y, ny)
    assert problem.marginal_x.is_hard
    assert problem.marginal_y.is_hard
    assert torch.allclose(problem.marginal_x.weights[1], torch.tensor([0.125] * 4 + [0, 0, 0.5]))
    assert torch.allclose(problem.marginal_y.weights[1], torch.tensor([1 / 6] * 3 + [0, 0, 0.5]))


def test_a_recording_aligned_with_itself_is_matched_frame_by_frame() -> None:
    x, n = clips(0, (12,), 12)
    split = SETTINGS.plan(x, n, x, n, ANSWER)
    assert split.plan[0].argmax(1).tolist() == list(range(12))
    assert not bool(split.unmatched_x.any())


def test_frames_unlike_all_others_are_unmatched_and_leave_the_loss() -> None:
    basis = torch.eye(16)
    x = torch.cat([basis[:10], -basis[:3]])[None]
    y = basis[None, :10]
    nx, ny = torch.tensor([13]), torch.tensor([10])
    split = SETTINGS.plan(x, nx, y, ny, STEP)
    assert np.flatnonzero(split.unmatched_x[0].numpy()).tolist() == [10, 11, 12]
    label = split.plan[0, :10] / split.plan[0, :10].sum(1, keepdim=True)
    expected = -(label * (x[0, :10] @ y[0].T / 0.1).log_softmax(1)).sum(1).mean()
    assert loss(x, nx, y, ny).item() == pytest.approx(expected.item(), rel=1e-4)


def test_labels_lie_on_the_right_frames_and_not_one_beside() -> None:
    x, n = clips(3, (12,), 12)
    x.requires_grad_()
    # Against itself every label is the frame itself, so the loss is near its least; one frame beside it is far above.
    right = loss(x, n, x.detach(), n).item()
    shifted = loss(x, n, x.detach().roll(1, 1), n).item()
    split = SETTINGS.plan(x.detach(), n, x.detach(), n, STEP)
    wrong = -(split.plan[0].roll(1, 1) * 24 * (x[0] @ x[0].T / 0.1).log_softmax(1)).sum(1).mean().item()
    assert right < 0.5
    assert shifted < 1.5
    assert wrong > 3


def test_the_plan_has_no_gradient_and_the_loss_has_one_into_both() -> None:
    (x, nx), (y, ny) = clips(0, (6,), 6), clips(1, (5,), 5)
    x.requires_grad_()
    y.requires_grad_()
    assert not SETTINGS.plan(x, nx, y, ny, STEP).plan.requires_grad
    loss(x, nx, y, ny).sum().backward()  # type: ignore[no-untyped-call]
    assert x.grad is not None
    assert y.grad is not None
    assert bool((x.grad != 0).any())
    assert bool((y.grad != 0).any())


def test_without_virtual_frames_every_frame_is_matched() -> None:
    (x, nx), (y, ny) = clips(0, (6, 4), 6), clips(1, (5, 3), 5)
    without = replace(SETTINGS, virtual_mass="none")
    assert not without.has_virtual_frames
    assert without.problem(x, nx, y, ny).cost.shape == (2, 6, 5)
    split = without.plan(x, nx, y, ny, ANSWER)
    assert torch.allclose(split.plan[1].sum(1), torch.tensor([0.25] * 4 + [0, 0]), atol=1e-4)
    assert not bool(split.unmatched_x.any())
    assert not bool(split.unmatched_y.any())


def test_a_frame_penalty_gives_way_where_equal_shares_would_cost_more() -> None:
    (x, nx), (y, ny) = clips(0, (6,), 6), clips(1, (5,), 5)
    loose = replace(SETTINGS, virtual_mass="none", frame_penalty=0.05)
    problem = loose.problem(x, nx, y, ny)
    assert (problem.marginal_x.penalty, problem.marginal_y.penalty) == (0.05, 0.05)
    rows = loose.plan(x, nx, y, ny, ANSWER).plan[0].sum(1)
    held = replace(loose, frame_penalty=0.0).plan(x, nx, y, ny, ANSWER).plan[0].sum(1)
    assert torch.allclose(held, torch.full((6,), 1 / 6), atol=1e-4)
    assert float((rows - 1 / 6).abs().max()) > 0.01


def test_frames_are_compared_by_embeddings_and_features_with_their_weights() -> None:
    (x, _), (y, _) = clips(0, (6,), 6), clips(1, (5,), 5)
    features_x, features_y = 7 * torch.randn(1, 6, 3), 0.1 * torch.randn(1, 5, 3)
    half = replace(SETTINGS, appearance=0.3)
    found = half.compared(x, features_x) @ half.compared(y, features_y).transpose(1, 2)
    own = torch.nn.functional.cosine_similarity(features_x[:, :, None], features_y[:, None], dim=3)
    assert torch.allclose(found, 0.7 * x @ y.transpose(1, 2) + 0.3 * own, atol=1e-5)
    assert SETTINGS.compared(x, features_x) is x


def test_labels_follow_the_features_where_embeddings_say_nothing() -> None:
    features, n = clips(3, (12,), 12)
    same = torch.nn.functional.normalize(torch.ones(1, 12, 5), dim=2)
    for appearance, clear in ((0.0, False), (0.8, True)):
        settings = replace(SETTINGS, appearance=appearance)
        seen = settings.compared(same, features)
        plan = settings.plan(seen, n, seen, n, ANSWER).plan[0]
        assert (float(plan.diagonal().sum() / plan.sum()) > 0.9) is clear


def test_only_features_make_frames_alike() -> None:
    assert SETTINGS.alike_cost == 0
    assert 0 < replace(SETTINGS, appearance=0.5).alike_cost < SETTINGS.virtual_cost


def of_different_people(n: int) -> tuple[Tensor, Tensor]:
    """Two recordings of n moments, in which most of what is seen is the one or the other person."""
    moments = torch.eye(n + 2)[None, :n]
    return moments + 2 * torch.eye(n + 2)[n], moments + 2 * torch.eye(n + 2)[n + 1]


def test_recordings_of_different_people_are_matched_although_all_their_frames_are_unlike() -> None:
    (x, y), n = of_different_people(8), torch.tensor([8])
    by_appearance = replace(SETTINGS, appearance=1.0)
    assert float((1 - torch.nn.functional.cosine_similarity(x[:, :, None], y[:, None], dim=3)).min()) > 0.6 + 0.1
    split = by_appearance.plan(x, n, y, n, ANSWER)
    assert split.plan[0].argmax(1).tolist() == list(range(8))
    assert not bool(split.unmatched_x.any())
    assert bool(SETTINGS.plan(x, n, y, n, ANSWER).unmatched_x.all()), "embeddings are compared as they are"


def test_likeness_is_shifted_by_that_of_the_most_alike_quarter_of_real_frames() -> None:
    (x, y), n = of_different_people(8), torch.tensor([8])
    by_appearance = replace(SETTINGS, appearance=1.0)
    cost = by_appearance.cost(x, n, y, n)
    assert torch.allclose(cost[0].diagonal(), torch.full((8,), 0.2), atol=1e-6)
    assert torch.allclose(cost[0, 0, 1:], torch.full((7,), 0.4), atol=1e-6)
    # What has no like at all, here half of the frames of X, does not count.
    foreign = torch.cat([x, torch.zeros_like(x)], dim=1)
    assert torch.allclose(by_appearance.cost(foreign, 2 * n, y, n)[0, :8], cost[0], atol=1e-6)
    # Neither padding nor what else is in the batch changes it; and recordings that are alike stay as they are.
    padded_x, padded_y = torch.cat([x, y[:, :3]], dim=1), torch.cat([y, x[:, :3]], dim=1)
    both = by_appearance.cost(
        torch.cat([padded_x, padded_x]), torch.tensor([8, 11]), torch.cat([padded_y, padded_x]), torch.tensor([8, 11])
    )
    assert torch.allclose(both[0, :8, :8], cost[0], atol=1e-6)
    assert torch.allclose(both[1].diagonal(), torch.zeros(11), atol=1e-6)
