from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from made_data import tiny, tiny_data
from vasot.cli.main import app
from vasot.comparison.measures import METRICS, Measured
from vasot.comparison.store import Case, Store, content_of
from vasot.datasets.recordings import read_data
from vasot.datasets.synthetic import write_dataset
from vasot.training.model import fit, load

PICTURES = {"segments.png", "retrieval.png", "embedding.png", "losses.png"}


def evaluate(*words: object) -> Result:
    return CliRunner().invoke(app, ["evaluate", *map(str, words), "--pairs", "0"])


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("figures")
    write_dataset(tiny_data(), folder / "data")
    fit(folder / "data", output=folder / "run", rate_hz=10.0, exclude=("background",), **tiny())
    return folder / "run"


@pytest.fixture(scope="module")
def compared(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of a comparison in which the run's recordings were used with three values of a setting."""
    folder = tmp_path_factory.mktemp("compared")
    config = load(run).config
    content = content_of(read_data(config.data.data, config.data.reading()))
    store = Store(folder)
    for radius in (0.02, 0.04, 0.08):
        case = Case("vasot", "made", content, {"all": 3}, (), {"radius": radius}, {})
        store.add(case, 0, Measured({**dict.fromkeys(METRICS), "mof": radius}))
    return folder


def test_pictures_are_drawn_told_and_not_overwritten_unasked(run: Path, compared: Path, tmp_path: Path) -> None:
    out = tmp_path / "pictures"
    result = evaluate(run, "--figures", out, "--compared", compared)
    assert result.exit_code == 0, result.output
    assert {path.name for path in out.iterdir()} == PICTURES | {"sensitivity_radius.png"}
    for path in out.iterdir():
        assert f"{path}: " in result.stdout
    assert "have no pictures: drawn are marks" in result.stdout
    before = {path: path.stat().st_mtime_ns for path in out.iterdir()}
    refused = evaluate(run, "--figures", out)
    assert refused.exit_code == 2
    assert "exists already" in refused.stderr
    assert refused.stdout == ""
    assert before == {path: path.stat().st_mtime_ns for path in out.iterdir()}


def test_json_stays_alone_on_standard_output_and_force_replaces(run: Path, tmp_path: Path) -> None:
    (tmp_path / "losses.png").write_text("old")
    (tmp_path / "mine.txt").write_text("mine")
    result = evaluate(run, "--figures", tmp_path, "--force", "--json")
    assert result.exit_code == 0, result.output
    assert "mof" in json.loads(result.stdout)
    assert f"{tmp_path / 'losses.png'}: losses per epoch" in result.stderr
    assert "no pictures of how settings matter: vasot compare measures that" in result.stderr
    assert (tmp_path / "losses.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_a_method_that_only_aligns_has_no_picture_of_segments(run: Path, compared: Path, tmp_path: Path) -> None:
    fit(run.parent / "data", method="vaot", output=tmp_path / "run", **tiny("vaot"))
    result = evaluate(tmp_path / "run", "--figures", tmp_path / "out", "--compared", compared)
    assert result.exit_code == 0, result.output
    assert {path.name for path in (tmp_path / "out").iterdir()} == PICTURES - {"segments.png"}
    assert "no picture of segments: method 'vaot' does not segment" in result.stdout
    assert "no setting was given three values on these recordings" in result.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--compared", "nowhere"], "give --figures OUT as well"),
        (["--force"], "give --figures OUT as well"),
        (["--figures", "out", "--compared", "nowhere"], "nowhere holds no results of vasot compare"),
    ],
)
def test_options_that_would_do_nothing_are_refused(run: Path, words: list[str], message: str) -> None:
    result = evaluate(run, *words)
    assert result.exit_code == 2
    assert message in result.stderr
