"""Made recordings with one known deviation: a step left out, exchanged, repeated, slow or fast, or foreign frames."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from jaxtyping import Float, Float32, Int

from vasot.datasets.happenings import BACKGROUND, FrameTruth
from vasot.datasets.synthetic import slowed, with_foreign_frames
from vasot.errors import DataError
from vasot.types import UNMATCHED

__all__ = ["PLANTS", "Plant", "Planted", "plant"]

Plant = Literal["missing", "order", "repeated", "slow", "fast", "unmatched"]

PLANTS: tuple[Plant, ...] = ("missing", "order", "repeated", "slow", "fast", "unmatched")


@dataclass(frozen=True, eq=False)
class Planted:
    """A recording with one deviation.

    Attributes:
        kind: what was done to it.
        features: (T, D) its frames.
        action: (T,) the step that each frame shows, or :data:`~vasot.datasets.happenings.BACKGROUND`.
        steps: the step that was changed; both, of two that were exchanged; none of foreign frames.
        stretch: first frame and end (exclusive) of what was put in or changed; equal, where a step was taken out.
    """

    kind: Plant
    features: Float32[np.ndarray, "t d"]
    action: Int[np.ndarray, " t"]
    steps: tuple[int, ...]
    stretch: tuple[int, int]


def plant(
    kind: Plant, features: Float[np.ndarray, "t d"], truth: FrameTruth, generator: np.random.Generator
) -> Planted:
    """Change one thing in a made recording; which step, and where to, is drawn.

    - ``missing``: all frames of one occurrence of a step are taken out.
    - ``order``: a step and the one after it are exchanged; background between them stays between them.
    - ``repeated``: the frames of a step come a second time behind another step, not next to their own.
    - ``slow``, ``fast``: a step lasts twice, or half as long; frames between frames are interpolated.
    - ``unmatched``: foreign frames, as many as a usual step has, in one place behind a step.

    Raises:
        DataError: the recording has fewer than three occurrences of steps.
    """
    blocks = _blocks(truth.action)
    if len(blocks) < 3:
        raise DataError(f"the recording shows {len(blocks)} steps; planting a deviation takes at least 3")
    chosen = int(generator.integers(len(blocks) - (kind == "order")))
    step, start, end = blocks[chosen]
    frames = np.arange(truth.action.size)
    if kind == "missing":
        return _taken(kind, features, truth, np.delete(frames, slice(start, end)), (step,), (start, start))
    if kind == "order":
        other, start_2, end_2 = blocks[chosen + 1]
        order = np.r_[frames[:start], frames[start_2:end_2], frames[end:start_2], frames[start:end], frames[end_2:]]
        return _taken(kind, features, truth, order, (step, other), (start, end_2))
    if kind == "repeated":
        places = [place for place in range(len(blocks)) if place not in (chosen - 1, chosen)]
        behind = blocks[int(generator.choice(places))][2]
        order = np.r_[frames[:behind], frames[start:end], frames[behind:]]
        return _taken(kind, features, truth, order, (step,), (behind, behind + end - start))
    if kind == "unmatched":
        length = round(float(np.mean([last - first for _, first, last in blocks])))
        foreign = _foreign(features, length, generator)
        action = np.insert(truth.action, end, np.full(length, BACKGROUND))
        return Planted(
            kind, np.insert(features, end, foreign, axis=0).astype(np.float32), action, (), (end, end + length)
        )
    stretched, source = slowed(features[start:end], 2.0 if kind == "slow" else 0.5)
    changed = np.concatenate([features[:start], stretched, features[end:]]).astype(np.float32)
    action = np.r_[truth.action[:start], truth.action[start:end][source], truth.action[end:]]
    return Planted(kind, changed, action, (step,), (start, start + len(stretched)))


def _blocks(action: Int[np.ndarray, " t"]) -> list[tuple[int, int, int]]:
    """(step, first frame, end) of every occurrence of a step, in order of time."""
    edges = [0, *(np.flatnonzero(np.diff(action)) + 1).tolist(), action.size]
    return [(int(action[start]), start, end) for start, end in pairwise(edges) if action[start] != BACKGROUND]


def _taken(
    kind: Plant,
    features: Float[np.ndarray, "t d"],
    truth: FrameTruth,
    order: Int[np.ndarray, " n"],
    steps: tuple[int, ...],
    stretch: tuple[int, int],
) -> Planted:
    return Planted(kind, features[order].astype(np.float32), truth.action[order], steps, stretch)


def _foreign(
    features: Float[np.ndarray, "t d"], length: int, generator: np.random.Generator
) -> Float[np.ndarray, "l d"]:
    """One stretch of frames that resemble none of the recording's."""
    n_frames = len(features)
    # A little more than asked for, so that the share is not rounded down to one frame less.
    mixed, order = with_foreign_frames(features, (length + 0.01) / (n_frames + length), generator, n_stretches=1)
    return np.asarray(mixed[order == UNMATCHED])
