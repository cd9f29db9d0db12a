from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from vasot.comparison.experiment import UNAVAILABLE, Experiment, read_experiments
from vasot.errors import SettingsError
from vasot.methods import METHODS

ROOT = Path(__file__).resolve().parents[2]
PAPERS = ROOT / "benchmarks" / "papers"
ROW: dict[str, Any] = {"table": "A table", "title": "a row", "method": "vasot", "data": ["made"], "metrics": ["mof"]}

COLUMNS = {"Progress": "progress", "τ": "tau", **{name: name.lower() for name in ("AP@5", "AP@10", "AP@15")}}
COLUMNS |= {name: name.lower() for name in ("Acc@0.1", "Acc@0.5", "Acc@1.0")}
DATA = {
    **{"Pouring": "pouring", "Penn Action": "penn-action", "IKEA ASM": "ikea-asm", "Breakfast": "breakfast"},
    **{"YouTube Instructions": "youtube-instructions", "50 Salads mid": "50salads-mid"},
    **{"50 Salads eval": "50salads-eval", "Desktop Assembly": "desktop-assembly"},
}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"metric": ["mof"]}, "no setting 'metric'; did you mean 'metrics'?"),
        ({"method": "vasto"}, "no method 'vasto'; did you mean 'vasot'?"),
        ({"data": ["utkinekt"]}, "no data set 'utkinekt'; did you mean 'utkinect'?"),
        ({"metrics": ["mofs"]}, "no metric 'mofs'; did you mean 'mof'?"),
        ({"paper": {"made": {"ap5": 1.0}}}, "no metric 'ap5'; did you mean 'ap@5'?"),
        ({"settings": {"alfa": 0.0}}, "no setting 'alfa'; did you mean 'alpha'?"),
        ({"settings": {"alpha": 2.0}}, "setting alpha = 2.0"),
        ({"settings": {"actions": 3}}, "actions is not set here"),
        ({"settings": {"seed": 3}}, "seed is not set here"),
        ({"preset": {"made": "brekfast"}}, "no preset 'brekfast'; did you mean 'breakfast'?"),
        ({"sweep": {"radius": [0.1], "alpha": [0.1]}}, "a curve varies one setting"),
        ({"sweep": {"radius": [0.1, -1.0]}}, "setting radius = -1.0"),
        ({"method": "tcc", "sweep": {"radius": [0.1]}}, "method 'tcc' is not implemented"),
        ({"paper_best": 0.1}, "paper_best names a value of a sweep"),
        ({"data": []}, "setting data"),
    ],
)
def test_what_no_experiment_has_is_an_error_that_names_it(change: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Experiment.of({**ROW, **change})
    assert said in str(caught.value)


def test_settings_stand_above_the_preset_and_the_sweep_above_both() -> None:
    experiment = Experiment.of({**ROW, "preset": {"made": "desktop-assembly"}, "settings": {"alpha": 0.1}})
    settings = experiment.resolved("made", {"epochs": 3})
    assert (settings["radius"], settings["alpha"], settings["epochs"]) == (0.02, 0.1, 3)
    assert "actions" not in settings
    assert "seed" not in settings


def test_a_preset_of_one_data_set_leaves_the_others_alone() -> None:
    experiment = Experiment.of({**ROW, "data": ["made", "gtea"], "preset": {"gtea": "desktop-assembly"}})
    default = METHODS["vasot"].Config(actions=1).radius
    assert experiment.resolved("made", {})["radius"] == default
    assert experiment.resolved("gtea", {})["radius"] == 0.02


def test_an_error_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "row.toml").write_text('table = "a"\n')
    with pytest.raises(SettingsError, match=r"row\.toml: .*title"):
        read_experiments([tmp_path])


def test_a_folder_without_experiments_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"holds no \.toml file"):
        read_experiments([tmp_path])
    with pytest.raises(SettingsError, match="nothing to compare"):
        read_experiments([])


def test_every_file_of_the_benchmarks_is_an_experiment() -> None:
    experiments = read_experiments([PAPERS])
    assert len(experiments) == len(list(PAPERS.rglob("*.toml")))
    assert {each.swept for each in experiments if each.table.startswith("Figure 3")} == {
        *("radius", "alpha", "temporal_prior", "virtual_cost", "epsilon", "segmentation_weight", "alignment_weight")
    }
    assert {each.paper_best for each in experiments if each.swept} == {0.02, 0.3, 0.35, 0.5, None}


def test_a_file_of_a_method_that_vasot_lacks_carries_only_figures() -> None:
    for each in read_experiments([PAPERS]):
        if each.method in UNAVAILABLE:
            assert each.paper
            assert not each.settings


def test_every_figure_of_the_papers_tables_stands_in_the_files() -> None:
    golden = (ROOT / "tests" / "golden" / "paper_tables.md").read_text(encoding="utf-8")
    experiments = read_experiments([PAPERS])
    for number, read in (("1", _table_1), ("2", _table_2), ("3", _table_3)):
        found = {
            (each.title, data, metric): value
            for each in experiments
            if each.table.startswith(f"Table {number}")
            for data, figures in each.paper.items()
            for metric, value in figures.items()
        }
        text = re.search(rf"## Table {number}.*?\n\n|## Table {number}.*", golden + "\n\n", re.DOTALL)
        assert text is not None
        lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in text[0].splitlines() if "|" in line]
        assert found == read(lines[0], lines[2:])


Figures = dict[tuple[str, str, str], float]


def _table_1(head: list[str], rows: list[list[str]]) -> Figures:
    return {
        (row[0], "ikea-asm", COLUMNS[column]): float(cell)
        for row in rows
        for column, cell in zip(head[1:], row[1:], strict=True)
    }


def _table_2(head: list[str], rows: list[list[str]]) -> Figures:
    return {
        (row[1], DATA[row[0]], COLUMNS[column]): float(cell)
        for row in rows
        for column, cell in zip(head[2:], row[2:], strict=True)
        if cell != "-"
    }


def _table_3(head: list[str], rows: list[list[str]]) -> Figures:
    return {
        (row[0], DATA[column], metric): float(part)
        for row in rows
        for column, cell in zip(head[1:], row[1:], strict=True)
        if cell != "-"
        for metric, part in zip(("mof", "f1", "miou"), cell.split(" / "), strict=True)
        if part != "-"
    }
