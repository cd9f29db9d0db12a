from __future__ import annotations

import csv
import os
import signal
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tiny_experiments import use_tiny_data, write_experiment
from vasot.cli.main import app
from vasot.comparison import run
from vasot.comparison.measures import Measured
from vasot.datasets.base import Dataset

SWEEP = "\n[sweep]\nalpha = [0.0, 0.3]\n"


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    use_tiny_data(monkeypatch)


def compare(*words: object) -> Result:
    return CliRunner().invoke(app, ["compare", *map(str, words)])


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "results.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_comparison_writes_its_table_and_runs_nothing_twice(tmp_path: Path) -> None:
    out = tmp_path / "out"
    file = write_experiment(tmp_path)
    result = compare(file, "-o", out, "--seeds", "0-1", "--data", tmp_path)
    assert result.exit_code == 0, result.output
    assert "1 table, 5 rows, 6 measurements, 0 of them done before" in result.stdout
    assert "so not run: gtea" in result.stdout
    assert {path.name for path in out.iterdir()} == {"results.csv", "cases.json", "comparison.md"}
    before = rows(out)
    assert sorted({(row["method"], row["seed"]) for row in before if row["method"] == "vasot"}) == [
        ("vasot", "0"),
        ("vasot", "1"),
    ]
    text = (out / "comparison.md").read_text()
    assert "12.3" in text
    assert "Tiny data is not at hand" in text
    again = compare(file, "-o", out, "--seeds", "0-1", "--data", tmp_path)
    assert "6 measurements, 6 of them done before" in again.stdout
    assert rows(out) == before


def test_a_curve_becomes_a_picture(tmp_path: Path) -> None:
    result = compare(write_experiment(tmp_path, SWEEP), "-o", tmp_path / "out", "--seeds", "0", "--data", tmp_path)
    assert result.exit_code == 0, result.output
    assert "vasot_alpha_made.png" in result.stdout
    assert (tmp_path / "out" / "vasot_alpha_made.png").stat().st_size > 5000
    text = (tmp_path / "out" / "comparison.md").read_text()
    assert text.count("![vasot, alpha](vasot_alpha_made.png)") == text.count(".png") == 1


@pytest.mark.usefixtures("hears_interrupts")
def test_an_interrupt_keeps_what_was_measured_and_writes_the_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    true, seen = run._measure, []

    def interrupted(*arguments: object) -> object:
        seen.append(arguments)
        if len(seen) == 3:
            os.kill(os.getpid(), signal.SIGINT)
        return true(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(run, "_measure", interrupted)
    out = tmp_path / "out"
    result = compare(write_experiment(tmp_path), "-o", out, "--seeds", "0", "--data", tmp_path)
    assert result.exit_code == 130
    assert "2 measurements are left; what was measured is kept: the same command goes on" in result.output
    assert len(rows(out)) == 2
    assert "0 of 1" in (out / "comparison.md").read_text()


def test_tables_alone_run_nothing(tmp_path: Path) -> None:
    result = compare(write_experiment(tmp_path), "-o", tmp_path / "out", "--data", tmp_path, "--tables-only")
    assert result.exit_code == 0, result.output
    assert rows(tmp_path / "out") == []
    assert compare(write_experiment(tmp_path), "-o", tmp_path / "out", "--tables-only").exit_code == 0


def test_force_measures_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, out = write_experiment(tmp_path), tmp_path / "out"
    assert compare(file, "-o", out, "--seeds", "0", "--data", tmp_path).exit_code == 0
    count: list[int] = []
    true = run._measure

    def counted(work: run.Work, dataset: Dataset) -> Measured:
        count.append(work.seed)
        return true(work, dataset)

    monkeypatch.setattr(run, "_measure", counted)
    assert compare(file, "-o", out, "--seeds", "0", "--data", tmp_path, "--force").exit_code == 0
    assert len(count) == 4


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--seeds", "4-0"], "4 is larger than 0; write 0-4"),
        (["--seeds", "all"], "'all' is no seed"),
    ],
)
def test_wrong_seeds_are_told_before_anything_is_written(tmp_path: Path, words: list[str], said: str) -> None:
    result = compare(write_experiment(tmp_path), "-o", tmp_path / "out", *words)
    assert result.exit_code == 2
    assert said in result.stderr
    assert not (tmp_path / "out").exists()


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep me")
    result = compare(write_experiment(tmp_path), "-o", tmp_path / "mine")
    assert result.exit_code == 2
    assert "holds something else than results of vasot compare" in result.stderr
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["notes.txt"]


def test_a_file_that_is_wrong_is_named(tmp_path: Path) -> None:
    (tmp_path / "row.toml").write_text('table = "a"\ntitel = "b"\n')
    result = compare(tmp_path / "row.toml", "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert "row.toml: there is no setting 'titel'; did you mean 'title'?" in result.stderr
