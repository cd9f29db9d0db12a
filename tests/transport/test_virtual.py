"""Virtual frames: what they add to a problem, and what is left when they are dropped."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from transport_problems import alignment, padded_batch

from vasot.errors import SettingsError
from vasot.transport import Dense, VirtualMass, solve, split_virtual_frames, with_virtual_frames

both_masses = pytest.mark.parametrize("mass", ["half", "frame"])


@both_masses
def test_the_virtual_frame_stands_last_costs_zeta_everywhere_and_has_no_structure(mass: VirtualMass) -> None:
    problem = padded_batch([alignment(0, 4, 6), alignment(1, 5, 3)], 5, 7)
    virtual = with_virtual_frames(problem, 0.6, mass)
    assert virtual.cost.shape == (2, 6, 8)
    torch.testing.assert_close(virtual.cost[:, :-1, :-1], problem.cost, rtol=0, atol=0)
    assert (virtual.cost[:, -1] == 0.6).all()
    assert (virtual.cost[:, :, -1] == 0.6).all()
    for structure in (virtual.structure_x.dense(), virtual.structure_y.dense()):
        assert not structure[:, -1].any()
        assert not structure[:, :, -1].any()


def test_with_half_the_mass_any_share_of_either_recording_can_stay_unmatched() -> None:
    virtual = with_virtual_frames(padded_batch([alignment(0, 4, 6), alignment(1, 5, 3)], 5, 7), 0.6)
    for marginal, lengths in ((virtual.marginal_x, (4, 5)), (virtual.marginal_y, (6, 3))):
        for element, length in enumerate(lengths):
            weights = marginal.weights[element]
            assert weights[:length].tolist() == pytest.approx([0.5 / length] * length)
            assert not weights[length:-1].any()
            assert float(weights[-1]) == pytest.approx(0.5)


def test_with_one_frames_mass_the_marginals_are_uniform_over_one_frame_more() -> None:
    virtual = with_virtual_frames(padded_batch([alignment(0, 4, 6), alignment(1, 5, 3)], 5, 7), 0.6, "frame")
    assert virtual.marginal_x.weights[0].tolist() == pytest.approx([0.2] * 4 + [0, 0.2])
    assert virtual.marginal_y.weights[1].tolist() == pytest.approx([0.25] * 3 + [0] * 4 + [0.25])


def test_at_half_the_mass_the_structure_gradient_of_real_frames_is_what_it_was() -> None:
    problem = alignment(3, 6, 5)
    plan = torch.rand(1, 6, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    halved = torch.nn.functional.pad(plan / 2, (0, 1, 0, 1))
    inside = with_virtual_frames(problem, 0.5).transport_gradient(halved)[:, :-1, :-1]
    torch.testing.assert_close(inside, problem.transport_gradient(plan))


def test_penalties_are_kept() -> None:
    virtual = with_virtual_frames(alignment(0, 4, 4, kind="unbalanced"), 0.5)
    assert (virtual.marginal_x.penalty, virtual.marginal_y.penalty) == (0.3, 0.1)


def test_splitting_separates_real_mass_from_virtual_mass() -> None:
    plan = torch.arange(12.0).view(1, 3, 4)
    split = split_virtual_frames(plan)
    assert split.plan.tolist() == [[[0, 1, 2], [4, 5, 6]]]
    assert split.mass_x.tolist() == [[3, 7]]
    assert split.mass_y.tolist() == [[8, 9, 10]]


def test_a_frame_is_unmatched_when_its_virtual_mass_exceeds_all_its_real_mass_together() -> None:
    plan = torch.tensor([[[0.3, 0.3, 0.5], [0.2, 0.2, 0.5], [0.5, 0.6, 0.0]]])
    split = split_virtual_frames(plan)
    # The virtual cell is the largest of both rows; only in the second does it outweigh the rest together.
    assert split.unmatched_x.tolist() == [[False, True]]
    assert split.unmatched_y.tolist() == [[False, True]]


@both_masses
def test_no_mass_of_a_solution_lies_on_padding_between_real_and_virtual_frames(mass: VirtualMass) -> None:
    plan = solve(with_virtual_frames(padded_batch([alignment(0, 4, 6)], 7, 9), 0.5, mass)).plan
    assert not plan[0, 4:7].any()
    assert not plan[0, :, 6:9].any()
    assert float(plan.sum()) == pytest.approx(1)


@pytest.mark.parametrize("zeta", [-0.1, float("nan"), float("inf")])
def test_a_virtual_cost_out_of_range_is_refused_by_name(zeta: float) -> None:
    with pytest.raises(SettingsError, match=r"virtual_cost is .*such as 0\.5"):
        with_virtual_frames(alignment(0, 4, 4), zeta)


@pytest.mark.usefixtures("shapes_unchecked")
def test_an_unknown_virtual_mass_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SettingsError, match="virtual_mass is 'third'; use 'half' or 'frame'"):
        with_virtual_frames(alignment(0, 4, 4), 0.5, "third")  # type: ignore[arg-type]


def test_a_structure_that_cannot_be_extended_is_refused() -> None:
    problem = alignment(0, 4, 4)
    dense = replace(problem, structure_x=Dense(problem.structure_x.dense()))
    with pytest.raises(SettingsError, match="Band, ComplementBand or OffDiagonal"):
        with_virtual_frames(dense, 0.5)
