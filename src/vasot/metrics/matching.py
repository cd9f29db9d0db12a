"""Which ground-truth class each discovered action stands for: the assignment that gets most frames right."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int
from scipy.optimize import linear_sum_assignment

from vasot.errors import DataError, SettingsError

__all__ = ["NO_CLASS", "apply_matching", "contingency", "match_actions"]

NO_CLASS = -1
"""The class of an action that was matched to none; no ground-truth frame has it, so it is never right."""


def contingency(
    predicted: Int[np.ndarray, " t"], truth: Int[np.ndarray, " t"], n_actions: int
) -> tuple[Int[np.ndarray, "k c"], Int[np.ndarray, " c"]]:
    """Count the frames of every (action, class) pair, for the classes that occur; return the table and these classes.

    Raises:
        SettingsError: ``n_actions`` is below 1.
        DataError: arrays of different lengths, an action outside 0..n_actions-1, or a negative class.

    >>> table, classes = contingency(np.array([0, 0, 1, 2]), np.array([5, 5, 5, 8]), n_actions=3)
    >>> table.tolist(), classes.tolist()
    ([[2, 0], [1, 0], [0, 1]], [5, 8])
    """
    if n_actions < 1:
        raise SettingsError(f"n_actions is {n_actions}; a prediction has at least 1 action")
    if predicted.shape != truth.shape:
        raise DataError(f"{predicted.size} predicted and {truth.size} true labels; give one of each per frame")
    if predicted.size and (predicted.min() < 0 or predicted.max() >= n_actions):
        raise DataError(
            f"predicted actions reach {predicted.min()}..{predicted.max()}, but n_actions is {n_actions} "
            f"(0..{n_actions - 1}); raise n_actions or check the predictions"
        )
    if truth.size and truth.min() < 0:
        raise DataError(f"a true label is {truth.min()}; classes are numbered from 0")
    classes, column = np.unique(truth, return_inverse=True)
    # int64 first: labels stored as int8 would overflow in the product.
    cells = np.bincount(predicted.astype(np.int64) * classes.size + column, minlength=n_actions * classes.size)
    return cells.reshape(n_actions, classes.size), classes


def match_actions(
    predicted: Int[np.ndarray, " t"], truth: Int[np.ndarray, " t"], n_actions: int
) -> Int[np.ndarray, " k"]:
    """Return the class of each action: a one-to-one assignment with as many correctly labelled frames as possible.

    Hungarian assignment (Kuhn 1955) on the contingency table. Where several assignments get equally many frames
    right, one with the largest sum of intersections over unions is taken, so that MoF and mIoU do not depend on how the
    actions happen to be numbered. An action left over (more actions than classes), or paired with a class it
    shares no frame with, gets :data:`NO_CLASS`.

    Raises:
        SettingsError, DataError: as :func:`contingency`.

    >>> match_actions(np.array([1, 1, 1, 0, 0, 2]), np.array([4, 4, 4, 7, 7, 7]), n_actions=3).tolist()
    [7, 4, -1]
    """
    table, classes = contingency(predicted, truth, n_actions)
    union = table.sum(axis=1, keepdims=True) + table.sum(axis=0, keepdims=True) - table
    # The sum of IoUs stays below classes.size + 1, so it decides between equal frame counts and never against one.
    gain = table + table / np.maximum(union, 1) / (classes.size + 1)
    actions, columns = linear_sum_assignment(gain, maximize=True)
    matching = np.full(n_actions, NO_CLASS, dtype=np.int64)
    shared = table[actions, columns] > 0
    matching[actions[shared]] = classes[columns[shared]]
    return matching


def apply_matching(predicted: Int[np.ndarray, " t"], matching: Int[np.ndarray, " k"]) -> Int[np.ndarray, " t"]:
    """Replace every action by its class.

    >>> apply_matching(np.array([0, 0, 1, 2]), np.array([7, 4, -1])).tolist()
    [7, 7, 4, -1]
    """
    return np.asarray(matching[predicted])
