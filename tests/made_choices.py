"""Made segmentations, as models of several seeds would give them, whose number of actions is known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vasot.metrics.stability import CountFits
from vasot.metrics.trivial import equal_parts
from vasot.types import Segmentation


def as_segmentations(labels: Sequence[np.ndarray], n_actions: int, rate_hz: float | None = None) -> list[Segmentation]:
    """The same as values that models give; with a rate, times in seconds."""
    names = tuple(f"action_{index}" for index in range(n_actions))
    return [
        Segmentation(
            f"recording_{index}",
            each.astype(np.int64),
            np.ones(each.size),
            n_actions,
            names,
            None if rate_hz is None else np.arange(each.size) / rate_hz,
        )
        for index, each in enumerate(labels)
    ]


def steps(n_recordings: int, n_actions: int, seed: int) -> list[np.ndarray]:
    """Recordings of 120 frames in which the steps come in an order, and last a time, of the recording's own."""
    generator = np.random.default_rng(seed)
    labels = []
    for _ in range(n_recordings):
        borders = np.sort(generator.choice(np.arange(5, 115), n_actions - 1, replace=False))
        labels.append(generator.permutation(n_actions)[np.searchsorted(borders, np.arange(120), side="right")])
    return labels


def disturbed(labels: Sequence[np.ndarray], share: float, n_actions: int, seed: int) -> list[np.ndarray]:
    """A share of the frames, at random, has any action."""
    generator = np.random.default_rng(seed)
    return [
        np.where(generator.random(each.size) < share, generator.integers(0, n_actions, each.size), each)
        for each in labels
    ]


def fits(n_actions: int, share: float, n_recordings: int = 6, rate_hz: float | None = None) -> CountFits:
    """Three seeds and two halves that find the same steps but for a share of the frames."""
    truth = steps(n_recordings, n_actions, seed=0)
    found = [as_segmentations(disturbed(truth, share, n_actions, s), n_actions, rate_hz) for s in range(5)]
    return CountFits(n_actions, found[:3], (found[3], found[4]))


def by_time_alone(n_actions: int, n_recordings: int = 6) -> CountFits:
    """Models that cut everything in equal parts, but for a few frames."""
    parts = [equal_parts(120, n_actions)] * n_recordings
    found = [as_segmentations(disturbed(parts, 0.02, n_actions, s), n_actions) for s in range(5)]
    return CountFits(n_actions, found[:3], (found[3], found[4]))
