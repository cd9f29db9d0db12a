"""Recordings as a perfect model would see them beside references, from a list of steps and their lengths."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vasot.deviations.findings import Deviation, Reference, find_deviations
from vasot.deviations.norm import Norm
from vasot.deviations.timeline import NOTHING, Limits, Observation, Timeline, read_timeline
from vasot.types import UNMATCHED, Segmentation

N_ACTIONS = 5
"""Actions that the made models know; references use the first four."""

Steps = Sequence[tuple[int, int]]
"""(action, frames) in order of time; of :data:`NOTHING`, frames that resemble nothing."""

USUAL: Steps = ((0, 20), (1, 30), (2, 10), (3, 25))

LIMITS = Limits(0.5, np.full(N_ACTIONS, 4.0))


def observation(name: str, steps: Steps) -> Observation:
    """Frames of nothing are unmatched, far from all others, and labelled as the action before them."""
    tokens = np.concatenate([np.full(length, action) for action, length in steps])
    nothing = tokens == NOTHING
    labels = tokens.copy()
    for frame in np.flatnonzero(nothing):
        labels[frame] = labels[frame - 1] if frame else 0
    names = tuple(f"action_{action}" for action in range(N_ACTIONS))
    segmentation = Segmentation(name, labels, np.full(labels.size, 0.9), N_ACTIONS, names)
    return Observation(segmentation, nothing.astype(float), nothing.astype(float), np.ones(labels.size))


def timeline(name: str, steps: Steps) -> Timeline:
    """The timeline of a perfect observation."""
    return read_timeline(observation(name, steps), LIMITS)


def reference(known: Timeline, recording: Timeline) -> Reference:
    """A reference aligned without fault: the same occurrence of the same step, its frames spread evenly."""
    matches, unmatched = np.full(recording.n_frames, UNMATCHED), np.ones(known.n_frames, dtype=bool)
    for action in {step.action for step in known.steps}:
        for here, there in zip(recording.of_action(action), known.of_action(action), strict=False):
            frames = np.linspace(there.start_frame, there.end_frame - 1, here.end_frame - here.start_frame)
            matches[here.start_frame : here.end_frame] = frames.round().astype(int)
            unmatched[there.start_frame : there.end_frame] = False
    return Reference(known, matches, unmatched)


def varied(steps: Steps, number: int, spread: float = 0.08) -> Steps:
    """The same steps, of lengths that scatter by ``spread``."""
    generator = np.random.default_rng(number)
    return [(action, round(length * np.exp(spread * generator.standard_normal()))) for action, length in steps]


def references(n: int = 5, steps: Steps = USUAL) -> list[Timeline]:
    """References with lengths that vary by a few percent."""
    return [timeline(f"reference_{number}", varied(steps, number)) for number in range(n)]


def deviations(
    steps: Steps, known: Sequence[Timeline] | None = None, others: Sequence[Timeline] = ()
) -> list[Deviation]:
    """What deviates in a recording of these steps."""
    known = references() if known is None else known
    held = timeline("take", steps)
    norm = Norm.of(known, others or known, N_ACTIONS)
    return find_deviations(held, [reference(each, held) for each in known], norm)
