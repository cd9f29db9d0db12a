"""How recordings that are as they should be differ among themselves: the measure of what is a deviation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from vasot.deviations.pace import Paces
from vasot.deviations.timeline import Span, Timeline

__all__ = ["USUAL", "Norm", "Token", "tokens_of"]

USUAL = 0.8
"""The share of recordings that has to show something before its absence is a deviation."""


_LONGEST = 0.9
"""The share of recordings whose longest stretch of nothing is usual."""


class Token(NamedTuple):
    """The ``nth`` time (from 0) that a recording shows an action."""

    action: int
    nth: int


@dataclass(frozen=True, eq=False)
class Norm:
    """What references have in common, and how much they differ.

    Attributes:
        fewest: (K,) how often a step has to occur.
        most: (K,) how often it may occur.
        shown: (K,) the share of the recordings in which the step occurs at least ``fewest`` times.
        certainty: (K,) the usual confidence of the step's occurrences; 0 where the references do not show it.
        paces: how long each step lasts that the references show, and how much that differs.
        before: pairs (earlier, later) whose order is always the same, and in how large a share of the recordings.
        longest_nothing: the longest stretch of nothing that is usual; 0 where there is none.
        length: the usual length of a whole recording.
    """

    fewest: Int[np.ndarray, " k"]
    most: Int[np.ndarray, " k"]
    shown: Float[np.ndarray, " k"]
    certainty: Float[np.ndarray, " k"]
    paces: Paces
    before: dict[tuple[Token, Token], float]
    longest_nothing: float
    length: float

    @classmethod
    def of(cls, references: Sequence[Timeline], others: Sequence[Timeline], n_actions: int) -> Norm:
        """The norm that references set; ``others`` show how recordings differ.

        With several references these are the others as well. A single one says what should happen, and other
        recordings how much one that is not wrong may differ from it: what is not usual among them is not asked for.

        Args:
            references: at least one.
            others: at least two.
            n_actions: K.
        """
        asked, seen = _counts(references, n_actions), _counts(others, n_actions)
        # "lower" keeps counts whole: at least a share USUAL of the recordings has as many.
        fewest = np.minimum(asked.max(axis=0), _quantile(seen, 1 - USUAL))
        most = np.maximum(asked.max(axis=0), _quantile(seen, USUAL))
        shown = (seen >= np.maximum(fewest, 1)).mean(axis=0)
        stretches = [max((span.length for span in each.nothing), default=0.0) for each in others]
        return cls(
            fewest,
            most,
            shown,
            _certainty(references, n_actions),
            Paces.of(references, others, n_actions),
            _orders(references, others),
            float(np.quantile(stretches, _LONGEST)),
            float(np.median([each.length for each in references])),
        )


def tokens_of(steps: Sequence[Span]) -> list[Token]:
    """What each of some steps in order of time is."""
    seen: dict[int, int] = {}
    tokens = []
    for step in steps:
        nth = seen.get(step.action, 0)
        seen[step.action] = nth + 1
        tokens.append(Token(step.action, nth))
    return tokens


def _counts(timelines: Sequence[Timeline], n_actions: int) -> Int[np.ndarray, "r k"]:
    return np.stack([np.bincount([s.action for s in each.steps], minlength=n_actions) for each in timelines])


def _quantile(counts: Int[np.ndarray, "r k"], share: float) -> Int[np.ndarray, " k"]:
    return np.asarray(np.quantile(counts, share, axis=0, method="lower"), dtype=np.int64)


def _certainty(timelines: Sequence[Timeline], n_actions: int) -> Float[np.ndarray, " k"]:
    seen = [[step.confidence for each in timelines for step in each.of_action(action)] for action in range(n_actions)]
    return np.array([float(np.median(each)) if each else 0.0 for each in seen])


def _orders(references: Sequence[Timeline], others: Sequence[Timeline]) -> dict[tuple[Token, Token], float]:
    """Pairs of tokens that all references and most others show in this order, where at least two others show both."""
    asked = [_places(each) for each in references]
    seen = [_places(each) for each in others]
    before = {}
    for pair in permutations(sorted(set().union(*asked)), 2):
        kept = [places[pair[0]] < places[pair[1]] for places in asked if pair[0] in places and pair[1] in places]
        also = [places[pair[0]] < places[pair[1]] for places in seen if pair[0] in places and pair[1] in places]
        if kept and all(kept) and len(also) > 1 and float(np.mean(also)) >= USUAL:
            before[pair] = float(np.mean(also))
    return before


def _places(timeline: Timeline) -> dict[Token, int]:
    return {token: place for place, token in enumerate(tokens_of(timeline.steps))}
