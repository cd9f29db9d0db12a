"""The run folder: what a training writes, and what every other verb reads.

``config.toml`` holds every setting, resolved; ``model.safetensors`` the weights; ``metrics.csv`` the losses per
epoch; ``checkpoints/`` what resuming needs. Nothing in it can execute code when it is read.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomlkit
from pydantic import Field

from vasot import __version__
from vasot.config import Settings, read_toml
from vasot.datasets.reading import Reading
from vasot.errors import RunFolderError, SettingsError, nearest
from vasot.features.extraction import Progress
from vasot.files import atomic_write
from vasot.methods import METHODS
from vasot.methods.base import Method
from vasot.methods.settings import MethodSettings

__all__ = ["DataSettings", "RunConfig", "RunFolder", "split_settings"]


class DataSettings(Settings):
    """How the run's recordings are read and scored."""

    data: str = ""
    features: str = "auto"
    fps: float = Field(default=10.0, gt=0)
    trim: bool = False
    rate_hz: float | None = None
    exclude: tuple[str, ...] = ()
    dataset: str = ""
    activity: str = ""
    subset: str = ""

    def reading(
        self,
        on_progress: Callable[[Progress], None] | None = None,
        on_warning: Callable[[str], None] | None = None,
    ) -> Reading:
        """How recordings are read for this run."""
        return Reading(
            self.features,
            self.fps,
            self.rate_hz,
            self.trim,
            self.dataset,
            self.activity,
            self.subset,
            on_progress=on_progress,
            on_warning=on_warning,
        )


class _RunTable(Settings):
    vasot: str
    method: str
    n_features: int = Field(ge=1)


@dataclass(frozen=True)
class RunConfig:
    """Everything that says what a run is, as it stands in ``config.toml``."""

    method: str
    settings: MethodSettings
    data: DataSettings
    n_features: int
    recordings: tuple[str, ...]

    def to_toml(self) -> str:
        """The file's text: every value, each with a comment that says what it means."""
        document = tomlkit.document()
        document.add(tomlkit.comment("Every setting of this run. Other commands read it; to change a run, fit again."))
        run = tomlkit.table()
        run.update({"vasot": __version__, "method": self.method, "n_features": self.n_features})
        document["run"] = run
        data = tomlkit.table()
        data.update({name: value for name, value in self.data.model_dump(mode="json").items() if value is not None})
        names = tomlkit.array(list(self.recordings))  # type: ignore[arg-type]
        data["recordings"] = names.multiline(True)
        document["data"] = data
        settings = tomlkit.table()
        plain = self.settings.model_dump(mode="json")
        for name, (_, meaning) in self.settings.described().items():
            value = tomlkit.item(plain[name])
            value.comment(meaning)
            settings[name] = value
        document["settings"] = settings
        return tomlkit.dumps(document)

    @classmethod
    def from_toml(cls, path: Path) -> RunConfig:
        """Read and check the file.

        Raises:
            SettingsError: a part is missing or does not fit; the file is named.
        """
        values = read_toml(path)
        try:
            run, data, settings = (dict(values.pop(name)) for name in ("run", "data", "settings"))
            recordings = tuple(data.pop("recordings"))
        except (KeyError, TypeError, ValueError) as error:
            raise SettingsError(f"{path} is not the config of a run: {error} is missing or wrong") from None
        for name in values:
            raise SettingsError(f"{path} has a part [{name}] that no run has; remove it")
        try:
            about = _RunTable.of(run)
            kind: type[Method] = METHODS[about.method]
            return cls(about.method, kind.Config.of(settings), DataSettings.of(data), about.n_features, recordings)
        except SettingsError as error:
            raise SettingsError(f"{path}: {error}") from None


@dataclass(frozen=True)
class RunFolder:
    """Where the parts of a run lie."""

    path: Path

    @property
    def config(self) -> Path:
        """All settings."""
        return self.path / "config.toml"

    @property
    def weights(self) -> Path:
        """The trained model; written last, so its presence says that training ended."""
        return self.path / "model.safetensors"

    @property
    def losses(self) -> Path:
        """Losses per epoch."""
        return self.path / "metrics.csv"

    @property
    def checkpoint(self) -> Path:
        """State after the last finished epoch."""
        return self.path / "checkpoints" / "last.ckpt"

    @property
    def search(self) -> Path:
        """Fits and record of a search for the number of actions; the model found lies in the run itself."""
        return self.path / "actions"

    @property
    def segments(self) -> Path:
        """Segmentations of the training recordings."""
        return self.path / "segments"

    @property
    def report(self) -> Path:
        """What was learned, as one page."""
        return self.path / "report.html"

    @property
    def names(self) -> Path:
        """Names that people gave to actions."""
        return self.path / "names.toml"

    @property
    def corrections(self) -> Path:
        """What people corrected in the segments."""
        return self.path / "corrections"

    def check(self, *, force: bool, resume: bool) -> None:
        """Refuse, before any work, a folder that must not be written.

        Raises:
            RunFolderError: it holds a run and neither is given; there is nothing to resume; both are given; or it holds
                something that is no run, which is never cleared.
        """
        if resume and force:
            raise RunFolderError("--resume goes on with a run and --force replaces it; give one of them")
        if resume:
            if not self.config.is_file():
                if self.search.is_dir():
                    raise RunFolderError(
                        f"{self.path} holds a search for the number of actions that did not end; go on with its "
                        "--actions, for example --actions 4-12, and --resume"
                    )
                raise RunFolderError(f"{self.path} holds no run to resume; leave out --resume to start one")
            if not self.checkpoint.is_file():
                raise RunFolderError(
                    f"{self.path} was interrupted before its first epoch ended; start it again with --force"
                )
            return
        for above in self.path.parents:
            if above.is_file():
                raise RunFolderError(f"{self.path} cannot be made: {above} is a file; choose another folder with -o")
        if not self.path.exists() or (self.path.is_dir() and not any(self.path.iterdir())):
            return
        if not self.path.is_dir() or not (self.config.is_file() or self.search.is_dir()):
            raise RunFolderError(f"{self.path} exists and is not a run of vasot; choose another folder with -o")
        if not force:
            raise RunFolderError(
                f"{self.path} holds a run already; go on with --resume, replace it with --force, or choose another -o"
            )

    def clear(self) -> None:
        """Remove the parts of an earlier run, and nothing else that lies in the folder.

        Names and corrections are people's work, but of actions that are gone: they move to ``earlier/1``, 2, ...
        """
        for name in _OWN:
            _remove(self.path / name)
        made = [part for part in (self.names, self.corrections) if part.exists()]
        if made:
            number = 1
            while (aside := self.path / "earlier" / str(number)).exists():
                number += 1
            aside.mkdir(parents=True)
            for part in made:
                part.replace(aside / part.name)

    def move_training(self, target: RunFolder) -> None:
        """Move what a training wrote to another folder, in place of what lies there; the weights go last."""
        target.weights.unlink(missing_ok=True)
        for name in (*_TRAINED, self.weights.name):
            _remove(target.path / name)
            if (self.path / name).exists():
                (self.path / name).replace(target.path / name)

    def write_config(self, config: RunConfig) -> None:
        """Write ``config.toml``."""
        with atomic_write(self.config, force=True) as partial:
            partial.write_text(config.to_toml(), encoding="utf-8")

    def read_config(self) -> RunConfig:
        """Read ``config.toml``.

        Raises:
            RunFolderError: no run lies here.
        """
        if not self.config.is_file():
            raise RunFolderError(f"{self.path} is not a run of vasot (no config.toml); give the folder of vasot fit -o")
        return RunConfig.from_toml(self.config)


_TRAINED = ("metrics.csv", "checkpoints", "tensorboard", "config.toml")

_OWN = (
    *_TRAINED,
    "model.safetensors",
    "segments",
    "segments.png",
    "actions",
    "actions.csv",
    "actions.png",
    "alignments",
    "evaluation.json",
    "report.html",
)


def _remove(part: Path) -> None:
    if part.is_dir() and not part.is_symlink():
        shutil.rmtree(part)
    else:
        part.unlink(missing_ok=True)


def split_settings(method: type[Method], values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Sort values into the method's settings and the data's.

    Raises:
        SettingsError: a name that is neither's (the nearest known one is named).
    """
    own = {name: value for name, value in values.items() if name in method.Config.model_fields}
    data = {name: value for name, value in values.items() if name in DataSettings.model_fields}
    for name in values.keys() - own.keys() - data.keys():
        known = [*method.Config.model_fields, *DataSettings.model_fields]
        raise SettingsError(
            f"method '{method.name}' has no setting '{name}'{nearest(name, known) or '.'} "
            f"Known: {', '.join(sorted(known))}"
        )
    if isinstance(data.get("exclude"), str):
        data["exclude"] = tuple(part.strip() for part in data["exclude"].split(",") if part.strip())
    return own, data
