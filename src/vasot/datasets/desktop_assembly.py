"""Desktop Assembly: 76 recordings of one assembly of 22 steps, nearly always in the same order."""

from __future__ import annotations

from vasot.datasets.feature_sets import FEATURE_LAYOUT, FeatureSet

__all__ = ["DESKTOP_ASSEMBLY"]

DESKTOP_ASSEMBLY = FeatureSet(
    name="desktop-assembly",
    title="Desktop Assembly",
    page="Unsupervised Action Segmentation by Joint Representation Learning and Online Clustering (Retrocausal)",
    licence="research use; terms on the page",
    activities={"all": 22},
    preset="desktop-assembly",
    layout=FEATURE_LAYOUT.format(mapping="mapping.txt"),
    split="none",
    n_recordings=76,
)
