"""``--dataset`` of check, fit, segment and evaluate, and one run for each activity."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from made_published import MINIATURES
from vasot.cli.main import app
from vasot.datasets.reading import Reading
from vasot.training.activities import read_activities
from vasot.training.folder import RunFolder

TINY = ["--set", "epochs=1", "--set", "frames_per_clip=8", "--set", "radius=0.2", "--set", "hidden_sizes=[8]"]
TINY += ["--set", "starts=1", "--set", "start_rounds=0", "--method", "asot"]


@pytest.fixture(autouse=True)
def own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VASOT_CACHE", str(tmp_path / "cache"))


def vasot(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def made(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture(scope="module")
def breakfast(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``data``; ``run`` with a model of each of its two activities; what was said in ``said.txt``."""
    folder = tmp_path_factory.mktemp("breakfast")
    MINIATURES["breakfast"](folder / "data")
    words = ["fit", folder / "data", "--dataset", "breakfast", "-o", folder / "run", *TINY]
    (folder / "said.txt").write_text(made(vasot(*words)))
    return folder


def test_check_says_what_is_expected_and_what_is_there(tmp_path: Path) -> None:
    result = vasot("check", MINIATURES["gtea"](tmp_path / "data"), "--dataset", "gtea")
    assert result.exit_code == 1
    assert "GTEA, as offered at: Georgia Tech Egocentric Activity datasets" in result.stdout
    assert "groundTruth/NAME or NAME.txt  one class name per line" in result.stdout
    assert "features/  arrays: 3 of 28" in result.stdout
    assert "mapping/mapping.txt  class lists: 1, optional" in result.stdout
    assert "warning: features/: 3 arrays, the published data set has 28" in result.stdout
    assert "--dataset gtea -o RUN" in result.stdout


def test_check_fails_where_a_required_part_is_missing(tmp_path: Path) -> None:
    folder = MINIATURES["ikea-asm"](tmp_path / "data")
    (folder / "gt_segments.json").unlink()
    result = vasot("check", folder, "--dataset", "ikea-asm", "--json")
    assert result.exit_code == 2
    facts = json.loads(result.stdout)
    assert {part["place"]: part["found"] for part in facts["parts"]}["gt_segments.json"] == 0
    assert "no annotations at gt_segments.json" in facts["findings"][0]["text"]


def test_check_plans_with_what_the_preset_learns_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    planned: list[str] = []

    def plan(_data: Path, reading: Reading, _method: str) -> None:
        planned.append(reading.features)

    monkeypatch.setattr("vasot.cli.check._plan", plan)
    folder = MINIATURES["ikea-asm"](tmp_path / "data")
    vasot("check", folder, "--dataset", "ikea-asm")
    vasot("check", folder, "--dataset", "ikea-asm", "--features", "motion")
    vasot("check", MINIATURES["gtea"](tmp_path / "gtea"), "--dataset", "gtea")
    assert planned == ["pixels", "motion", "auto"]


def test_a_mistyped_data_set_is_told(tmp_path: Path) -> None:
    result = vasot("fit", tmp_path, "--dataset", "brekfast", "-o", tmp_path / "run")
    assert result.exit_code == 2
    assert "did you mean 'breakfast'" in result.stderr


def test_fit_trains_a_model_for_each_activity_with_its_own_number_of_actions(breakfast: Path) -> None:
    said = (breakfast / "said.txt").read_text()
    assert "one model for each of 2 activities (coffee, tea); not there: cereals, milk" in said
    assert "Breakfast: settings start from preset breakfast" in said
    for activity, actions in (("coffee", 7), ("tea", 7)):
        config = RunFolder(breakfast / "run" / activity).read_config()
        assert config.settings.model_dump()["actions"] == actions
        assert config.settings.alpha == 0.5
        assert config.settings.epochs == 1
        assert config.data.activity == activity
        assert all(name.endswith(activity) for name in config.recordings)
    rows = read_activities(breakfast / "run")
    assert [(row.activity, row.actions, row.recordings) for row in rows] == [("coffee", 7, 2), ("tea", 7, 2)]


def test_evaluate_gives_each_activity_and_their_mean_and_keeps_the_table(breakfast: Path) -> None:
    facts = json.loads(made(vasot("evaluate", breakfast / "run", "--json")))
    values = [facts["activities"][activity]["mof"] for activity in ("coffee", "tea")]
    assert facts["mof"] == pytest.approx(sum(values) / 2)
    with (breakfast / "run" / "evaluation.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["activity"], row["prediction"]) for row in rows[:3]] == [
        ("coffee", "model"),
        ("tea", "model"),
        ("mean", "model"),
    ]
    assert {row["prediction"] for row in rows[3:]} == set(facts["trivial"]) > {"one_label", "time"}
    assert facts["activities"]["tea"]["protocol"]["name"] == "held-out"
    assert float(rows[2]["miou"]) == facts["miou"]
    said = made(vasot("evaluate", breakfast / "run", "--activity", "tea"))
    assert said.splitlines()[1].split()[:2] == ["asot", f"{100 * values[1]:.1f}"]
    assert "breakfast tea: 2 recordings" in said
    # One of the two is of a person whom the first of the four published folds tests on, the other of the last.
    assert "never score what they are fitted on, 2 folds of the data set's own split;" in said


def test_resume_trains_only_activities_that_are_not_finished(breakfast: Path) -> None:
    words = ["fit", breakfast / "data", "--dataset", "breakfast", "-o", breakfast / "run", *TINY]
    coffee, tea = (RunFolder(breakfast / "run" / activity) for activity in ("coffee", "tea"))
    before = coffee.weights.stat().st_mtime_ns
    weights = tea.weights.read_bytes()
    tea.weights.unlink()
    refused = vasot(*words)
    assert refused.exit_code == 2
    assert "go on with --resume" in refused.stderr
    said = made(vasot(*words, "--resume"))
    assert "trained before: coffee" in said
    assert coffee.weights.stat().st_mtime_ns == before
    assert tea.weights.read_bytes() == weights
    made(vasot(*words, "--force"))
    assert coffee.weights.stat().st_mtime_ns > before


def test_a_folder_of_something_else_is_not_written(breakfast: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    words = ["fit", breakfast / "data", "--dataset", "breakfast", "-o", tmp_path, *TINY]
    for extra in ([], ["--force"], ["--resume"]):
        assert vasot(*words, *extra).exit_code == 2
    assert [file.name for file in tmp_path.iterdir()] == ["notes.txt"]


def test_one_activity_is_an_ordinary_run_and_segments_others_by_name(breakfast: Path, tmp_path: Path) -> None:
    words = ["fit", breakfast / "data", "--dataset", "breakfast", "--activity", "tea"]
    made(vasot(*words, "-k", 3, "-o", tmp_path / "run", *TINY))
    assert RunFolder(tmp_path / "run").read_config().settings.model_dump()["actions"] == 3
    words = ["segment", tmp_path / "run", breakfast / "data", "--dataset", "breakfast", "--subset", "s4.test"]
    made(vasot(*words, "-o", tmp_path / "out"))
    assert [file.name for file in (tmp_path / "out").glob("*.csv")] == ["P54_stereo01_P54_tea.segments.csv"]


def test_background_is_left_out_of_scoring_unless_told_otherwise(tmp_path: Path) -> None:
    folder = MINIATURES["youtube-instructions"](tmp_path / "data")
    words = ["fit", folder, "--dataset", "youtube-instructions", "--activity", "cpr", *TINY]
    said = made(vasot(*words, "-o", tmp_path / "run"))
    assert "left out of scoring: bg" in said
    facts = json.loads(made(vasot("evaluate", tmp_path / "run", "--json")))
    assert facts["excluded_classes"] == ["bg"]
    assert facts["n_classes"] == 2
    made(vasot(*words, "--set", "exclude=", "-o", tmp_path / "all"))
    assert RunFolder(tmp_path / "all").read_config().data.exclude == ()


def test_videos_of_a_data_set_are_learned_from_and_scored(tmp_path: Path) -> None:
    folder = MINIATURES["penn-action"](tmp_path / "data")
    words = ["fit", folder, "--dataset", "penn-action", "--activity", "bowl", "--fps", 25, *TINY]
    words += ["--set", "encoder=mlp", "--features", "motion"]
    said = made(vasot(*words, "-o", tmp_path / "run"))
    assert "penn-action bowl: 2 recordings, 24 to 24 frames" in said
    facts = json.loads(made(vasot("evaluate", tmp_path / "run", "--json")))
    assert facts["n_actions"] == 3
    assert facts["n_classes"] == 2
    assert "stored        2 recordings" in made(vasot("info", tmp_path / "run"))
