"""YouTube Instructions: five tasks of 30 videos each, with much background, which is left out of scoring."""

from __future__ import annotations

from vasot.datasets.feature_sets import FEATURE_LAYOUT, FeatureSet

__all__ = ["YOUTUBE_INSTRUCTIONS"]


def _activity(name: str) -> str:
    """``changing_tire_0001`` is one of changing_tire; ``_idt`` marks copies for other features, which are no names."""
    activity, _, number = name.rpartition("_")
    return activity if number.isdecimal() else ""


YOUTUBE_INSTRUCTIONS = FeatureSet(
    name="youtube-instructions",
    title="YouTube Instructions",
    page="Unsupervised Learning from Narrated Instruction Videos (WILLOW, Inria and ENS)",
    licence="research use; terms on the page",
    # Ali et al., ICCV 2025, supplementary material.
    activities={"changing_tire": 11, "coffee": 10, "cpr": 7, "jump_car": 12, "repot": 8},
    preset="youtube-instructions",
    layout=FEATURE_LAYOUT.format(mapping="mapping.txt"),
    split="none",
    background=("bg", "background"),
    n_recordings=150,
    activity_of=_activity,
)
