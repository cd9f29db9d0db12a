from __future__ import annotations

import csv
import os
import pickle
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from rich.console import Console

from made_data import first, noise, tiny, tiny_data, tiny_settings
from vasot.datasets.base import Dataset, Recording
from vasot.errors import DataError, RunFolderError, SettingsError, VasotError
from vasot.methods.transport import TransportMethod
from vasot.methods.vasot import VASOT
from vasot.training.model import Model, fit, load
from vasot.training.run import check_fit, make_method, split_held_out
from vasot.types import Track

DATA = tiny_data().dataset
STEPS_PER_EPOCH = len(DATA.recordings)

pytestmark = pytest.mark.usefixtures("hears_interrupts")


def train(output: Path | None = None, data: Dataset = DATA, **changes: Any) -> Model:
    return fit(data, output=output, **tiny(**changes))


def weights_equal(a: Model, b: Model) -> bool:
    one, two = a.method.state_dict(), b.method.state_dict()
    return one.keys() == two.keys() and all(torch.equal(one[name], two[name]) for name in one)


def table(folder: Path) -> list[dict[str, str]]:
    with (folder / "metrics.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def interrupt_at(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Interrupt the training in its n-th step, as Ctrl-C does."""

    def arm(step: int) -> None:
        plain, seen = TransportMethod.loss, [0]

        def loss(self: TransportMethod, batch: Any) -> Mapping[str, Any]:
            seen[0] += 1
            if seen[0] == step:
                monkeypatch.setattr(TransportMethod, "loss", plain)
                os.kill(os.getpid(), signal.SIGINT)
            return plain(self, batch)

        monkeypatch.setattr(TransportMethod, "loss", loss)

    return arm


def test_a_run_folder_holds_what_is_documented(tmp_path: Path) -> None:
    train(tmp_path / "run")
    names = {path.name for path in (tmp_path / "run").iterdir()} - {"tensorboard"}
    assert names == {"config.toml", "model.safetensors", "metrics.csv", "checkpoints"}
    assert [path.name for path in (tmp_path / "run" / "checkpoints").iterdir()] == ["last.ckpt"]


def test_the_table_of_losses_has_one_row_per_epoch(tmp_path: Path) -> None:
    train(tmp_path, epochs=3)
    rows = table(tmp_path)
    assert list(rows[0]) == ["epoch", "loss", "align", "segment"]
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    for row in rows:
        assert float(row["loss"]) == pytest.approx(float(row["align"]) + float(row["segment"]), abs=1e-5)


def test_the_seed_fixes_the_weights_and_another_seed_gives_others() -> None:
    one = train()
    torch.manual_seed(99)
    np.random.seed(99)  # noqa: NPY002 - the state that must not matter
    assert weights_equal(one, train())
    assert not weights_equal(one, train(seed=1))


def test_training_leaves_the_users_random_state_alone(tmp_path: Path) -> None:
    torch.manual_seed(4)
    np.random.seed(4)  # noqa: NPY002 - the state that must not be touched
    before, before_numpy = torch.get_rng_state(), np.random.get_state()[1].copy()  # type: ignore[index] # noqa: NPY002
    train(tmp_path, validation_share=0.5)
    load(tmp_path).segment(DATA.tracks[0])
    assert torch.equal(torch.get_rng_state(), before)
    assert (np.random.get_state()[1] == before_numpy).all()  # type: ignore[index] # noqa: NPY002


@pytest.mark.parametrize("changes", [{}, {"validation_share": 0.5}, {"clips_per_step": 3}])
def test_a_resumed_run_ends_with_exactly_the_weights_and_losses_of_an_uninterrupted_one(
    changes: dict[str, Any], tmp_path: Path, interrupt_at: Callable[[int], None]
) -> None:
    whole = train(tmp_path / "whole", epochs=4, **changes)
    interrupt_at(9 if not changes else 6)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "parts", epochs=4, **changes)
    finished = len(table(tmp_path / "parts"))
    assert 0 < finished < 4
    resumed = train(tmp_path / "parts", resume=True, **{"epochs": 4, **changes})
    assert weights_equal(resumed, whole)
    assert table(tmp_path / "parts") == table(tmp_path / "whole")


def test_an_interrupted_run_says_so_and_the_next_interrupt_is_heard(
    tmp_path: Path, interrupt_at: Callable[[int], None]
) -> None:
    handler = signal.getsignal(signal.SIGINT)
    interrupt_at(STEPS_PER_EPOCH + 2)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path)
    assert signal.getsignal(signal.SIGINT) is handler
    with pytest.raises(RunFolderError, match=r"did not end; go on with .*--resume"):
        load(tmp_path)


def test_a_run_interrupted_in_its_first_epoch_cannot_be_resumed_and_is_left_as_it_is(
    tmp_path: Path, interrupt_at: Callable[[int], None]
) -> None:
    interrupt_at(2)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path)
    before = (tmp_path / "config.toml").read_text()
    with pytest.raises(RunFolderError, match="before its first epoch ended"):
        train(tmp_path, resume=True, epochs=9)
    assert (tmp_path / "config.toml").read_text() == before


def test_resuming_needs_no_setting_again_and_may_add_epochs(tmp_path: Path) -> None:
    train(tmp_path / "short", epochs=2, exclude=("background",))
    longer = fit(DATA, output=tmp_path / "short", resume=True, epochs=4)
    assert longer.config.settings == tiny_settings("vasot", epochs=4)
    assert longer.config.data.exclude == ("background",)
    assert weights_equal(longer, train(epochs=4))
    assert [row["epoch"] for row in table(tmp_path / "short")] == ["1", "2", "3", "4"]


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"seed": 5}, SettingsError, "seed is 5 but the run .* has 0; only epochs can change"),
        ({"actions": 4}, SettingsError, "actions is 4 but the run .* has 3"),
        ({"method": "asot"}, SettingsError, "method is 'asot' but the run .* has 'vasot'"),
        ({"exclude": ("background",)}, SettingsError, r"exclude is \('background',\) but the run .* has \(\)"),
        ({"preset": "breakfast"}, SettingsError, "but the run .* only epochs can change"),
        ({"epoch": 5}, SettingsError, "did you mean 'epochs'"),
        ({"data": first(DATA, 3)}, RunFolderError, "not those of the run"),
        ({"force": True}, RunFolderError, "give one of them"),
    ],
)
def test_resuming_with_anything_else_changed_is_refused(
    changes: dict[str, Any], error: type[VasotError], said: str, tmp_path: Path
) -> None:
    train(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(error, match=said):
        fit(**{"data": DATA, "output": tmp_path, "resume": True, **changes})
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_resuming_without_a_folder_is_refused() -> None:
    with pytest.raises(SettingsError, match="resume needs the folder"):
        train(resume=True)


class Touch:
    """Unpickling it would write a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.path,))


def test_a_checkpoint_is_read_without_executing_what_it_holds(tmp_path: Path) -> None:
    train(tmp_path / "run")
    checkpoint = tmp_path / "run" / "checkpoints" / "last.ckpt"
    torch.save({"state_dict": Touch(tmp_path / "executed")}, checkpoint)
    with pytest.raises(RunFolderError, match=r"last.ckpt is no checkpoint, or is damaged"):
        fit(DATA, output=tmp_path / "run", resume=True)
    assert not (tmp_path / "executed").exists()
    pickle.loads(pickle.dumps(Touch(tmp_path / "executed")))
    assert (tmp_path / "executed").exists()


@pytest.mark.parametrize("content", [b"", b"nonsense"])
def test_a_damaged_checkpoint_is_named(content: bytes, tmp_path: Path) -> None:
    train(tmp_path)
    (tmp_path / "checkpoints" / "last.ckpt").write_bytes(content)
    with pytest.raises(RunFolderError, match=r"last.ckpt is no checkpoint, or is damaged; start the run again"):
        fit(DATA, output=tmp_path, resume=True)


def test_a_checkpoint_of_another_model_is_refused(tmp_path: Path) -> None:
    train(tmp_path)
    config = tmp_path / "config.toml"
    config.write_text(config.read_text().replace("embedding_size = 8", "embedding_size = 9"))
    with pytest.raises(RunFolderError, match=r"last.ckpt does not fit .*config.toml"):
        fit(DATA, output=tmp_path, resume=True)


def test_force_replaces_a_run_as_if_it_had_never_been(tmp_path: Path) -> None:
    train(tmp_path / "run", seed=1, epochs=3)
    (tmp_path / "run" / "notes.md").write_text("kept")
    again = train(tmp_path / "run", force=True)
    assert weights_equal(again, train())
    assert len(table(tmp_path / "run")) == 2
    assert (tmp_path / "run" / "notes.md").read_text() == "kept"


def test_bad_data_clear_nothing_even_with_force(tmp_path: Path) -> None:
    train(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(DataError, match="at least two"):
        train(tmp_path, data=first(DATA, 1), force=True)
    with pytest.raises(SettingsError):
        train(tmp_path, force=True, learning_rate=-1)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_held_out_recordings_are_logged_and_not_trained_on(tmp_path: Path) -> None:
    model = train(tmp_path, validation_share=0.5)
    assert list(table(tmp_path)[0]) == [
        "epoch",
        "loss",
        "align",
        "segment",
        "valid_loss",
        "valid_align",
        "valid_segment",
    ]
    training, held_out = split_held_out(DATA.tracks, model.method.settings)
    assert len(training) == len(held_out) == 2
    assert {track.name for track in (*training, *held_out)} == {track.name for track in DATA.tracks}
    names = {track.name for track in held_out}
    spoilt = tuple(
        Recording(noise(track.name, 20)) if track.name in names else Recording(track) for track in DATA.tracks
    )
    assert weights_equal(model, train(data=Dataset("spoilt", spoilt), validation_share=0.5))


def test_the_loss_of_held_out_recordings_is_taken_on_the_same_frames_in_every_epoch(tmp_path: Path) -> None:
    train(tmp_path, validation_share=0.5, epochs=3, learning_rate=1e-30)
    assert len({row["valid_loss"] for row in table(tmp_path)}) == 1
    assert len({row["loss"] for row in table(tmp_path)}) > 1


@pytest.mark.parametrize(
    ("share", "said"), [(0.95, "leaves none to train on"), (0.01, "leaves none to hold out"), (0.25, "no partner")]
)
def test_a_validation_share_that_leaves_too_few_recordings_is_refused(share: float, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        check_fit(VASOT, tiny_settings("vasot", validation_share=share), DATA.tracks)


def test_more_actions_than_frames_are_refused() -> None:
    longest = max(track.n_frames for track in DATA.tracks)
    check_fit(VASOT, tiny_settings("vasot", actions=longest), DATA.tracks)
    with pytest.raises(DataError, match=f"{longest + 1} actions but no recording has more than {longest} frames"):
        check_fit(VASOT, tiny_settings("vasot", actions=longest + 1), DATA.tracks)


def test_untrained_weights_follow_from_the_seed_alone() -> None:
    torch.manual_seed(1)
    one = make_method("vasot", tiny_settings("vasot"), 8).state_dict()
    torch.manual_seed(2)
    state = torch.get_rng_state()
    two = make_method("vasot", tiny_settings("vasot"), 8).state_dict()
    other = make_method("vasot", tiny_settings("vasot", seed=1), 8).state_dict()
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert any(not torch.equal(one[name], other[name]) for name in one)


def test_action_embeddings_are_on_the_unit_sphere_after_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    norms: list[torch.Tensor] = []
    plain = TransportMethod.loss

    def loss(self: TransportMethod, batch: Any) -> Mapping[str, Any]:
        norms.append(self.actions.detach().norm(dim=1))
        return plain(self, batch)

    monkeypatch.setattr(TransportMethod, "loss", loss)
    model = train(learning_rate=0.1)
    assert len(norms) == 2 * STEPS_PER_EPOCH
    assert isinstance(model.method, TransportMethod)
    assert torch.allclose(torch.stack([*norms, model.method.actions.detach().norm(dim=1)]), torch.ones(3), atol=1e-5)


def test_progress_is_shown_where_a_console_is_given(capsys: pytest.CaptureFixture[str]) -> None:
    train(console=Console(width=200))
    assert "epoch 1 of 2: loss " in capsys.readouterr().out
    train()
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("changed", ["one frame", "all zero", "zero frames"])
def test_unusual_recordings_are_trained_on(changed: str) -> None:
    x = DATA.tracks[0].features.copy()
    if changed == "one frame":
        x = x[:1]
    else:
        x[: len(x) if changed == "all zero" else 4] = 0
    data = Dataset("unusual", (*DATA.recordings[1:], Recording(Track("unusual", x))))
    model = train(data=data)
    assert all(bool(weight.isfinite().all()) for weight in model.method.state_dict().values())


def test_activities_are_paired_within_themselves() -> None:
    tracks = [noise(f"{activity}{i}", 15, seed=i, activity=activity) for activity in ("tea", "milk") for i in range(2)]
    data = Dataset("two", tuple(Recording(track) for track in tracks))
    assert train(data=data).config.recordings == ("tea0", "tea1", "milk0", "milk1")
    with pytest.raises(DataError, match="activity 'milk' has one recording"):
        train(data=first(data, 3))


def test_training_without_a_console_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    train()
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "")
