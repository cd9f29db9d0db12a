"""What segmentations of many recordings say about each action: how often, how long, when, and what follows what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from vasot.errors import DataError
from vasot.types import Segmentation

__all__ = ["N_INSTANTS", "ActionSummary", "Summary", "summarise"]

N_INSTANTS = 100
"""Relative instants, evenly apart, at which recordings are looked at."""


@dataclass(frozen=True, eq=False)
class ActionSummary:
    """One action over all recordings.

    Attributes:
        action: its index.
        lengths: of its segments in order of recordings and time, in the unit of the :class:`Summary`.
        n_recordings: recordings in which it occurs.
        share: of all frames.
        position: median over its segments of where their middle lies in the recording, 0 to 1; None where it never
            occurs.
        occupancy: share of the recordings that show it at each of the relative instants.
        confidence: mean over its frames; None where it never occurs.
    """

    action: int
    lengths: Float[np.ndarray, " s"]
    n_recordings: int
    share: float
    position: float | None
    occupancy: Float[np.ndarray, " i"]
    confidence: float | None

    @property
    def n_segments(self) -> int:
        """How often it occurs."""
        return int(self.lengths.size)


@dataclass(frozen=True, eq=False)
class Summary:
    """All actions over all recordings.

    Attributes:
        actions: in order of index.
        unit: of lengths: "s", or "frames" where the rate of a recording is not known.
        transitions: (K, K) how often the row's action is followed by the column's.
        starts, ends: (K,) how many recordings begin and end with each action.
        total: length of all recordings together, in ``unit``.
        segments_per_recording: median.
    """

    actions: tuple[ActionSummary, ...]
    unit: str
    transitions: Int[np.ndarray, "k k"]
    starts: Int[np.ndarray, " k"]
    ends: Int[np.ndarray, " k"]
    n_recordings: int
    total: float
    segments_per_recording: float

    @property
    def typical_order(self) -> tuple[int, ...]:
        """The actions that occur, by the median of where their segments lie."""
        occurring = [each for each in self.actions if each.position is not None]
        return tuple(each.action for each in sorted(occurring, key=lambda each: (each.position, each.action)))

    @property
    def unused(self) -> tuple[int, ...]:
        """The actions that never occur."""
        return tuple(each.action for each in self.actions if each.position is None)


def summarise(segmentations: Sequence[Segmentation]) -> Summary:
    """Summarise the segments of recordings that one model has cut.

    Raises:
        DataError: no recording, or segmentations with different numbers of actions.

    >>> a, b = np.array([0, 0, 1, 1]), np.array([1, 1, 1, 0])
    >>> both = [Segmentation("recording", labels, np.ones(4), 3, ("lift", "lower", "rest")) for labels in (a, b)]
    >>> summary = summarise(both)
    >>> summary.transitions.tolist(), summary.unused, summary.actions[1].lengths.tolist()
    ([[0, 1, 0], [1, 0, 0], [0, 0, 0]], (2,), [2.0, 3.0])
    """
    counts = {each.n_actions for each in segmentations}
    if len(counts) != 1:
        raise DataError(f"{len(segmentations)} segmentations with {sorted(counts)} actions; give those of one model")
    (n_actions,) = counts
    timed = all(each.times_seconds is not None for each in segmentations)
    occurrences = [_occurrences(each, timed) for each in segmentations]
    orders = [[each.action for each in group] for group in occurrences]
    transitions = np.zeros((n_actions, n_actions), dtype=np.int64)
    for order in orders:
        np.add.at(transitions, (order[:-1], order[1:]), 1)
    return Summary(
        actions=_actions(segmentations, occurrences, n_actions),
        unit="s" if timed else "frames",
        transitions=transitions,
        starts=np.bincount([order[0] for order in orders], minlength=n_actions),
        ends=np.bincount([order[-1] for order in orders], minlength=n_actions),
        n_recordings=len(segmentations),
        total=sum(each.length for group in occurrences for each in group),
        segments_per_recording=float(np.median([len(order) for order in orders])),
    )


@dataclass(frozen=True)
class _Occurrence:
    """A segment: its length in the unit of the summary, and where its middle lies in the recording, 0 to 1."""

    action: int
    length: float
    middle: float


def _occurrences(segmentation: Segmentation, timed: bool) -> list[_Occurrence]:
    found = []
    for each in segmentation.segments():
        length = float(each.n_frames)
        if timed and each.start_seconds is not None and each.end_seconds is not None:
            length = each.end_seconds - each.start_seconds
        middle = (each.start_frame + each.end_frame) / 2 / segmentation.labels.size
        found.append(_Occurrence(each.action, length, middle))
    return found


def _actions(
    segmentations: Sequence[Segmentation], occurrences: Sequence[Sequence[_Occurrence]], n_actions: int
) -> tuple[ActionSummary, ...]:
    labels = np.concatenate([each.labels for each in segmentations])
    confidence = np.concatenate([each.confidence for each in segmentations]).astype(np.float64)
    frames = np.bincount(labels, minlength=n_actions)
    confident = np.bincount(labels, weights=confidence, minlength=n_actions)
    occupancy = _occupancy(segmentations, n_actions)
    own: list[list[_Occurrence]] = [[] for _ in range(n_actions)]
    for each in (each for group in occurrences for each in group):
        own[each.action].append(each)
    return tuple(
        ActionSummary(
            action=action,
            lengths=np.array([each.length for each in group], dtype=np.float64),
            n_recordings=sum(action in each.labels for each in segmentations),
            share=float(frames[action] / labels.size),
            position=float(np.median([each.middle for each in group])) if group else None,
            occupancy=occupancy[action],
            confidence=float(confident[action] / frames[action]) if group else None,
        )
        for action, group in enumerate(own)
    )


def _occupancy(segmentations: Sequence[Segmentation], n_actions: int) -> Float[np.ndarray, "k i"]:
    counts = np.zeros((n_actions, N_INSTANTS))
    instants = np.arange(N_INSTANTS)
    for each in segmentations:
        frames = ((instants + 0.5) * each.labels.size / N_INSTANTS).astype(np.int64)
        counts[each.labels[frames], instants] += 1
    return counts / len(segmentations)
