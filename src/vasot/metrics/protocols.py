"""What a reported figure means: named protocols, each saying which videos are fitted on and how F1 is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vasot.datasets.base import Split
from vasot.errors import DataError, SettingsError, nearest

__all__ = ["HELD_OUT", "N_FOLDS", "PAPER", "PROTOCOLS", "Fold", "Protocol", "find_protocol", "folds"]

N_FOLDS = 5
"""Into how many parts the videos are divided where a data set has no split; fewer videos are one part each."""

Fold = tuple[list[int], list[int]]
"""Videos to fit on, in the order in which a fraction of them is taken, and videos to score."""


@dataclass(frozen=True)
class Protocol:
    """How classifiers and regressions are fitted, and how F1 is computed.

    Attributes:
        name: what it is called on the command line and in reports.
        held_out: whether what is fitted never sees the videos that it is scored on.
        reference_f1: whether F1 is drawn as the published programs do, by
            :func:`vasot.metrics.segmentation.f1_reference`.
    """

    name: str
    held_out: bool
    reference_f1: bool


HELD_OUT = Protocol("held-out", held_out=True, reference_f1=False)
PAPER = Protocol("paper", held_out=False, reference_f1=True)
PROTOCOLS = {protocol.name: protocol for protocol in (HELD_OUT, PAPER)}


def find_protocol(name: str) -> Protocol:
    """The protocol of that name.

    Raises:
        SettingsError: there is none.

    >>> find_protocol("paper").held_out
    False
    """
    if name not in PROTOCOLS:
        known = ", ".join(PROTOCOLS)
        raise SettingsError(f"there is no protocol '{name}'{nearest(name, PROTOCOLS)} Known: {known}")
    return PROTOCOLS[name]


def folds(protocol: Protocol, names: Sequence[str], seed: int, splits: Sequence[Split] = ()) -> list[Fold]:
    """Which videos are fitted on and which are scored, once for each fit.

    Args:
        protocol: ``paper`` fits and scores on all videos; ``held-out`` never on the same.
        names: of the videos, of one activity.
        seed: of the division of the videos, and of the order in which fractions are taken.
        splits: names to fit on and names to score, for each fold; none: as many folds as videos, at most
            :data:`N_FOLDS`, drawn by the seed.

    Raises:
        DataError: a video is on both sides of a split.

    >>> [sorted(fitted + scored) for fitted, scored in folds(HELD_OUT, ["a", "b", "c"], seed=0)]
    [[0, 1, 2], [0, 1, 2], [0, 1, 2]]
    >>> folds(PAPER, ["a", "b", "c"], seed=0)
    [([0, 1, 2], [0, 1, 2])]
    """
    every = list(range(len(names)))
    if not protocol.held_out:
        return [(every, every)]
    generator = np.random.default_rng(seed)
    if splits:
        return [_as_split(names, split, generator) for split in splits]
    if len(names) < 2:
        return []
    parts = np.array_split(generator.permutation(len(names)), min(N_FOLDS, len(names)))
    divided: list[Fold] = []
    for number, part in enumerate(parts):
        others = np.concatenate([other for index, other in enumerate(parts) if index != number])
        divided.append((others.tolist(), sorted(part.tolist())))
    return divided


def _as_split(names: Sequence[str], split: Split, generator: np.random.Generator) -> Fold:
    fit_on, score = set(split[0]), set(split[1])
    if both := sorted(fit_on & score):
        raise DataError(f"the split has '{both[0]}' on both sides; fit on one set of videos and score another")
    fitted = [index for index, name in enumerate(names) if name in fit_on]
    order = generator.permutation(len(fitted))
    return [fitted[place] for place in order], [index for index, name in enumerate(names) if name in score]
