"""How long steps last and how much that differs: the pace of a whole recording, and of each step within it.

The logarithm of the length of step k in recording i is taken as ``usual_k + pace_i + rest_ik``. A recording's pace is
the median over its steps, so that one slow step leaves it as it is; what is unusual about a step is the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from jaxtyping import Float
from scipy import stats

from vasot.deviations.timeline import Span, Timeline

__all__ = ["LEVEL", "Paces", "Spread"]

LEVEL = 0.005
"""Chance, by the references' spread, that a step as it should be lasts as unusually long or short."""

_PRIOR_WEIGHT = 8.0
"""How many recordings the spread common to all steps counts as, beside a step's own."""

_PACE_WEIGHT = 2.0
"""The same of recordings' paces, of which there is one per recording."""

_LEAST_SPREAD = 0.05
"""Standard deviation of the logarithm of a length (5 %) that even the most regular step is granted."""

_OUTLIER = 3.0
"""How many standard deviations an outlier counts as."""

_FEWEST_STEPS = 3
"""Of fewer steps a recording's pace is not told: a slow step would be taken for a slow recording."""

_QUARTILE = float(stats.norm.ppf(0.75))
"""The median of the absolute value of a standard normal number."""

_MEDIAN_VARIANCE = np.pi / 2
"""Variance of the median of n normal numbers of variance 1, times n."""


@dataclass(frozen=True)
class Spread:
    """The logarithm of a length: where it lies, how far it scatters, and from how much that is known.

    Attributes:
        centre: logarithm of the usual length.
        scale: standard deviation of a new recording's.
        degrees: degrees of freedom of the scale.
    """

    centre: float
    scale: float
    degrees: float

    @property
    def usual(self) -> float:
        """The usual length."""
        return float(np.exp(self.centre))

    @property
    def bound(self) -> float:
        """How far from the centre a logarithm is unusual, :data:`LEVEL` being the chance of it: Student's t."""
        return float(stats.t.ppf(1 - LEVEL / 2, self.degrees)) * self.scale

    @property
    def shortest(self) -> float:
        """What is shorter is unusual."""
        return float(np.exp(self.centre - self.bound))

    @property
    def longest(self) -> float:
        """What is longer is unusual."""
        return float(np.exp(self.centre + self.bound))

    def unusual(self, length: float) -> float:
        """How far a length is from the usual one, against the bound: above 1 it is unusual; negative: it is shorter."""
        return float((np.log(length) - self.centre) / self.bound)


@dataclass(frozen=True)
class Paces:
    """What is usual of lengths.

    Attributes:
        steps: by action, the spread of a step's length in a recording of the usual pace.
        whole: the spread of a recording's pace, a factor of all lengths; its centre is 0.
    """

    steps: dict[int, Spread]
    whole: Spread | None

    @classmethod
    def of(cls, references: Sequence[Timeline], others: Sequence[Timeline], n_actions: int) -> Paces:
        """Usual lengths are the references' medians; the spread is that of the others.

        With one reference, its differences from the others are the spread: they hold what is unusual in itself, too.
        """
        alone = len(references) == 1
        asked, seen = _logarithms(references, n_actions), _logarithms(others, n_actions)
        known = np.flatnonzero(np.isfinite(asked).any(axis=0) & np.isfinite(seen).any(axis=0))
        if not known.size:
            return cls({}, None)
        centres = np.array([np.nanmedian(asked[:, action]) for action in known])
        rest = seen[:, known] - centres
        paces = np.array([_pace(row) for row in rest])
        rest = rest - paces[:, None]
        scale = _common_scale(np.concatenate([asked, seen]) if alone else seen, alone)
        whole = _spread(0.0, paces, max(_own_scale(paces, alone), _LEAST_SPREAD), alone, _PACE_WEIGHT)
        return cls(
            {
                int(action): _spread(centre, column[np.isfinite(column)], scale, alone, _PRIOR_WEIGHT)
                for action, centre, column in zip(known, centres, rest.T, strict=True)
            },
            whole,
        )

    def pace_of(self, steps: Sequence[Span]) -> float:
        """The logarithm of a recording's pace by the usual one; 0 where it has too few steps to tell."""
        lengths: dict[int, list[float]] = {}
        for step in steps:
            if step.action in self.steps:
                lengths.setdefault(step.action, []).append(float(np.log(step.length)) - self.steps[step.action].centre)
        return _pace(np.array([np.mean(each) for each in lengths.values()]))


def _logarithms(timelines: Sequence[Timeline], n_actions: int) -> Float[np.ndarray, "r k"]:
    """Logarithms of the lengths of steps, means over the occurrences in a recording; NaN where there is none."""
    table = np.full((len(timelines), n_actions), np.nan)
    for row, timeline in zip(table, timelines, strict=True):
        for action in {step.action for step in timeline.steps}:
            row[action] = np.mean([np.log(step.length) for step in timeline.of_action(action)])
    return table


def _pace(rest: Float[np.ndarray, " k"]) -> float:
    known = rest[np.isfinite(rest)]
    return float(np.median(known)) if known.size >= _FEWEST_STEPS else 0.0


def _common_scale(table: Float[np.ndarray, "r k"], alone: bool) -> float:
    """Standard deviation of the rest, of any step.

    It is read from how two recordings differ in one step and in another: usual lengths and paces cancel, so that
    nothing has to be estimated before, and the median makes light of outliers. With ``alone``, only pairs with the
    first recording.
    """
    n = len(table)
    pairs = [(0, other) for other in range(1, n)] if alone else list(combinations(range(n), 2))
    first, second = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    differences = table[first] - table[second]
    if table.shape[1] > 1:
        left, right = np.triu_indices(table.shape[1], 1)
        contrasts = differences[:, left] - differences[:, right]
        n_parts = 4
    if table.shape[1] == 1 or not np.isfinite(contrasts).any():
        contrasts, n_parts = differences, 2
    known = np.abs(contrasts[np.isfinite(contrasts)])
    found = float(np.median(known)) / (_QUARTILE * np.sqrt(n_parts)) if known.size else 0.0
    return max(found, _LEAST_SPREAD)


def _own_scale(values: Float[np.ndarray, " r"], alone: bool) -> float:
    """Standard deviation of a few values, by the median of their differences; with ``alone``, from 0."""
    first, second = np.triu_indices(values.size, 1)
    apart = np.abs(values) if alone else np.abs(values[first] - values[second]) / np.sqrt(2)
    return float(np.median(apart)) / _QUARTILE if apart.size else 0.0


def _spread(centre: float, rest: Float[np.ndarray, " r"], common: float, alone: bool, prior_weight: float) -> Spread:
    """A spread of its own, drawn towards the common one as far as few recordings show it.

    ``alone`` says that the centre is given, and not estimated from the same recordings.
    """
    n = rest.size
    common = common * np.sqrt(2) if alone else common
    degrees = prior_weight + n - (0 if alone else 1)
    squares = np.square(np.clip(rest, -_OUTLIER * common, _OUTLIER * common)).sum()
    variance = (prior_weight * common**2 + squares) / degrees
    return Spread(centre, float(np.sqrt(variance * (1 if alone else 1 + _MEDIAN_VARIANCE / n))), degrees)
