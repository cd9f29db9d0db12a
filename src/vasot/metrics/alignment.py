"""How well frame embeddings agree with phases and with time: the alignment metrics of the literature.

Embeddings are one array (frames, dimensions) per video, labels one phase per frame; a negative label is a frame without
a phase (unlabelled, or of an excluded class), which is neither fitted on, nor looked up, nor scored. A metric that
nothing defines (no frame to score, collapsed embeddings, fewer neighbours than asked for) is None, never NaN or 0.

``*_parts`` return the same metric as what each video adds to it (:mod:`vasot.metrics.parts`), for intervals.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import numpy as np
from jaxtyping import Bool, Float, Int

from vasot.errors import DataError, SettingsError
from vasot.metrics.parts import ByPair, Explained, Ratio, defined

__all__ = [
    "Embeddings",
    "Phases",
    "kendalls_tau",
    "kendalls_tau_parts",
    "n_fitted",
    "phase_boundaries",
    "phase_classification",
    "phase_classification_parts",
    "precision_at_k",
    "precision_at_k_parts",
    "progress",
    "progress_parts",
    "progress_targets",
]

Embeddings: TypeAlias = Sequence[Float[np.ndarray, "_ e"]]
"""Per video, (frames, dimensions)."""

Phases: TypeAlias = Sequence[Int[np.ndarray, " _"]]
"""Per video, one phase per frame; negative for none."""

_DISTANCES_AT_ONCE = 2**22
"""Distances held in memory at a time: 32 MiB."""


def n_fitted(fraction: float, n_videos: int) -> int:
    """How many of the training videos a fraction of them is: ``max(1, int(fraction * n))``.

    >>> n_fitted(0.1, 5), n_fitted(0.5, 5), n_fitted(1.0, 5)
    (1, 2, 5)
    """
    if not 0 < fraction <= 1:
        raise SettingsError(f"fraction is {fraction}; it is a share of the training videos above 0 and at most 1")
    return max(1, int(fraction * n_videos))


def phase_classification(
    embeddings: Embeddings, phases: Phases, scored: Embeddings, truth: Phases, *, fraction: float = 1.0
) -> float | None:
    """Frame accuracy on ``scored`` of a classifier fitted on the first ``max(1, int(fraction * n))`` videos.

    A support vector machine with a radial basis function (scikit-learn's ``SVC`` with its defaults: C = 1, gamma = 1 /
    (dimensions x variance)). Where the videos it is fitted on show one phase only, it always answers that phase.

    Raises:
        SettingsError: ``fraction`` is not in (0, 1].
        DataError: no video to fit on, or arrays that do not fit each other.

    >>> line = np.arange(6.0)[:, None]
    >>> phase_classification([line], [np.array([0, 0, 0, 1, 1, 1])], [line], [np.array([0, 0, 0, 1, 1, 0])])
    0.8333333333333334
    """
    return defined(phase_classification_parts(embeddings, phases, scored, truth, fraction=fraction))


def phase_classification_parts(
    embeddings: Embeddings, phases: Phases, scored: Embeddings, truth: Phases, *, fraction: float = 1.0
) -> Ratio:
    """:func:`phase_classification` by scored video: right frames and frames."""
    _check(embeddings, phases)
    _check(scored, truth)
    used = n_fitted(fraction, len(embeddings))
    frames, labels = _labelled(embeddings[:used], phases[:used])
    right, count = np.zeros(len(scored)), np.zeros(len(scored))
    if labels.size:
        predict = _classifier(frames, labels)
        for index, (track, target) in enumerate(zip(scored, truth, strict=True)):
            known = target >= 0
            count[index] = known.sum()
            if known.any():
                right[index] = (predict(track[known]) == target[known]).sum()
    return Ratio(right, count)


def progress(embeddings: Embeddings, phases: Phases, scored: Embeddings, truth: Phases) -> float | None:
    """How well one linear regression per phase boundary tells how far the boundary is: the mean R².

    The target of a boundary is (t - t_last) / T, t_last the last frame of its phase (:func:`progress_targets`). A video
    that lacks the phase takes no part in its regression. At most 1; below 0 where the mean would have been better.

    Raises:
        DataError: no video to fit on, or arrays that do not fit each other.

    >>> line = np.arange(6.0)[:, None]
    >>> phases = np.array([0, 0, 0, 1, 1, 1])
    >>> round(progress([line], [phases], [line], [phases]), 9)
    1.0
    """
    return defined(progress_parts(embeddings, phases, scored, truth))


def progress_parts(
    embeddings: Embeddings,
    phases: Phases,
    scored: Embeddings,
    truth: Phases,
    *,
    boundaries: Sequence[int] | None = None,
) -> Explained:
    """:func:`progress` by scored video and boundary.

    ``boundaries`` are the phases whose ends are measured from, one column each; None: :func:`phase_boundaries` of the
    videos that are fitted on.
    """
    from sklearn.linear_model import LinearRegression

    _check(embeddings, phases)
    _check(scored, truth)
    boundaries = phase_boundaries(phases) if boundaries is None else boundaries
    sums = np.zeros((4, len(scored), len(boundaries)))
    for column, phase in enumerate(boundaries):
        with_it = [index for index, labels in enumerate(phases) if (labels == phase).any()]
        if not with_it:
            continue
        frames, _ = _labelled([embeddings[i] for i in with_it], [phases[i] for i in with_it])
        targets = np.concatenate([progress_targets(phases[i], phase)[phases[i] >= 0] for i in with_it])
        model = LinearRegression().fit(frames, targets)
        for index, (track, labels) in enumerate(zip(scored, truth, strict=True)):
            if (labels == phase).any():
                known = labels >= 0
                target = progress_targets(labels, phase)[known]
                missed = target - model.predict(track[known].astype(np.float64))
                sums[:, index, column] = target.size, target.sum(), (target**2).sum(), (missed**2).sum()
    return Explained(*sums)


def progress_targets(phases: Int[np.ndarray, " t"], phase: int) -> Float[np.ndarray, " t"]:
    """(t - t_last) / T for every frame t, where t_last is the last frame of the phase.

    Raises:
        DataError: the video lacks the phase.

    >>> progress_targets(np.array([0, 0, 1, 1]), 0).tolist()
    [-0.25, 0.0, 0.25, 0.5]
    """
    of_phase = np.flatnonzero(phases == phase)
    if not of_phase.size:
        raise DataError(f"the video has no frame of phase {phase}, so there is no boundary to measure from")
    return np.asarray((np.arange(phases.size) - of_phase[-1]) / phases.size)


def kendalls_tau(embeddings: Embeddings, *, stride: int = 1) -> float | None:
    """How far nearest neighbours keep the order of time: Kendall's τ-b, mean over all ordered pairs of videos.

    For every ``stride``-th frame of the first video, the nearest (squared Euclidean) among every ``stride``-th frame of
    the second; of equally near ones the earliest. 1: always in order; -1: always backwards. A pair is undefined where
    all neighbours are one frame (collapsed embeddings), or the first video has a single frame.

    Raises:
        SettingsError: ``stride`` is below 1.

    >>> line = np.arange(5.0)[:, None]
    >>> round(kendalls_tau([line, line + 0.1]), 9), round(kendalls_tau([line, 4 - line]), 9)
    (1.0, -1.0)
    >>> kendalls_tau([line, 0 * line]) is None
    True
    """
    return defined(kendalls_tau_parts(embeddings, stride=stride))


def kendalls_tau_parts(embeddings: Embeddings, *, stride: int = 1) -> ByPair:
    """:func:`kendalls_tau` by pair; NaN where it is undefined, and on the diagonal."""
    from scipy.stats import kendalltau

    if stride < 1:
        raise SettingsError(f"stride is {stride}; it counts frames, from 1")
    strided = [track[::stride] for track in embeddings]
    pairs = np.full((len(strided), len(strided)), np.nan)
    for i, first in enumerate(strided):
        for j, second in enumerate(strided):
            if i != j and len(first) > 1 and len(second):
                nearest = np.concatenate([far.argmin(axis=1) for _, far in _distances(first, second)])
                # Constant ranks have no order; scipy would warn and answer NaN.
                if (nearest != nearest[0]).any():
                    pairs[i, j] = kendalltau(np.arange(nearest.size), nearest).statistic
    return ByPair(pairs)


def precision_at_k(embeddings: Embeddings, phases: Phases, k: int) -> float | None:
    """Share of the ``k`` nearest frames *of other videos* that have the query's phase, mean over frames.

    The literature calls it AP@K. Of frames equally far away that compete for the last places, each counts by its
    chance to be drawn, so the result does not depend on the order of videos. None where fewer than ``k`` frames can be
    found.

    Raises:
        SettingsError: ``k`` is below 1.
        DataError: arrays that do not fit each other.

    >>> line, phases = np.arange(4.0)[:, None], np.array([0, 0, 1, 1])
    >>> precision_at_k([line, line], [phases, phases], 1), precision_at_k([line, line], [phases, phases], 4)
    (1.0, 0.5)
    """
    return defined(precision_at_k_parts(embeddings, phases, (k,))[k])


def precision_at_k_parts(embeddings: Embeddings, phases: Phases, ks: Sequence[int]) -> dict[int, Ratio]:
    """:func:`precision_at_k` by video for several ``k`` at once: summed shares and frames."""
    _check(embeddings, phases, fewest=0)
    if min(ks) < 1:
        raise SettingsError(f"k is {min(ks)}; it counts neighbours, from 1")
    shares = {k: np.zeros(len(phases)) for k in ks}
    counts = {k: np.zeros(len(phases)) for k in ks}
    known = [labels >= 0 for labels in phases]
    for index, (track, labels) in enumerate(zip(embeddings, phases, strict=True)):
        others = [other for other in range(len(phases)) if other != index and known[other].any()]
        if not others or not known[index].any():
            continue
        found, found_phase = _labelled([embeddings[i] for i in others], [phases[i] for i in others])
        query_phase = labels[known[index]]
        for rows, far in _distances(track[known[index]], found):
            right = found_phase == query_phase[rows, None]
            for k in ks:
                if k <= found_phase.size:
                    shares[k][index] += _right_among_nearest(far, right, k).sum() / k
                    counts[k][index] += len(far)
    return {k: Ratio(shares[k], counts[k]) for k in ks}


def _right_among_nearest(
    far: Float[np.ndarray, "q m"], right: Bool[np.ndarray, "q m"], k: int
) -> Float[np.ndarray, " q"]:
    """Expected number of right ones among the k nearest, ties for the last places drawn."""
    last = np.partition(far, k - 1, axis=1)[:, k - 1, None]
    nearer, tied = far < last, far == last
    places = k - nearer.sum(axis=1)
    return np.asarray((nearer & right).sum(axis=1) + places * (tied & right).sum(axis=1) / tied.sum(axis=1))


def _distances(
    first: Float[np.ndarray, "n e"], second: Float[np.ndarray, "m e"]
) -> Iterator[tuple[slice, Float[np.ndarray, "_ m"]]]:
    """Squared Euclidean distances, a few rows at a time."""
    from scipy.spatial.distance import cdist

    step = max(1, _DISTANCES_AT_ONCE // max(1, len(second)))
    for start in range(0, len(first), step):
        rows = slice(start, min(start + step, len(first)))
        yield rows, cdist(first[rows], second, "sqeuclidean")


def _classifier(
    frames: Float[np.ndarray, "n e"], labels: Int[np.ndarray, " n"]
) -> Callable[[Float[np.ndarray, "m e"]], Int[np.ndarray, " m"]]:
    from sklearn.svm import SVC

    if (labels == labels[0]).all():
        return lambda others: np.full(len(others), labels[0])
    machine = SVC().fit(frames, labels)
    return lambda others: np.asarray(machine.predict(others.astype(np.float64)))


def phase_boundaries(phases: Phases) -> list[int]:
    """The phases that a boundary follows: all that occur but the one that ends last, on average over videos.

    For phases numbered in order of time these are all but the highest.

    >>> phase_boundaries([np.array([0, 0, 2, 1]), np.array([2, 1])])
    [0, 2]
    """
    ends: dict[int, list[float]] = {}
    for labels in phases:
        for phase in np.unique(labels[labels >= 0]).tolist():
            ends.setdefault(phase, []).append(float(np.flatnonzero(labels == phase)[-1]) / labels.size)
    in_time = sorted(ends, key=lambda phase: (np.mean(ends[phase]), phase))
    return sorted(in_time[:-1])


def _labelled(embeddings: Embeddings, phases: Phases) -> tuple[Float[np.ndarray, "n e"], Int[np.ndarray, " n"]]:
    """Frames that have a phase, of all videos in a row, and their phases."""
    frames = [track[labels >= 0] for track, labels in zip(embeddings, phases, strict=True)]
    known = [labels[labels >= 0] for labels in phases]
    return np.concatenate(frames).astype(np.float64), np.concatenate(known)


def _check(embeddings: Embeddings, phases: Phases, fewest: int = 1) -> None:
    if len(embeddings) != len(phases) or len(phases) < fewest:
        raise DataError(f"{len(embeddings)} videos with embeddings, {len(phases)} with phases; give both for each")
    for index, (track, labels) in enumerate(zip(embeddings, phases, strict=True)):
        if len(track) != labels.size:
            raise DataError(
                f"video {index}: {len(track)} embeddings and {labels.size} phases; give one of each per frame"
            )
