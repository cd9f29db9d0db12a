from __future__ import annotations

import math
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from vasot.objectives.pseudo_label import pseudo_label_loss

GOLDEN: dict[str, Any] = tomllib.loads(
    (Path(__file__).parents[1] / "golden" / "losses.toml").read_text(encoding="utf-8")
)
Rows = Sequence[Sequence[float]]


def by_loops(x: Rows, targets: Rows, plan: Rows, used: Sequence[bool], temperature: float) -> float:
    """The loss of one recording, frame by frame; only real targets are given."""
    total, count = 0.0, 0
    for frame, row, counts in zip(x, plan, used, strict=True):
        mass = sum(row)
        if not counts or mass == 0:
            continue
        logits = [sum(a * b for a, b in zip(frame, target, strict=True)) / temperature for target in targets]
        normaliser = math.log(math.fsum(math.exp(logit) for logit in logits))
        total -= math.fsum(share / mass * (logit - normaliser) for share, logit in zip(row, logits, strict=True))
        count += 1
    return total / count if count else 0.0


def problem(dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Two recordings of 6 and 4 frames against 5 and 3 targets; padding holds what must not count."""
    generator = torch.Generator().manual_seed(0)
    x = torch.nn.functional.normalize(torch.randn(2, 6, 4, generator=generator, dtype=dtype), dim=2)
    targets = torch.nn.functional.normalize(torch.randn(2, 5, 4, generator=generator, dtype=dtype), dim=2)
    used = torch.arange(6) < torch.tensor([6, 4])[:, None]
    real = torch.arange(5) < torch.tensor([5, 3])[:, None]
    plan = torch.rand(2, 6, 5, generator=generator, dtype=dtype) * used[:, :, None] * real[:, None, :]
    used[0, 2] = False
    return x, targets, plan, used, real


def on_circle(degrees: Sequence[float]) -> list[list[float]]:
    return [[math.cos(math.radians(angle)), math.sin(math.radians(angle))] for angle in degrees]


def test_the_loss_equals_a_loop_over_frames() -> None:
    x, targets, plan, used, real = problem()
    found = pseudo_label_loss(x, targets, plan, used, real, 0.1)
    for b, (n, m) in enumerate(((6, 5), (4, 3))):
        rows, columns = slice(None, n), slice(None, m)
        expected = by_loops(
            x[b, rows].tolist(),
            targets[b, columns].tolist(),
            plan[b, rows, columns].tolist(),
            used[b, rows].tolist(),
            0.1,
        )
        assert found[b].item() == pytest.approx(expected, rel=1e-12)


def test_float32_agrees_with_float64() -> None:
    precise = pseudo_label_loss(*problem(), 0.1)
    x, targets, plan, used, real = problem()
    single = pseudo_label_loss(x.float(), targets.float(), plan.float(), used, real, 0.1)
    assert single.dtype == torch.float32
    assert torch.allclose(single.double(), precise, rtol=1e-5)


def test_with_one_hot_plans_it_is_cross_entropy() -> None:
    x, targets, *_ = problem()
    classes = torch.tensor([[0, 3, 2, 4, 4, 1], [1, 0, 0, 2, 3, 4]])
    plan = torch.nn.functional.one_hot(classes, 5).double() / 6
    every = torch.ones(2, 6, dtype=torch.bool), torch.ones(2, 5, dtype=torch.bool)
    for temperature in (0.05, 0.1, 1.0):
        found = pseudo_label_loss(x, targets, plan, *every, temperature)
        logits = x @ targets.mT / temperature
        for b in range(2):
            assert torch.allclose(found[b], torch.nn.functional.cross_entropy(logits[b], classes[b]))


def test_the_gradient_is_softmax_minus_label_on_frames_that_count_and_zero_on_others() -> None:
    x, targets, plan, used, real = problem()
    x.requires_grad_()
    targets.requires_grad_()
    pseudo_label_loss(x, targets, plan, used, real, 0.1).sum().backward()  # type: ignore[no-untyped-call]
    with torch.no_grad():
        share = (x @ targets.mT / 0.1).masked_fill(~real[:, None, :], -torch.inf).softmax(2)
        mass = plan.sum(2, keepdim=True)
        label = torch.where(mass > 0, plan / mass, torch.zeros_like(plan))
        slope = (share - label) * used[:, :, None] / used.sum(1)[:, None, None] / 0.1
    assert x.grad is not None
    assert targets.grad is not None
    assert torch.allclose(x.grad, slope @ targets, atol=1e-12)
    assert torch.allclose(targets.grad, slope.mT @ x, atol=1e-12)
    assert (x.grad[~used] == 0).all()
    assert (targets.grad[~real] == 0).all()


def test_the_plan_carries_no_gradient() -> None:
    x, targets, plan, used, real = problem()
    plan.requires_grad_()
    pseudo_label_loss(x.requires_grad_(), targets, plan, used, real, 0.1).sum().backward()  # type: ignore[no-untyped-call]
    assert plan.grad is None


def test_padding_and_unmatched_frames_count_for_nothing() -> None:
    x, targets, plan, used, real = problem()
    before = pseudo_label_loss(x, targets, plan, used, real, 0.1)
    x[~used] = torch.tensor([1.0, 0, 0, 0], dtype=x.dtype)
    targets[~real] = torch.tensor([0, 1.0, 0, 0], dtype=x.dtype)
    plan[~used] = 7.0
    plan = plan * real[:, None, :]
    assert torch.equal(pseudo_label_loss(x, targets, plan, used, real, 0.1), before)


def test_the_size_of_a_rows_mass_does_not_matter() -> None:
    x, targets, plan, used, real = problem()
    scaled = plan * torch.linspace(1e-30, 5, 6, dtype=plan.dtype)[:, None]
    assert torch.allclose(
        pseudo_label_loss(x, targets, plan, used, real, 0.1), pseudo_label_loss(x, targets, scaled, used, real, 0.1)
    )


def test_a_frame_without_mass_does_not_count_even_where_it_is_said_to() -> None:
    x, targets, plan, used, real = problem()
    empty = plan.clone()
    empty[0, 4] = 0
    without = used.clone()
    without[0, 4] = False
    assert torch.equal(
        pseudo_label_loss(x, targets, empty, used, real, 0.1), pseudo_label_loss(x, targets, plan, without, real, 0.1)
    )


def test_a_recording_none_of_whose_frames_count_has_loss_zero_and_a_finite_gradient() -> None:
    x, targets, plan, used, real = problem()
    used[1] = False
    x.requires_grad_()
    loss = pseudo_label_loss(x, targets, plan, used, real, 0.1)
    loss.sum().backward()  # type: ignore[no-untyped-call]
    assert loss[1] == 0
    assert loss[0] > 0
    assert x.grad is not None
    assert x.grad.isfinite().all()
    assert (x.grad[1] == 0).all()


def test_a_sharp_temperature_stays_finite() -> None:
    x, targets, plan, used, real = problem(torch.float32)
    assert pseudo_label_loss(x, targets, plan, used, real, 1e-4).isfinite().all()


def golden_parts(loss: Any) -> dict[str, float]:
    x, y, actions = (on_circle(GOLDEN[f"{name}_degrees"]) for name in ("x", "y", "action"))
    parts = {
        "xy": loss(x, y, GOLDEN["plan_xy"], GOLDEN["used_x"], GOLDEN["temperature"]),
        "xa": loss(x, actions, GOLDEN["plan_xa"], [True] * len(x), GOLDEN["temperature"]),
        "ya": loss(y, actions, GOLDEN["plan_ya"], [True] * len(y), GOLDEN["temperature"]),
    }
    weights = GOLDEN["alignment_weight"], GOLDEN["segmentation_weight"]
    return {**parts, "joint": weights[0] * parts["xy"] + weights[1] * (parts["xa"] + parts["ya"])}


def in_torch(x: Rows, targets: Rows, plan: Rows, used: Sequence[bool], temperature: float) -> float:
    batch = [torch.tensor([rows], dtype=torch.float64) for rows in (x, targets, plan)]
    real = torch.ones(1, len(targets), dtype=torch.bool)
    return pseudo_label_loss(batch[0], batch[1], batch[2], torch.tensor([used]), real, temperature).item()


def test_the_stored_losses_are_those_of_the_loop() -> None:
    assert golden_parts(by_loops) == pytest.approx(GOLDEN["loss"], rel=1e-14)


def test_the_stored_losses_of_both_halves_and_of_their_sum_are_met() -> None:
    assert golden_parts(in_torch) == pytest.approx(GOLDEN["loss"], rel=1e-12)
