"""Breakfast: 1,712 recordings of ten breakfasts by 52 persons, as features of every frame."""

from __future__ import annotations

from vasot.datasets.feature_sets import FEATURE_LAYOUT, FeatureSet, fold_of_ranges

__all__ = ["BREAKFAST"]

_fold_of_person = fold_of_ranges(15, 28, 41, 54)


def _activity(name: str) -> str:
    """``P03_cam01_P03_coffee`` is one of coffee."""
    return name.rpartition("_")[2]


def _fold(name: str) -> int | None:
    person = name.partition("_")[0].removeprefix("P")
    return _fold_of_person(int(person)) if person.isdecimal() else None


BREAKFAST = FeatureSet(
    name="breakfast",
    title="Breakfast",
    page="The Breakfast Actions Dataset (Serre Lab, Brown University)",
    licence="research use; terms on the page",
    # Ali et al., ICCV 2025, supplementary material.
    activities={
        "coffee": 7,
        "cereals": 5,
        "tea": 7,
        "milk": 5,
        "juice": 8,
        "sandwich": 9,
        "scrambledegg": 12,
        "friedegg": 9,
        "salat": 8,
        "pancake": 14,
    },
    preset="breakfast",
    layout=FEATURE_LAYOUT.format(mapping="mapping.txt"),
    split="four folds by person: P03 to P15, P16 to P28, P29 to P41, P42 to P54",
    n_recordings=1712,
    n_folds=4,
    activity_of=_activity,
    fold_of=_fold,
)
