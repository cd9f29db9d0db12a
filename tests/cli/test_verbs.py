from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from made_data import tiny_data
from vasot.cli.main import app
from vasot.datasets.synthetic import write_dataset
from vasot.methods.presets import preset_text
from vasot.training.model import load

TINY = ["--set", "epochs=2", "--set", "frames_per_clip=12", "--set", "radius=0.1", "--set", "hidden_sizes=[16]"]
FEW_STARTS = ["--set", "starts=1", "--set", "start_rounds=0"]
METRICS = {"mof", "f1", "f1_ceiling", "miou", "class_recall", "f1@10", "f1@25", "f1@50", "edit"}


def vasot(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def done(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with made recordings in ``data`` and a run trained on them in ``run``."""
    folder = tmp_path_factory.mktemp("verbs")
    write_dataset(tiny_data(), folder / "data")
    text = done(
        vasot(
            "fit",
            folder / "data",
            "-k",
            "3",
            "-o",
            folder / "run",
            "--rate",
            "10",
            "--set",
            "exclude=background",
            *TINY,
            *FEW_STARTS,
        )
    )
    (folder / "said.txt").write_text(text)
    return folder


def features(place: Path) -> list[Path]:
    return sorted((place / "data" / "features").iterdir())


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_fit_says_what_it_reads_does_and_writes(place: Path) -> None:
    said = (place / "said.txt").read_text()
    assert "data: 4 recordings, " in said
    assert "8 features per frame, labels for scoring only" in said
    assert f"method vasot, 3 actions, 2 epochs, seed 0; writes {place / 'run'}" in said
    assert "epoch 2 of 2: loss " in said
    assert "3 actions occur" in said
    assert f"vasot evaluate {place / 'run'}" in said


def test_fit_writes_the_run_folder_with_segments_and_their_picture(place: Path) -> None:
    names = {path.name for path in (place / "run").iterdir()} - {"tensorboard"}
    assert names == {
        "config.toml",
        "model.safetensors",
        "metrics.csv",
        "checkpoints",
        "segments",
        "segments.png",
        "report.html",
    }
    written = {path.name for path in (place / "run" / "segments").iterdir()}
    assert written == {f"{path.stem}.segments.csv" for path in features(place)}


def test_segment_writes_segments_labels_and_a_picture(place: Path, tmp_path: Path) -> None:
    file = features(place)[0]
    text = done(vasot("segment", place / "run", file, "-o", tmp_path / "out"))
    expected = load(place / "run").segment(file)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        f"{file.stem}.{end}" for end in ("segments.csv", "labels.txt", "timeline.png")
    }
    table = rows(tmp_path / "out" / f"{file.stem}.segments.csv")
    labels = (tmp_path / "out" / f"{file.stem}.labels.txt").read_text().splitlines()
    assert labels == [expected.action_names[label] for label in expected.labels]
    assert table[0]["start_frame"] == "0"
    assert int(table[-1]["end_frame"]) == len(labels)
    assert float(table[-1]["end_seconds"]) == pytest.approx(len(labels) / 10)
    assert f"{file.stem}: {len(labels)} frames, {len(table)} segments" in text


def test_segment_takes_several_files_and_folders_and_does_not_overwrite(place: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done(vasot("segment", place / "run", place / "data", "-o", out))
    assert len(list(out.iterdir())) == 3 * len(features(place))
    again = vasot("segment", place / "run", features(place)[1], "-o", out)
    assert again.exit_code == 2
    assert "exists already" in again.stderr
    done(vasot("segment", place / "run", features(place)[1], "-o", out, "--force"))


def test_align_writes_matches_path_and_picture(place: Path, tmp_path: Path) -> None:
    a, b = features(place)[:2]
    text = done(vasot("align", place / "run", a, b, "-o", tmp_path))
    stem = f"{a.stem}_to_{b.stem}"
    assert {path.name for path in tmp_path.iterdir()} == {
        f"{stem}.{end}" for end in ("alignment.csv", "path.csv", "plan.png")
    }
    expected = load(place / "run").align(a, b)
    table = rows(tmp_path / f"{stem}.alignment.csv")
    assert [row["frame_y"] for row in table] == ["" if j < 0 else str(j) for j in expected.matches]
    path = [(int(row["frame_x"]), int(row["frame_y"])) for row in rows(tmp_path / f"{stem}.path.csv")]
    assert path == [(int(i), int(j)) for i, j in expected.path]
    assert f"{(~expected.unmatched_x).sum()} of {len(table)} frames matched" in text


def test_a_recording_can_be_aligned_with_itself(place: Path, tmp_path: Path) -> None:
    a = features(place)[0]
    done(vasot("align", place / "run", a, a, "-o", tmp_path))
    table = rows(tmp_path / f"{a.stem}_to_{a.stem}.alignment.csv")
    close = [abs(int(row["frame_x"]) - int(row["frame_y"])) <= 2 for row in table if row["frame_y"]]
    assert sum(close) > 0.7 * len(table)


def test_evaluate_prints_one_json_object_and_nothing_else(place: Path) -> None:
    result = vasot("evaluate", place / "run", "--json")
    report = json.loads(done(result))
    assert set(report) >= METRICS
    assert set(report["trivial"]) == {"one_label", "equal_parts", "kmeans"}
    for scores in (report, *report["trivial"].values()):
        assert all(0 <= scores[name] <= 1 for name in METRICS)
    assert report["method"] == "vasot"
    assert report["seed"] == 0
    assert report["scope"] == "dataset"
    assert report["excluded_classes"] == ["background"]
    assert json.loads(done(vasot("evaluate", place / "run", "--json"))) == report


def test_evaluate_prints_a_table_beside_trivial_predictions(place: Path) -> None:
    text = done(vasot("evaluate", place / "run"))
    assert [line.split()[0] for line in text.splitlines()[:5]] == [
        "in",
        "vasot",
        "one_label",
        "equal_parts",
        "kmeans",
    ]
    assert "4 recordings, 3 classes, 3 actions, one matching per activity, seed 0, left out: background" in text


def test_evaluate_scores_other_data_with_another_scope_and_other_classes_left_out(place: Path, tmp_path: Path) -> None:
    write_dataset(tiny_data(6), tmp_path / "more")
    words = ("evaluate", place / "run", tmp_path / "more", "--scope", "video", "--exclude", "step 1", "--json")
    report = json.loads(done(vasot(*(word if word != "step 1" else class_name(tmp_path / "more") for word in words))))
    assert (report["n_videos"], report["scope"], report["dataset"]) == (6, "video", "more")
    assert report["excluded_classes"] == [class_name(tmp_path / "more")]


def class_name(data: Path) -> str:
    return (data / "mapping" / "mapping.txt").read_text().splitlines()[1].split(maxsplit=1)[1]


def test_evaluate_says_under_which_protocol_and_leaves_recordings_without_labels_out(
    place: Path, tmp_path: Path
) -> None:
    more = tmp_path / "more"
    write_dataset(tiny_data(6), more)
    labels = sorted((more / "groundTruth").iterdir())
    labels[0].unlink()
    (tmp_path / "test.bundle").write_text(f"{labels[1].name}\n{labels[2].stem}\n")
    words = ("evaluate", place / "run", more, "--stride", "2", "--pairs", "3", "--json")
    split = json.loads(done(vasot(*words, "--scored", tmp_path / "test.bundle")))
    assert split["protocol"]["split"] == {"fitted": 3, "scored": 2}
    report = json.loads(done(vasot(*words, "--protocol", "paper", "--seed", "5")))
    asked = {name: report["protocol"][name] for name in ("name", "seed", "stride", "n_recordings", "n_unlabelled")}
    assert asked == {"name": "paper", "seed": 5, "stride": 2, "n_recordings": 5, "n_unlabelled": 1}
    assert report["phase_agreement"]["n_pairs"] == 3
    assert report["acc@1.0"] != split["acc@1.0"]
    text = done(vasot("evaluate", place / "run", more, "--stride", "2"))
    for said in (
        "Protocol held-out",
        "never score what they are fitted on",
        "every frame in 2",
        "1 recording without",
    ):
        assert said in text


def test_evaluate_works_from_another_folder(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    done(vasot("fit", "data", "-k", "3", "-o", tmp_path / "run", "--method", "asot", *TINY, *FEW_STARTS))
    monkeypatch.chdir(tmp_path)
    assert json.loads(done(vasot("evaluate", "run", "--json")))["method"] == "asot"


def test_presets_are_listed_and_printed() -> None:
    assert done(vasot("presets")).split() == sorted(done(vasot("presets")).split())
    assert done(vasot("presets", "breakfast")).strip() == preset_text("breakfast").strip()


def test_a_vaot_run_aligns_fit_writes_no_segments_and_evaluate_says_so(place: Path, tmp_path: Path) -> None:
    done(vasot("fit", place / "data", "-o", tmp_path / "run", "--method", "vaot", *TINY))
    assert not (tmp_path / "run" / "segments").exists()
    done(vasot("align", tmp_path / "run", *features(place)[:2], "-o", tmp_path / "out"))
    report = json.loads(done(vasot("evaluate", tmp_path / "run", "--json")))
    assert report["mof"] is None
    assert report["reasons"]["mof"] == "method 'vaot' does not segment"
    assert 0 < report["acc@1.0"] <= 1
    assert "mof, f1, f1_ceiling" in done(vasot("evaluate", tmp_path / "run"))


@pytest.mark.usefixtures("hears_interrupts")
def test_an_interrupt_ends_with_130_and_the_run_can_be_resumed(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os
    import signal

    from vasot.training.module import TrainingModule

    plain, seen = TrainingModule.training_step, [0]

    def step(self: TrainingModule, batch: object, index: int) -> object:
        seen[0] += 1
        if seen[0] == 6:
            os.kill(os.getpid(), signal.SIGINT)
        return plain(self, batch, index)  # type: ignore[arg-type]

    monkeypatch.setattr(TrainingModule, "training_step", step)
    words = ("fit", place / "data", "-k", "3", "-o", tmp_path / "run", *TINY, *FEW_STARTS)
    result = vasot(*words)
    assert result.exit_code == 130
    assert result.stderr.splitlines()[-1] == "interrupted"
    assert vasot("evaluate", tmp_path / "run").exit_code == 2
    done(vasot("fit", place / "data", "-o", tmp_path / "run", "--resume"))
    assert [row["epoch"] for row in rows(tmp_path / "run" / "metrics.csv")] == ["1", "2"]


@pytest.mark.data
def test_the_main_job_runs_on_real_recordings(data_root: Path, tmp_path: Path) -> None:
    data = data_root / "breakfast_coffee"
    run, out = tmp_path / "run", tmp_path / "out"
    a, b = (data / "features" / f"{name}_cam01_{name}_coffee.txt" for name in ("P03", "P05"))
    done(vasot("fit", data, "--actions", "7", "--preset", "breakfast", "--set", "epochs=3", "-o", run))
    done(vasot("segment", run, a, "-o", out))
    done(vasot("align", run, a, b, "-o", out))
    assert len(list(out.iterdir())) == 6
    report = json.loads(done(vasot("evaluate", run, "--json")))
    assert set(report) >= METRICS
    assert report["mof"] > report["trivial"]["one_label"]["mof"] * 0.5
    assert report["n_actions"] == 7
