from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tiny_experiments import row, use_tiny_data
from vasot.comparison.experiment import Experiment
from vasot.comparison.markdown import to_markdown
from vasot.comparison.measures import METRICS, Measured
from vasot.comparison.run import Line, Plan, make_plan
from vasot.comparison.store import Store
from vasot.comparison.summary import mean_difference, summarise, summarise_sets

PAPER = {"made": {"mof": 57.5}}


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    use_tiny_data(monkeypatch)


def fill(plan: Plan, store: Store, mof: dict[str, dict[int, float]]) -> None:
    """Pretend that lines of these titles were measured, on every data set they can be run on."""
    for line in [line for lines in plan.tables.values() for line in lines if line.case is not None]:
        for seed, value in mof.get(line.title, {}).items():
            assert line.case is not None
            store.add(line.case, seed, Measured({**dict.fromkeys(METRICS), "mof": value, "f1_ceiling": 0.9}))


def lines_of(plan: Plan, title: str) -> list[Line]:
    return [line for lines in plan.tables.values() for line in lines if line.title == title]


def cells(text: str, title: str) -> list[str]:
    line = next(line for line in text.splitlines() if line.startswith(f"| {title} |"))
    return [cell.strip() for cell in line.strip("|").split("|")]


@pytest.fixture
def rows() -> list[Experiment]:
    return [
        row("reference", reference=True, metrics=("mof", "f1"), paper=PAPER),
        row("other", metrics=("mof", "f1"), settings={"alpha": 0.0}, note="Read this."),
        row("TCC", method="tcc", settings={}, metrics=("mof", "f1"), paper={"made": {"mof": 11.0}}),
    ]


def test_a_mean_has_deviation_and_the_interval_of_students_t(tmp_path: Path, rows: list[Experiment]) -> None:
    plan, store = make_plan(rows, tmp_path, (0, 1, 2)), Store(tmp_path)
    fill(plan, store, {"reference": {0: 0.1, 1: 0.2, 2: 0.3}, "other": {0: 0.5}})
    found = summarise(lines_of(plan, "reference")[0], store, "mof")
    assert found is not None
    # Of 10, 20, 30: t(0.975, 2) = 4.302653, times 10 / sqrt(3).
    assert (found.mean, found.deviation, found.low) == pytest.approx((20.0, 10.0, 20 - 4.302653 * 10 / 3**0.5))
    single = summarise(lines_of(plan, "other")[0], store, "mof")
    assert single is not None
    assert (single.mean, single.deviation, single.low) == (50.0, None, None)
    assert summarise(lines_of(plan, "other")[0], store, "f1") is None


def test_the_mean_over_sets_is_taken_by_seed_and_needs_all_of_them(tmp_path: Path) -> None:
    (tmp_path / "gtea").mkdir()
    plan, store = make_plan([row("both", data=("made", "gtea"))], tmp_path, (0, 1)), Store(tmp_path)
    both = lines_of(plan, "both")
    for line, values in zip(both, ((0.1, 0.3), (0.5, 0.9)), strict=True):
        assert line.case is not None
        store.add(line.case, 0, Measured({**dict.fromkeys(METRICS), "mof": values[0]}))
        assert summarise_sets(both, store, "mof") is None or line.data == "gtea"
        store.add(line.case, 1, Measured({**dict.fromkeys(METRICS), "mof": values[1]}))
    found = summarise_sets(both, store, "mof")
    assert found is not None
    assert found.mean == pytest.approx(45.0)
    assert found.deviation == pytest.approx(np.std([30, 60], ddof=1))


def test_a_difference_is_paired_by_seed(tmp_path: Path, rows: list[Experiment]) -> None:
    plan, store = make_plan(rows, tmp_path, (0, 1, 2)), Store(tmp_path)
    fill(plan, store, {"reference": {0: 0.1, 1: 0.5, 2: 0.9}, "other": {0: 0.12, 1: 0.52, 2: 0.92}})
    found = mean_difference(lines_of(plan, "other"), lines_of(plan, "reference"), store, "mof")
    assert found is not None
    assert (found.mean, found.low, found.high) == pytest.approx((2.0, 2.0, 2.0))
    assert found.n_pairs == 3
    assert found.is_clear
    assert not replace(found, low=-1.0).is_clear


def test_the_papers_figure_stands_beside_ours(tmp_path: Path, rows: list[Experiment]) -> None:
    plan, store = make_plan(rows, tmp_path, (0, 1)), Store(tmp_path)
    fill(plan, store, {"reference": {0: 0.1, 1: 0.2}, "other": {0: 0.4}})
    text = to_markdown(plan, store)
    assert "|  | seeds | mof | paper | f1 |" in text
    assert cells(text, "reference") == ["reference", "2", "15.0 ± 7.1", "57.5", ""]
    assert cells(text, "other") == ["other", "1 of 2", "40.0", "", ""]
    assert "Ceiling of `f1`: 90.0." in text
    assert "Read this." in text


def test_every_line_of_the_notes_stands_once_below_the_table(tmp_path: Path) -> None:
    notes = {"one": "Of all.\nOf one.", "two": "Of all.\nOf two."}
    rows = [row(title, note=note, settings={"alpha": alpha}) for alpha, (title, note) in enumerate(notes.items())]
    text = to_markdown(make_plan(rows, tmp_path, (0,)), Store(tmp_path))
    assert text.splitlines()[-5:] == ["Of all.", "", "Of one.", "", "Of two."]


def test_a_method_that_is_not_there_shows_the_papers_figure_only(tmp_path: Path, rows: list[Experiment]) -> None:
    text = to_markdown(make_plan(rows, tmp_path, (0,)), Store(tmp_path))
    assert cells(text, "TCC") == ["TCC", "not implemented here", "", "11", ""]


def test_a_table_of_absent_data_holds_no_figure_of_ours(tmp_path: Path) -> None:
    absent = row("absent", data=("gtea",), paper={"gtea": {"mof": 12.0}})
    text = to_markdown(make_plan([absent], tmp_path, (0,)), Store(tmp_path))
    assert cells(text, "absent") == ["absent", "Tiny data is not at hand", "", "12", ""]
    assert "K-Means" not in text


def test_trivial_predictions_are_rows_and_the_best_of_them_is_told(tmp_path: Path) -> None:
    (tmp_path / "gtea").mkdir()
    experiment = row("trained", data=("made", "gtea"), metrics=("mof",))
    plan, store = make_plan([experiment], tmp_path, (0, 1)), Store(tmp_path)
    fill(plan, store, {"trained": {0: 0.6, 1: 0.8}, "one label": {0: 0.2}, "K-Means": {0: 0.3, 1: 0.5}})
    of_made = [line for line in lines_of(plan, "equal parts") if line.data == "made"]
    assert of_made[0].case is not None
    store.add(of_made[0].case, 0, Measured({**dict.fromkeys(METRICS), "mof": 0.7}))
    of_gtea = [line for line in lines_of(plan, "equal parts") if line.data == "gtea"]
    assert of_gtea[0].case is not None
    store.add(of_gtea[0].case, 0, Measured({**dict.fromkeys(METRICS), "mof": 0.0}))
    text = to_markdown(plan, store)
    mean = text[text.index("### Mean of the 2 sets") :]
    assert cells(mean, "trained")[1] == "2"
    assert cells(mean, "trained")[2].startswith("70.0 ± 14.1 [")
    assert cells(mean, "the best on average") == ["the best on average", "40.0"]
    # Equal parts on one set, K-Means on the other.
    assert cells(mean, "the best of every set, by its labels")[1] == "55.0"


def test_what_differs_clearly_from_the_reference_is_bold(tmp_path: Path, rows: list[Experiment]) -> None:
    plan, store = make_plan(rows, tmp_path, (0, 1, 2)), Store(tmp_path)
    fill(plan, store, {"reference": {0: 0.1, 1: 0.5, 2: 0.9}, "other": {0: 0.12, 1: 0.53, 2: 0.91}})
    text = to_markdown(plan, store)
    against = text[text.index("### Difference from *reference*") :]
    assert cells(against, "other")[1] == "**+2.0 [+1.0, +3.0]**"
