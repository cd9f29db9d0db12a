"""Where the action embeddings start.

The published description says K-Means, the published program random unit vectors; neither says a word about order,
although the temporal prior ties action k to the k-th part of a recording. Here K-Means runs on embedding and relative
time together, its centres are put in the order of their mean time, and of several such starts the one is taken whose
transport costs least, after a few rounds in which the centres move to the mean of what the transport gives them.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from vasot.batching.clips import Clips
from vasot.errors import DataError
from vasot.methods.segmentation import FrameSegmentation
from vasot.methods.solvers import STEP
from vasot.transport import solve

__all__ = ["best_start", "kmeans_starts"]


def kmeans_starts(
    embeddings: Sequence[Float[np.ndarray, "_ e"]], n_actions: int, n_starts: int, seed: int
) -> Iterator[Float[np.ndarray, "k e"]]:
    """K-Means centres of embedding and relative time together, in the order of their mean relative time.

    Time counts as much as the whole embedding: it is scaled to the same variance.

    Args:
        embeddings: of every frame, per recording.
        n_actions: K.
        n_starts: how many times K-Means runs, each from other random centres.
        seed: of these.

    Raises:
        DataError: fewer frames than actions.
    """
    # scikit-learn takes most of a second to import.
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    points = np.concatenate(embeddings).astype(np.float64)
    if len(points) < n_actions:
        raise DataError(f"{n_actions} actions but only {len(points)} frames in all recordings; ask for fewer actions")
    time = np.concatenate([(np.arange(len(array)) + 0.5) / len(array) for array in embeddings])
    spread = points.var(0).sum()
    # Embeddings that are all alike (all-zero features, say) leave nothing but time.
    scale = np.sqrt(spread / time.var()) if spread > 0 and time.var() > 0 else 1.0
    generator = np.random.default_rng(seed)
    for _ in range(n_starts):
        state = int(generator.integers(2**31))
        with warnings.catch_warnings():
            # Fewer distinct frames than actions: some centres coincide, and those actions stay unused.
            warnings.simplefilter("ignore", ConvergenceWarning)
            clusters = KMeans(n_actions, n_init=1, random_state=state).fit(np.c_[points, scale * time])
        order = np.argsort(clusters.cluster_centers_[:, -1])
        yield clusters.cluster_centers_[order, :-1].astype(np.float32)


@torch.no_grad()
def best_start(
    starts: Iterator[Float[np.ndarray, "k e"]], segmentation: FrameSegmentation, clips: Clips, n_rounds: int
) -> Float[Tensor, "k e"]:
    """The start whose transport has the lowest mean objective over the clips, after up to ``n_rounds`` rounds.

    Args:
        starts: action embeddings to try, of any length.
        segmentation: the transport problem that training will solve.
        clips: *embeddings* of the recordings, as clips.
        n_rounds: how often the actions move to the mean of the embeddings transported to them.

    Returns:
        (k, e) of unit norm.

    Raises:
        DataError: no start has a finite objective.
    """
    best: tuple[float, Tensor | None] = (np.inf, None)
    for start in starts:
        actions = torch.from_numpy(start)
        for _ in range(n_rounds + 1):
            actions = nn.functional.normalize(actions, dim=1)
            solution = solve(segmentation.problem(clips.features, clips.lengths, actions), STEP)
            value = float(solution.objective.total.mean())
            if value < best[0]:
                best = (value, actions)
            actions = torch.einsum("bnk,bne->ke", solution.plan, clips.features)
    if best[1] is None:
        raise DataError("no start of the action embeddings has a finite objective; scale the features down")
    return best[1]
