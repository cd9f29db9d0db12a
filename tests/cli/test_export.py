from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from made_data import tiny, tiny_data
from vasot.cli.main import app
from vasot.datasets.synthetic import write_dataset
from vasot.training.corrections import Stretch, save_segments
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


def test_exports_use_corrections_unless_predictions_are_asked_for(run: Path, tmp_path: Path) -> None:
    file = sorted((run.parent / "data" / "features").iterdir())[0]
    size = load(run).segment(file).labels.size
    save_segments(run / "corrections", file.stem, [Stretch(0, 4, 2), Stretch(4, size, 0)], size, 3)

    def starts(name: str, *options: str) -> list[str]:
        result = vasot("export", run, "--format", "csv", "-o", tmp_path / name, *options)
        assert result.exit_code == 0, result.output
        with (tmp_path / name / "segments.csv").open(newline="", encoding="utf-8") as table:
            return [row["start_frame"] for row in csv.DictReader(table) if row["recording"] == file.stem]

    try:
        assert starts("corrected") == ["0", "4"]
        predicted = [str(segment.start_frame) for segment in load(run).segment(file).segments()]
        assert starts("predicted", "--predicted") == predicted != ["0", "4"]
    finally:
        shutil.rmtree(run / "corrections")


def test_exported_segments_that_are_imported_as_truth_score_perfectly(run: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(run.parent / "data" / "features", data / "features")
    assert vasot("export", run, "--format", "eaf", "-o", tmp_path / "out", "--predicted").exit_code == 0
    files = sorted((tmp_path / "out").iterdir())
    words = ("import", *files, "--into", data, "--rate", 10)
    first = vasot(*words)
    assert first.exit_code == 0, first.output
    assert "0 of" not in first.stdout
    again = vasot(*words)
    assert (again.exit_code, "exists already" in again.stderr) == (2, True)
    assert vasot("name", run, 0, "push & pull").exit_code == 0
    try:
        report = json.loads(vasot("evaluate", run, data, "--json").stdout)
        listing = vasot("evaluate", run, data).stdout
    finally:
        (run / "names.toml").unlink()
    assert report["mof"] == pytest.approx(1.0)
    assert report["action_names"] == ["push & pull", "action_1", "action_2"]
    assert "actions of all: push & pull = action_0, action_1 = action_1, action_2 = action_2" in listing


def test_gaps_in_an_imported_annotation_are_left_out_of_scoring(run: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(run.parent / "data" / "features", data / "features")
    for file in sorted((data / "features").iterdir()):
        (tmp_path / f"{file.stem}.csv").write_text("start,end,label\n0.5,1,x\n")
    files = sorted(tmp_path.glob("*.csv"))
    one = vasot("import", files[0], "--into", data, "--rate", 10)
    assert f"{len(files) - 1} of {len(files)} have no ground truth yet" in one.stdout
    assert vasot("import", *files[1:], "--into", data, "--rate", 10).exit_code == 0
    text = vasot("evaluate", run, data).stdout
    assert "1 class," in text
    assert "left out: unlabelled" in text


def test_import_into_a_run_finds_its_recordings_and_names_the_nearest(run: Path, tmp_path: Path) -> None:
    stem = sorted((run.parent / "data" / "features").iterdir())[0].stem
    file = tmp_path / f"{stem}x.csv"
    file.write_text("start,end,label\n0.5,1,x\n")
    result = vasot("import", file, "--into", run)
    assert result.exit_code == 2
    assert f"there is no recording '{stem}x' in the data; did you mean" in result.stderr
    assert "exists already" in vasot("import", file, "--into", run, "--recording", stem).stderr
