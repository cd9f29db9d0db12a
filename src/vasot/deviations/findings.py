"""What of a recording deviates from the norm that references set."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from jaxtyping import Bool, Int

from vasot.deviations.norm import Norm, Token, tokens_of
from vasot.deviations.timeline import NOTHING, Span, Timeline
from vasot.types import UNMATCHED

__all__ = ["KINDS", "LEAST_CONFIDENCE", "Deviation", "Kind", "Place", "Reference", "find_deviations", "score_of"]

Kind = Literal["missing", "extra", "repeated", "order", "slow", "fast", "unmatched"]

KINDS: tuple[Kind, ...] = ("missing", "extra", "repeated", "order", "slow", "fast", "unmatched")

LEAST_CONFIDENCE = 0.5
"""What is less sure is left out."""

_LEAST_RATIO = 1.25
"""A length within 25 % of the usual one is no deviation, however regular the references are."""

_NOTHING_RATIO = 1.5
"""How much longer than in the references a stretch of nothing has to be: two of them join where a step is missing."""

_LEAST_NOTHING = 0.5
"""Nothing that lasts less than this part of the shortest step is not worth telling."""


@dataclass(frozen=True)
class Place:
    """Frames ``start_frame`` to ``end_frame`` (exclusive) of a recording; equal where it is a point between frames."""

    recording: str
    start_frame: int
    end_frame: int


@dataclass(frozen=True)
class Deviation:
    """One thing that differs from the references.

    Attributes:
        kind: what it is.
        action: the step; None for moments that match nothing, and for the pace of the whole recording.
        here: where in the recording; of a missing step the point where it would be.
        there: where in a reference; a point for what the reference does not have.
        size: how much time it concerns, in seconds or frames: the length of what is missing, too much or moved, and by
            how much a step is longer or shorter.
        ratio: of a slow or fast step, its length by the usual one at the pace of the recording; of a slow or fast
            recording, its pace by the usual one; else None.
        confidence: :data:`LEAST_CONFIDENCE` (just worth telling) to 1.
        against: of a step out of order, the actions that it changed places with.
    """

    kind: Kind
    action: int | None
    here: Place
    there: Place
    size: float
    confidence: float
    ratio: float | None = None
    against: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class Reference:
    """A reference, and what the alignment says of it and the recording.

    Attributes:
        timeline: its steps.
        matches: (T,) its frame for every frame of the recording, or ``UNMATCHED``.
        unmatched: (M,) True where a frame of it has no counterpart in the recording.
    """

    timeline: Timeline
    matches: Int[np.ndarray, " t"]
    unmatched: Bool[np.ndarray, " m"]

    @cached_property
    def actions(self) -> Int[np.ndarray, " t"]:
        """(T,) the reference's action at the match of every frame of the recording; NOTHING where there is none."""
        labels = np.full(self.unmatched.size, NOTHING)
        for step in self.timeline.steps:
            labels[step.start_frame : step.end_frame] = step.action
        for stretch in self.timeline.nothing:
            labels[stretch.start_frame : stretch.end_frame] = NOTHING
        return np.where(self.matches == UNMATCHED, NOTHING, labels[self.matches])

    def unmatched_share(self, step: Span) -> float:
        """The share of a step of the reference that has no counterpart in the recording."""
        return float(self.unmatched[step.start_frame : step.end_frame].mean())

    def point(self, frame: int) -> Place:
        """The place in the reference at the beginning of a frame of the recording."""
        earlier = self.matches[:frame]
        matched = earlier[earlier != UNMATCHED]
        at = int(matched[-1]) + 1 if matched.size else 0
        return Place(self.timeline.name, at, at)


def find_deviations(timeline: Timeline, references: Sequence[Reference], norm: Norm) -> list[Deviation]:
    """All deviations of a recording that are sure enough, in order of time.

    Args:
        timeline: the steps of the recording.
        references: the references, the one to show first.
        norm: what the references have in common.
    """
    comparison = _Comparison(timeline, references, norm)
    surplus = comparison.surplus()
    kept = [step for step in timeline.steps if step not in surplus]
    found = [
        *comparison.missing(),
        *(comparison.too_often(step) for step in surplus),
        *comparison.out_of_order(kept),
        *comparison.at_unusual_pace(kept),
        *comparison.unmatched(),
    ]
    sure = [each for each in found if each.confidence >= LEAST_CONFIDENCE]
    return sorted(sure, key=lambda each: (each.here.start_frame, each.here.end_frame, KINDS.index(each.kind)))


def score_of(deviations: Sequence[Deviation], norm: Norm) -> float:
    """How much of a usual recording's time deviates: sizes weighed by confidence, by the references' usual length.

    0 where nothing does; above 1 where more deviates than a whole reference lasts.
    """
    return sum(each.size * each.confidence for each in deviations) / norm.length


@dataclass(frozen=True, eq=False)
class _Comparison:
    timeline: Timeline
    references: Sequence[Reference]
    norm: Norm

    def surplus(self) -> list[Span]:
        """Occurrences beyond as many as the references have: those without which the order is as it should be.

        Of equally good ones, the one that is least aligned with the same step of the references.
        """
        kept, found = list(self.timeline.steps), []
        for action, most in enumerate(self.norm.most.tolist()):
            for _ in range(len(self.timeline.of_action(action)) - most):
                choice = [step for step in kept if step.action == action]
                worst = min(
                    choice, key=lambda step: (len(self._wrong_pairs(_without(kept, step))), self._aligned(step))
                )
                kept.remove(worst)
                found.append(worst)
        return found

    def missing(self) -> Iterator[Deviation]:
        for action, fewest in enumerate(self.norm.fewest.tolist()):
            n_missing = fewest - len(self.timeline.of_action(action))
            showing = [each for each in self.references if len(each.timeline.of_action(action)) >= fewest]
            if n_missing <= 0 or not showing:
                continue
            shares = [[each.unmatched_share(step) for step in each.timeline.of_action(action)] for each in showing]
            first = showing[0]
            order = np.argsort(shares[0])[::-1][:n_missing]
            for place in order.tolist():
                step = first.timeline.of_action(action)[place]
                told = float(np.mean([sorted(each)[-n_missing] for each in shares]))
                sure = math.sqrt(float(self.norm.shown[action]) * told)
                at = self._where_it_would_be(first.timeline, step)
                yield Deviation(
                    "missing",
                    action,
                    Place(self.timeline.name, at, at),
                    _place(first.timeline, step),
                    self.norm.paces.steps[action].usual,
                    sure,
                )

    def too_often(self, step: Span) -> Deviation:
        shown = self._shown(step.action)
        there = self.references[0].point(step.start_frame) if shown is None else shown
        kind: Kind = "repeated" if self.norm.most[step.action] else "extra"
        return Deviation(kind, step.action, _place(self.timeline, step), there, step.length, self._sure(step))

    def out_of_order(self, kept: Sequence[Span]) -> Iterator[Deviation]:
        """The fewest steps whose move explains all pairs in the wrong order; of two neighbours, the shorter one."""
        places = {token: place for place, token in enumerate(tokens_of(kept))}
        wrong = self._wrong_pairs(kept)
        while wrong:
            counts = Counter(token for pair in wrong for token in pair)
            moved = max(counts, key=lambda token: (counts[token], -kept[places[token]].length))
            explained = {pair: share for pair, share in wrong.items() if moved in pair}
            others = [first if second == moved else second for first, second in explained]
            step = kept[places[moved]]
            partner = max(self._sure(kept[places[other]]) for other in others)
            sure = float(np.mean(list(explained.values()))) * math.sqrt(self._sure(step) * partner)
            yield Deviation(
                "order",
                moved.action,
                _place(self.timeline, step),
                self._shown(moved.action, moved.nth) or self.references[0].point(step.start_frame),
                step.length,
                sure,
                against=tuple(sorted({other.action for other in others})),
            )
            wrong = {pair: share for pair, share in wrong.items() if pair not in explained}

    def at_unusual_pace(self, kept: Sequence[Span]) -> Iterator[Deviation]:
        """Steps of another length than usual at the recording's pace, and a recording of another pace."""
        paces = self.norm.paces
        pace = math.exp(paces.pace_of(kept))
        if paces.whole is not None and (kind := _kind(pace, paces.whole.unusual(pace))) is not None:
            whole = self.references[0].timeline
            here, there = (Place(each.name, 0, each.n_frames) for each in (self.timeline, whole))
            size = abs(pace - 1) / pace * sum(step.length for step in kept)
            yield Deviation(kind, None, here, there, size, _strength(paces.whole.unusual(pace)), pace)
        for step in kept:
            if (spread := paces.steps.get(step.action)) is None:
                continue
            length, unusual = step.length / pace, spread.unusual(step.length / pace)
            ratio = length / spread.usual
            if (kind := _kind(ratio, unusual)) is not None:
                here = _place(self.timeline, step)
                there = self._shown(step.action) or self.references[0].point(step.start_frame)
                size = abs(step.length - spread.usual * pace)
                yield Deviation(kind, step.action, here, there, size, _strength(unusual) * self._sure(step), ratio)

    def unmatched(self) -> Iterator[Deviation]:
        for stretch in self.timeline.nothing:
            unusual = self._unusual_nothing(stretch.length)
            if unusual < 1:
                continue
            yield Deviation(
                "unmatched",
                None,
                _place(self.timeline, stretch),
                self.references[0].point(stretch.start_frame),
                stretch.length,
                _strength(unusual) * stretch.confidence,
            )

    def _wrong_pairs(self, steps: Sequence[Span]) -> dict[tuple[Token, Token], float]:
        """Pairs that always come in one order in the references and come in the other here."""
        places = {token: place for place, token in enumerate(tokens_of(steps))}
        return {
            (first, second): share
            for (first, second), share in self.norm.before.items()
            if first in places and second in places and places[first] > places[second]
        }

    def _unusual_nothing(self, length: float) -> float:
        """How far a stretch of nothing is beyond those of the references; below 1 it is as theirs, or very short."""
        shortest = min((each.usual for each in self.norm.paces.steps.values()), default=0.0)
        return length / max(_NOTHING_RATIO * self.norm.longest_nothing, _LEAST_NOTHING * shortest)

    def _sure(self, step: Span) -> float:
        """How sure both answers are of a step: the segmentation against its usual certainty, and the alignment."""
        usual = float(self.norm.certainty[step.action])
        segmented = min(step.confidence / usual, 1.0) if usual > 0 else step.confidence
        return math.sqrt(
            segmented * (1 - self._share(step, lambda actions: (actions != NOTHING) & (actions != step.action)))
        )

    def _aligned(self, step: Span) -> float:
        return self._share(step, lambda actions: actions == step.action)

    def _share(self, step: Span, what: Callable[[Int[np.ndarray, " t"]], Bool[np.ndarray, " t"]]) -> float:
        """The share of a step's frames of which something holds in the references, mean over these."""
        frames = slice(step.start_frame, step.end_frame)
        return float(np.mean([what(each.actions[frames]).mean() for each in self.references]))

    def _shown(self, action: int, nth: int = 0) -> Place | None:
        """The step in the first reference that has it."""
        for each in self.references:
            if len(steps := each.timeline.of_action(action)) > nth:
                return _place(each.timeline, steps[nth])
        return None

    def _where_it_would_be(self, reference: Timeline, step: Span) -> int:
        """Behind the step of the recording that comes before it in the reference."""
        earlier = reference.steps[: reference.steps.index(step)]
        for before in reversed(earlier):
            if steps := self.timeline.of_action(before.action):
                return steps[-1].end_frame
        return 0


def _place(timeline: Timeline, span: Span) -> Place:
    return Place(timeline.name, span.start_frame, span.end_frame)


def _without(steps: Sequence[Span], step: Span) -> list[Span]:
    return [each for each in steps if each is not step]


def _kind(ratio: float, unusual: float) -> Kind | None:
    """Slow or fast, where a length is unusual and far enough from the usual one."""
    if abs(unusual) < 1 or max(ratio, 1 / ratio) < _LEAST_RATIO:
        return None
    return "slow" if ratio > 1 else "fast"


def _strength(unusual: float) -> float:
    """0.5 at the bound of what is unusual, towards 1 far beyond it."""
    return 1 - 0.5 / unusual**2
