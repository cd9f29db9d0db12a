"""The problem itself: value, gradient, and the arguments it refuses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from transport_problems import KINDS, Kind, alignment, dense_arguments, padded_batch, segmentation

from vasot.errors import SettingsError
from vasot.transport import Band, FusedGWProblem, Marginal, with_virtual_frames
from vasot.transport.reference import objective_terms

kinds = pytest.mark.parametrize("kind", list(KINDS))


def random_plan(problem: FusedGWProblem, seed: int = 0) -> Tensor:
    """Positive where there is weight, zero on padding, meeting no marginal."""
    plan = torch.rand(problem.cost.shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) + 0.01
    real = (problem.marginal_x.weights > 0)[:, :, None] & (problem.marginal_y.weights > 0)[:, None, :]
    return plan * real / plan.sum((1, 2), keepdim=True)


@kinds
def test_every_term_equals_the_dense_oracle_whatever_the_plan(kind: Kind) -> None:
    batch = padded_batch([alignment(1, 9, 7, kind=kind), alignment(2, 6, 10, kind=kind)], 11, 12)
    for problem in (batch, with_virtual_frames(batch, 0.4)):
        plan = random_plan(problem)
        terms = problem.terms(plan)
        for element in range(2):
            oracle = objective_terms(plan[element].numpy(), **dense_arguments(problem, element))
            for name, value in oracle.items():
                assert float(getattr(terms, name)[element]) == pytest.approx(value, rel=1e-12, abs=1e-14), name
        torch.testing.assert_close(problem.value(plan), terms.total)


@kinds
@given(n=st.integers(1, 9), m=st.integers(1, 9), alpha=st.sampled_from([0.0, 0.3, 1.0]), seed=st.integers(0, 99))
def test_the_gradient_equals_autograd_of_the_value(kind: Kind, n: int, m: int, alpha: float, seed: int) -> None:
    problem = alignment(seed, n, m, kind=kind, alpha=alpha)
    plan = random_plan(problem, seed).requires_grad_()
    (expected,) = torch.autograd.grad(problem.value(plan).sum(), plan)
    torch.testing.assert_close(problem.gradient(plan.detach()), expected, rtol=1e-10, atol=1e-10)


@kinds
def test_the_gradient_of_a_padded_batch_is_that_of_each_element_and_zero_on_padding(kind: Kind) -> None:
    problems = [alignment(1, 9, 7, kind=kind), alignment(2, 6, 10, kind=kind)]
    batch = padded_batch(problems, 11, 12)
    plan = random_plan(batch)
    gradient = batch.gradient(plan)
    for element, problem in enumerate(problems):
        _, n, m = problem.cost.shape
        alone = problem.gradient(plan[element : element + 1, :n, :m])
        torch.testing.assert_close(gradient[element, :n, :m], alone[0], rtol=1e-12, atol=1e-12)
        assert not gradient[element, n:].any()
        assert not gradient[element, :, m:].any()


@pytest.mark.parametrize("make", [alignment, segmentation])
def test_the_transport_gradient_is_the_numerical_gradient_of_the_first_two_terms(make: Any) -> None:
    problem = make(4, 6, 5)
    plan, step = random_plan(problem), 1e-5

    def first_two(at: Tensor) -> float:
        terms = problem.terms(at)
        return float((terms.linear + terms.structure)[0])

    numerical = torch.empty_like(plan)
    for cell in np.ndindex(*plan.shape):
        moved = torch.zeros_like(plan)
        moved[cell] = step
        numerical[cell] = (first_two(plan + moved) - first_two(plan - moved)) / (2 * step)
    torch.testing.assert_close(problem.transport_gradient(plan), numerical, rtol=0, atol=1e-9)


def test_an_empty_row_costs_its_weight_times_the_penalty_and_spilled_mass_costs_infinity() -> None:
    problem = replace(alignment(0, 3, 3), marginal_x=Marginal(torch.tensor([[0.5, 0.5, 0.0]]).double(), 0.2))
    empty = torch.zeros(1, 3, 3, dtype=torch.float64)
    assert float(problem.terms(empty).marginal_x) == pytest.approx(0.2)
    spilled = empty.clone()
    spilled[0, 2, 0] = 0.1
    assert float(problem.value(spilled)) == float("inf")


def test_terms_are_summed_in_float64_even_for_float32_plans() -> None:
    problem = alignment(0, 5, 4, dtype=torch.float32)
    plan = random_plan(problem).float()
    assert problem.value(plan).dtype == torch.float64
    assert problem.transport_gradient(plan).dtype == torch.float32


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "alpha below 0": ({"alpha": -0.1}, r"alpha is -0\.1.*0 <= alpha <= 1"),
    "alpha above 1": ({"alpha": 1.1}, r"alpha is 1\.1.*0 <= alpha <= 1"),
    "alpha NaN": ({"alpha": float("nan")}, "alpha is nan"),
    "epsilon 0": ({"epsilon": 0.0}, r"epsilon is 0\.0.*positive weight, such as 0\.07"),
    "epsilon negative": ({"epsilon": -1.0}, "epsilon is -1"),
    "epsilon infinite": ({"epsilon": float("inf")}, "epsilon is inf"),
    "cost with NaN": ({"cost": torch.full((1, 5, 4), float("nan")).double()}, "cost holds NaN .*large finite cost"),
    "cost infinite": ({"cost": torch.full((1, 5, 4), float("inf")).double()}, "cost holds NaN or infinity"),
    "cost minus infinite": ({"cost": torch.full((1, 5, 4), -float("inf")).double()}, "cost holds NaN or infinity"),
    "cost of half precision": ({"cost": torch.zeros(1, 5, 4).half()}, r"cost is torch\.float16; use torch\.float32"),
    "cost without batch": ({"cost": torch.zeros(5, 4).double()}, r"expected \(batch, n, m\).*cost\[None\]"),
    "cost of no frames": ({"cost": torch.zeros(1, 0, 4).double()}, "each at least 1"),
    "structure too short": ({"structure_x": Band.from_radius(4, 0.5)}, "structure_x has size 4 .* build it for 5"),
    "structure of another batch": (
        {"structure_y": Band.from_radius(torch.tensor([4, 4, 4]), 0.5)},
        "structure_y holds 3 matrices .* cost has 1 elements",
    ),
    "structure elsewhere": (
        {"structure_x": Band.from_radius(5, 0.5).to(torch.device("meta"))},
        r"structure_x .* on meta .* move it with \.to",
    ),
    "marginal too long": ({"marginal_y": Marginal(torch.ones(1, 5).double() / 5)}, r"marginal_y .*expected \(1, 4\)"),
    "marginal of another dtype": ({"marginal_x": Marginal(torch.ones(1, 5) / 5)}, r"marginal_x is torch\.float32"),
    "marginals of other masses": (
        {"marginal_x": Marginal(torch.ones(1, 5).double())},
        "both hard .*give one a penalty",
    ),
}


@pytest.mark.usefixtures("shapes_unchecked")
@pytest.mark.parametrize(("changes", "text"), list(REFUSED.values()), ids=list(REFUSED))
def test_what_does_not_fit_is_refused_with_its_name_and_the_remedy(changes: dict[str, Any], text: str) -> None:
    with pytest.raises(SettingsError, match=text):
        replace(alignment(0, 5, 4), **changes)


def test_marginals_of_other_masses_fit_when_one_is_penalised() -> None:
    problem = alignment(0, 5, 4, kind="partial")
    replace(problem, marginal_x=Marginal(3 * problem.marginal_x.weights))
