"""Predictions that need no training: what every result has to be read against."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from vasot.errors import DataError, SettingsError
from vasot.features.precomputed import standardise

__all__ = ["equal_parts", "kmeans", "one_label"]

_MAX_SEED = 2**32


def one_label(n_frames: int) -> Int[np.ndarray, " t"]:
    """Call every frame of a recording action 0.

    >>> one_label(3).tolist()
    [0, 0, 0]
    """
    _check_frames(n_frames)
    return np.zeros(n_frames, dtype=np.int64)


def equal_parts(n_frames: int, n_actions: int) -> Int[np.ndarray, " t"]:
    """Cut a recording in ``n_actions`` stretches of equal length, actions 0, 1, ... in order of time.

    >>> equal_parts(7, 3).tolist()
    [0, 0, 0, 1, 1, 2, 2]
    """
    _check_frames(n_frames)
    _check_actions(n_actions)
    return np.arange(n_frames) * n_actions // n_frames


def kmeans(features: Sequence[Float[np.ndarray, "_ d"]], n_actions: int, seed: int) -> list[Int[np.ndarray, " _"]]:
    """Cluster the frames of all recordings, whatever their order, and call each cluster an action.

    K-Means (scikit-learn, best of 10 starts) on the features standardised per recording
    (:func:`vasot.features.precomputed.standardise`). With fewer distinct frames than actions some actions stay unused.

    Args:
        features: one array (frames, dimensions) per recording, of one activity.
        n_actions: number of clusters K.
        seed: fixes the starts; the same seed and features give the same labels.

    Raises:
        SettingsError: ``n_actions`` or ``seed`` out of range.
        DataError: no recordings.

    >>> kmeans([np.array([[0.0], [0.0], [9.0], [9.0]]), np.array([[5.0], [1.0]])], n_actions=2, seed=0)[1].shape
    (2,)
    """
    # Half a second that only this prediction needs.
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    _check_actions(n_actions)
    if not 0 <= seed < _MAX_SEED:
        raise SettingsError(f"seed is {seed}; K-Means takes whole numbers from 0 to {_MAX_SEED - 1}")
    if not features:
        raise DataError("there are no recordings to cluster; give at least one")
    frames = np.concatenate([standardise(track) for track in features])
    clustering = KMeans(min(n_actions, len(frames)), n_init=10, random_state=seed)
    with warnings.catch_warnings():
        # Fewer distinct frames than clusters: the labels are right, only fewer of them occur.
        warnings.simplefilter("ignore", ConvergenceWarning)
        labels = clustering.fit_predict(frames).astype(np.int64)
    ends = np.cumsum([len(track) for track in features])
    return np.split(labels, ends[:-1])


def _check_frames(n_frames: int) -> None:
    if n_frames < 1:
        raise DataError(f"a recording has {n_frames} frames; it needs at least 1")


def _check_actions(n_actions: int) -> None:
    if n_actions < 1:
        raise SettingsError(f"n_actions is {n_actions}; a prediction has at least 1 action")
