from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

import vasot
from made_data import TINY, noise, tiny, tiny_data
from vasot.datasets.synthetic import write_dataset
from vasot.errors import DataError, RunFolderError, SettingsError
from vasot.training.model import Model, align, fit, load, segment
from vasot.types import Track

MADE = tiny_data()
DATA = MADE.dataset


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Model, Path]:
    """A model as training left it, and its folder."""
    folder = tmp_path_factory.mktemp("model") / "run"
    return fit(DATA, output=folder, **tiny()), folder


def copied(folder: Path, target: Path) -> Path:
    target.mkdir()
    for name in ("config.toml", "model.safetensors"):
        (target / name).write_bytes((folder / name).read_bytes())
    return target


def test_a_loaded_model_answers_bit_for_bit_as_the_trained_one(run: tuple[Model, Path]) -> None:
    trained, folder = run
    loaded = load(folder)
    assert loaded.config == trained.config
    x, y = DATA.tracks[:2]
    one, two = trained.segment(x), loaded.segment(x)
    assert (one.labels == two.labels).all()
    assert (one.confidence == two.confidence).all()
    a, b = trained.align(x, y), loaded.align(x, y)
    assert (a.plan == b.plan).all()
    assert (a.matches == b.matches).all()
    assert (a.path == b.path).all()


def test_another_process_gives_the_same_answer(run: tuple[Model, Path], tmp_path: Path) -> None:
    trained, folder = run
    np.save(tmp_path / "a.npy", DATA.tracks[0].features)
    code = "import sys, vasot; print(*vasot.segment(sys.argv[1], sys.argv[2]).labels)"
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder), str(tmp_path / "a.npy")], capture_output=True, text=True, check=True
    )
    assert [int(word) for word in done.stdout.split()] == trained.segment(DATA.tracks[0]).labels.tolist()


def test_the_public_names_are_those_of_the_package(run: tuple[Model, Path]) -> None:
    trained, folder = run
    assert (vasot.fit, vasot.load, vasot.segment, vasot.align) == (fit, load, segment, align)
    x, y = DATA.tracks[:2]
    for source in (trained, folder, str(folder)):
        assert (segment(source, x).labels == trained.segment(x).labels).all()
        assert (align(source, x, y).plan == trained.align(x, y).plan).all()


def test_a_recording_may_be_a_track_an_array_or_a_file(run: tuple[Model, Path], tmp_path: Path) -> None:
    model, _ = run
    track = DATA.tracks[0]
    np.save(tmp_path / "saved.npy", track.features)
    expected = model.segment(track).labels
    for source in (track.features, track.features.astype(np.float64), tmp_path / "saved.npy"):
        assert (model.segment(source).labels == expected).all()
    assert model.segment(str(tmp_path / "saved.npy")).name == "saved"


def test_a_whole_data_set_is_refused_where_one_recording_is_asked_for(run: tuple[Model, Path]) -> None:
    with pytest.raises(DataError, match=r"holds several recordings; give one, for example \.tracks\[0\]"):
        run[0].segment(DATA)


def test_without_an_output_nothing_stays_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    model = fit(DATA, **tiny())
    assert model.folder is None
    assert list(tmp_path.iterdir()) == []


def test_a_model_in_memory_can_be_saved_and_loaded(tmp_path: Path) -> None:
    model = fit(DATA, method="asot", **tiny("asot"))
    model.save(tmp_path / "kept")
    assert (load(tmp_path / "kept").segment(DATA.tracks[0]).labels == model.segment(DATA.tracks[0]).labels).all()


def test_the_run_remembers_where_its_data_lie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_dataset(MADE, tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    model = fit("data", rate_hz=10.0, exclude="background", **tiny())
    assert model.config.data.data == str(tmp_path / "data")
    assert model.config.data.exclude == ("background",)
    file = next((tmp_path / "data" / "features").iterdir())
    times = model.segment(file).times_seconds
    assert times is not None
    assert times[:3].tolist() == [0.0, 0.1, 0.2]


def test_the_plan_is_told_before_anything_is_trained(tmp_path: Path) -> None:
    told: list[tuple[str, str, bool]] = []
    fit(
        DATA,
        output=tmp_path / "run",
        on_plan=lambda data, config: told.append((data.name, config.method, (tmp_path / "run").exists())),
        **tiny(),
    )
    assert told == [(DATA.name, "vasot", False)]


@pytest.mark.parametrize("damage", ["cut off", "empty", "not an array file", "missing weight", "other shape", "gone"])
def test_a_tampered_model_file_is_a_clear_error(damage: str, run: tuple[Model, Path], tmp_path: Path) -> None:
    folder = copied(run[1], tmp_path / "run")
    weights = folder / "model.safetensors"
    tensors = load_file(weights)
    if damage in {"missing weight", "other shape"}:
        changed = {**tensors, "actions": torch.zeros(5, 5)} if damage == "other shape" else {}
        save_file(changed, weights)
    elif damage == "gone":
        weights.unlink()
    else:
        content = weights.read_bytes()
        weights.write_bytes({"cut off": content[:-40], "empty": b"", "not an array file": b"x" * 500}[damage])
    with pytest.raises(RunFolderError, match=r"does not fit|has no model yet") as caught:
        load(folder)
    assert str(folder) in str(caught.value)


def test_a_config_that_no_longer_fits_the_weights_is_a_clear_error(run: tuple[Model, Path], tmp_path: Path) -> None:
    folder = copied(run[1], tmp_path / "run")
    text = (folder / "config.toml").read_text()
    (folder / "config.toml").write_text(text.replace("\nactions = 3", "\nactions = 4"))
    with pytest.raises(RunFolderError, match=r"(?s)model\.safetensors does not fit .*config\.toml.*fit again"):
        load(folder)
    (folder / "config.toml").write_text(text.replace("epochs = 2", "epoks = 2"))
    with pytest.raises(SettingsError, match=r"config\.toml: there is no setting 'epoks'; did you mean 'epochs'"):
        load(folder)


def test_the_number_of_actions_is_asked_for_where_it_has_a_meaning() -> None:
    with pytest.raises(SettingsError, match="method 'vasot' needs the number of actions: --actions K"):
        fit(DATA, **TINY)
    with pytest.raises(SettingsError, match="method 'vaot' does not segment, so --actions has no meaning"):
        fit(DATA, method="vaot", actions=3, **TINY)


def test_what_is_given_overrides_the_preset_and_a_preset_serves_every_method() -> None:
    model = fit(DATA, method="vaot", preset="50salads-mid", **TINY)
    settings = model.method.settings
    assert (settings.alpha, settings.temporal_prior) == (0.3, 0.15)
    assert (settings.epochs, settings.radius) == (2, 0.1)


def test_a_class_to_exclude_must_exist() -> None:
    with pytest.raises(SettingsError, match=r"exclude names the class 'backgrund'.* did you mean 'background'"):
        fit(DATA, exclude="backgrund", **tiny())


def test_features_of_another_width_are_refused(run: tuple[Model, Path]) -> None:
    model, _ = run
    with pytest.raises(DataError, match="stranger has 5 features per frame but the model was trained on 8"):
        model.segment(noise("stranger", 9, 5))
    with pytest.raises(DataError, match="stranger has 5 features"):
        model.align(DATA.tracks[0], noise("stranger", 9, 5))


def test_an_array_of_another_shape_is_refused(run: tuple[Model, Path], shapes_unchecked: None) -> None:  # noqa: ARG001
    with pytest.raises(DataError, match="expected \\(frames, dimensions\\)"):
        run[0].segment(np.zeros(8, np.float32))


def test_times_of_a_track_reach_the_answer(run: tuple[Model, Path]) -> None:
    track = DATA.tracks[0]
    timed = Track(track.name, track.features, np.arange(track.n_frames) / 4)
    found = run[0].align(timed, track)
    assert found.times_x is not None
    assert found.times_x[1] == 0.25
    assert found.times_y is None
    assert list(run[0].segment(timed).segments())[-1].end_seconds == pytest.approx(track.n_frames / 4)
