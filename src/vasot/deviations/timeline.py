"""What happens in a recording: steps in order, and stretches that resemble nothing; both answers of the model at once.

The segmentation gives every frame an action, also those that show none; the alignment says which frames have no
counterpart, but carries only so much of one recording onto another, so that a step that is repeated or slow has
unmatched frames as well. A frame resembles *nothing* where most of the other recordings leave it unmatched and it also
lies further from all their frames than matched frames do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Bool, Float, Int

from vasot.types import Segmentation

__all__ = ["NOTHING", "Limits", "Observation", "Span", "Timeline", "read_timeline"]

NOTHING = -1
"""The action of a span that resembles nothing in the other recordings."""

_FAR_QUANTILE, _FAR_FACTOR = 0.995, 1.5
"""A frame is far beyond this many times the distance within which this share of the matched frames lie.

The factor leaves room for what a deviation changes elsewhere: features are standardised per recording.
"""

_FRAGMENT = 1 / 3
"""A run below this part of the step's usual length is a slip of the segmentation, not the step."""

_SHORTEST_NOTHING_FRAMES = 3


@dataclass(frozen=True, eq=False)
class Observation:
    """One recording, as a model sees it beside others.

    Attributes:
        segmentation: the action of every frame.
        unmatched: (T,) the share of the other recordings in which the frame has no counterpart, 0..1.
        distance: (T,) cosine distance of the embedding to the nearest frame of another recording, median over these.
        lengths: (T,) how long each frame lasts, in seconds, or 1 where a rate is not known.
    """

    segmentation: Segmentation
    unmatched: Float[np.ndarray, " t"]
    distance: Float[np.ndarray, " t"]
    lengths: Float[np.ndarray, " t"]

    @property
    def name(self) -> str:
        """What the recording is called."""
        return self.segmentation.name

    @property
    def mostly_unmatched(self) -> Bool[np.ndarray, " t"]:
        """(T,) whether at least half of the others have no counterpart of a frame."""
        return np.asarray(self.unmatched >= 0.5)


@dataclass(frozen=True)
class Span:
    """Frames ``start_frame`` to ``end_frame`` (exclusive) that show one step, or nothing known.

    Attributes:
        action: index of the action, or :data:`NOTHING`.
        length: how long it lasts, in seconds or frames, without what resembles nothing within it.
        confidence: mean share of a frame's mass on its action; of nothing, the mean share of others that leave it
            unmatched.
    """

    action: int
    start_frame: int
    end_frame: int
    length: float
    confidence: float

    @property
    def weight(self) -> float:
        """The length, less where the model is unsure."""
        return self.length * self.confidence


@dataclass(frozen=True)
class Timeline:
    """The steps of a recording in order of time, and its stretches of nothing.

    Attributes:
        name: the recording.
        length: how long it lasts.
        n_frames: the same in frames.
    """

    name: str
    steps: tuple[Span, ...]
    nothing: tuple[Span, ...]
    length: float
    n_frames: int

    def of_action(self, action: int) -> list[Span]:
        """The occurrences of a step, in order of time."""
        return [step for step in self.steps if step.action == action]


@dataclass(frozen=True, eq=False)
class Limits:
    """What tells a step from a slip of the model, learned from recordings that are as they should be.

    Attributes:
        far: a distance well beyond that of frames which have counterparts; infinite where no frame has any.
        shortest: (K,) the length below which a run of an action is a fragment.
    """

    far: float
    shortest: Float[np.ndarray, " k"]

    @classmethod
    def of(cls, observations: Sequence[Observation]) -> Limits:
        """Limits of recordings: a third of the usual longest run of an action, of any action where one is not shown."""
        near = np.concatenate([each.distance[~each.mostly_unmatched] for each in observations])
        far = _FAR_FACTOR * float(np.quantile(near, _FAR_QUANTILE)) if near.size else float("inf")
        longest = np.zeros((len(observations), observations[0].segmentation.n_actions))
        for row, each in zip(longest, observations, strict=True):
            for run in _runs(_tokens(each, far), each):
                if run.action != NOTHING:
                    row[run.action] = max(row[run.action], run.weight)
        shown = np.where(longest > 0, longest, np.nan)
        usual = [float(np.nanmedian(column)) if (column > 0).any() else np.nan for column in shown.T]
        anything = float(np.nanmedian(usual)) if np.isfinite(usual).any() else 0.0
        return cls(far, _FRAGMENT * np.where(np.isfinite(usual), usual, anything))


def read_timeline(observation: Observation, limits: Limits) -> Timeline:
    """The steps and the stretches of nothing, after fragments went to the longer of their neighbours."""
    tokens = _tokens(observation, limits.far)
    runs = _runs(tokens, observation)
    while len(runs) > 1 and (fragment := _worst_fragment(runs, limits)) is not None:
        run = runs[fragment]
        beside = [runs[place] for place in (fragment - 1, fragment + 1) if 0 <= place < len(runs)]
        tokens[run.start_frame : run.end_frame] = max(beside, key=lambda other: other.length).action
        runs = _runs(tokens, observation)
    return Timeline(
        observation.name,
        tuple(_joined([run for run in runs if run.action != NOTHING])),
        tuple(run for run in runs if run.action == NOTHING),
        float(observation.lengths.sum()),
        tokens.size,
    )


def _tokens(observation: Observation, far: float) -> Int[np.ndarray, " t"]:
    nothing = observation.mostly_unmatched & (observation.distance > far)
    return np.where(nothing, NOTHING, observation.segmentation.labels)


def _runs(tokens: Int[np.ndarray, " t"], observation: Observation) -> list[Span]:
    edges = [0, *(np.flatnonzero(np.diff(tokens)) + 1).tolist(), tokens.size]
    spans = []
    for start, end in pairwise(edges):
        action = int(tokens[start])
        sure = observation.unmatched if action == NOTHING else observation.segmentation.confidence
        length = float(observation.lengths[start:end].sum())
        spans.append(Span(action, start, end, length, float(sure[start:end].mean())))
    return spans


def _worst_fragment(runs: Sequence[Span], limits: Limits) -> int | None:
    """The run that is shortest against what is asked of it; None where all are long enough."""
    shares = [
        (run.end_frame - run.start_frame) / _SHORTEST_NOTHING_FRAMES
        if run.action == NOTHING
        else run.weight / max(float(limits.shortest[run.action]), np.finfo(np.float64).tiny)
        for run in runs
    ]
    worst = int(np.argmin(shares))
    return worst if shares[worst] < 1 else None


def _joined(steps: Sequence[Span]) -> list[Span]:
    """Steps interrupted by nothing made whole."""
    joined: list[Span] = []
    for step in steps:
        if joined and joined[-1].action == step.action:
            before = joined.pop()
            length = before.length + step.length
            sure = (before.length * before.confidence + step.length * step.confidence) / length
            step = Span(step.action, before.start_frame, step.end_frame, length, sure)
        joined.append(step)
    return joined
