"""Marginals: weights, padding, penalties."""

from __future__ import annotations

import pytest
import torch

from vasot.errors import SettingsError
from vasot.transport import Marginal


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_uniform_weights_sum_to_one_over_real_frames_and_padding_carries_none(dtype: torch.dtype) -> None:
    weights = Marginal.uniform(torch.tensor([3, 7, 1]), 7, dtype=dtype).weights
    assert weights.dtype == dtype
    for element, length in enumerate([3, 7, 1]):
        assert weights[element, :length].tolist() == pytest.approx([1 / length] * length)
        assert not weights[element, length:].any()


def test_no_penalty_is_a_hard_constraint_and_a_penalty_is_not() -> None:
    lengths = torch.tensor([2])
    assert Marginal.uniform(lengths, 2).is_hard
    assert not Marginal.uniform(lengths, 2, penalty=0.1).is_hard


@pytest.mark.parametrize("penalty", [0.0, -1.0, float("nan"), float("inf")])
def test_a_penalty_out_of_range_is_refused_by_name(penalty: float) -> None:
    with pytest.raises(SettingsError, match=r"penalty is .*positive number, or None"):
        Marginal.uniform(torch.tensor([2]), 2, penalty=penalty)


@pytest.mark.parametrize(
    "weights",
    [[[0.5, -0.1]], [[0.0, 0.0]], [[0.5, float("nan")]], [[float("inf"), 1.0]], [[1.0, 1.0], [0.0, 0.0]]],
    ids=["negative", "all zero", "NaN", "infinite", "second element all zero"],
)
def test_weights_that_are_no_masses_are_refused(weights: list[list[float]]) -> None:
    with pytest.raises(SettingsError, match="weights of a marginal must be finite and non-negative"):
        Marginal(torch.tensor(weights))


@pytest.mark.usefixtures("shapes_unchecked")
def test_weights_without_a_batch_axis_are_refused_with_their_shape() -> None:
    with pytest.raises(SettingsError, match=r"weights have shape \(3,\); expected \(batch, frames\)"):
        Marginal(torch.ones(3))
