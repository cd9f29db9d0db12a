from __future__ import annotations

import numpy as np
import pytest
import torch

from made_data import tiny_data, tiny_settings
from vasot.batching.clips import pad_clips
from vasot.errors import DataError
from vasot.methods.initialise import best_start, kmeans_starts
from vasot.methods.solvers import STEP
from vasot.methods.transport import TransportMethod
from vasot.training.run import make_method
from vasot.transport import solve

CENTRES = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]], dtype=np.float32)


def recordings(order: tuple[int, ...], noise: float = 0.02) -> list[np.ndarray]:
    generator = np.random.default_rng(0)
    return [
        (CENTRES[np.repeat(order, length)] + noise * generator.standard_normal((3 * length, 4))).astype(np.float32)
        for length in (6, 9, 14)
    ]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
def test_centres_are_those_of_the_steps_in_order_of_time(order: tuple[int, ...]) -> None:
    found = next(kmeans_starts(recordings(order), 3, 5, seed=0))
    assert found.dtype == np.float32
    assert np.allclose(found, CENTRES[list(order)], atol=0.05)


def test_time_tells_two_equal_looking_steps_apart() -> None:
    generator = np.random.default_rng(0)
    looks = np.repeat([0, 1, 0], 10)
    again = [(CENTRES[looks] + 0.02 * generator.standard_normal((30, 4))).astype(np.float32) for _ in range(3)]
    found = next(kmeans_starts(again, 3, 5, seed=0))
    assert np.allclose(found, CENTRES[[0, 1, 0]], atol=0.1)


def test_the_seed_fixes_the_starts_and_each_start_is_another() -> None:
    noise = [np.random.default_rng(0).standard_normal((60, 4)).astype(np.float32)]
    one, again, other = (np.stack(list(kmeans_starts(noise, 5, 4, seed=seed))) for seed in (1, 1, 2))
    assert one.shape == (4, 5, 4)
    assert (one == again).all()
    assert (one != other).any()
    assert (one[0] != one[1]).any()


def test_fewer_frames_than_actions_are_refused() -> None:
    with pytest.raises(DataError, match="10 actions but only 4 frames"):
        next(kmeans_starts([CENTRES, CENTRES[:1]], 10, 1, seed=0))


def test_the_start_whose_transport_costs_least_is_taken() -> None:
    method = make_method("asot", tiny_settings("asot", embedding_size=4), 8)
    assert isinstance(method, TransportMethod)
    assert method.segmentation is not None
    clips = pad_clips(recordings((0, 1, 2)))
    starts = [CENTRES[[2, 1, 0]], CENTRES, CENTRES[[1, 1, 1]]]
    found = best_start(iter(starts), method.segmentation, clips, n_rounds=0)
    assert np.allclose(found.numpy(), CENTRES, atol=1e-6)


def test_rounds_of_transport_never_make_a_start_dearer() -> None:
    method = make_method("asot", tiny_settings("asot", embedding_size=4), 8)
    assert isinstance(method, TransportMethod)
    assert method.segmentation is not None
    clips = pad_clips(recordings((0, 1, 2), noise=0.3))
    costs = []
    for n_rounds in (0, 1, 4):
        actions = best_start(iter([CENTRES + 0.5]), method.segmentation, clips, n_rounds)
        assert torch.allclose(actions.norm(dim=1), torch.ones(3))
        problem = method.segmentation.problem(clips.features, clips.lengths, actions)
        costs.append(float(solve(problem, STEP).objective.total.mean()))
    assert costs == sorted(costs, reverse=True)
    assert costs[-1] < costs[0]


def test_a_method_starts_from_unit_action_embeddings_and_the_seed_fixes_them() -> None:
    found = []
    for seed in (0, 0, 1):
        method = make_method("asot", tiny_settings("asot", seed=seed), 8)
        assert isinstance(method, TransportMethod)
        before = method.actions.detach().clone()
        method.initialise([method.prepare(track) for track in tiny_data().dataset.tracks])
        assert not torch.equal(method.actions, before)
        assert torch.allclose(method.actions.norm(dim=1), torch.ones(3))
        found.append(method.actions.detach())
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], found[2])
