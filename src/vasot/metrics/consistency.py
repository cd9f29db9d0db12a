"""How far alignments agree with each other, where no labels say what is right.

A method that has learned nothing but relative time agrees with itself perfectly, so that a high figure alone proves
nothing; a low one says that alignments cannot be relied on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Bool, Float, Int

from vasot.decoding.path import path_to_map
from vasot.metrics.correspondence import match_order
from vasot.types import UNMATCHED, Alignment, Track

__all__ = ["NEAR", "Consistency", "Ring", "consistency", "sample_rings"]

NEAR = 0.05
"""Share of a recording's length up to which two moments count as the same."""


@dataclass(frozen=True, eq=False)
class Ring:
    """Recordings that are aligned one after the other and back to the first: A with B, B with C, C with A.

    Attributes:
        members: numbers of the recordings, two or three.
        strides: per member, that only every so many-th of its frames was aligned.
        alignments: from each member to the next, and from the last to the first.
    """

    members: tuple[int, ...]
    strides: tuple[int, ...]
    alignments: tuple[Alignment, ...]


@dataclass(frozen=True)
class Consistency:
    """Figures of alignments without labels, as shares of frames; means over alignments, or over rings.

    Attributes:
        matched: frames that have a counterpart.
        cycle: of the frames of which the matches lead around the ring, those that come back to within :data:`NEAR` of
            where they began; None where none do.
        closed: frames whose matches lead around the ring at all.
        order: Kendall's τ of matched frames and their matches; None where it is undefined for all.
        on_path: matches within :data:`NEAR` of the monotone path; None where nothing is matched.
        ring_size: recordings in a ring, 2 or 3.
        n_alignments, n_rings: how many were looked at.
    """

    matched: float
    cycle: float | None
    closed: float
    order: float | None
    on_path: float | None
    ring_size: int
    n_alignments: int
    n_rings: int


def sample_rings(
    tracks: Sequence[Track],
    align: Callable[[Track, Track], Alignment],
    *,
    most_rings: int = 5,
    most_frames: int = 400,
    seed: int = 0,
) -> tuple[Ring, ...]:
    """Align recordings of one activity around rings drawn by the seed: of three, or of two where there are no more.

    Args:
        tracks: the recordings.
        align: gives the alignment of two.
        most_rings: rings, at most; they share no recording as long as there are enough.
        most_frames: frames of a recording that are aligned, at most, evenly apart: the time grows with their square.
        seed: of the draw.

    Returns:
        no ring where each activity has a single recording.
    """
    groups: dict[str, list[int]] = {}
    for index, track in enumerate(tracks):
        groups.setdefault(track.activity, []).append(index)
    size = min(3, max(map(len, groups.values()), default=0))
    if size < 2:
        return ()
    chosen = _draw_rings(list(groups.values()), size, most_rings, np.random.default_rng(seed))
    return tuple(_ring(members, tracks, align, most_frames) for members in chosen)


def consistency(rings: Sequence[Ring]) -> Consistency | None:
    """The figures of sampled rings; None where there is none."""
    if not rings:
        return None
    alignments = [alignment for ring in rings for alignment in ring.alignments]
    orders = [match_order(each.matches) for each in alignments]
    paths = [_near_path(each) for each in alignments]
    returns = [_returns(ring) for ring in rings]
    known = [value for value, _ in returns if value is not None]
    return Consistency(
        matched=float(np.mean([(each.matches != UNMATCHED).mean() for each in alignments])),
        cycle=float(np.mean(known)) if known else None,
        closed=float(np.mean([closed for _, closed in returns])),
        order=_mean(orders),
        on_path=_mean(paths),
        ring_size=len(rings[0].members),
        n_alignments=len(alignments),
        n_rings=len(rings),
    )


def _draw_rings(
    groups: Sequence[Sequence[int]], size: int, most: int, generator: np.random.Generator
) -> list[tuple[int, ...]]:
    """Rings of different members; in each round every recording is in one ring, but for what is left over."""
    rings: dict[frozenset[int], tuple[int, ...]] = {}
    for _ in range(most):
        drawn: list[tuple[int, ...]] = []
        for group in groups:
            mixed = generator.permutation(np.array(group)).tolist()
            drawn += [tuple(mixed[start : start + size]) for start in range(0, len(mixed) - size + 1, size)]
        for place in generator.permutation(len(drawn)).tolist():
            rings.setdefault(frozenset(drawn[place]), drawn[place])
        if len(rings) >= most:
            break
    return list(rings.values())[:most]


def _ring(
    members: tuple[int, ...], tracks: Sequence[Track], align: Callable[[Track, Track], Alignment], most_frames: int
) -> Ring:
    strides = tuple(-(-tracks[index].n_frames // most_frames) for index in members)
    reduced = [tracks[index].every(stride) for index, stride in zip(members, strides, strict=True)]
    return Ring(members, strides, tuple(align(a, b) for a, b in pairwise([*reduced, reduced[0]])))


def _returns(ring: Ring) -> tuple[float | None, float]:
    """Of the frames whose matches lead around, the share that comes back near to itself; and their share of all."""
    n_frames = ring.alignments[0].matches.size
    origin: Int[np.ndarray, " n"] = np.arange(n_frames)
    place = origin
    for alignment in ring.alignments:
        place = np.where(place == UNMATCHED, UNMATCHED, alignment.matches[place])
    closed: Bool[np.ndarray, " n"] = place != UNMATCHED
    if not closed.any():
        return None, 0.0
    near = np.abs(place - origin)[closed] <= NEAR * n_frames
    return float(near.mean()), float(closed.mean())


def _near_path(alignment: Alignment) -> float | None:
    matched = alignment.matches != UNMATCHED
    if not matched.any():
        return None
    n, m = alignment.plan.shape
    on_path: Float[np.ndarray, " n"] = path_to_map(alignment.path, n)
    return float((np.abs(on_path - alignment.matches)[matched] <= NEAR * m).mean())


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
