from __future__ import annotations

from pathlib import Path

import pytest

from tiny_experiments import row, use_tiny_data
from vasot.comparison.measures import METRICS, Measured
from vasot.comparison.run import make_plan
from vasot.comparison.store import Store
from vasot.comparison.sweeps import sweeps


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    use_tiny_data(monkeypatch)


def test_a_curve_has_the_measured_values_in_order_with_mean_and_spread(tmp_path: Path) -> None:
    experiment = row("all of it", sweep={"radius": [0.3, 0.1, 0.2]}, metrics=("mof", "tau"))
    lines = make_plan([experiment, row()], tmp_path, (0, 1)).tables["A table"]
    store = Store(tmp_path)
    assert sweeps(lines, store) == []
    for line in lines:
        if line.case is not None and line.value in (0.1, 0.3):
            for seed in (0, 1) if line.value == 0.3 else (0,):
                store.add(line.case, seed, Measured({**dict.fromkeys(METRICS), "mof": line.value + 0.1 * seed}))
    (found,) = sweeps(lines, store)
    assert (found.setting, found.data, found.picture) == ("radius", "made", "all_of_it_radius_made.png")
    assert found.default == 0.04
    assert found.curve(store, "mof") == [
        pytest.approx((0.1, 10.0, 0.0)),
        pytest.approx((0.3, 35.0, 50**0.5)),
    ]
    assert found.curve(store, "tau") == []
