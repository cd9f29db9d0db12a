from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.image import imread
from typer.testing import CliRunner, Result

from made_data import tiny
from vasot.cli.main import app
from vasot.datasets.base import Dataset
from vasot.datasets.planted import PLANTS, plant
from vasot.datasets.synthetic import SyntheticData, SyntheticSettings, make_dataset, write_dataset
from vasot.export.deviations import DeviationsDocument
from vasot.training.model import fit

N_REFERENCES, N_TRAINING = 4, 8
SETTINGS = SyntheticSettings(
    n_recordings=N_TRAINING + len(PLANTS) - 1,
    n_actions=5,
    n_features=24,
    mean_frames=20,
    order_variation=0,
    omission=0,
    repetition=0,
    background=0.1,
    speed_variation=0.05,
    seed=4,
)
QUICK: dict[str, Any] = {
    "epochs": 12,
    "frames_per_clip": 48,
    "embedding_size": 16,
    "hidden_sizes": (48,),
    "clips_per_step": 4,
    "learning_rate": 6e-3,
    "action_penalty": 0.03,
    "starts": 2,
    "start_rounds": 1,
}
STEP_PLANTS = tuple(kind for kind in PLANTS if kind != "unmatched")
"""Foreign frames need a model that was trained for longer; they are planted in test_findings.py."""

NAMES = [f"recording_{number:02d}" for number in range(1, N_TRAINING + 1)]
REFERENCES = [word for name in NAMES[:N_REFERENCES] for word in ("--reference", name)]


def vasot(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run in ``run`` of 8 recordings of 5 steps in order, and others in ``planted`` with one deviation each."""
    folder = tmp_path_factory.mktemp("deviate")
    made = make_dataset(SETTINGS)
    training = Dataset("made", made.dataset.recordings[:N_TRAINING], made.dataset.class_names)
    write_dataset(SyntheticData(SETTINGS, training, made.truth[:N_TRAINING]), folder / "data")
    (folder / "planted").mkdir()
    generator = np.random.default_rng(0)
    others = zip(made.dataset.recordings[N_TRAINING:], made.truth[N_TRAINING:], strict=True)
    for kind, (recording, truth) in zip(STEP_PLANTS, others, strict=True):
        np.save(folder / "planted" / f"{kind}.npy", plant(kind, recording.track.features, truth, generator).features)
    fit(folder / "data", output=folder / "run", actions=5, rate_hz=10.0, **QUICK)
    return folder


@pytest.fixture(scope="module")
def found(place: Path) -> Path:
    """What the command writes for all planted recordings and two of the run's own."""
    planted = sorted((place / "planted").iterdir())
    result = vasot("deviate", place / "run", *planted, *NAMES[6:8], *REFERENCES, "-o", place / "out")
    assert result.exit_code == 0, result.output
    (place / "said.txt").write_text(result.stdout)
    return place / "out"


def test_every_planted_deviation_is_told_by_its_kind(found: Path) -> None:
    kinds: dict[str, set[str]] = {}
    for row in rows(found / "deviations.csv"):
        kinds.setdefault(row["recording"], set()).add(row["kind"])

    assert kinds == {kind: {kind} for kind in STEP_PLANTS}


def test_the_summary_has_one_line_per_recording_with_its_score(found: Path) -> None:
    summary = {row["recording"]: row for row in rows(found / "summary.csv")}

    assert list(summary)[-2:] == NAMES[6:8]
    assert all(float(summary[name]["score"]) == 0 == int(summary[name]["deviations"]) for name in NAMES[6:8])
    assert all(float(summary[kind]["score"]) > 0 < int(summary[kind][kind]) for kind in STEP_PLANTS)


def test_frames_and_seconds_agree_in_both_recordings(found: Path) -> None:
    for row in rows(found / "deviations.csv"):
        for end in ("start", "end"):
            assert float(row[f"{end}_seconds"]) == pytest.approx(int(row[f"{end}_frame"]) / 10)
            assert float(row[f"reference_{end}_seconds"]) == pytest.approx(int(row[f"reference_{end}_frame"]) / 10)
        assert row["reference"] in NAMES[:N_REFERENCES]
        assert 0.5 <= float(row["confidence"]) <= 1
        assert row["unit"] == "seconds"
        assert (row["ratio"] != "") == (row["kind"] in ("slow", "fast"))


def test_the_document_fits_its_schema_and_says_what_the_tables_say(found: Path) -> None:
    document = DeviationsDocument.model_validate_json((found / "deviations.json").read_text())

    told = [(each.recording.name, one.kind, one.confidence) for each in document.recordings for one in each.deviations]
    table = [(row["recording"], row["kind"], float(row["confidence"])) for row in rows(found / "deviations.csv")]
    assert told == table
    assert [each.name for each in document.references] == NAMES[:N_REFERENCES]
    assert all(part.fewest == part.most == 1 and part.usual_length for part in document.norm)


def test_the_shipped_schema_is_that_of_the_document() -> None:
    from vasot.export import deviations

    shipped = Path(deviations.__file__).with_name("deviations.schema.json")
    assert json.loads(shipped.read_text(encoding="utf-8")) == DeviationsDocument.model_json_schema()


def test_the_command_says_in_words_what_deviates(found: Path) -> None:
    said = (found.parent / "said.txt").read_text()

    assert "is missing (usually " in said
    assert "times as long as usual" in said
    assert f"{NAMES[7]}: score 0.00, unlikeness " in said


def test_a_single_reference_is_enough_where_the_run_has_other_recordings(place: Path, tmp_path: Path) -> None:
    words = [place / "planted" / "missing.npy", NAMES[7], "--reference", NAMES[0], "-o", tmp_path]

    assert vasot("deviate", place / "run", *words).exit_code == 0
    assert [(row["recording"], row["kind"]) for row in rows(tmp_path / "deviations.csv")] == [("missing", "missing")]


@pytest.mark.parametrize("own", ["features/recording_01.npy", "recording_01"])
def test_a_reference_is_not_held_against_itself(place: Path, tmp_path: Path, own: str) -> None:
    word = place / "data" / own if "/" in own else own

    result = vasot("deviate", place / "run", word, *REFERENCES, "-o", tmp_path)

    assert result.exit_code == 2
    assert "leave it out of one of them" in result.stderr or "are the same recording" in result.stderr
    assert not list(tmp_path.iterdir())


def test_one_reference_of_a_run_with_nothing_else_is_too_little(place: Path, tmp_path: Path) -> None:
    result = vasot("deviate", place / "run", "recording_0[2-8]", "--reference", NAMES[0], "-o", tmp_path)

    assert result.exit_code == 2
    assert "learned from at least two other recordings of the run, and there are 0" in result.stderr


def test_a_pattern_names_several_recordings(place: Path, tmp_path: Path) -> None:
    words = ["recording_0[5-7]", "--reference", "recording_0[1-4]"]

    assert vasot("deviate", place / "run", *words, "-o", tmp_path).exit_code == 0
    assert [row["recording"] for row in rows(tmp_path / "summary.csv")] == NAMES[4:7]


def test_an_unknown_name_is_told_before_anything_is_read(place: Path, tmp_path: Path) -> None:
    result = vasot("deviate", place / "run", "recordin_05", *REFERENCES, "-o", tmp_path)

    assert result.exit_code == 2
    assert "neither a recording of the run nor a file; did you mean 'recording_05'?" in result.stderr


def test_what_an_earlier_call_wrote_stays(found: Path, place: Path) -> None:
    before = (found / "summary.csv").read_bytes()

    result = vasot("deviate", place / "run", NAMES[4], *REFERENCES, "-o", found)

    assert result.exit_code == 2
    assert "use --force" in result.stderr
    assert (found / "summary.csv").read_bytes() == before


@pytest.mark.parametrize("method", ["asot", "vaot"])
def test_a_method_that_gives_one_answer_only_is_refused(place: Path, tmp_path: Path, method: str) -> None:
    fit(place / "data", output=tmp_path / "run", method=method, **tiny(method, epochs=1))

    result = vasot("deviate", tmp_path / "run", NAMES[4], *REFERENCES, "-o", tmp_path / "out")

    assert result.exit_code == 2
    assert f"method '{method}' cannot" in result.stderr


def test_progress_is_told_for_every_frame_of_a_run_of_features(place: Path, tmp_path: Path) -> None:
    result = vasot("progress", place / "run", NAMES[0], place / "planted" / "slow.npy", "-o", tmp_path)

    assert result.exit_code == 0, result.output
    assert imread(tmp_path / "slow.progress.png").std() > 0.05
    table = rows(tmp_path / f"{NAMES[0]}.progress.csv")
    fraction = np.array([float(row["fraction"]) for row in table])
    assert len(table) == np.load(place / "data" / "features" / f"{NAMES[0]}.npy").shape[0]
    assert (np.diff(fraction) >= 0).all()
    # All recordings have the same steps at nearly the same pace.
    assert np.abs(fraction - (np.arange(fraction.size) + 0.5) / fraction.size).mean() < 0.05
    assert float(table[0]["remaining_seconds"]) == pytest.approx(10, abs=2.5)
    assert {row["action"] for row in table} == {"0", "1", "2", "3", "4"}


def test_progress_needs_no_segments(place: Path, tmp_path: Path) -> None:
    fit(place / "data", output=tmp_path / "run", method="vaot", **tiny("vaot", epochs=1))

    assert vasot("progress", tmp_path / "run", NAMES[0], "-o", tmp_path).exit_code == 0
    assert {row["action"] for row in rows(tmp_path / f"{NAMES[0]}.progress.csv")} == {""}


def test_progress_needs_alignments(place: Path, tmp_path: Path) -> None:
    fit(place / "data", output=tmp_path / "run", method="asot", **tiny("asot", epochs=1))

    result = vasot("progress", tmp_path / "run", NAMES[0], "-o", tmp_path)

    assert result.exit_code == 2
    assert "method 'asot' cannot align" in result.stderr
