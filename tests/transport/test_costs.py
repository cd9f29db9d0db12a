"""Linear costs: cosine and temporal prior."""

from __future__ import annotations

import pytest
import torch

from vasot.errors import SettingsError
from vasot.transport import cosine_cost, temporal_prior


def test_the_cost_is_one_minus_the_cosine_whatever_the_norms() -> None:
    random = torch.Generator().manual_seed(0)
    x, y = torch.randn(2, 5, 3, generator=random), torch.randn(2, 4, 3, generator=random)
    expected = 1 - torch.nn.functional.cosine_similarity(x[:, :, None], y[:, None], dim=3)
    torch.testing.assert_close(cosine_cost(x, y), expected)
    torch.testing.assert_close(cosine_cost(7 * x, 0.1 * y), expected)


def test_equal_opposite_and_orthogonal_frames_cost_zero_two_and_one() -> None:
    x = torch.tensor([[[2.0, 0.0]]])
    y = torch.tensor([[[5.0, 0.0], [-1.0, 0.0], [0.0, 3.0]]])
    assert cosine_cost(x, y).tolist() == [[[0.0, 2.0, 1.0]]]


def test_a_frame_of_zero_norm_costs_one_with_everything() -> None:
    x = torch.zeros(1, 2, 3)
    assert cosine_cost(x, torch.ones(1, 4, 3)).tolist() == [[[1.0] * 4] * 2]
    assert cosine_cost(x, x).tolist() == [[[1.0] * 2] * 2]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("scale", [1e-30, 1e-20, 1e20, 1e30])
def test_norms_that_overflow_or_underflow_when_squared_change_nothing(scale: float, dtype: torch.dtype) -> None:
    x = torch.tensor([[[3.0, 4.0]]], dtype=dtype)
    y = torch.tensor([[[4.0, 3.0], [3.0, 4.0]]], dtype=dtype)
    torch.testing.assert_close(cosine_cost(scale * x, y), cosine_cost(x, y), rtol=0, atol=1e-6)


def test_the_prior_is_the_distance_in_relative_time_at_the_middle_of_the_cells() -> None:
    prior = temporal_prior(torch.tensor([4, 2]), torch.tensor([2, 3]), 4, 3, 0.5)
    assert prior.dtype == torch.float64
    for element, (n, m) in enumerate([(4, 2), (2, 3)]):
        for i in range(n):
            for j in range(m):
                expected = 0.5 * abs((i + 0.5) / n - (j + 0.5) / m)
                assert float(prior[element, i, j]) == pytest.approx(expected, abs=1e-15)


def test_the_prior_of_equal_lengths_is_the_published_one_and_reads_the_same_backwards() -> None:
    prior = temporal_prior(torch.tensor([5]), torch.tensor([5]), 5, 5, 0.35)
    index = torch.arange(5, dtype=torch.float64)
    torch.testing.assert_close(prior[0], 0.35 * (index[:, None] - index).abs() / 5)
    uneven = temporal_prior(torch.tensor([7]), torch.tensor([3]), 7, 3, 1.0)
    torch.testing.assert_close(uneven, uneven.flip(1, 2))


def test_padding_does_not_change_the_prior_of_real_frames() -> None:
    lengths = torch.tensor([3]), torch.tensor([5])
    padded = temporal_prior(*lengths, 8, 9, 0.2)
    torch.testing.assert_close(padded[:, :3, :5], temporal_prior(*lengths, 3, 5, 0.2), rtol=0, atol=0)


@pytest.mark.parametrize("weight", [-0.1, float("nan"), float("inf")])
def test_a_weight_of_the_prior_out_of_range_is_refused(weight: float) -> None:
    with pytest.raises(SettingsError, match=r"weight of the temporal prior is .*0 to switch it off"):
        temporal_prior(torch.tensor([2]), torch.tensor([2]), 2, 2, weight)
