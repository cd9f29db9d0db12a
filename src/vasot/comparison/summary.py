"""Means over seeds with what they are worth: deviation, interval, and difference from a reference row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from vasot.comparison.run import Line
from vasot.comparison.store import Store

__all__ = ["Difference", "Summary", "mean_difference", "summarise", "summarise_sets"]

_LEVEL = 0.95
_DRAWS = 2000


@dataclass(frozen=True)
class Summary:
    """A metric over seeds, in percent.

    Attributes:
        mean: over the seeds for which it is defined.
        deviation: standard deviation over seeds (n - 1); None for a single one.
        low, high: 95 % interval of the mean by Student's t; None for a single seed.
        n_seeds: number of seeds it is defined for.
    """

    mean: float
    deviation: float | None
    low: float | None
    high: float | None
    n_seeds: int


@dataclass(frozen=True)
class Difference:
    """How far a row is from the reference, in points; positive where it is better.

    Attributes:
        mean: over pairs of one data set and one seed.
        low, high: 95 % bootstrap interval over these pairs.
        n_pairs: number of pairs.
    """

    mean: float
    low: float
    high: float
    n_pairs: int

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves out 0."""
        return self.low > 0 or self.high < 0


def summarise(line: Line, store: Store, metric: str) -> Summary | None:
    """A metric of one line; None where nothing was measured or it is undefined."""
    return _summary(list(_by_seed(line, store, metric).values()))


def summarise_sets(lines: Sequence[Line], store: Store, metric: str) -> Summary | None:
    """The mean over data sets of a row's lines, by seed; None where a data set has nothing for a seed.

    Seeds that some data set lacks are left out.
    """
    values = [_by_seed(line, store, metric) for line in lines]
    complete = sorted(set.intersection(*(set(found) for found in values))) if values else []
    return _summary([float(np.mean([found[seed] for found in values])) for seed in complete])


def mean_difference(lines: Sequence[Line], references: Sequence[Line], store: Store, metric: str) -> Difference | None:
    """A row against the reference row, paired by data set and seed; None where they share no measurement."""
    pairs: list[float] = []
    of_reference = {line.data: _by_seed(line, store, metric) for line in references}
    for line in lines:
        other = of_reference.get(line.data, {})
        pairs += [value - other[seed] for seed, value in _by_seed(line, store, metric).items() if seed in other]
    if len(pairs) < 2:
        return None
    differences = np.array(pairs)
    generator = np.random.default_rng(0)
    drawn = differences[generator.integers(len(pairs), size=(_DRAWS, len(pairs)))].mean(axis=1)
    low, high = np.quantile(drawn, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
    return Difference(float(differences.mean()), float(low), float(high), len(pairs))


def _by_seed(line: Line, store: Store, metric: str) -> dict[int, float]:
    """Percent, by seed; seeds without the measurement, or for which it is undefined, are left out."""
    values: dict[int, float] = {}
    for seed in line.seeds if line.case is not None else ():
        assert line.case is not None
        measured = store.find(line.case, seed)
        if measured is not None and (value := measured.scores[metric]) is not None:
            values[seed] = 100 * value
    return values


def _summary(values: Sequence[float]) -> Summary | None:
    if not values:
        return None
    sample: Float[np.ndarray, " s"] = np.asarray(values)
    mean = float(sample.mean())
    if sample.size == 1:
        return Summary(mean, None, None, None, 1)
    # Half a second that only intervals need.
    from scipy.stats import t

    deviation = float(sample.std(ddof=1))
    reach = float(t.ppf((1 + _LEVEL) / 2, sample.size - 1)) * deviation / np.sqrt(sample.size)
    return Summary(mean, deviation, mean - reach, mean + reach, sample.size)
