"""GTEA: seven dishes by four persons, seen by a camera on the head, with classes that the dishes share."""

from __future__ import annotations

from vasot.datasets.feature_sets import FEATURE_LAYOUT, FeatureSet

__all__ = ["GTEA"]


def _fold(name: str) -> int | None:
    """``S2_Tea_C1`` is tested on in fold 2."""
    person = name.partition("_")[0].removeprefix("S")
    return int(person) if person.isdecimal() else None


GTEA = FeatureSet(
    name="gtea",
    title="GTEA",
    page="Georgia Tech Egocentric Activity datasets",
    licence="research use; terms on the page",
    activities={"all": 11},
    preset=None,
    layout=FEATURE_LAYOUT.format(mapping="mapping.txt"),
    split="four folds, each leaving one person out: S1, S2, S3, S4",
    n_recordings=28,
    n_folds=4,
    fold_of=_fold,
)
