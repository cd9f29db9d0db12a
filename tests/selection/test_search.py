from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest
import torch

from made_data import first, noise, tiny, tiny_data
from vasot.datasets.base import Dataset, Recording
from vasot.errors import DataError, RunFolderError, SettingsError
from vasot.metrics.stability import ActionChoice
from vasot.selection.fits import Fit, Work
from vasot.selection.search import SearchPlan, SearchProgress, choose_actions
from vasot.training.folder import RunFolder
from vasot.training.model import Model, fit, load

DATA = tiny_data(4).dataset
QUICK = {name: value for name, value in tiny("asot", epochs=1, starts=1, start_rounds=0).items() if name != "actions"}
N_FITS = 10


def search(output: Path, *, data: Dataset = DATA, **changes: Any) -> tuple[ActionChoice, Model]:
    arguments: dict[str, Any] = {"counts": (2, 3), "method": "asot", "workers": 1, **QUICK, **changes}
    return choose_actions(data, output=output, **arguments)


def weights_equal(a: Model, b: Model) -> bool:
    one, two = a.method.state_dict(), b.method.state_dict()
    return one.keys() == two.keys() and all(torch.equal(one[name], two[name]) for name in one)


def copied(folder: Path, target: Path) -> None:
    shutil.copytree(folder, target, dirs_exist_ok=True)


def kept(output: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (output / "actions" / "fits").iterdir()}


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> tuple[ActionChoice, Model, Path]:
    """A finished search; its folder is read only."""
    folder = tmp_path_factory.mktemp("search") / "run"
    return (*search(folder), folder)


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The fits that were trained, by the names of their files."""
    plain, names = Work.do, list[str]()

    def do(self: Work, each: Fit) -> None:
        plain(self, each)
        names.append(each.file.name)

    monkeypatch.setattr(Work, "do", do)
    return names


def test_the_run_is_that_of_a_plain_fit_of_the_recommended_number(searched: tuple[ActionChoice, Model, Path]) -> None:
    choice, model, folder = searched
    plain = fit(DATA, method="asot", actions=choice.recommended, **QUICK)
    assert weights_equal(model, plain)
    assert weights_equal(load(folder), plain)
    assert load(folder).config == plain.config
    assert {path.name for path in folder.iterdir()} - {"tensorboard"} == {
        "actions",
        "config.toml",
        "model.safetensors",
        "metrics.csv",
        "checkpoints",
    }


def test_every_number_is_fitted_with_three_seeds_and_on_two_halves(searched: tuple[ActionChoice, Model, Path]) -> None:
    expected = {
        f"k{count}_{what}.safetensors" for count in (2, 3) for what in ("seed0", "seed1", "seed2", "half1", "half2")
    }
    assert set(kept(searched[2])) == expected
    assert [row.n_actions for row in searched[0].rows] == [2, 3]
    assert all(row.halves is not None for row in searched[0].rows)


def test_processes_find_what_one_finds(searched: tuple[ActionChoice, Model, Path], tmp_path: Path) -> None:
    choice, model = search(tmp_path / "run", workers=2)
    assert choice == searched[0]
    assert weights_equal(model, searched[1])


@pytest.mark.usefixtures("hears_interrupts")
def test_an_interrupted_search_goes_on_where_it_stopped(
    searched: tuple[ActionChoice, Model, Path], tmp_path: Path, done: list[str]
) -> None:
    seen: list[SearchProgress] = []

    def interrupt(progress: SearchProgress) -> None:
        seen.append(progress)
        if progress.n_done == 4:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        search(tmp_path, on_fit=interrupt)
    assert len(done) == 4
    assert [(each.n_done, each.n_fits) for each in seen] == [(count, N_FITS) for count in (1, 2, 3, 4)]
    assert seen[0].remaining_seconds is None
    assert (seen[1].remaining_seconds or 0) > 0
    before = list(done)
    with pytest.raises(RunFolderError, match="holds a search for the number of actions that did not end"):
        fit(DATA, output=tmp_path, resume=True)
    with pytest.raises(RunFolderError, match="holds a run already"):
        search(tmp_path)
    plans: list[SearchPlan] = []
    choice, model = search(tmp_path, resume=True, on_plan=plans.append)
    assert (plans[0].n_fits, plans[0].n_kept) == (N_FITS, 4)
    assert len(done) == N_FITS
    assert set(done[4:]).isdisjoint(before)
    assert choice == searched[0]
    assert weights_equal(model, searched[1])
    assert kept(tmp_path) == kept(searched[2])


def test_a_finished_search_takes_further_numbers_and_repeats_nothing(
    searched: tuple[ActionChoice, Model, Path], tmp_path: Path, done: list[str]
) -> None:
    copied(searched[2], tmp_path)
    choice, _ = search(tmp_path, counts=(2, 3, 4), resume=True)
    assert sorted(done) == sorted(f"k4_{what}.safetensors" for what in ("seed0", "seed1", "seed2", "half1", "half2"))
    assert [row.n_actions for row in choice.rows] == [2, 3, 4]
    assert load(tmp_path).method.settings.model_dump()["actions"] == choice.recommended


def test_a_damaged_fit_is_done_again(searched: tuple[ActionChoice, Model, Path], tmp_path: Path) -> None:
    copied(searched[2], tmp_path)
    file = tmp_path / "actions" / "fits" / "k3_half2.safetensors"
    file.write_bytes(file.read_bytes()[:-20])
    assert search(tmp_path, resume=True)[0] == searched[0]
    assert kept(tmp_path) == kept(searched[2])


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"epochs": 3}, SettingsError, r"epochs is 3 but the search in .* has 1; give the same again"),
        ({"method": "vasot"}, SettingsError, "method is 'vasot' but the search in .* has 'asot'"),
        ({"data": first(DATA, 3)}, RunFolderError, "the recordings are not those of the search"),
        ({"force": True}, RunFolderError, "give one of them"),
    ],
)
def test_a_search_goes_on_only_with_its_own_settings_and_recordings(
    changes: dict[str, Any], error: type[Exception], said: str, searched: tuple[ActionChoice, Model, Path]
) -> None:
    before = kept(searched[2])
    with pytest.raises(error, match=said):
        search(searched[2], resume=True, **changes)
    assert kept(searched[2]) == before


def test_a_new_run_in_the_folder_removes_the_search(searched: tuple[ActionChoice, Model, Path], tmp_path: Path) -> None:
    copied(searched[2], tmp_path)
    fit(DATA, output=tmp_path, force=True, method="asot", actions=2, **QUICK)
    assert not (tmp_path / "actions").exists()


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"counts": (3,)}, SettingsError, "at least two different ones"),
        ({"counts": (3, 3)}, SettingsError, "at least two different ones"),
        ({"counts": (0, 3)}, SettingsError, "from 1 up"),
        ({"counts": (3, 999)}, DataError, "999 actions but no recording has more than"),
        ({"method": "vaot"}, SettingsError, "method 'vaot' does not segment"),
        ({"actions": 3}, SettingsError, "a setting and a range"),
        ({"epoks": 3}, SettingsError, "did you mean 'epochs'"),
        ({"resume": True}, RunFolderError, "holds no search to resume"),
    ],
)
def test_what_cannot_be_searched_is_told_before_any_work(
    changes: dict[str, Any], error: type[Exception], said: str, tmp_path: Path, done: list[str]
) -> None:
    with pytest.raises(error, match=said):
        search(tmp_path / "run", **changes)
    assert done == []
    assert not (tmp_path / "run").exists()


def test_an_activity_with_one_recording_is_told(tmp_path: Path) -> None:
    lonely = Dataset("lonely", (*DATA.recordings, Recording(noise("alone", 30, activity="other"))))
    with pytest.raises(DataError, match="activity 'other' has one recording"):
        search(tmp_path / "run", data=lonely)


def test_too_few_recordings_for_halves_leave_the_seeds(tmp_path: Path) -> None:
    plans: list[SearchPlan] = []
    changes: dict[str, Any] = {"method": "vasot", "data": first(DATA, 3), "on_plan": plans.append}
    choice, _ = search(tmp_path, **changes)
    assert not plans[0].halved
    assert all(row.halves is None for row in choice.rows)
    assert len(kept(tmp_path)) == 6


def test_moving_a_training_replaces_the_earlier_one(tmp_path: Path) -> None:
    old, new = RunFolder(tmp_path / "old"), RunFolder(tmp_path / "new")
    for place, text in ((old, "old"), (new, "new")):
        (place.path / "checkpoints").mkdir(parents=True)
        for file in (place.config, place.weights, place.losses, place.checkpoint):
            file.write_text(text)
    (old.path / "notes.txt").write_text("mine")
    new.move_training(old)
    assert [file.read_text() for file in (old.config, old.weights, old.losses, old.checkpoint)] == ["new"] * 4
    assert list(new.path.iterdir()) == []
    assert (old.path / "notes.txt").read_text() == "mine"
