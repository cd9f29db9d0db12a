"""How well alignments agree in phase, over a bounded number of pairs of labelled recordings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Int

from vasot.errors import SettingsError
from vasot.metrics.correspondence import phase_agreement
from vasot.metrics.intervals import Interval, bootstrap
from vasot.metrics.parts import ByPair, defined

__all__ = ["N_PAIRS", "PairAgreement", "choose_pairs", "score_pairs"]

N_PAIRS = 10
"""Ordered pairs of recordings that are aligned, at most, per activity."""

_UNKNOWN = np.nan


@dataclass(frozen=True)
class PairAgreement:
    """Share of matched frames whose match is in the same phase, mean over pairs and then over activities.

    Attributes:
        value: None where no pair has matched frames with a phase.
        interval: over draws of the recordings; None where it cannot be told.
        matched: share of the frames that were matched at all, mean over pairs.
        by_time: what matching each frame with that at the same relative time gets, on the same pairs.
        n_pairs: pairs that were aligned.
        n_undefined: pairs without a matched frame that has a phase.
    """

    value: float | None
    interval: Interval | None
    matched: float
    by_time: float | None
    n_pairs: int
    n_undefined: int

    def to_dict(self) -> dict[str, Any]:
        """The attributes by name, as plain values for JSON."""
        return {
            "value": self.value,
            "interval": None if self.interval is None else self.interval.to_dict(),
            "matched": self.matched,
            "by_time": self.by_time,
            "n_pairs": self.n_pairs,
            "n_undefined": self.n_undefined,
        }


def choose_pairs(n_recordings: int, most: int, seed: int) -> list[tuple[int, int]]:
    """Ordered pairs of different recordings: all of them, or ``most`` drawn without replacement, sorted.

    Raises:
        SettingsError: ``most`` is negative.

    >>> choose_pairs(2, 10, seed=0), len(choose_pairs(50, 10, seed=0))
    ([(0, 1), (1, 0)], 10)
    """
    if most < 0:
        raise SettingsError(f"the number of pairs is {most}; it is 0 (align none) or more")
    total = n_recordings * (n_recordings - 1)
    numbers = range(total) if total <= most else sorted(np.random.default_rng(seed).choice(total, most, replace=False))
    chosen = [divmod(int(number), n_recordings - 1) for number in numbers]
    return [(first, second + (second >= first)) for first, second in chosen]


def score_pairs(
    phases: Mapping[str, Sequence[Int[np.ndarray, " _"]]],
    align: Callable[[str, int, int], Int[np.ndarray, " _"]],
    most: int,
    seed: int,
) -> PairAgreement | None:
    """Align pairs of every activity, and compare the phases of matched frames; None where there is no pair.

    Args:
        phases: per activity, those of each of its recordings; negative where a frame has none.
        align: matches from one recording of an activity to another, by activity and their numbers in it.
        most: pairs per activity, at most.
        seed: of the choice of pairs, and of the interval.
    """
    groups: list[ByPair] = []
    straight: list[ByPair] = []
    matched: list[float] = []
    for activity, labels in phases.items():
        pairs = choose_pairs(len(labels), most, seed)
        found, by_time = np.full((2, len(labels), len(labels)), _UNKNOWN)
        for i, j in pairs:
            matches = align(activity, i, j)
            matched.append(float((matches >= 0).mean()))
            found[i, j] = _or_unknown(phase_agreement(matches, labels[i], labels[j]))
            by_time[i, j] = _or_unknown(phase_agreement(_by_time(labels[i].size, labels[j].size), labels[i], labels[j]))
        if pairs:
            groups.append(ByPair(found))
            straight.append(ByPair(by_time))
    if not groups:
        return None
    return PairAgreement(
        value=_mean(groups),
        interval=bootstrap(groups, seed),
        matched=float(np.mean(matched)),
        by_time=_mean(straight),
        n_pairs=len(matched),
        n_undefined=len(matched) - sum(int(np.isfinite(parts.pairs).sum()) for parts in groups),
    )


def _by_time(n_frames: int, n_others: int) -> Int[np.ndarray, " n"]:
    """The frame of the other recording that is shown at the same relative time, for every frame."""
    return np.asarray(((np.arange(n_frames) + 0.5) * n_others / n_frames).astype(np.int64))


def _mean(groups: Sequence[ByPair]) -> float | None:
    known = [value for parts in groups if (value := defined(parts)) is not None]
    return float(np.mean(known)) if known else None


def _or_unknown(value: float | None) -> float:
    return _UNKNOWN if value is None else value
