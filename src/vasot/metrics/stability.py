"""Which number of actions comes out the same again: a choice of K without labels, and how sure it is.

For every K there are segmentations of all recordings by models of several seeds, and by two models that each saw one
half of the recordings. A number of actions that the recordings have is found again by other seeds and from other
recordings. The score of a K is the gain of :mod:`vasot.metrics.agreement`: agreement beyond what relative time alone
explains, since a prior on time makes any K stable; half of it from seeds, half from halves. How sure the choice is
follows from drawing recordings and pairs of seeds anew, many times.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from jaxtyping import Float, Int

from vasot.errors import DataError, SettingsError
from vasot.metrics.agreement import Agreement, AgreementTables, compare_segmentations
from vasot.types import Segmentation

__all__ = ["ActionChoice", "CountFits", "CountRow", "choose_count"]

_RESAMPLES = 400
_INTERVAL = (0.1, 0.9)
_FAIRLY_SURE = 0.8
_NOTHING = 0.05
"""A gain of this size or less is nothing to go by."""


@dataclass(frozen=True, eq=False)
class CountFits:
    """Segmentations of all recordings by the models of one K.

    Attributes:
        n_actions: K.
        seeds: one list per seed, at least two; the first is that of the run's own seed.
        halves: by the model of either half of the recordings; None where there are too few to halve.
    """

    n_actions: int
    seeds: Sequence[Sequence[Segmentation]]
    halves: tuple[Sequence[Segmentation], Sequence[Segmentation]] | None = None


@dataclass(frozen=True)
class CountRow:
    """What is known of one K.

    Attributes:
        n_actions: K.
        score: mean gain of seeds and halves; -1 to 1, about 0 where nothing but time is found again.
        low, high: 10 % and 90 % of the score with recordings and pairs of seeds drawn anew.
        wins: share of these draws in which this K has the best score of all.
        seeds, halves: agreement between seeds (mean over pairs), and between halves where there are some.
        unused: actions of the first seed's model that no frame has.
        segments_per_recording: mean number of segments, of the first seed's model as all that follows.
        median_frames, median_seconds: length of a segment; seconds where every recording's rate is known.
        usual_successor: share of changes of action that lead to the action's most frequent successor.
    """

    n_actions: int
    score: float
    low: float
    high: float
    wins: float
    seeds: Agreement
    halves: Agreement | None
    unused: tuple[int, ...]
    segments_per_recording: float
    median_frames: float
    median_seconds: float | None
    usual_successor: float

    @property
    def used(self) -> int:
        """Number of actions that occur."""
        return self.n_actions - len(self.unused)


@dataclass(frozen=True)
class ActionChoice:
    """The rows in the order of K, the recommended K, and the Ks that cannot be told from the best one."""

    rows: tuple[CountRow, ...]
    recommended: int
    as_good: tuple[int, ...]

    @property
    def row(self) -> CountRow:
        """The recommended K's row."""
        return next(row for row in self.rows if row.n_actions == self.recommended)

    @property
    def nothing_found(self) -> bool:
        """True where not even the recommended K is clearly found again beyond what time explains."""
        return self.row.low <= _NOTHING

    @property
    def sureness(self) -> str:
        """``fairly sure`` where no other K is as good and this one wins 80 % of the draws, else ``not sure``.

        There is no ``sure``: draws of recordings do not tell how else the trainings could have ended.
        """
        alone = len(self.as_good) == 1 and not self.nothing_found
        return "fairly sure" if alone and self.row.wins >= _FAIRLY_SURE else "not sure"


def choose_count(fits: Sequence[CountFits], activities: Sequence[str], seed: int = 0) -> ActionChoice:
    """Score every K, and recommend the smallest that cannot be told from the best.

    A K cannot be told from the best one where the difference of their scores is at most its own standard error over the
    draws. Among such the smallest is taken: it says the same with less.

    Args:
        fits: one per K, of the same recordings in the same order.
        activities: of these recordings.
        seed: of the draws.

    Raises:
        SettingsError: no K, or fewer than two seeds.
        DataError: an activity with a single recording.
    """
    if not fits or any(len(each.seeds) < 2 for each in fits):
        raise SettingsError("agreement needs at least one number of actions and two seeds of each")
    fits = sorted(fits, key=lambda each: each.n_actions)
    draws = _Draws.random(activities, len(fits[0].seeds), seed)
    scored = [_score(each, activities, draws) for each in fits]
    drawn = np.stack([each.drawn for each in scored])
    wins = np.bincount(drawn.argmax(axis=0), minlength=len(fits)) / drawn.shape[1]
    rows = tuple(_row(each, scores, float(share)) for each, scores, share in zip(fits, scored, wins, strict=True))
    best = max(range(len(rows)), key=lambda index: rows[index].score)
    as_good = tuple(
        row.n_actions
        for index, row in enumerate(rows)
        if rows[best].score - row.score <= float((drawn[best] - drawn[index]).std())
    )
    return ActionChoice(rows, as_good[0], as_good)


@dataclass(frozen=True, eq=False)
class _Draws:
    """How often each recording, and each pair of seeds, occurs in every draw."""

    recordings: Int[np.ndarray, "b r"]
    pairs: Int[np.ndarray, "b p"]

    @classmethod
    def random(cls, activities: Sequence[str], n_seeds: int, seed: int) -> _Draws:
        generator = np.random.default_rng(seed)
        recordings = np.zeros((_RESAMPLES, len(activities)), dtype=np.int64)
        for name in dict.fromkeys(activities):
            members = np.flatnonzero(np.array(activities) == name)
            recordings[:, members] = generator.multinomial(
                members.size, np.full(members.size, 1 / members.size), _RESAMPLES
            )
        n_pairs = n_seeds * (n_seeds - 1) // 2
        return cls(recordings, generator.multinomial(n_pairs, np.full(n_pairs, 1 / n_pairs), _RESAMPLES))


@dataclass(frozen=True, eq=False)
class _Scores:
    seeds: Agreement
    halves: Agreement | None
    drawn: Float[np.ndarray, " b"]

    @property
    def score(self) -> float:
        return self.seeds.gain if self.halves is None else (self.seeds.gain + self.halves.gain) / 2


def _score(fits: CountFits, activities: Sequence[str], draws: _Draws) -> _Scores:
    def compare(a: Sequence[Segmentation], b: Sequence[Segmentation]) -> AgreementTables:
        return compare_segmentations(
            [each.labels for each in a], [each.labels for each in b], fits.n_actions, activities
        )

    pairs = [compare(a, b) for a, b in combinations(fits.seeds, 2)]
    whole = [pair.agreement() for pair in pairs]
    seeds = Agreement(
        float(np.mean([each.observed for each in whole])), float(np.mean([each.by_time for each in whole]))
    )
    gains = np.stack([_gain(pair, draws) for pair in pairs], axis=1)
    drawn = (gains * draws.pairs).sum(axis=1) / draws.pairs.sum(axis=1)
    if fits.halves is None:
        return _Scores(seeds, None, drawn)
    between = compare(*fits.halves)
    return _Scores(seeds, between.agreement(), (drawn + _gain(between, draws)) / 2)


def _gain(tables: AgreementTables, draws: _Draws) -> Float[np.ndarray, " b"]:
    observed, by_time = tables.resampled(draws.recordings)
    return np.asarray(observed - by_time)


def _row(fits: CountFits, scores: _Scores, wins: float) -> CountRow:
    own = fits.seeds[0]
    if not own:
        raise DataError("there are no segmentations to compare")
    segments = [list(each.segments()) for each in own]
    every = [segment for each in segments for segment in each]
    present = {segment.action for segment in every}
    seconds = [
        segment.end_seconds - segment.start_seconds
        for segment in every
        if segment.start_seconds is not None and segment.end_seconds is not None
    ]
    low, high = np.quantile(scores.drawn, _INTERVAL)
    return CountRow(
        n_actions=fits.n_actions,
        score=scores.score,
        low=float(low),
        high=float(high),
        wins=wins,
        seeds=scores.seeds,
        halves=scores.halves,
        unused=tuple(sorted(set(range(fits.n_actions)) - present)),
        segments_per_recording=len(every) / len(own),
        median_frames=float(np.median([segment.n_frames for segment in every])),
        median_seconds=float(np.median(seconds)) if len(seconds) == len(every) else None,
        usual_successor=_usual_successor([[segment.action for segment in each] for each in segments], fits.n_actions),
    )


def _usual_successor(orders: Sequence[Sequence[int]], n_actions: int) -> float:
    """Share of changes that lead where most changes from that action lead; 1 where nothing ever changes."""
    counts = np.zeros((n_actions, n_actions), dtype=np.int64)
    for order in orders:
        np.add.at(counts, (list(order[:-1]), list(order[1:])), 1)
    return float(counts.max(axis=1).sum() / counts.sum()) if counts.any() else 1.0
