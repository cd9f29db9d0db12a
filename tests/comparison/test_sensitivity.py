from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from vasot.comparison.measures import METRICS, Measured
from vasot.comparison.sensitivity import sensitivities
from vasot.comparison.store import Case, Store

CASE = Case("vasot", "made", "abc", {"all": 3}, (), {"alpha": 0.3, "epochs": 2, "stop": False}, {})


def fill(folder: Path, cases: list[tuple[Case, int, float | None]]) -> Store:
    store = Store(folder)
    for case, seed, mof in cases:
        store.add(case, seed, Measured({**dict.fromkeys(METRICS), "mof": mof}))
    return store


def changed(case: Case = CASE, **settings: object) -> Case:
    return replace(case, settings={**CASE.settings, **settings})


def test_a_setting_with_three_values_is_a_curve_of_means_over_seeds(tmp_path: Path) -> None:
    store = fill(
        tmp_path,
        [(changed(alpha=alpha), seed, alpha / 2 + 0.1 * seed) for alpha in (0.5, 0.1, 0.3) for seed in (0, 1)],
    )
    (found,) = sensitivities(store, "vasot", "abc")
    assert found.setting == "alpha"
    assert found.values == (0.1, 0.3, 0.5)
    curve = found.curve("mof")
    assert curve is not None
    assert curve[0] == (0.1, 0.3, 0.5)
    assert curve[1] == pytest.approx((10, 20, 30))
    assert curve[2] == pytest.approx([10 / 2**0.5] * 3)
    assert found.curve("f1") is None


def test_cases_that_differ_in_anything_else_are_not_on_the_curve(tmp_path: Path) -> None:
    others = [
        changed(alpha=0.7, epochs=9),
        changed(replace(CASE, content="abd"), alpha=0.7),
        changed(replace(CASE, method="asot"), alpha=0.7),
        changed(replace(CASE, actions={"all": 4}), alpha=0.7),
        changed(replace(CASE, exclude=("idle",)), alpha=0.7),
        changed(alpha=0.7, stop=True),
    ]
    own = [changed(alpha=alpha) for alpha in (0.1, 0.2, 0.3)]
    store = fill(tmp_path, [(case, 0, 0.5) for case in (*own, *others)])
    (found,) = sensitivities(store, "vasot", "abc")
    assert found.values == (0.1, 0.2, 0.3)


def test_two_values_are_no_curve_and_neither_are_switches(tmp_path: Path) -> None:
    store = fill(
        tmp_path, [(changed(alpha=alpha, stop=stop), 0, 0.5) for alpha in (0.1, 0.2) for stop in (True, False)]
    )
    assert sensitivities(store, "vasot", "abc") == []


def test_values_without_the_metric_are_left_out_and_one_seed_has_no_deviation(tmp_path: Path) -> None:
    store = fill(tmp_path, [(changed(alpha=0.1), 0, 0.5), (changed(alpha=0.2), 0, None), (changed(alpha=0.3), 0, 0.7)])
    (found,) = sensitivities(store, "vasot", "abc")
    curve = found.curve("mof")
    assert curve is not None
    assert curve[1] == pytest.approx((50, 70))
    assert (curve[0], curve[2]) == ((0.1, 0.3), (0.0, 0.0))
