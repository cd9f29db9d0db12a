from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from made_data import tiny_settings
from vasot.errors import RunFolderError, SettingsError
from vasot.methods import METHODS
from vasot.training.folder import DataSettings, RunConfig, RunFolder, split_settings

CHANGED: dict[str, Any] = {
    "seed": 3,
    "epochs": 7,
    "learning_rate": 0.25,
    "weight_decay": 1e-7,
    "frames_per_clip": 31,
    "clips_per_step": 4,
    "validation_share": 0.25,
    "standardise": False,
    "hidden_sizes": (5, 4),
    "embedding_size": 6,
    "temperature": 0.2,
    "alpha": 0.125,
    "epsilon": 0.03,
    "radius": 0.3,
    "temporal_prior": 0.0,
    "virtual_cost": 0.9,
    "virtual_mass": "frame",
    "alignment_weight": 0.5,
    "actions": 12,
    "action_penalty": 0.3,
    "segmentation_weight": 2.0,
    "starts": 3,
    "start_rounds": 0,
    "weights": "some/file.safetensors",
    "base": "squeezenet1_1",
    "freeze": "none",
    "context_stride": 3,
    "context_width": 16,
    "dropout": 0.5,
    "augment": False,
    "recompute": True,
    "accumulate_steps": 2,
    "precision": "mixed",
    "encoder": "resnet-context",
    "frame_penalty": 0.25,
    "appearance": 0.25,
}
DATA = DataSettings(data='/da"ta/é', trim=True, rate_hz=29.97, exclude=("back ground", "b"))


def config(method: str = "vasot", **changes: Any) -> RunConfig:
    return RunConfig(method, tiny_settings(method, **changes), DATA, 8, ("a b", "c#'d"))


def stored(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("method", sorted(METHODS))
def test_every_setting_comes_back_from_the_file_as_it_was(method: str, tmp_path: Path) -> None:
    fields = METHODS[method].Config.model_fields
    known = {name: value for name, value in CHANGED.items() if name in fields}
    assert set(fields) <= set(CHANGED), "a setting is missing in this test"
    written = config(method, **known)
    assert all(getattr(written.settings, name) != fields[name].default for name in known)
    assert RunConfig.from_toml(stored(tmp_path, written.to_toml())) == written


def test_defaults_and_an_unknown_rate_come_back_too(tmp_path: Path) -> None:
    written = RunConfig("asot", METHODS["asot"].Config(actions=2), DataSettings(data="x"), 3, ("a",))
    assert RunConfig.from_toml(stored(tmp_path, written.to_toml())) == written


def test_every_setting_stands_in_the_file_with_its_meaning() -> None:
    lines = config().to_toml().splitlines()
    for name, (_, meaning) in config().settings.described().items():
        assert next(line for line in lines if line.startswith(f"{name} = ")).endswith(f"# {meaning}")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("epochs = 2", "epoks = 2", "no setting 'epoks'; did you mean 'epochs'"),
        ("epochs = 2", "epochs = 0", "setting epochs = 0"),
        ("trim = true", "trimm = true", "no setting 'trimm'; did you mean 'trim'"),
        ('method = "vasot"', 'method = "vasott"', "no method named 'vasott'; did you mean 'vasot'"),
        ('method = "vasot"', "method = 3", "setting method = 3"),
        ('method = "vasot"', 'methd = "vasot"', "no setting 'methd'; did you mean 'method'"),
        ("n_features = 8", "n_features = -8", "setting n_features = -8"),
        ("n_features = 8", "n_features = 'eight'", "setting n_features = 'eight'"),
        ("[settings]", "[setings]", "'settings' is missing or wrong"),
        ("[run]", "[walk]\n[run]", "a part .walk. that no run has"),
        ("[settings]", "[settings", "not valid TOML"),
        ("recordings = [", "recording = [", "'recordings' is missing or wrong"),
    ],
)
def test_a_changed_file_that_no_longer_fits_is_named_with_the_fault(
    before: str, after: str, said: str, tmp_path: Path
) -> None:
    text = config().to_toml()
    assert before in text
    path = stored(tmp_path, text.replace(before, after, 1))
    with pytest.raises(SettingsError, match=said) as caught:
        RunConfig.from_toml(path)
    assert str(path) in str(caught.value)


def test_a_new_or_empty_folder_may_be_written(tmp_path: Path) -> None:
    RunFolder(tmp_path).check(force=False, resume=False)
    RunFolder(tmp_path / "new" / "run").check(force=False, resume=False)
    assert not (tmp_path / "new").exists()


def test_a_run_is_replaced_only_with_force(tmp_path: Path) -> None:
    place = RunFolder(tmp_path)
    place.write_config(config())
    with pytest.raises(RunFolderError, match=r"holds a run already.*--resume.*--force"):
        place.check(force=False, resume=False)
    place.check(force=True, resume=False)
    with pytest.raises(RunFolderError, match="give one of them"):
        place.check(force=True, resume=True)


@pytest.mark.parametrize("force", [True, False])
def test_a_folder_or_file_that_is_no_run_is_never_written(force: bool, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    for path in (tmp_path, tmp_path / "thesis.txt"):
        with pytest.raises(RunFolderError, match="is not a run"):
            RunFolder(path).check(force=force, resume=False)


def test_there_must_be_a_run_and_a_checkpoint_to_resume(tmp_path: Path) -> None:
    place = RunFolder(tmp_path)
    with pytest.raises(RunFolderError, match="holds no run to resume"):
        place.check(force=False, resume=True)
    place.write_config(config())
    with pytest.raises(RunFolderError, match=r"before its first epoch ended.*--force"):
        place.check(force=False, resume=True)


def test_clearing_removes_the_runs_own_parts_and_nothing_else(tmp_path: Path) -> None:
    place = RunFolder(tmp_path / "run")
    place.write_config(config())
    for name in ("model.safetensors", "metrics.csv", "checkpoints/last.ckpt", "segments/a.csv", "notes.md", "mine/a"):
        (place.path / name).parent.mkdir(exist_ok=True)
        (place.path / name).write_text("x")
    place.clear()
    left = sorted(str(file.relative_to(place.path)) for file in place.path.rglob("*") if file.is_file())
    assert left == ["mine/a", "notes.md"]


def test_clearing_does_not_follow_a_link_to_a_folder(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "kept").write_text("x")
    place = RunFolder(tmp_path / "run")
    place.write_config(config())
    (place.path / "segments").symlink_to(tmp_path / "elsewhere")
    place.clear()
    assert (tmp_path / "elsewhere" / "kept").is_file()
    assert not (place.path / "segments").is_symlink()


def test_a_folder_without_config_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match=r"is not a run of vasot \(no config.toml\)"):
        RunFolder(tmp_path).read_config()


def test_values_are_sorted_into_the_methods_and_the_datas() -> None:
    own, data = split_settings(METHODS["asot"], {"seed": 3, "exclude": "a, b,", "trim": True})
    assert own == {"seed": 3}
    assert data == {"exclude": ("a", "b"), "trim": True}


def test_a_setting_of_another_method_is_refused_by_name() -> None:
    with pytest.raises(SettingsError, match="method 'asot' has no setting 'virtual_cost'"):
        split_settings(METHODS["asot"], {"virtual_cost": 0.5})
    with pytest.raises(SettingsError, match="no setting 'epoch'; did you mean 'epochs'"):
        split_settings(METHODS["vaot"], {"epoch": 3})


def test_the_file_is_plain_toml() -> None:
    values = tomllib.loads(config().to_toml())
    assert values["run"]["method"] == "vasot"
    assert values["data"]["recordings"] == ["a b", "c#'d"]
