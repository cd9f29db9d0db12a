from __future__ import annotations

import csv
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from made_data import tiny, tiny_data
from vasot.cli.main import app
from vasot.datasets.synthetic import write_dataset
from vasot.training.model import fit, load


def vasot(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exports")
    write_dataset(tiny_data(), folder / "data")
    fit(folder / "data", output=folder / "run", rate_hz=10.0, **tiny())
    return folder / "run"


def test_a_name_is_in_every_output_made_afterwards_and_can_be_removed(run: Path, tmp_path: Path) -> None:
    assert vasot("name", run, 1, 'tighten "screw", é').exit_code == 0
    assert 'tighten "screw", é' in vasot("name", run).stdout
    result = vasot("export", run, "--format", "csv", "-o", tmp_path)
    assert result.exit_code == 0, result.output
    with (tmp_path / "segments.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["recording"] for row in rows} == {path.stem for path in (run.parent / "data" / "features").iterdir()}
    assert {row["action_name"] for row in rows if row["action"] == "1"} == {'tighten "screw", é'}
    assert vasot("name", run, 1, "--remove").exit_code == 0
    assert load(run).names == {}


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ((7, "x"), "there is no action 7"),
        ((0, " "), "one line of text"),
        ((0, "a\nb"), "one line of text"),
        ((0, "action_2"), "action 2 is called 'action_2' already"),
        ((0,), "give a name for action 0"),
        ((0, "--remove"), "has no name to remove"),
    ],
)
def test_a_name_that_cannot_be_used_is_refused(run: Path, words: tuple[object, ...], text: str) -> None:
    result = vasot("name", run, *words)
    assert result.exit_code == 2
    assert text in result.stderr
    assert load(run).names == {}


def test_export_takes_inputs_aligns_and_does_not_overwrite(run: Path, tmp_path: Path) -> None:
    a, b = sorted((run.parent / "data" / "features").iterdir())[:2]
    words = ("export", run, "--format", "csv", "-o", tmp_path, "--input", a, "--input", b, "--align-to", b.stem)
    assert vasot(*words).exit_code == 0
    with (tmp_path / "alignments.csv").open(newline="") as file:
        assert {(row["recording_x"], row["recording_y"]) for row in csv.DictReader(file)} == {(a.stem, b.stem)}
    again = vasot(*words)
    assert again.exit_code == 2
    assert "exists already" in again.stderr
    assert vasot(*words, "--force").exit_code == 0


def test_an_unknown_recording_and_arrays_in_a_format_of_frames_are_refused(run: Path, tmp_path: Path) -> None:
    unknown = vasot("export", run, "--format", "csv", "-o", tmp_path, "--align-to", "none")
    assert "there is no recording 'none'" in unknown.stderr
    arrays = vasot("export", run, "--format", "cvat", "-o", tmp_path)
    assert "is an array of features" in arrays.stderr
    assert (unknown.exit_code, arrays.exit_code, list(tmp_path.iterdir())) == (2, 2, [])
