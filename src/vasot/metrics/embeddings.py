"""Score the frame embeddings of one activity under a protocol: all alignment metrics, by video."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vasot.errors import SettingsError
from vasot.metrics.alignment import (
    Embeddings,
    Phases,
    kendalls_tau_parts,
    phase_boundaries,
    phase_classification_parts,
    precision_at_k_parts,
    progress_parts,
)
from vasot.metrics.parts import ByVideo, Explained, Ratio
from vasot.metrics.protocols import Fold

__all__ = ["ALIGNMENT_KEYS", "FRACTIONS", "NEIGHBOURS", "score_embeddings"]

FRACTIONS = (0.1, 0.5, 1.0)
"""Shares of the training videos that phase classification is fitted on."""

NEIGHBOURS = (5, 10, 15)
"""How many nearest frames are looked at."""

ALIGNMENT_KEYS = (*(f"acc@{share}" for share in FRACTIONS), "progress", "tau", *(f"ap@{k}" for k in NEIGHBOURS))
"""Names of the alignment metrics, in the order in which they are reported."""


def score_embeddings(
    embeddings: Embeddings, phases: Phases, folds: Sequence[Fold], *, stride: int = 1
) -> dict[str, ByVideo]:
    """Every alignment metric of the videos of one activity, by :data:`ALIGNMENT_KEYS`, as parts of its videos.

    Args:
        embeddings: per video.
        phases: per video; negative where a frame has none.
        folds: which videos are fitted on and scored (:func:`vasot.metrics.protocols.folds`). Order and neighbours need
            no fit: they take the videos that are scored in any fold, or all where there is no fold.
        stride: of every recording, each so many-th frame is looked at, by all metrics.

    Raises:
        SettingsError: ``stride`` is below 1.
    """
    if stride < 1:
        raise SettingsError(f"stride is {stride}; it counts frames, from 1")
    embeddings, phases = [track[::stride] for track in embeddings], [labels[::stride] for labels in phases]
    scored = sorted({video for _, part in folds for video in part}) or list(range(len(phases)))
    looked_at = [embeddings[video] for video in scored], [phases[video] for video in scored]
    found: dict[str, ByVideo] = {f"acc@{share}": _accuracy(embeddings, phases, folds, share) for share in FRACTIONS}
    found["progress"] = _progress(embeddings, phases, folds)
    found["tau"] = kendalls_tau_parts(looked_at[0])
    near = precision_at_k_parts(*looked_at, NEIGHBOURS)
    return found | {f"ap@{k}": near[k] for k in NEIGHBOURS}


def _accuracy(embeddings: Embeddings, phases: Phases, folds: Sequence[Fold], fraction: float) -> Ratio:
    right, count = np.zeros(len(phases)), np.zeros(len(phases))
    for fitted, scored in folds:
        if fitted and scored:
            parts = phase_classification_parts(*_take(embeddings, phases, fitted, scored), fraction=fraction)
            right[scored], count[scored] = parts.above, parts.below
    return Ratio(right, count)


def _progress(embeddings: Embeddings, phases: Phases, folds: Sequence[Fold]) -> Explained:
    # One column per boundary whichever videos a fold fits on.
    boundaries = phase_boundaries(phases)
    sums = np.zeros((4, len(phases), len(boundaries)))
    for fitted, scored in folds:
        if fitted and scored:
            parts = progress_parts(*_take(embeddings, phases, fitted, scored), boundaries=boundaries)
            sums[:, scored] = parts.n_frames, parts.total, parts.squares, parts.residual
    return Explained(*sums)


def _take(
    embeddings: Embeddings, phases: Phases, fitted: Sequence[int], scored: Sequence[int]
) -> tuple[Embeddings, Phases, Embeddings, Phases]:
    (a, b), (c, d) = (([embeddings[i] for i in which], [phases[i] for i in which]) for which in (fitted, scored))
    return a, b, c, d
