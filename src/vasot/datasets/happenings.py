"""What happens when in a made recording: steps in varying order, speed and number, with background between them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int

from vasot.types import UNMATCHED

__all__ = [
    "BACKGROUND",
    "MOST_BACKGROUND",
    "FrameTruth",
    "Variation",
    "happenings",
    "phases_of",
    "stretch_lengths",
    "true_matches",
]

MOST_BACKGROUND = 0.95
"""Largest share of a recording's frames that may belong to no step."""


@runtime_checkable
class Variation(Protocol):
    """How recordings of one activity differ from each other; shares and probabilities lie in 0..1."""

    @property
    def n_actions(self) -> int:
        """Number of steps."""

    @property
    def order_variation(self) -> float:
        """Probability that a step changes places with the next one."""

    @property
    def omission(self) -> float:
        """Probability that a step is left out."""

    @property
    def repetition(self) -> float:
        """Probability that a step comes a second time."""

    @property
    def background(self) -> float:
        """Share of the frames that belong to no step."""

    @property
    def speed_variation(self) -> float:
        """Standard deviation of log speed between recordings, and again between their steps."""


BACKGROUND = -1
"""The value of :attr:`FrameTruth.action` for a frame that belongs to no action."""


@dataclass(frozen=True, eq=False)
class FrameTruth:
    """What every frame of a made recording shows.

    Attributes:
        action: (T,) the step, 0..n_actions-1, or :data:`BACKGROUND`.
        occurrence: (T,) how many times this recording has shown the step before.
        phase: (T,) how far the step has gone, 0 <= phase < 1.
    """

    action: Int[np.ndarray, " t"]
    occurrence: Int[np.ndarray, " t"]
    phase: Float[np.ndarray, " t"]


def happenings(
    settings: Variation, lengths: Float[np.ndarray, " k"], generator: np.random.Generator
) -> tuple[FrameTruth, list[int]]:
    """What one recording shows when, and the lengths of its stretches of background in order of time."""
    steps = _order(settings, generator)
    speed = math.exp(settings.speed_variation * generator.standard_normal())
    blocks: list[tuple[int, int, Float[np.ndarray, " _"]]] = []
    for position, step in enumerate(steps):
        step_speed, bend = np.exp(settings.speed_variation * generator.standard_normal(2))
        length = max(1, round(lengths[step] / (speed * step_speed)))
        blocks.append((step, steps[:position].count(step), phases_of(length, bend)))

    n_frames = sum(phases.size for _, _, phases in blocks)
    stretches = stretch_lengths(n_frames, settings.background, 1 + len(steps) // 2, generator)
    gaps = np.sort(generator.choice(len(blocks) + 1, size=len(stretches), replace=False))
    # From the last gap to the first, so that the gaps before keep their numbers.
    for gap, length in zip(reversed(gaps.tolist()), reversed(stretches), strict=True):
        blocks.insert(gap, (BACKGROUND, 0, phases_of(length, 1.0)))
    sizes = [phases.size for _, _, phases in blocks]
    truth = FrameTruth(
        action=np.repeat(np.array([step for step, _, _ in blocks], dtype=np.int64), sizes),
        occurrence=np.repeat(np.array([nth for _, nth, _ in blocks], dtype=np.int64), sizes),
        phase=np.concatenate([phases for _, _, phases in blocks]),
    )
    return truth, stretches


def _order(settings: Variation, generator: np.random.Generator) -> list[int]:
    """The steps of one recording: some left out, neighbours swapped, some shown again later or earlier."""
    kept = np.flatnonzero(generator.random(settings.n_actions) >= settings.omission)
    steps: list[int] = kept.tolist() or [int(generator.integers(settings.n_actions))]
    swaps = generator.random(settings.n_actions) < settings.order_variation
    position = 0
    while position < len(steps) - 1:
        if swaps[position]:
            steps[position : position + 2] = steps[position + 1], steps[position]
            position += 1
        position += 1
    repeats = generator.random(settings.n_actions) < settings.repetition
    for step in [step for step in steps if repeats[step]]:
        # Next to itself a step would only look longer.
        places = [place for place in range(len(steps) + 1) if step not in steps[max(place - 1, 0) : place + 1]]
        if places:
            steps.insert(int(generator.choice(places)), step)
    return steps


def phases_of(n_frames: int, bend: float) -> Float[np.ndarray, " t"]:
    """Middles of ``n_frames`` equal parts of 0..1, raised to ``bend``: above 1 a step begins slowly and ends fast."""
    return ((np.arange(n_frames) + 0.5) / n_frames) ** bend


def stretch_lengths(n_own: int, share: float, n_stretches: int, generator: np.random.Generator) -> list[int]:
    """Lengths of at most ``n_stretches`` stretches of foreign frames that make ``share`` of the whole."""
    n_foreign = round(n_own * share / (1 - share))
    n_stretches = min(n_stretches, n_foreign)
    if n_stretches == 0:
        return []
    weights = generator.uniform(0.5, 1.5, n_stretches)
    extra = generator.multinomial(n_foreign - n_stretches, weights / weights.sum())
    return [1 + length for length in extra.tolist()]


def true_matches(x: FrameTruth, y: FrameTruth) -> Int[np.ndarray, " n"]:
    """For every frame of one recording the frame of another that shows the same moment.

    It is the frame of the same occurrence of the same step with the nearest phase (the earlier one of two), or
    :data:`~vasot.types.UNMATCHED` for background and for an occurrence that the other does not have.
    """
    matches = np.full(x.action.size, UNMATCHED, dtype=np.int64)
    for action, nth in set(zip(x.action.tolist(), x.occurrence.tolist(), strict=True)):
        here = (x.action == action) & (x.occurrence == nth)
        there = np.flatnonzero((y.action == action) & (y.occurrence == nth))
        if action != BACKGROUND and there.size:
            distance = np.abs(x.phase[here, None] - y.phase[None, there])
            matches[here] = there[distance.argmin(axis=1)]
    return matches
