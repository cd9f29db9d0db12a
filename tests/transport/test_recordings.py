"""Made recordings with known answers: what a solved plan says must be what was done to the recording."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor
from transport_problems import frames_of, recordings_problem

from vasot.transport import MirrorDescent, VirtualMass, VirtualSplit, solve, split_virtual_frames

ACTIONS = [0, 1, 2, 3, 4, 5]
FOREIGN = 9
"""An action that occurs in one recording only."""

virtual_settings = pytest.mark.parametrize(
    ("zeta", "epsilon"), [(0.5, 0.03), (0.7, 0.07)], ids=["zeta 0.5 at 0.03", "zeta 0.7 at 0.07"]
)


def matches(plan: Tensor) -> np.ndarray:
    return plan.argmax(1).numpy()


def recording(actions: list[int], seed: int) -> np.ndarray:
    """Ten frames per action, in a space wide enough for the foreign one."""
    return frames_of([*actions, FOREIGN], seed)[: 10 * len(actions)]


def spliced(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """X with 20 % foreign frames in two places, Y without; which frames of X are foreign, and the match of the rest.

    At radius 0.02 both bands are one frame wide (75 and 60 frames). Where the splice makes the band of X wider than
    that of Y, the true alignment itself costs structure, and frames are given up that have a counterpart.
    """
    foreign = frames_of([FOREIGN, FOREIGN], seed + 7)[:15]
    x, y = recording(ACTIONS, seed), recording(ACTIONS, seed + 1)
    x = np.concatenate([x[:20], foreign[:8], x[20:45], foreign[8:], x[45:]])
    is_foreign = np.zeros(len(x), dtype=bool)
    is_foreign[20:28] = is_foreign[53:60] = True
    match = np.full(len(x), -1)
    match[~is_foreign] = np.arange(len(y))
    assert is_foreign.mean() == 0.2
    return x, y, is_foreign, match


def solved_with_virtual_frames(
    x: np.ndarray, y: np.ndarray, mass: VirtualMass, zeta: float, epsilon: float
) -> VirtualSplit:
    plan = MirrorDescent()(recordings_problem(x, y, virtual_mass=mass, zeta=zeta, epsilon=epsilon)).plan
    return split_virtual_frames(plan)


def precision_and_recall(found: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    hits = float((found & truth).sum())
    return hits / max(1, found.sum()), hits / truth.sum()


@pytest.mark.parametrize("epsilon", [0.03, 0.07])
def test_a_recording_aligned_with_itself_is_the_identity(epsilon: float) -> None:
    x = recording(ACTIONS, 0)
    plan = solve(recordings_problem(x, x, epsilon=epsilon)).plan[0]
    np.testing.assert_array_equal(matches(plan), np.arange(60))
    np.testing.assert_array_equal(matches(plan.T), np.arange(60))


@virtual_settings
def test_a_recording_aligned_with_itself_leaves_nothing_unmatched(zeta: float, epsilon: float) -> None:
    x = recording(ACTIONS, 0)
    split = solved_with_virtual_frames(x, x, "half", zeta, epsilon)
    np.testing.assert_array_equal(matches(split.plan[0]), np.arange(60))
    assert not split.unmatched_x.any()
    assert not split.unmatched_y.any()


@pytest.mark.parametrize("seed", [0, 1])
def test_a_copy_slowed_by_two_gives_the_slowed_path(seed: int) -> None:
    x = recording(ACTIONS, seed)
    slowed = np.repeat(x, 2, axis=0)
    plan = solve(recordings_problem(x, slowed)).plan[0]
    # Two frames of the copy are equal: either is right.
    np.testing.assert_array_equal(matches(plan) // 2, np.arange(60))
    np.testing.assert_array_equal(matches(plan.T), np.arange(120) // 2)


@pytest.mark.parametrize("rho", [0.0, 0.05])
def test_two_swapped_blocks_are_found_swapped(rho: float) -> None:
    x = recording(ACTIONS, 0)
    order = np.concatenate([np.arange(10), np.arange(40, 50), np.arange(20, 40), np.arange(10, 20), np.arange(50, 60)])
    plan = solve(recordings_problem(x, x[order], rho=rho)).plan[0]
    np.testing.assert_array_equal(order[matches(plan)], np.arange(60))


def test_a_strong_prior_keeps_swapped_blocks_from_crossing() -> None:
    """The counterpart: order is imposed only as far as the prior asks for it."""
    x = recording(ACTIONS, 0)
    order = np.concatenate([np.arange(30, 60), np.arange(30)])
    crossed = matches(solve(recordings_problem(x, x[order], rho=0.05)).plan[0])
    kept = matches(solve(recordings_problem(x, x[order], rho=10.0)).plan[0])
    np.testing.assert_array_equal(order[crossed], np.arange(60))
    assert np.abs(kept - np.arange(60)).max() <= 2


@pytest.mark.parametrize(
    ("swapped", "zeta", "epsilon"),
    # At the higher entropy one true frame of X beside the splice is given up as well when the splice is in Y.
    [(False, 0.5, 0.03), (True, 0.5, 0.03), (False, 0.7, 0.07)],
    ids=["in X, zeta 0.5 at 0.03", "in Y, zeta 0.5 at 0.03", "in X, zeta 0.7 at 0.07"],
)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_foreign_frames_are_unmatched_and_nothing_else_is(
    seed: int, swapped: bool, zeta: float, epsilon: float
) -> None:
    x, y, foreign, match = spliced(seed)
    pair = (y, x) if swapped else (x, y)
    split = solved_with_virtual_frames(*pair, "half", zeta, epsilon)
    of_x, of_y = split.unmatched_x[0].numpy(), split.unmatched_y[0].numpy()
    if swapped:
        of_x, of_y = of_y, of_x
    # Over the frames of both recordings: no frame of Y is foreign.
    precision, recall = precision_and_recall(np.append(of_x, of_y), np.append(foreign, np.zeros(len(y), dtype=bool)))
    assert precision > 0.95
    assert recall > 0.95
    found = matches(split.plan[0].T if swapped else split.plan[0])
    np.testing.assert_array_equal(found[~foreign & ~of_x], match[~foreign & ~of_x])


@virtual_settings
def test_a_virtual_frame_of_one_frames_mass_finds_fewer_foreign_frames(zeta: float, epsilon: float) -> None:
    """The published form: what weighs one frame can absorb about one."""
    recalls: dict[str, float] = {}
    masses: tuple[VirtualMass, VirtualMass] = ("half", "frame")
    for mass in masses:
        x, y, foreign, _ = spliced(0)
        split = solved_with_virtual_frames(x, y, mass, zeta, epsilon)
        recalls[mass] = precision_and_recall(split.unmatched_x[0].numpy(), foreign)[1]
    print(f"recall of unmatched at zeta {zeta}, epsilon {epsilon}: {recalls}")
    assert recalls["frame"] < 0.5 < recalls["half"]


def test_a_recording_of_other_actions_alone_is_wholly_unmatched() -> None:
    x, y = frames_of([0, 1, FOREIGN], 0)[:20], frames_of([2, 3, 4, FOREIGN], 1)[:30]
    split = solved_with_virtual_frames(x, y, "half", 0.5, 0.03)
    assert split.unmatched_x.all()
    assert split.unmatched_y.all()


def test_all_of_this_holds_in_float32() -> None:
    x, y, foreign, _ = spliced(0)
    problem = recordings_problem(x.astype(np.float32), y.astype(np.float32), virtual_mass="half")
    split = split_virtual_frames(MirrorDescent()(problem).plan)
    assert split.plan.dtype == torch.float32
    np.testing.assert_array_equal(split.unmatched_x[0].numpy(), foreign)
