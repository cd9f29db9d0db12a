"""One row of a table, or one curve: a method with settings on some data sets, and what the paper reports for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import Field

from vasot.comparison.measures import METRICS
from vasot.comparison.sources import SOURCES
from vasot.config import Settings, read_toml
from vasot.errors import SettingsError, nearest
from vasot.methods import METHODS
from vasot.methods.base import Method
from vasot.methods.presets import preset

__all__ = ["UNAVAILABLE", "Experiment", "read_experiments"]

UNAVAILABLE = (
    *("sal", "tcn", "tcc", "lav", "vava", "gtcc"),
    *("cte", "vte", "ude", "asal", "tot", "tot+", "ufsa-m", "ufsa-t", "hvq"),
)
"""Methods of the paper's tables; one that :data:`vasot.methods.METHODS` has is run, of the others only the paper's
figures are printed."""


class Experiment(Settings):
    """What one file says. Figures of the paper are in percent, as printed there."""

    table: str = Field(description="heading under which rows are printed together")
    title: str = Field(description="what the row, or the curve, is called")
    method: str = Field(description="a method of vasot, or one of the paper's that vasot does not implement")
    data: tuple[str, ...] = Field(min_length=1, description="data sets to run it on")
    metrics: tuple[str, ...] = Field(min_length=1, description="columns")
    preset: dict[str, str] = Field({}, description="data set -> preset to start from")
    settings: dict[str, Any] = Field({}, description="settings that differ from the defaults, for all data sets")
    sweep: dict[str, tuple[float, ...]] = Field({}, description="one setting and its values: a curve")
    seeds: int | None = Field(None, ge=1, description="at most so many of the seeds asked for, where time is short")
    reference: bool = Field(False, description="the row that others of its table are compared with")
    paper: dict[str, dict[str, float]] = Field({}, description="data set -> metric -> the paper's figure, in percent")
    paper_best: float | None = Field(None, description="the value of the sweep that the paper found best")
    note: str = Field("", description="what a reader must know, printed below the table, each line once")

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Check values, names of methods, data sets, metrics and settings among them.

        Raises:
            SettingsError: an unknown name (with the nearest known one), or a value that does not fit.
        """
        made = super().of(values)
        _known("method", [made.method], [*METHODS, *UNAVAILABLE])
        _known("data set", [*made.data, *made.preset, *made.paper], SOURCES)
        _known("metric", [*made.metrics, *(name for figures in made.paper.values() for name in figures)], METRICS)
        if len(made.sweep) > 1:
            raise SettingsError(f"sweep varies {', '.join(made.sweep)}; a curve varies one setting")
        if made.sweep and not made.is_available:
            raise SettingsError(f"method '{made.method}' is not implemented, so it cannot be swept; leave [sweep] out")
        if made.paper_best is not None and not made.sweep:
            raise SettingsError("paper_best names a value of a sweep; give a [sweep], or leave it out")
        for data in made.data if made.is_available else ():
            for change in made.changes():
                made.resolved(data, change)
        return made

    @property
    def is_available(self) -> bool:
        """Whether vasot has the method."""
        return self.method in METHODS

    @property
    def swept(self) -> str | None:
        """The setting that varies along the curve; None for a row."""
        return next(iter(self.sweep), None)

    def changes(self) -> list[dict[str, float]]:
        """What each point of the curve sets; one empty change for a row."""
        if self.swept is None:
            return [{}]
        return [{self.swept: value} for value in self.sweep[self.swept]]

    def resolved(self, data: str, change: Mapping[str, Any]) -> dict[str, Any]:
        """Every setting of the method on a data set, K and seed left out.

        Raises:
            SettingsError: a name the method does not know, or a value that does not fit.
        """
        kind: type[Method] = METHODS[self.method]
        fields = kind.Config.model_fields
        # A preset serves all methods; what this one does not read is left out.
        start = (
            {name: value for name, value in preset(self.preset[data]).items() if name in fields}
            if (data in self.preset)
            else {}
        )
        given = {**start, **self.settings, **change}
        for name in ("actions", "seed"):
            if name in given:
                raise SettingsError(f"{name} is not set here: K belongs to the data set, seeds to the command")
        whole = kind.Config.of({**given, **({"actions": 1} if "actions" in fields else {})})
        return whole.model_dump(mode="json", exclude={"actions", "seed"})


def read_experiments(paths: Iterable[str | Path]) -> list[Experiment]:
    """Read files, and every ``.toml`` below folders, in order of path.

    Raises:
        SettingsError: nothing was given, or a file is not what it should be; the file is named.
    """
    files: list[Path] = []
    for path in map(Path, paths):
        found = sorted(path.rglob("*.toml")) if path.is_dir() else [path]
        if not found:
            raise SettingsError(
                f"{path} holds no .toml file; give files such as benchmarks/papers/table3/11_vasot.toml"
            )
        files += [file for file in found if file not in files]
    if not files:
        raise SettingsError("nothing to compare was given; name .toml files, or folders of them")
    read = []
    for file in files:
        values = read_toml(file)
        try:
            read.append(Experiment.of(values))
        except SettingsError as error:
            raise SettingsError(f"{file}: {error}") from None
    return read


def _known(kind: str, names: Iterable[str], known: Iterable[str]) -> None:
    known = list(known)
    for name in names:
        if name not in known:
            raise SettingsError(
                f"there is no {kind} '{name}'{nearest(name, known) or '.'} Known: {', '.join(sorted(known))}"
            )
