"""A trained model, and the calls that make and use one."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from rich.console import Console
from safetensors import SafetensorError
from safetensors.torch import load_file
from safetensors.torch import save as to_bytes

from vasot.datasets.base import Dataset
from vasot.datasets.recordings import BUILT_IN, find_corpus, read_data, read_inputs, resolve_features
from vasot.datasets.registry import DATASETS
from vasot.datasets.videos import read_corpus
from vasot.errors import DataError, RunFolderError, SettingsError, nearest
from vasot.features.extraction import Progress
from vasot.features.names import make_extractor
from vasot.files import atomic_write
from vasot.methods import METHODS
from vasot.methods.base import Method, Task
from vasot.methods.pixels import from_pixels
from vasot.methods.presets import preset
from vasot.methods.settings import MethodSettings
from vasot.training.checkup import Checkup, examine_corpus, examine_dataset
from vasot.training.folder import DataSettings, RunConfig, RunFolder, split_settings
from vasot.training.names import apply_names, read_names
from vasot.training.run import check_checkpoint, check_fit, make_method, train
from vasot.types import Alignment, Segmentation, Track, default_action_names

__all__ = ["Model", "Source", "align", "fit", "load", "prepare", "segment"]

Source = Track | Dataset | str | Path | Float[np.ndarray, "t d"]
"""One recording: a track, the path of a video or array file, or an array of features (frames, dimensions)."""

_DEFAULT_METHOD = "vasot"
_PIXEL_PRESET = "pouring"

_MOTION_APPEARANCE = 0.5
"""What ``appearance`` is for the built-in features, of which it is known that their likeness says something."""


@dataclass(frozen=True)
class Model:
    """A trained method with its settings; answers are deterministic and depend on the given recordings alone."""

    method: Method
    config: RunConfig
    folder: Path | None = None
    names: Mapping[int, str] = field(default_factory=dict)

    def segment(self, source: Source) -> Segmentation:
        """The action of every frame of one recording; no training and no labels are needed.

        Raises:
            SettingsError: the method does not segment.
            DataError: the recording cannot be read, or its features do not fit the model.
        """
        segmentation = self.method.segment(self.track(source))
        if not self.names:
            return segmentation
        return replace(segmentation, action_names=apply_names(segmentation.action_names, self.names))

    @property
    def action_names(self) -> tuple[str, ...]:
        """What the actions are called, in order of index; empty where the method does not segment."""
        return apply_names(default_action_names(getattr(self.config.settings, "actions", 0)), self.names)

    def align(self, a: Source, b: Source) -> Alignment:
        """Which frame of ``b`` corresponds to each frame of ``a``, or none.

        Raises:
            SettingsError: the method does not align.
            DataError: a recording cannot be read, or its features do not fit the model.
        """
        return self.method.align(self.track(a), self.track(b))

    def embed(self, source: Source) -> Float[np.ndarray, "t e"]:
        """The embedding of every frame of one recording, of unit norm.

        Raises:
            DataError: the recording cannot be read, or its features do not fit the model.
        """
        return np.asarray(self.method.embed_track(self.track(source))[0].cpu().numpy())

    @property
    def method_name(self) -> str:
        """What its method is called."""
        return self.config.method

    @property
    def tasks(self) -> frozenset[Task]:
        """What it can do: "segment", "align" or both."""
        return self.method.tasks

    def require(self, *tasks: Task) -> None:
        """Refuse before any work what the model was not trained for.

        Raises:
            SettingsError: the method does not do one of the tasks.
        """
        for task in tasks:
            if task not in self.tasks:
                raise SettingsError(f"method '{self.method_name}' cannot {task}; train with --method vasot, which can")

    def track(self, source: Source) -> Track:
        """The recording as a track."""
        if isinstance(source, Track):
            return source
        if isinstance(source, np.ndarray):
            return Track("recording", np.asarray(source, dtype=np.float32))
        if isinstance(source, Dataset):
            raise DataError(f"data set '{source.name}' holds several recordings; give one, for example .tracks[0]")
        tracks = read_inputs([source], self.config.data.reading())
        if len(tracks) != 1:
            raise DataError(f"{source} holds {len(tracks)} recordings; give one of them")
        return tracks[0]

    def save(self, folder: str | Path) -> None:
        """Write ``config.toml`` and ``model.safetensors`` into a folder."""
        place = RunFolder(Path(folder))
        place.write_config(self.config)
        weights = {name: value.detach().cpu().contiguous() for name, value in self.method.state_dict().items()}
        with atomic_write(place.weights, force=True) as partial:
            # Written by Python, whose errors say what is wrong with the disk.
            partial.write_bytes(to_bytes(weights))


def fit(
    data: str | Path | Dataset,
    *,
    actions: int | None = None,
    method: str = _DEFAULT_METHOD,
    output: str | Path | None = None,
    preset: str | None = None,
    force: bool = False,
    resume: bool = False,
    console: Console | None = None,
    on_plan: Callable[[Dataset, RunConfig], None] | None = None,
    on_check: Callable[[Checkup], None] | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    **settings: Any,
) -> Model:
    """Learn from recordings without labels.

    Args:
        data: a folder of videos or of feature arrays, or one with ``videos/`` or ``features/`` and, optionally,
            ``groundTruth/`` and ``mapping/``; or a data set.
        actions: K, for methods that segment.
        method: "vasot", "vaot", "asot", or one that another package registers.
        output: the run folder to write; a temporary one, gone when training ends, where it is left out.
        preset: named settings to start from; ``settings`` override them.
        force: replace a run that lies in ``output``.
        resume: go on with the interrupted run in ``output``, with its own settings.
        console: where progress is shown; nowhere by default.
        on_plan: called with the data set and the resolved settings before training begins.
        on_check: called with what is wrong with the recordings before features are extracted from them.
        on_progress: called now and then while features are extracted from videos.
        settings: any setting of the method, or of reading the data (``features``, ``fps``, ``trim``, ``rate_hz``,
            ``exclude``; ``dataset``, ``activity`` and ``subset`` of a published data set, whose preset and number of
            actions are taken where none are given).

    Raises:
        VasotError: what is wrong with the data, the settings or the run folder, before any long work.
    """
    if output is None:
        if resume:
            raise SettingsError("resume needs the folder of the interrupted run: give output")
        with tempfile.TemporaryDirectory() as folder:
            arguments = {"actions": actions, "method": method, "preset": preset, "console": console}
            calls = {"on_plan": on_plan, "on_check": on_check, "on_progress": on_progress}
            made = fit(data, output=Path(folder) / "run", **arguments, **calls, **settings)  # type: ignore[arg-type]
        return replace(made, folder=None)
    place = RunFolder(Path(output))
    place.check(force=force, resume=resume)
    reading: dict[str, Any] = {"on_check": on_check, "on_progress": on_progress}
    if resume:
        dataset, config = _resume(data, place, actions, method, preset, settings, **reading)
    else:
        dataset, config = prepare(data, actions=actions, method=method, preset=preset, **reading, **settings)
    trained = make_method(config.method, config.settings, config.n_features)
    if resume:
        check_checkpoint(trained, place)
    else:
        trained.load_pretrained()
        place.clear()
    if on_plan is not None:
        on_plan(dataset, config)
    place.write_config(config)
    train(trained, dataset.tracks, place, resume=resume, console=console or Console(quiet=True))
    model = Model(trained.cpu().eval(), config, place.path)
    model.save(place.path)
    return model


def prepare(
    data: str | Path | Dataset,
    *,
    actions: int | None = None,
    method: str = _DEFAULT_METHOD,
    preset: str | None = None,
    on_check: Callable[[Checkup], None] | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    **settings: Any,
) -> tuple[Dataset, RunConfig]:
    """The recordings and the resolved settings that :func:`fit` would train with; the arguments are its own.

    Raises:
        VasotError: what is wrong with the data or the settings.
    """
    kind: type[Method] = METHODS[method]
    own, about_data = _collect(kind, actions, preset, settings, None)
    method_settings = kind.Config.of(own)
    kind.check_settings(method_settings)
    dataset, data_settings = _read(data, about_data, kind, method_settings, on_check, on_progress)
    if "appearance" in kind.Config.model_fields and "appearance" not in own and data_settings.features == BUILT_IN:
        method_settings = method_settings.model_copy(update={"appearance": _MOTION_APPEARANCE})
    config = RunConfig(
        method=method,
        settings=method_settings,
        data=data_settings,
        n_features=dataset.n_features,
        recordings=tuple(track.name for track in dataset.tracks),
    )
    _check_excluded(config.data, dataset.class_names)
    check_fit(kind, config.settings, dataset.tracks)
    return dataset, config


def load(folder: str | Path) -> Model:
    """Read a trained model.

    Raises:
        RunFolderError: the folder holds no run, or one whose training did not end.
    """
    place = RunFolder(Path(folder))
    config = place.read_config()
    if not place.weights.is_file():
        raise RunFolderError(
            f"the run in {place.path} has no model yet: its training did not end; go on with vasot fit ... --resume"
        )
    method = make_method(config.method, config.settings, config.n_features)
    try:
        method.load_state_dict(load_file(place.weights))
    except (OSError, RuntimeError, SafetensorError) as error:
        raise RunFolderError(f"{place.weights} does not fit {place.config}: {error}; fit again") from None
    return Model(method.eval(), config, place.path, read_names(place.names))


def segment(run: str | Path | Model, source: Source) -> Segmentation:
    """``vasot.load(run).segment(source)``; a model is used as it is."""
    return (run if isinstance(run, Model) else load(run)).segment(source)


def align(run: str | Path | Model, a: Source, b: Source) -> Alignment:
    """``vasot.load(run).align(a, b)``; a model is used as it is."""
    return (run if isinstance(run, Model) else load(run)).align(a, b)


def _collect(
    kind: type[Method],
    actions: int | None,
    preset_name: str | None,
    settings: dict[str, Any],
    resumed: RunConfig | None,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Values of the run to resume, from the preset, then those given, sorted into the method's and the data's."""
    published = DATASETS[settings["dataset"]] if settings.get("dataset") else None
    if published is not None and preset_name is None and resumed is None:
        preset_name = published.preset
    if preset_name is None and resumed is None and from_pixels(settings):
        # The usual numbers of frames and steps are for features: with pictures they would fill any memory.
        preset_name = _PIXEL_PRESET
    values = preset(preset_name) if preset_name else {}
    # A preset serves all methods: what this one does not read is left out, what a user names is not.
    values = {name: value for name, value in values.items() if name in kind.Config.model_fields}
    if resumed is not None:
        values = {**resumed.settings.model_dump(), **resumed.data.model_dump(exclude={"data"}), **values}
    own, about_data = split_settings(kind, {**values, **settings})
    if "actions" in kind.Config.model_fields:
        if actions is not None:
            own["actions"] = actions
        elif published is not None and "actions" not in own:
            own["actions"] = published.n_actions(about_data.get("activity", ""))
        elif "actions" not in own:
            raise SettingsError(
                f"method '{kind.name}' needs the number of actions: --actions K, for example --actions 7"
            )
    elif actions is not None:
        raise SettingsError(f"method '{kind.name}' does not segment, so --actions has no meaning; leave it out")
    return own, about_data


def _read(
    data: str | Path | Dataset,
    about_data: dict[str, Any],
    kind: type[Method],
    method_settings: MethodSettings,
    on_check: Callable[[Checkup], None] | None,
    on_progress: Callable[[Progress], None] | None,
) -> tuple[Dataset, DataSettings]:
    """The recordings, looked over before any of them is decoded."""
    if isinstance(data, Dataset):
        return data, DataSettings.of({**about_data, "data": data.name})
    settings = DataSettings.of({**about_data, "data": str(Path(data).resolve())})
    wanted = kind.resolve_features(method_settings, settings.features)
    settings = settings.model_copy(update={"features": resolve_features(data, wanted, settings.dataset)})
    reading = settings.reading(on_progress)
    if settings.features == "precomputed":
        dataset = read_data(data, reading)
        if on_check is not None:
            on_check(examine_dataset(dataset, paired=kind.paired))
        return dataset, _without_background(settings, about_data, dataset.class_names)
    extractor = make_extractor(settings.features)
    corpus = find_corpus(data, reading)
    settings = _without_background(settings, about_data, corpus.class_names)
    checkup = examine_corpus(corpus, reading, settings.features, paired=kind.paired)
    if checkup.errors:
        raise DataError("; ".join(finding.text for finding in checkup.errors))
    _check_excluded(settings, corpus.class_names)
    if on_check is not None:
        on_check(checkup)
    return read_corpus(corpus, extractor, reading), settings


def _resume(
    data: str | Path | Dataset,
    place: RunFolder,
    actions: int | None,
    method: str,
    preset_name: str | None,
    settings: dict[str, Any],
    **reading: Any,
) -> tuple[Dataset, RunConfig]:
    """The recordings and the settings to go on with: those of the run, but for what may change."""
    config = place.read_config()
    if method not in (_DEFAULT_METHOD, config.method):
        raise SettingsError(f"method is '{method}' but the run in {place.path} has '{config.method}'")
    kind: type[Method] = METHODS[config.method]
    own, about_data = _collect(kind, actions, preset_name, settings, config)
    dataset, data_settings = _read(data, about_data, kind, kind.Config.of(own), **reading)
    config = _resumed(config, own, data_settings, dataset, place.path)
    _check_excluded(config.data, dataset.class_names)
    check_fit(kind, config.settings, dataset.tracks)
    return dataset, config


def _resumed(config: RunConfig, own: dict[str, Any], data: DataSettings, dataset: Dataset, folder: Path) -> RunConfig:
    """The interrupted run's settings; only the number of epochs may change, and the recordings must be the same."""
    names = tuple(track.name for track in dataset.tracks)
    if names != config.recordings or dataset.n_features != config.n_features:
        raise RunFolderError(f"the recordings are not those of the run in {folder}; resume with its own data")
    settings = type(config.settings).of(own)
    before = {**config.settings.model_dump(), **config.data.model_dump()}
    for name, value in {**settings.model_dump(), **data.model_dump()}.items():
        if name not in {"epochs", "data"} and value != before[name]:
            raise SettingsError(
                f"{name} is {value!r} but the run in {folder} has {before[name]!r}; "
                "only epochs can change with --resume"
            )
    return replace(config, settings=settings, data=data)


def _check_excluded(settings: DataSettings, known: Sequence[str]) -> None:
    for name in settings.exclude:
        if known and name not in known:
            raise SettingsError(
                f"exclude names the class '{name}', which the labels do not have"
                f"{nearest(name, known) or '.'} Known: {', '.join(known)}"
            )


def _without_background(settings: DataSettings, given: dict[str, Any], class_names: Sequence[str]) -> DataSettings:
    """Leave a published data set's background out of scoring by custom, unless classes to leave out were given."""
    if not settings.dataset or "exclude" in given:
        return settings
    background: tuple[str, ...] = DATASETS[settings.dataset].background
    return settings.model_copy(update={"exclude": tuple(name for name in background if name in class_names)})
