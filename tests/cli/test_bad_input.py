"""What a user can get wrong ends with one line on standard error, exit code 2, and nothing written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from made_data import tiny_data
from vasot.cli.main import app
from vasot.datasets.synthetic import write_dataset

TINY = ["--set", "epochs=2", "--set", "frames_per_clip=12", "--set", "radius=0.1", "--set", "hidden_sizes=[16]"]
FEW_STARTS = ["--set", "starts=1", "--set", "start_rounds=0"]
Words = Sequence[object]


def run(words: Words) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(word) for word in words])
    return result.exit_code, result.stdout, result.stderr


def snapshot(folder: Path) -> dict[Path, bytes | None]:
    return {path: path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


def assert_refused(words: Words, folder: Path, *said: str) -> None:
    before = snapshot(folder)
    code, out, err = run(words)
    assert code == 2, (code, out, err)
    assert err.startswith("error: ")
    assert len(err.splitlines()) == 1
    assert out == ""
    for part in said:
        assert part in err
    assert snapshot(folder) == before


def save(path: Path, n_frames: int = 20, width: int = 4, seed: int = 0) -> np.ndarray:
    path.parent.mkdir(parents=True, exist_ok=True)
    array = np.random.default_rng(seed).standard_normal((n_frames, width)).astype(np.float32)
    np.save(path, array)
    return array


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two good recordings of 20 frames."""
    for seed, name in enumerate("ab"):
        save(tmp_path / "data" / f"{name}.npy", seed=seed)
    return tmp_path / "data"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs ``vaot``, ``asot`` and ``vasot`` on the recordings in ``made``."""
    folder = tmp_path_factory.mktemp("runs")
    write_dataset(tiny_data(), folder / "made")
    for method in ("vaot", "asot", "vasot"):
        actions = [] if method == "vaot" else ["-k", "3", *FEW_STARTS]
        code, _, err = run(["fit", folder / "made", "-o", folder / method, "--method", method, *actions, *TINY])
        assert code == 0, err
    return folder


def fit(data: Path, *more: object) -> Words:
    return ["fit", data, "-k", "3", "-o", data.parent / "run", *TINY, *FEW_STARTS, *more]


def test_an_empty_or_absent_folder(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert_refused(fit(tmp_path / "empty"), tmp_path, str(tmp_path / "empty"))
    assert_refused(fit(tmp_path / "absent"), tmp_path, "there is no such folder")


def test_a_single_recording_suffices_for_asot_only(data: Path) -> None:
    (data / "b.npy").unlink()
    for method in (["--method", "vasot"], []):
        assert_refused(fit(data, *method), data.parent, "one recording", "at least two", "--method asot")
    vaot = ["fit", data, "-o", data.parent / "run", "--method", "vaot"]
    assert_refused(vaot, data.parent, "one recording", "at least two")
    assert run(fit(data, "--method", "asot"))[0] == 0


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_not_a_number_or_infinity(data: Path, value: float) -> None:
    array = save(data / "b.npy")
    array[[7, 9], 2] = value
    np.save(data / "b.npy", array)
    assert_refused(fit(data), data.parent, str(data / "b.npy"), "frame 7", "2 of 20 frames")


def test_all_zero_frames_are_allowed(data: Path) -> None:
    array = save(data / "b.npy")
    array[5:9] = 0
    np.save(data / "b.npy", array)
    assert run(fit(data))[0] == 0


def test_recordings_of_one_frame_beside_longer_ones_are_allowed(data: Path) -> None:
    save(data / "c.npy", 1)
    assert run(fit(data))[0] == 0


def test_recordings_of_one_frame_only_have_too_few_frames_for_actions(data: Path) -> None:
    for name in "ab":
        save(data / f"{name}.npy", 1)
    assert_refused(fit(data), data.parent, "3 actions but no recording has more than 1 frame")


def test_feature_vectors_of_different_width(data: Path) -> None:
    save(data / "b.npy", width=5)
    assert_refused(fit(data), data.parent, str(data / "a.npy"), str(data / "b.npy"), "has 4", "has 5")


def test_more_actions_than_frames(data: Path) -> None:
    assert_refused(fit(data, "--set", "actions=21"), data.parent, "21 actions", "more than 20 frames")


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("epoch=3", "did you mean 'epochs'"),
        ("epochs=0", "setting epochs = 0"),
        ("epochs=soon", "setting epochs = 'soon'"),
        ("alpha=2", "setting alpha = 2"),
        ("learning_rate=nan", "setting learning_rate = nan"),
        ("epsilon=inf", "setting epsilon = inf"),
        ("virtual_mass=third", "virtual_mass"),
        ("frames_per_clip=1", "setting frames_per_clip = 1"),
        ("validation_share=1", "setting validation_share = 1"),
        ("validation_share=0.5", "validation_share 0.5"),
        ("epochs", "write it as key=value"),
        ("force=true", "it is no setting; give --force"),
        ("data=elsewhere", "it is no setting; give the folder behind fit"),
        ("rate_hz=0", "rate_hz is 0"),
        ("actions=0", "setting actions = 0"),
    ],
)
def test_settings_that_are_unknown_or_do_not_fit(data: Path, word: str, said: str) -> None:
    assert_refused(fit(data, "--set", word), data.parent, said)


def test_an_unknown_key_in_the_config_of_a_run(runs: Path, tmp_path: Path) -> None:
    for name in ("config.toml", "model.safetensors"):
        (tmp_path / name).write_bytes((runs / "vasot" / name).read_bytes())
    text = (tmp_path / "config.toml").read_text()
    (tmp_path / "config.toml").write_text(text.replace("epochs = 2", "epoks = 2"))
    assert_refused(["evaluate", tmp_path], tmp_path, str(tmp_path / "config.toml"), "did you mean 'epochs'")


def test_an_existing_run_without_force_or_resume(runs: Path) -> None:
    words = ["fit", runs / "made", "-k", "3", "-o", runs / "vasot"]
    assert_refused(words, runs, "holds a run already", "--force", "--resume")
    assert_refused([*words, "--force", "--resume"], runs, "give one of them")
    assert_refused([*words, "--resume", "--set", "seed=9"], runs, "seed is 9")


def test_a_folder_that_is_no_run(data: Path) -> None:
    for more in ([], ["--force"]):
        assert_refused(["fit", data, "-k", "3", "-o", data, *more], data.parent, "is not a run of vasot")
    assert_refused(["evaluate", data], data.parent, "is not a run of vasot")
    assert_refused(["fit", data, "-k", "3", "-o", data / "new", "--resume"], data.parent, "no run to resume")


def test_an_output_below_a_file(data: Path) -> None:
    assert_refused(["fit", data, "-k", "3", "-o", data / "a.npy" / "run", *TINY], data.parent, "a.npy")
    assert_refused(["demo", "-o", data / "a.npy"], data.parent, "a.npy")


@pytest.mark.parametrize("content", [b"", b"not an array", b"\x93NUMPY\x01\x00"])
def test_an_unreadable_file(data: Path, content: bytes) -> None:
    (data / "b.npy").write_bytes(content)
    assert_refused(fit(data), data.parent, str(data / "b.npy"))


def test_ground_truth_of_another_length_is_cut_only_when_asked_to(data: Path) -> None:
    root = data.parent / "labelled"
    for seed, name in enumerate("ab"):
        save(root / "features" / f"{name}.npy", seed=seed)
        (root / "groundTruth").mkdir(exist_ok=True)
        (root / "groundTruth" / name).write_text("sit\n" * (20 if name == "a" else 18))
    assert_refused(fit(root), data.parent, "20 frames", "18 labels", "--trim")
    assert run(fit(root, "--trim"))[0] == 0


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--preset", "brekfast"], "no preset 'brekfast'; did you mean 'breakfast'"),
        (["--method", "vasott"], "no method named 'vasott'; did you mean 'vasot'"),
    ],
)
def test_unknown_names_and_options_without_meaning(data: Path, more: list[str], said: str) -> None:
    assert_refused(fit(data, *more), data.parent, said)


def test_a_number_of_actions_for_a_method_that_does_not_segment(data: Path) -> None:
    words = ["fit", data, "-k", "3", "-o", data.parent / "run", "--method", "vaot"]
    assert_refused(words, data.parent, "method 'vaot' does not segment, so --actions has no meaning")


def test_no_number_of_actions(data: Path) -> None:
    assert_refused(["fit", data, "-o", data.parent / "run"], data.parent, "needs the number of actions: --actions K")


def test_an_unknown_class_to_exclude(runs: Path, tmp_path: Path) -> None:
    words = ["fit", runs / "made", "-k", "3", "-o", tmp_path / "run", "--set", "exclude=backgrund"]
    assert_refused(words, tmp_path, "'backgrund'", "did you mean 'background'")
    assert_refused(["evaluate", runs / "vasot", "--exclude", "backgrund"], runs, "did you mean 'background'")


def test_an_unknown_scope(runs: Path) -> None:
    assert_refused(["evaluate", runs / "vasot", "--scope", "film"], runs, "scope is 'film'")


def test_an_unknown_protocol_and_a_split_that_does_not_fit(runs: Path, tmp_path: Path) -> None:
    words = ["evaluate", runs / "vasot", "--protocol"]
    assert_refused([*words, "heldout"], runs, "no protocol 'heldout'; did you mean 'held-out'")
    names = tmp_path / "test.bundle"
    assert_refused([*words, "held-out", "--scored", names], runs, str(names), "cannot be read")
    names.write_text("recording_9.txt\n")
    assert_refused([*words, "held-out", "--scored", names], runs, "no labelled recording")
    names.write_text("\n".join(path.name for path in (runs / "made" / "features").iterdir()))
    assert_refused([*words, "held-out", "--scored", names], runs, "no recording to fit on")
    assert_refused([*words, "paper", "--scored", names], runs, "protocol 'paper' fits on the recordings that it scores")


def test_a_task_the_method_does_not_have(runs: Path, tmp_path: Path) -> None:
    a, b = sorted((runs / "made" / "features").iterdir())[:2]
    assert_refused(["segment", runs / "vaot", a, "-o", tmp_path / "out"], tmp_path, "'vaot' cannot segment")
    assert_refused(["align", runs / "asot", a, b, "-o", tmp_path / "out"], tmp_path, "'asot' cannot align")


def test_features_of_another_width_than_the_models(runs: Path, tmp_path: Path) -> None:
    wide = tmp_path / "wide.npy"
    save(wide, width=5)
    good = next((runs / "made" / "features").iterdir())
    said = (str(wide), "5 features per frame", "trained on 8")
    assert_refused(["segment", runs / "vasot", wide, "-o", tmp_path / "out"], tmp_path, *said)
    assert_refused(["segment", runs / "vasot", good, wide, "-o", tmp_path / "out"], tmp_path, *said)
    assert_refused(["align", runs / "vasot", good, wide, "-o", tmp_path / "out"], tmp_path, *said)


def test_inputs_that_are_missing_or_too_many(runs: Path, tmp_path: Path) -> None:
    out = ["-o", tmp_path / "out"]
    a = next((runs / "made" / "features").iterdir())
    assert_refused(["segment", runs / "vasot", tmp_path / "absent.npy", *out], tmp_path, "absent.npy")
    assert_refused(["align", runs / "vasot", a, tmp_path / "absent.npy", *out], tmp_path, "absent.npy")
    assert_refused(["align", runs / "vasot", a, runs / "made", *out], tmp_path, "or two array files")


def test_data_without_labels_are_not_scored(runs: Path, tmp_path: Path) -> None:
    save(tmp_path / "plain" / "a.npy", width=8)
    assert_refused(["evaluate", runs / "vasot", tmp_path / "plain"], tmp_path, "1 of 1 recording without ground truth")


def test_debug_shows_the_traceback_before_the_line(data: Path) -> None:
    words: Callable[..., Words] = fit
    code, _, err = run(words(data, "--set", "epoch=3", "--debug"))
    assert code == 2
    assert err.startswith("Traceback")
    assert err.splitlines()[-1].startswith("error: ")
