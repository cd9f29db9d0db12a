"""From the plan of one pair of recordings to the frame each frame corresponds to, and to a path for playback."""

from __future__ import annotations

from typing import no_type_check

import numpy as np
from jaxtyping import Bool, Float, Int
from numba import njit
from scipy.ndimage import uniform_filter1d

from vasot.errors import DataError
from vasot.types import UNMATCHED

__all__ = ["CONFIDENCE_WINDOW", "follow", "frames_alike", "matches_from_plan", "monotone_path", "path_to_map"]

CONFIDENCE_WINDOW = 0.01
"""How far from the match mass still speaks for it, as a fraction of recording Y's length (at least one frame).

Entropy spreads a right match over a few neighbours, which are as good an answer for a user; mass further away than 1 %
of the recording (half a second in a minute) speaks for another moment.
"""

_TIE_TOLERANCE = 1e-12
"""Scores closer than this, relative, are ties: rounding in running sums must not bend a path through equal cells."""

_DIAGONAL, _ALONG_X, _ALONG_Y = 0, 1, 2


def frames_alike(cost: Float[np.ndarray, "n m"], most: float) -> tuple[Bool[np.ndarray, " n"], Bool[np.ndarray, " m"]]:
    """Return which frames of X, and which of Y, have their like in the other recording.

    A frame has where its nearest frame in the other recording costs at most ``most``, on average over the frames
    within :data:`CONFIDENCE_WINDOW` of it: a single frame may look like another by chance.

    Args:
        cost: how unlike the frames are, such as 1 - cosine.
        most: cost up to which frames are alike.

    Raises:
        DataError: there are no frames, or a cost is NaN.

    >>> frames_alike(np.array([[0.1, 0.9], [0.8, 0.9], [0.9, 0.9], [0.9, 0.9]]), 0.5)[0].tolist()
    [True, False, False, False]
    """
    if 0 in cost.shape or np.isnan(cost.max()):
        raise DataError(f"costs of shape {cost.shape} must be of one frame or more on either side, and be numbers")
    return _smooth(cost.min(axis=1)) <= most, _smooth(cost.min(axis=0)) <= most


def matches_from_plan(
    plan: Float[np.ndarray, "n_ext m_ext"],
    virtual: bool,
    like: tuple[Bool[np.ndarray, " n"], Bool[np.ndarray, " m"]] | None = None,
) -> tuple[Int[np.ndarray, " n"], Float[np.ndarray, " n"], Bool[np.ndarray, " m"]]:
    """Return the frame of Y that each frame of X corresponds to, how sure that is, and which frames of Y have none.

    A frame is unmatched where its virtual mass exceeds its summed real mass. Comparing with the *sum* matters: the
    entropy spreads a real match over neighbours, so that the virtual cell can be the largest of a matched frame. A
    frame that carries no mass at all is unmatched too, with confidence 0: the plan says nothing about it.

    Args:
        plan: transported mass, (N+1, M+1) with the virtual frames last, or (N, M) without them.
        virtual: whether the last row and column are the virtual frames.
        like: (N,) and (M,), True for frames that are not unmatched whatever their virtual mass; none by default.

    Returns:
        matches: (N,) the frame of Y with the largest mass (the first of equals), ``UNMATCHED`` (-1) for none. It may
            jump.
        confidence: (N,) for a match, the share of the frame's mass within :data:`CONFIDENCE_WINDOW` of it; for an
            unmatched frame, the share on the virtual frame.
        unmatched_y: (M,) True where a frame of Y corresponds to no frame of X.

    Raises:
        DataError: a plan without real frames, or with NaN, infinite or negative mass.

    >>> plan = np.array([[0.2, 0.0, 0.0], [0.0, 0.0, 0.2], [0.0, 0.2, 0.4]])
    >>> matches, confidence, unmatched_y = matches_from_plan(plan, virtual=True)
    >>> matches.tolist(), confidence.tolist(), unmatched_y.tolist()
    ([0, -1], [1.0, 1.0], [False, True])
    """
    _check(plan)
    real = plan[:-1, :-1] if virtual else plan
    if 0 in real.shape:
        raise DataError(f"a plan of shape {plan.shape} with virtual frames holds no pair of real frames")
    n, m = real.shape
    void_x = plan[:-1, -1].astype(np.float64) if virtual else np.zeros(n)
    void_y = plan[-1, :-1].astype(np.float64) if virtual else np.zeros(m)
    mass_x = real.sum(axis=1, dtype=np.float64)
    mass_y = real.sum(axis=0, dtype=np.float64)

    best = real.argmax(axis=1)
    like_x, like_y = like if like is not None else (np.zeros(n, dtype=bool), np.zeros(m, dtype=bool))
    unmatched = ((void_x > mass_x) & ~like_x) | (mass_x == 0)
    told = np.where(unmatched, void_x, _mass_around(real, best))
    total = mass_x + void_x
    confidence = np.divide(told, total, out=np.zeros(n), where=total > 0)
    return (
        np.where(unmatched, UNMATCHED, best),
        np.minimum(confidence, 1.0),
        ((void_y > mass_y) & ~like_y) | (mass_y == 0),
    )


def monotone_path(plan: Float[np.ndarray, "n m"]) -> Int[np.ndarray, "l 2"]:
    """Return the path from (0, 0) to (N-1, M-1) along which the plan has most mass, never going back in either.

    Steps are (1, 0), (0, 1) and (1, 1). A path scores, for each step, the mean mass of the two cells it joins times the
    frames it advances: 1, or 2 for a diagonal step, as in symmetric dynamic time warping (Sakoe and Chiba 1978). All
    paths then have the same length, and none gains by taking two steps where one would do; the largest plain sum of
    cells is a staircase around the true path. Of equally good steps the diagonal one is taken: where the plan says
    nothing, both recordings run on.

    Args:
        plan: transported mass between real frames; a scale common to all cells does not matter.

    Returns:
        (L, 2) pairs (frame of X, frame of Y), max(N, M) <= L < N + M. O(NM) time, one byte of memory per cell.

    Raises:
        DataError: an empty plan, or NaN, infinite or negative mass.

    >>> monotone_path(np.eye(3)).tolist()
    [[0, 0], [1, 1], [2, 2]]
    """
    _check(plan)
    kept = plan if plan.dtype in (np.float32, np.float64) else plan.astype(np.float64)
    path: Int[np.ndarray, "l 2"] = _heaviest_path(np.ascontiguousarray(kept))
    return path


def path_to_map(path: Int[np.ndarray, "l 2"], n_frames: int) -> Float[np.ndarray, " n"]:
    """Return where Y stands, in playback, at each of X's ``n_frames`` frames.

    The values are frames of Y, fractional and never decreasing: where the path passes several frames of Y within one
    frame of X, their mean.

    Raises:
        DataError: the path leaves out a frame of X, or has one outside 0..n_frames-1.

    >>> path_to_map(np.array([[0, 0], [1, 1], [1, 2], [2, 3]]), 3).tolist()
    [0.0, 1.5, 3.0]
    """
    frames_x, frames_y = path[:, 0], path[:, 1]
    inside = path.size > 0 and frames_x.min() >= 0 and frames_x.max() < n_frames
    counts = np.bincount(frames_x, minlength=n_frames) if inside else np.zeros(n_frames)
    if not inside or not counts.all():
        raise DataError(
            f"the path does not run through every one of the {n_frames} frames of X; "
            "give the length of the recording that the path was made for"
        )
    return np.asarray(np.bincount(frames_x, weights=frames_y, minlength=n_frames) / counts)


def follow(
    path: Int[np.ndarray, "l 2"],
    times_x: Float[np.ndarray, " n"],
    times_y: Float[np.ndarray, " m"],
    seconds: float | Float[np.ndarray, "*s"],
    ends: tuple[float, float] | None = None,
) -> Float[np.ndarray, "*s"]:
    """Return the instants of Y at which Y stands while X plays at the given instants; never decreasing in them.

    At the instant of a frame of X, Y stands where :func:`path_to_map` says. Where the path pairs that frame with one
    frame of Y, that is exactly this frame's instant, also where several frames of X share it: Y waits. Where the path
    passes several frames of Y within one frame of X, it is their middle: Y hurries from the instant before to the one
    behind. Between two frames of X the answer is on the straight line between theirs.

    Args:
        path: (L, 2) pairs (frame of X, frame of Y), as :func:`monotone_path` makes them.
        times_x: (N,) instant of each sampled frame of X in seconds, increasing; any steps.
        times_y: (M,) instant of each sampled frame of Y in seconds, increasing.
        seconds: instants of X, of any shape. Before X's first frame, Y stands where it stands at that frame.
        ends: where X and Y end, in seconds: behind X's last frame Y runs on evenly, so that both end together. Without
            them Y stands still there.

    Raises:
        DataError: the path leaves out a frame of X, or has one that X or Y does not have.

    >>> path = np.array([[0, 0], [1, 1], [2, 1], [3, 2], [3, 3], [3, 4], [4, 5]])
    >>> tenths = np.arange(6) / 10
    >>> follow(path, tenths[:5], tenths, np.array([0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 9.0])).tolist()
    [0.0, 0.05, 0.1, 0.1, 0.3, 0.5, 0.5]
    >>> follow(path, tenths[:5], tenths, 0.45, ends=(0.5, 0.6)).round(3).tolist()
    0.55
    """
    frames_y = path_to_map(path, times_x.size)
    if path[:, 1].min() < 0 or path[:, 1].max() >= times_y.size:
        raise DataError(
            f"the path names frame {path[:, 1].max()} of Y, but there are {times_y.size} times; "
            "give the times of the recording that the path was made for"
        )
    where = np.interp(frames_y, np.arange(times_y.size), times_y)
    at = np.asarray(times_x, dtype=np.float64)
    if ends is not None:
        at, where = np.append(at, max(ends[0], at[-1])), np.append(where, max(ends[1], where[-1]))
    return np.asarray(np.interp(seconds, at, where))


def _check(plan: Float[np.ndarray, "n m"]) -> None:
    if plan.ndim != 2 or 0 in plan.shape:
        raise DataError(f"a plan has shape {plan.shape}; expected (frames of X, frames of Y), both at least 1")
    # NaN fails the comparison, so this refuses it as well.
    if not (plan.min() >= 0 and plan.max() < np.inf):
        usable = np.isfinite(plan) & (plan >= 0)
        row, column = np.argwhere(~usable)[0]
        raise DataError(
            f"plan: the mass of frame {row} of X on frame {column} of Y is {plan[row, column]}; mass is finite and not "
            "negative, so the problem was not solved: raise epsilon or use float64"
        )


def _smooth(values: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    half_width = max(1, round(CONFIDENCE_WINDOW * values.size))
    smooth: Float[np.ndarray, " n"] = uniform_filter1d(values.astype(np.float64), 2 * half_width + 1, mode="nearest")
    return smooth


def _mass_around(real: Float[np.ndarray, "n m"], match: Int[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    m = real.shape[1]
    half_width = max(1, round(CONFIDENCE_WINDOW * m))
    columns = match[:, None] + np.arange(-half_width, half_width + 1)
    inside = (columns >= 0) & (columns < m)
    near = np.take_along_axis(real, columns.clip(0, m - 1), axis=1)
    return np.asarray(near.sum(axis=1, where=inside, dtype=np.float64))


# numba compiles a function from its source, which a type checker's wrapper would hide from it.
@njit(cache=True)
@no_type_check
def _heaviest_path(plan):
    n, m = plan.shape
    came_by = np.empty((n, m), dtype=np.uint8)
    score = np.zeros(m)
    for i in range(n):
        corner_score = 0.0
        corner_mass = 0.0
        for j in range(m):
            mass = plan[i, j]
            step = _DIAGONAL
            best = corner_score + 2.0 * (corner_mass + mass)
            straight = -1.0
            straight_step = _ALONG_X
            if i > 0:
                straight = score[j] + plan[i - 1, j] + mass
            if j > 0 and score[j - 1] + plan[i, j - 1] + mass > straight:
                straight = score[j - 1] + plan[i, j - 1] + mass
                straight_step = _ALONG_Y
            on_border = (i == 0) != (j == 0)
            if on_border or straight * (1.0 - _TIE_TOLERANCE) > best:
                step = straight_step
                best = straight
            came_by[i, j] = step
            corner_score = score[j]
            score[j] = best
            if i > 0:
                corner_mass = plan[i - 1, j]

    path = np.empty((n + m - 1, 2), dtype=np.int64)
    i, j, at = n - 1, m - 1, n + m - 2
    path[at] = i, j
    while i > 0 or j > 0:
        step = came_by[i, j]
        if step != _ALONG_Y:
            i -= 1
        if step != _ALONG_X:
            j -= 1
        at -= 1
        path[at] = i, j
    return path[at:]
