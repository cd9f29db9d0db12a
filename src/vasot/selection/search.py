"""A search for the number of actions, without labels; it ends with the run of the one recommended."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import tomlkit
from rich.console import Console

from vasot.config import read_toml
from vasot.datasets.base import Dataset
from vasot.errors import DataError, RunFolderError, SettingsError
from vasot.features.extraction import Progress
from vasot.files import atomic_write
from vasot.methods import METHODS
from vasot.methods.pixels import from_pixels
from vasot.methods.presets import preset as read_preset
from vasot.metrics.stability import ActionChoice, CountFits, choose_count
from vasot.selection.fits import Fit, Work, kept_segmentations, run_fits
from vasot.training.checkup import Checkup, training_minutes
from vasot.training.folder import RunConfig, RunFolder
from vasot.training.model import Model, fit, load, prepare
from vasot.training.run import check_fit
from vasot.types import Track

__all__ = ["SearchPlan", "SearchProgress", "choose_actions"]

_SEEDS = 3
_MOST_WORKERS = 8
"""Each process takes about half a gigabyte."""

_OVERHEAD = 1.5
"""Of a fit over its training steps: the start of the actions, and the segments of all recordings."""


@dataclass(frozen=True)
class SearchPlan:
    """What a search is about to do.

    Attributes:
        dataset: the recordings.
        config: the settings of its fits, but for the number of actions.
        counts: numbers of actions to try.
        n_fits, n_kept: fits in all, and those that an interrupted search has done already.
        halved: whether the recordings suffice to train on halves of them.
        minutes: how long the rest takes on this machine, about; two training steps are timed.
        workers: processes that work at the same time.
    """

    dataset: Dataset
    config: RunConfig
    counts: tuple[int, ...]
    n_fits: int
    n_kept: int
    halved: bool
    minutes: float
    workers: int


@dataclass(frozen=True)
class SearchProgress:
    """How far a search is; the time that remains is None until it can be foretold."""

    n_done: int
    n_fits: int
    remaining_seconds: float | None


def choose_actions(
    data: str | Path | Dataset,
    counts: Sequence[int],
    *,
    output: str | Path,
    method: str = "vasot",
    preset: str | None = None,
    workers: int | None = None,
    force: bool = False,
    resume: bool = False,
    console: Console | None = None,
    on_check: Callable[[Checkup], None] | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    on_plan: Callable[[SearchPlan], None] | None = None,
    on_fit: Callable[[SearchProgress], None] | None = None,
    on_choice: Callable[[ActionChoice], None] | None = None,
    **settings: Any,
) -> tuple[ActionChoice, Model]:
    """Fit every number of actions several times, and train the one that comes out the same again.

    Three seeds on all recordings and, where there are enough, one fit on either half of them, for every number.
    ``output`` becomes the run of the recommended number, with the weights that :func:`vasot.fit` gives for it; in its
    folder ``actions`` are the segments that the fits found, so that an interrupted search goes on where it stopped.

    Args:
        data: as for :func:`vasot.fit`, like all that is not named here.
        counts: numbers of actions, at least two.
        output: the run folder to write.
        workers: fits at the same time, each in a process with one thread; by default as many as there are cores,
            and no more than 8. With 1 no process is started. Processes are started anew, so that a program that
            calls this must guard its main part by ``if __name__ == "__main__":``.
        resume: go on with the search in ``output``; other numbers of actions may be asked for.
        on_plan: called before the first fit.
        on_fit: called after every fit.
        on_choice: called before the recommended number is trained.

    Returns:
        The choice, with a row for every number of actions, and the model of the recommended one.

    Raises:
        VasotError: what is wrong with the data, the settings or the run folder, before any long work.
    """
    place = RunFolder(Path(output))
    counts = _checked(counts, method, settings)
    if from_pixels({**(read_preset(preset) if preset else {}), **settings}):
        raise SettingsError(
            "a search for the number of actions fits dozens of models, and from pixels each takes hours; search on "
            "features (leave encoder=resnet-context or the preset out), then fit from pixels with the number found"
        )
    _check_place(place, force=force, resume=resume)
    arguments: dict[str, Any] = {"method": method, "preset": preset, **settings}
    dataset, config = prepare(data, actions=max(counts), on_check=on_check, on_progress=on_progress, **arguments)
    halves = _halves(dataset.tracks, paired=METHODS[method].paired, seed=config.settings.seed)
    for half in halves:
        check_fit(METHODS[method], config.settings, [dataset.tracks[index] for index in half])
    record = _record(config, dataset.tracks)
    if resume:
        _check_record(place, record)
    else:
        place.clear()
    with atomic_write(_record_file(place), force=True) as partial:
        partial.write_text(tomlkit.dumps(record), encoding="utf-8")

    fits = {count: _fits(count, config, halves, place) for count in counts}
    every = [each for per_count in fits.values() for each in per_count]
    missing = [each for each in every if kept_segmentations(each, dataset.tracks, _actions(each)) is None]
    count = min(workers or min(os.cpu_count() or 1, _MOST_WORKERS), max(1, len(missing)))
    if on_plan is not None:
        minutes = _minutes(config, dataset.tracks, missing) / count
        on_plan(
            SearchPlan(dataset, config, counts, len(every), len(every) - len(missing), bool(halves), minutes, count)
        )
    meter = _Meter(every, missing, on_fit)
    run_fits(Work(method, dataset.tracks), missing, count, meter.done)
    choice = _choose(fits, dataset.tracks, halved=bool(halves), seed=config.settings.seed)
    if on_choice is not None:
        on_choice(choice)
    # Trained beside the record of the search, which a new run in the same folder would remove.
    trained = RunFolder(place.search / "chosen")
    fit(data, actions=choice.recommended, output=trained.path, force=True, console=console, **arguments)
    trained.move_training(place)
    trained.path.rmdir()
    return choice, load(place.path)


def _checked(counts: Sequence[int], method: str, settings: dict[str, Any]) -> tuple[int, ...]:
    kind = METHODS[method]
    if "actions" not in kind.Config.model_fields:
        raise SettingsError(f"method '{method}' does not segment, so --actions has no meaning; leave it out")
    if "actions" in settings:
        raise SettingsError("actions is a setting and a range; give one of them")
    found = tuple(sorted(set(counts)))
    if len(found) < 2 or found[0] < 1:
        raise SettingsError(f"numbers of actions {list(counts)}: give at least two different ones, from 1 up")
    return found


def _check_place(place: RunFolder, *, force: bool, resume: bool) -> None:
    if resume and force:
        raise RunFolderError("--resume goes on with a search and --force replaces it; give one of them")
    if not resume:
        place.check(force=force, resume=False)
    elif not _record_file(place).is_file():
        raise RunFolderError(
            f"{place.path} holds no search to resume; leave out --resume to start one, or name one number of actions"
        )


def _halves(tracks: Sequence[Track], *, paired: bool, seed: int) -> tuple[tuple[int, ...], ...]:
    """Either half of the recordings of every activity, drawn by the seed; empty where a half could not be trained on.

    Raises:
        DataError: an activity with a single recording.
    """
    generator = np.random.default_rng(seed)
    first: list[int] = []
    second: list[int] = []
    enough = True
    for activity in dict.fromkeys(track.activity for track in tracks):
        members = [index for index, track in enumerate(tracks) if track.activity == activity]
        if len(members) < 2:
            raise DataError(
                f"activity '{activity}' has one recording; a number of actions is chosen by what several recordings "
                "have in common: add another, or name the number, for example --actions 7"
            )
        enough &= len(members) // 2 >= (2 if paired else 1)
        drawn = generator.permutation(members).tolist()
        first += drawn[: len(members) // 2]
        second += drawn[len(members) // 2 :]
    return (tuple(sorted(first)), tuple(sorted(second))) if enough else ()


def _fits(count: int, config: RunConfig, halves: Sequence[tuple[int, ...]], place: RunFolder) -> tuple[Fit, ...]:
    """The fits of one number of actions: seeds first, the run's own before the others, then halves."""
    base = config.settings
    folder = place.search / "fits"
    everyone = tuple(range(len(config.recordings)))
    seeds = [base.seed + step for step in range(_SEEDS)]
    settings = {seed: base.model_copy(update={"actions": count, "seed": seed}) for seed in seeds}
    found = [Fit(settings[seed], everyone, folder / f"k{count}_seed{seed}.safetensors") for seed in seeds]
    found += [
        Fit(settings[base.seed], half, folder / f"k{count}_half{number}.safetensors")
        for number, half in enumerate(halves, start=1)
    ]
    return tuple(found)


def _choose(fits: dict[int, tuple[Fit, ...]], tracks: Sequence[Track], *, halved: bool, seed: int) -> ActionChoice:
    found = []
    for count, per_count in fits.items():
        kept = [kept_segmentations(each, tracks, count) for each in per_count]
        whole = [each for each in kept if each is not None]
        if len(whole) < len(per_count):
            raise RunFolderError(f"a fit of {count} actions is gone from the search; go on with --resume")
        found.append(CountFits(count, whole[:_SEEDS], (whole[-2], whole[-1]) if halved else None))
    return choose_count(found, [track.activity for track in tracks], seed)


def _actions(each: Fit) -> int:
    return int(each.settings.model_dump()["actions"])


def _minutes(config: RunConfig, tracks: Sequence[Track], fits: Sequence[Fit]) -> float:
    """Of all these fits, one after the other."""
    if not fits:
        return 0.0
    one = training_minutes(config.method, config.settings, [track.n_frames for track in tracks], config.n_features)
    return _OVERHEAD * one * sum(len(each.recordings) for each in fits) / len(tracks)


def _record_file(place: RunFolder) -> Path:
    return place.search / "search.toml"


def _record(config: RunConfig, tracks: Sequence[Track]) -> dict[str, Any]:
    """What the kept fits depend on, but for the number of actions."""
    content = hashlib.sha256()
    for track in tracks:
        content.update(f"{track.name}\n{track.activity}\n{track.features.shape}\n".encode())
        content.update(np.ascontiguousarray(track.features).tobytes())
    settings = config.settings.model_dump(mode="json", exclude={"actions"})
    return {"method": config.method, "recordings": content.hexdigest(), "settings": settings}


def _check_record(place: RunFolder, record: dict[str, Any]) -> None:
    """Refuse to mix fits of other settings or recordings."""
    before = read_toml(_record_file(place))
    remedy = "give the same again, or start anew with --force"
    if before.get("method") != record["method"]:
        raise SettingsError(
            f"method is '{record['method']}' but the search in {place.path} has '{before.get('method')}'; {remedy}"
        )
    for name, value in record["settings"].items():
        if (known := before.get("settings", {}).get(name)) != value:
            raise SettingsError(f"{name} is {value!r} but the search in {place.path} has {known!r}; {remedy}")
    if before.get("recordings") != record["recordings"]:
        raise RunFolderError(f"the recordings are not those of the search in {place.path}; {remedy}")


class _Meter:
    """Counts fits, and foretells from their pace how long the rest takes."""

    def __init__(
        self, every: Sequence[Fit], missing: Sequence[Fit], on_fit: Callable[[SearchProgress], None] | None
    ) -> None:
        self._n_fits = len(every)
        self._n_done = len(every) - len(missing)
        self._left = sum(len(each.recordings) for each in missing)
        self._worked = 0
        self._on_fit = on_fit
        self._begun: float | None = None

    def done(self, each: Fit) -> None:
        self._n_done += 1
        self._left -= len(each.recordings)
        remaining = None
        if self._begun is None:
            # The first fit also pays for the start of the processes, and for what is compiled once.
            self._begun = perf_counter()
        else:
            self._worked += len(each.recordings)
            remaining = (perf_counter() - self._begun) * self._left / self._worked
        if self._on_fit is not None:
            self._on_fit(SearchProgress(self._n_done, self._n_fits, remaining))
