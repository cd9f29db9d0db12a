"""``vasot fit --actions 2-3``: the search as a user sees it."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from made_data import tiny_data
from vasot.cli.main import app
from vasot.datasets.synthetic import write_dataset
from vasot.training.model import load

TINY = ["--set", "epochs=1", "--set", "frames_per_clip=12", "--set", "radius=0.1", "--set", "hidden_sizes=[16]"]
FEW_STARTS = ["--set", "starts=1", "--set", "start_rounds=0"]


def fit(data: Path, *words: object) -> Result:
    return CliRunner().invoke(
        app, ["fit", str(data), "--method", "asot", *TINY, *FEW_STARTS, *(str(word) for word in words)]
    )


@pytest.fixture
def data(tmp_path: Path) -> Path:
    write_dataset(tiny_data(4), tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def one_core(monkeypatch: pytest.MonkeyPatch) -> None:
    """No processes are started."""
    monkeypatch.setattr("os.cpu_count", lambda: 1)


@pytest.mark.usefixtures("one_core")
def test_a_range_is_tried_told_and_ends_with_a_run(data: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    result = fit(data, "--actions", "2-3", "-o", run, "--rate", "10")
    assert result.exit_code == 0, result.output
    said = result.stdout.splitlines()
    assert "method asot, 2, 3 actions, 1 epoch; writes " in result.stdout
    assert said[2].startswith("10 fits: about ")
    assert "an interrupted search goes on with --resume" in said[2]
    table = next(index for index, line in enumerate(said) if line.split()[:2] == ["K", "score"])
    assert said[table].split() == (
        ["K", "score", "10..90", "%", "wins", "seeds", "halves", "used", "segments", "seconds", "order", "unused"]
    )
    assert [line.split()[0] for line in said[table + 1 : table + 3]] == ["2", "3"]
    chosen = load(run).method.settings.model_dump()["actions"]
    assert any(line.startswith(f"recommended: {chosen} actions, ") for line in said)
    assert "the labels, which the search has not looked at, have 4 classes" in said
    assert f"of {chosen} actions occur" in result.stdout
    assert {"actions", "actions.csv", "actions.png", "segments", "segments.png", "model.safetensors"} <= {
        path.name for path in run.iterdir()
    }
    with (run / "actions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["actions"] for row in rows if row["recommended"] == "1"] == [str(chosen)]
    about = CliRunner().invoke(app, ["info", str(run)])
    assert f"actions       chosen among 2, 3; see {run}/actions.csv and actions.png" in about.stdout
    again = fit(data, "--actions", "2-3", "-o", run, "--rate", "10", "--resume")
    assert again.exit_code == 0, again.output
    assert "10 fits, 10 of them done before; an interrupted" in again.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--actions", "12-4"], "12 is larger than 4; write 4-12"),
        (["--actions", "1-"], "'1-' is no number of actions"),
        (["--actions", "0-3"], "at least 1 action"),
        (["--actions", "many"], "'many' is no number of actions"),
        (["--actions", "3-900"], "900 actions but no recording has more than"),
        (["--actions", "2-3", "--set", "actions=4"], "a setting and a range"),
        (["--actions", "2-3", "--set", "workers=4"], "it is no setting"),
        (["--actions", "2-3", "--method", "vaot"], "method 'vaot' does not segment"),
        (["--actions", "2-3", "--resume"], "holds no search to resume"),
        (["--actions", "2-3", "--resume", "--force"], "give one of them"),
    ],
)
def test_a_wrong_range_ends_with_one_line_and_nothing_written(
    words: list[str], said: str, data: Path, tmp_path: Path
) -> None:
    result = fit(data, *words, "-o", tmp_path / "run")
    assert result.exit_code == 2, result.output
    assert len(result.stderr.splitlines()) == 1
    assert said in result.stderr
    assert not (tmp_path / "run").exists()
