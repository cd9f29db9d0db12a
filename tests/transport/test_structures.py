"""Structures: products in O(NM) against the written-out matrices, for every structure alike."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from vasot.errors import SettingsError
from vasot.transport import Band, BoxStructure, ComplementBand, Dense, OffDiagonal, Structure
from vasot.transport.reference import (
    dense_band,
    dense_complement_band,
    dense_off_diagonal,
    dense_structure_with_mask,
)

MAKERS: dict[str, Callable[[Tensor, int, float], Structure]] = {
    "band": lambda lengths, size, radius: Band.from_radius(lengths, radius, size=size),
    "complement band": lambda lengths, size, radius: ComplementBand.from_radius(lengths, radius, size=size),
    "off diagonal": lambda lengths, size, _: OffDiagonal.of_size(lengths, size=size),
    "off diagonal, scaled": lambda lengths, size, _: OffDiagonal.of_size(lengths, size=size).scaled(2.5),
    "band, extended": lambda lengths, size, radius: Band.from_radius(lengths, radius, size=size - 1).extended(),
    "dense": lambda lengths, size, radius: Dense(ComplementBand.from_radius(lengths, radius, size=size).dense()),
}
each_structure = pytest.mark.parametrize("make", list(MAKERS.values()), ids=list(MAKERS))


def product_by_matrix(structure: Structure, x: Tensor, axis: int) -> Tensor:
    matrix = structure.dense()
    return matrix @ x.double() if axis == 1 else x.double() @ matrix


@each_structure
@given(
    lengths=st.lists(st.integers(1, 30), min_size=1, max_size=3),
    padding=st.integers(1, 6),
    other=st.integers(1, 9),
    radius=st.floats(0.01, 1.0),
    axis=st.sampled_from([1, 2]),
    seed=st.integers(0, 2**16),
)
def test_products_equal_those_of_the_matrix_for_any_size_radius_and_mask(
    make: Callable[[Tensor, int, float], Structure],
    lengths: list[int],
    padding: int,
    other: int,
    radius: float,
    axis: int,
    seed: int,
) -> None:
    size = max(lengths) + padding
    structure = make(torch.tensor(lengths), size, radius)
    random = torch.Generator().manual_seed(seed)
    shape = (len(lengths), size, other) if axis == 1 else (len(lengths), other, size)
    x = torch.randn(shape, generator=random, dtype=torch.float64)
    torch.testing.assert_close(structure.matmul(x, axis), product_by_matrix(structure, x, axis), rtol=0, atol=1e-10)


@given(
    size=st.integers(1, 25), radius=st.floats(0.05, 1.0), holes=st.integers(0, 2**25 - 1), axis=st.sampled_from([1, 2])
)
def test_a_mask_with_holes_leaves_out_exactly_the_masked_entries(
    size: int, radius: float, holes: int, axis: int
) -> None:
    mask = torch.tensor([[bool(holes >> i & 1) for i in range(size)]])
    x = torch.arange(2.0 * size, dtype=torch.float64).view((1, size, 2) if axis == 1 else (1, 2, size))
    for structure in (
        Band.from_radius(size, radius, mask=mask),
        ComplementBand.from_radius(size, radius, mask=mask),
        OffDiagonal.of_size(size, mask=mask),
    ):
        matrix = structure.dense()
        assert not matrix[:, ~mask[0]].any()
        assert not matrix[:, :, ~mask[0]].any()
        torch.testing.assert_close(structure.matmul(x, axis), product_by_matrix(structure, x, axis), rtol=0, atol=1e-9)


@each_structure
def test_every_matrix_is_symmetric_and_its_bound_covers_each_entry(
    make: Callable[[Tensor, int, float], Structure],
) -> None:
    structure = make(torch.tensor([3, 9, 14]), 15, 0.2)
    assert structure.size == 15
    matrix = structure.dense()
    torch.testing.assert_close(matrix, matrix.mT, rtol=0, atol=0)
    assert matrix.dtype == torch.float64
    assert (matrix.abs().amax((1, 2)) <= structure.bound()).all()


@each_structure
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_a_product_has_the_dtype_and_shape_of_what_is_multiplied(
    make: Callable[[Tensor, int, float], Structure], dtype: torch.dtype
) -> None:
    structure = make(torch.tensor([5, 7]), 8, 0.4)
    product = structure.matmul(torch.ones(2, 8, 3, dtype=dtype), 1)
    assert (product.dtype, product.shape) == (dtype, (2, 8, 3))


@given(n=st.integers(1, 40), radius=st.floats(0.05, 1.0))
def test_entries_follow_the_definitions(n: int, radius: float) -> None:
    half_width = max(1, int(np.floor(n * radius + 1e-9)))
    height = float(n) if n * radius + 1e-9 < 1 else 1 / radius
    np.testing.assert_allclose(Band.from_radius(n, radius).dense()[0].numpy(), dense_band(n, half_width, height))
    np.testing.assert_array_equal(
        ComplementBand.from_radius(n, radius).dense()[0].numpy(), dense_complement_band(n, half_width)
    )
    np.testing.assert_array_equal(OffDiagonal.of_size(n).dense()[0].numpy(), dense_off_diagonal(n))


def test_each_element_has_the_half_width_of_its_own_length() -> None:
    band = Band.from_radius(torch.tensor([10, 40]), 0.1, size=40)
    assert band.half_width.tolist() == [1, 4]
    short = dense_structure_with_mask(dense_band(40, 1, 10.0), np.arange(40) < 10)
    np.testing.assert_allclose(band.dense()[0].numpy(), short)
    np.testing.assert_allclose(band.dense()[1].numpy(), dense_band(40, 4, 10.0))


def test_a_radius_that_reaches_a_whole_number_of_frames_is_not_rounded_below_it() -> None:
    # 100 * 0.29 is 28.999999999999996 in floating point.
    assert Band.from_radius(100, 0.29).half_width.tolist() == [29]


def test_scaling_multiplies_every_entry_and_extending_adds_only_zeros() -> None:
    band = ComplementBand.from_radius(6, 0.34)
    torch.testing.assert_close(band.scaled(3.0).dense(), 3 * band.dense())
    longer = band.extended(2)
    assert longer.size == 8
    torch.testing.assert_close(longer.dense()[:, :6, :6], band.dense())
    assert not longer.dense()[:, 6:].any()
    assert not longer.dense()[:, :, 6:].any()


@pytest.mark.parametrize("axis", [1, 2])
def test_float32_products_of_20000_frames_stay_within_a_millionth_of_a_lines_mass(axis: int) -> None:
    """A line is what is summed along; running sums must not lose more than rounding of its total allows."""
    n, radius = 20_000, 0.04
    random = torch.Generator().manual_seed(3)
    shape = (1, n, 4) if axis == 1 else (1, 4, n)
    x = torch.rand(shape, generator=random, dtype=torch.float64) ** 8
    x[(slice(None), slice(0, 40)) if axis == 1 else (..., slice(0, 40))] *= 1e3
    mass = x.sum(axis, keepdim=True)
    for structure in (Band.from_radius(n, radius), ComplementBand.from_radius(n, radius), OffDiagonal.of_size(n)):
        error = structure.matmul(x.float(), axis).double() - structure.matmul(x, axis)
        relative = error.abs() / (mass * structure.bound())
        assert float(relative.max()) < 1e-6, f"{type(structure).__name__}: {float(relative.max()):.1e}"


def test_a_products_time_does_not_grow_with_the_radius() -> None:
    x = torch.rand(1, 20_000, 8)

    def seconds(radius: float) -> float:
        band, times = Band.from_radius(20_000, radius), []
        for _ in range(5):
            start = time.perf_counter()
            band.matmul(x, 1)
            times.append(time.perf_counter() - start)
        return min(times)

    # A convolution would take hundreds of times as long.
    assert seconds(0.5) < 10 * seconds(0.001)


def test_a_band_that_reaches_no_frame_is_widened_to_one_with_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    # A radius that no other test uses: the warning is given once per run and radius.
    with caplog.at_level(logging.WARNING, logger="vasot.transport"):
        band = Band.from_radius(23, 0.021)
        complement = ComplementBand.from_radius(23, 0.021)
        Band.from_radius(torch.tensor([23]), 0.021)
    assert band.half_width.tolist() == [1] == complement.half_width.tolist()
    np.testing.assert_allclose(band.dense()[0].numpy(), dense_band(23, 1, 23.0))
    np.testing.assert_array_equal(complement.dense()[0].numpy(), dense_complement_band(23, 1))
    messages = [record.getMessage() for record in caplog.records]
    assert len(messages) == 1
    assert "0.021" in messages[0]
    assert "23 frames" in messages[0]
    assert "use radius >= 0.0435" in messages[0]


def test_a_band_that_reaches_frames_warns_of_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="vasot.transport"):
        Band.from_radius(torch.tensor([50, 200]), 0.02)
    assert not caplog.records


@pytest.mark.parametrize("radius", [0.0, -0.1, 1.5, float("nan"), float("inf")])
@pytest.mark.parametrize("kind", [Band, ComplementBand])
def test_a_radius_out_of_range_is_refused_by_name(kind: type[Band] | type[ComplementBand], radius: float) -> None:
    with pytest.raises(SettingsError, match=r"radius is .*use 0 < radius <= 1"):
        kind.from_radius(10, radius)


def test_lengths_that_fit_no_structure_are_refused_by_name() -> None:
    with pytest.raises(SettingsError, match="lengths holds 0"):
        Band.from_radius(torch.tensor([4, 0]), 0.5)
    with pytest.raises(SettingsError, match=r"size 5 is shorter .* 9; pad"):
        OffDiagonal.of_size(9, size=5)


def test_a_matrix_that_is_not_symmetric_is_refused_with_the_remedy() -> None:
    with pytest.raises(SettingsError, match=r"not a batch of symmetric matrices.*\.mT"):
        Dense(torch.tensor([[[0.0, 1.0], [2.0, 0.0]]]))


@pytest.mark.parametrize(("axis", "length"), [(0, 4), (3, 4), (1, 5)])
def test_a_product_along_an_axis_that_does_not_fit_is_an_error(axis: int, length: int) -> None:
    with pytest.raises(ValueError, match="cannot be multiplied"):
        Band.from_radius(4, 0.5).matmul(torch.ones(1, length, 2), axis)


def test_moving_a_structure_keeps_its_kind_and_entries() -> None:
    band = Band.from_radius(6, 0.4)
    moved = band.to(torch.device("cpu"))
    assert isinstance(moved, Band)
    assert isinstance(moved, BoxStructure)
    torch.testing.assert_close(moved.dense(), band.dense())
