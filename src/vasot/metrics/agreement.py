"""How far two segmentations of the same recordings agree, beyond what chance and the mere course of time explain.

Two models number their actions differently, so labels cannot be compared; pairs of frames can: are both models of one
mind on which frames belong together? That is the Rand index, adjusted for chance (Hubert and Arabie 1985).

Chance is not all that two models share. A prior ties every action to a part of the recording, so that even models that
have learned nothing agree well: both cut everything in nearly equal parts. What time alone explains is what remains of
the agreement when recordings are exchanged: the first model's segments of one recording against the second model's
segments of another one, stretched to the same length.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from vasot.errors import DataError

__all__ = ["Agreement", "AgreementTables", "adjusted_rand", "compare_segmentations", "stretched"]

_MOST_EXCHANGES = 8
"""Other recordings that each one is exchanged with; the mean over so many hardly moves any more."""


@dataclass(frozen=True)
class Agreement:
    """Adjusted Rand index of two segmentations of the same recordings.

    Attributes:
        observed: at most 1; 0 is what labels shuffled among the frames would reach.
        by_time: the same with recordings exchanged: what relative time alone explains.
    """

    observed: float
    by_time: float

    @property
    def gain(self) -> float:
        """Agreement that only the content of the recordings explains; it can be slightly negative."""
        return self.observed - self.by_time


@dataclass(frozen=True, eq=False)
class AgreementTables:
    """Frames per pair of actions, kept by recording, so that recordings can be drawn anew without counting again.

    Attributes:
        own: (R, K, L) of each recording with itself.
        exchanged: (S, R, K, L) of each recording with S others of its activity.
    """

    own: Int[np.ndarray, "r k l"]
    exchanged: Int[np.ndarray, "s r k l"]

    def agreement(self) -> Agreement:
        """The agreement over all recordings."""
        observed, by_time = self.resampled(np.ones((1, len(self.own)), dtype=np.int64))
        return Agreement(float(observed[0]), float(by_time[0]))

    def resampled(self, counts: Int[np.ndarray, "b r"]) -> tuple[Float[np.ndarray, " b"], Float[np.ndarray, " b"]]:
        """Observed agreement, and that by time, where recording r occurs ``counts[b, r]`` times."""
        observed = adjusted_rand(np.einsum("br,rkl->bkl", counts, self.own))
        by_time = adjusted_rand(np.einsum("br,srkl->bskl", counts, self.exchanged)).mean(axis=1)
        return observed, by_time


def adjusted_rand(tables: Int[np.ndarray, "*some k l"]) -> Float[np.ndarray, "*some"]:
    """Adjusted Rand index of every table of counts; 1 where both partitions are the same, 0 on average by chance.

    >>> adjusted_rand(np.array([[[2, 0], [0, 2]], [[1, 1], [1, 1]]])).round(3).tolist()
    [1.0, -0.5]
    """
    together = _pairs(tables).sum(axis=(-2, -1))
    rows, columns = _pairs(tables.sum(axis=-1)).sum(axis=-1), _pairs(tables.sum(axis=-2)).sum(axis=-1)
    every = _pairs(np.asarray(tables.sum(axis=(-2, -1))))
    expected = rows * columns / np.maximum(every, 1.0)
    possible = (rows + columns) / 2 - expected
    # Both put all frames together, or each on its own: they cannot differ.
    same = possible <= 0
    return np.asarray(np.where(same, 1.0, (together - expected) / np.where(same, 1.0, possible)))


def stretched(labels: Int[np.ndarray, " t"], n_frames: int) -> Int[np.ndarray, " n"]:
    """Return the labels played in ``n_frames`` frames: each frame shows what was there at its relative time.

    >>> stretched(np.array([0, 0, 1]), 6).tolist(), stretched(np.array([0, 0, 1, 1]), 2).tolist()
    ([0, 0, 0, 0, 1, 1], [0, 1])
    """
    middles = (np.arange(n_frames) + 0.5) * labels.size / n_frames
    return np.asarray(labels[middles.astype(np.int64)])


def compare_segmentations(
    first: Sequence[Int[np.ndarray, " _"]],
    second: Sequence[Int[np.ndarray, " _"]],
    n_actions: int,
    activities: Sequence[str],
) -> AgreementTables:
    """Count how two models' labels of the same recordings go together.

    Args:
        first, second: labels per recording, each in the numbers of its own model.
        n_actions: K of both.
        activities: of the recordings; they are exchanged within one only.

    Raises:
        DataError: labels of different lengths, or an activity with a single recording.

    >>> halves, thirds = np.repeat([0, 1], 6), np.repeat([0, 1], [4, 8])
    >>> same = compare_segmentations([halves, thirds], [1 - halves, 1 - thirds], 2, ["a", "a"]).agreement()
    >>> same.observed, round(same.by_time, 2)
    (1.0, 0.42)
    """
    if any(a.shape != b.shape for a, b in zip(first, second, strict=True)):
        raise DataError("two segmentations of one recording differ in length; segment the same recordings with both")
    partners = _partners(activities)
    own = np.stack([_table(a, b, n_actions) for a, b in zip(first, second, strict=True)])
    exchanged = np.stack(
        [
            [_table(a, stretched(second[other], a.size), n_actions) for a, other in zip(first, others, strict=True)]
            for others in partners
        ]
    )
    return AgreementTables(own, exchanged)


def _partners(activities: Sequence[str]) -> Int[np.ndarray, "s r"]:
    """For each exchange, the recording that each one is exchanged with: the one so many places on, in a circle."""
    members = {name: [i for i, each in enumerate(activities) if each == name] for name in activities}
    for name, places in members.items():
        if len(places) < 2:
            raise DataError(f"activity '{name}' has one recording; there is none to exchange it with")
    count = min(_MOST_EXCHANGES, max(map(len, members.values())) - 1)
    partners = np.zeros((count, len(activities)), dtype=np.int64)
    for places in members.values():
        for step in range(count):
            # Never itself, whatever the size of the activity.
            shift = 1 + step % (len(places) - 1)
            partners[step, places] = np.roll(places, -shift)
    return partners


def _table(a: Int[np.ndarray, " t"], b: Int[np.ndarray, " t"], n_actions: int) -> Int[np.ndarray, "k k"]:
    cells = np.bincount(a.astype(np.int64) * n_actions + b, minlength=n_actions**2)
    return cells.reshape(n_actions, n_actions)


def _pairs(counts: Int[np.ndarray, "*some"]) -> Float[np.ndarray, "*some"]:
    """Pairs among so many."""
    known = counts.astype(np.float64)
    return np.asarray(known * (known - 1) / 2)
