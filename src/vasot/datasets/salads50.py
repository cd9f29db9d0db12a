"""50 Salads: two salads by each of 25 persons, with classes of middle granularity or merged to the ``eval`` level."""

from __future__ import annotations

from dataclasses import replace

from vasot.datasets.feature_sets import FEATURE_LAYOUT, FeatureSet

__all__ = ["EVAL", "MID"]

MID = FeatureSet(
    name="50salads-mid",
    title="50 Salads (mid)",
    page="50 Salads dataset (CVIP, University of Dundee)",
    licence="CC BY-NC-SA 4.0",
    activities={"all": 19},
    preset="50salads-mid",
    layout=FEATURE_LAYOUT.format(mapping="mapping.txt"),
    split="five folds by person, as the published lists in splits/ say",
    n_recordings=50,
    n_folds=5,
)

EVAL = replace(
    MID,
    name="50salads-eval",
    title="50 Salads (eval)",
    activities={"all": 12},
    preset="50salads-eval",
    layout=FEATURE_LAYOUT.format(mapping="mappingeval.txt"),
    mapping="mappingeval.txt",
    merge_classes=True,
)
"""Its ground truth is that of the middle granularity; lines of one id in ``mappingeval.txt`` are one class."""
