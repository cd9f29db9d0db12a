"""How metrics change with one setting, among the cases that a comparison has measured on one data set."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vasot.comparison.measures import Measured
from vasot.comparison.store import Store

__all__ = ["Sensitivity", "sensitivities"]

_FEWEST = 3
"""Values of a setting that make a curve."""


@dataclass(frozen=True)
class Sensitivity:
    """One setting at several values, all others alike.

    Attributes:
        setting: its name.
        values: rising.
        measured: for each of them, what was measured with one seed or more.
    """

    setting: str
    values: tuple[float, ...]
    measured: tuple[tuple[Measured, ...], ...]

    def curve(self, metric: str) -> tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]] | None:
        """Values, means and standard deviations over seeds (0 for one) in percent; None where it is never defined."""
        points = [
            (value, float(np.mean(known)), float(np.std(known, ddof=1)) if len(known) > 1 else 0.0)
            for value, measured in zip(self.values, self.measured, strict=True)
            if (known := [100 * score for each in measured if (score := each.scores[metric]) is not None])
        ]
        if not points:
            return None
        values, means, deviations = zip(*points, strict=True)
        return values, means, deviations


def sensitivities(store: Store, method: str, content: str) -> list[Sensitivity]:
    """Settings that were given three values or more, everything else alike; of several such series the longest.

    Args:
        store: the results of ``vasot compare``.
        method: the method.
        content: of the data set (:func:`~vasot.comparison.store.content_of`).
    """
    cases = [
        (case, found) for case, found in store.measured() if (case["method"], case["content"]) == (method, content)
    ]
    names = sorted({name for case, _ in cases for name, value in case["settings"].items() if _is_number(value)})
    series = (_longest_series(name, cases) for name in names)
    return [each for each in series if each is not None]


def _longest_series(name: str, cases: Sequence[tuple[Mapping[str, Any], list[Measured]]]) -> Sensitivity | None:
    groups: dict[str, dict[float, tuple[Measured, ...]]] = {}
    for case, found in cases:
        value = case["settings"].get(name)
        if _is_number(value):
            rest = {**case, "settings": {key: other for key, other in case["settings"].items() if key != name}}
            groups.setdefault(json.dumps(rest, sort_keys=True), {})[float(value)] = tuple(found)
    longest = max(groups.values(), key=len, default={})
    if len(longest) < _FEWEST:
        return None
    values = tuple(sorted(longest))
    return Sensitivity(name, values, tuple(longest[value] for value in values))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
