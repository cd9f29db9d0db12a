"""Curves of a comparison: the lines that differ in one setting, and the picture that is drawn of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from vasot.comparison.experiment import Experiment
from vasot.comparison.run import Line
from vasot.comparison.store import Store
from vasot.comparison.summary import summarise

__all__ = ["Sweep", "sweeps"]


@dataclass(frozen=True, eq=False)
class Sweep:
    """One setting at several values on one data set.

    Attributes:
        experiment: what is swept.
        data: name of the data set.
        setting: name of the setting.
        default: its value where nobody sets it.
        lines: in order of value.
    """

    experiment: Experiment
    data: str
    setting: str
    default: float
    lines: tuple[Line, ...]

    @property
    def picture(self) -> str:
        """Name of the file that shows it."""
        return f"{self.experiment.title}_{self.setting}_{self.data}.png".replace("/", "_").replace(" ", "_")

    def curve(self, store: Store, metric: str) -> list[tuple[float, float, float]]:
        """Value, mean and standard deviation over seeds (0 for one) in percent, where the metric was measured."""
        return [
            (line.value, found.mean, found.deviation or 0.0)
            for line in self.lines
            if line.value is not None and (found := summarise(line, store, metric)) is not None
        ]


def sweeps(lines: Iterable[Line], store: Store) -> list[Sweep]:
    """The curves among these lines of which something was measured."""
    groups: dict[tuple[str, str, str], list[Line]] = {}
    for line in lines:
        if line.experiment is not None and line.experiment.swept and line.case is not None:
            groups.setdefault((line.experiment.title, line.experiment.swept, line.data), []).append(line)
    found = []
    for (_, setting, data), group in groups.items():
        first = group[0]
        assert first.experiment is not None
        assert first.case is not None
        in_order = tuple(sorted(group, key=lambda line: line.value or 0.0))
        sweep = Sweep(first.experiment, data, setting, first.case.defaults[setting], in_order)
        if any(sweep.curve(store, metric) for metric in first.experiment.metrics):
            found.append(sweep)
    return found
