"""Tiny made recordings and settings, so that a whole training takes about a second."""

from __future__ import annotations

from typing import Any

import numpy as np

from vasot.datasets.base import Dataset
from vasot.datasets.synthetic import SyntheticData, SyntheticSettings, make_dataset
from vasot.methods import METHODS
from vasot.methods.settings import MethodSettings
from vasot.types import Track

TINY: dict[str, Any] = {"epochs": 2, "frames_per_clip": 12, "radius": 0.1, "hidden_sizes": (16,), "embedding_size": 8}
"""Settings that make training quick, of every method."""

TINY_ACTIONS: dict[str, Any] = {"actions": 3, "starts": 2, "start_rounds": 1}
"""Likewise, of methods that segment."""


def tiny(method: str = "vasot", **changes: Any) -> dict[str, Any]:
    """Values that make training quick, as arguments of ``vasot.fit``."""
    fields = METHODS[method].Config.model_fields
    return {**TINY, **(TINY_ACTIONS if "actions" in fields else {}), **changes}


def tiny_data(n_recordings: int = 4) -> SyntheticData:
    """Recordings of about 25 frames with 3 steps; the first ones stay the same when more are asked for."""
    return make_dataset(
        SyntheticSettings(n_recordings=n_recordings, n_actions=3, n_features=8, mean_frames=8.0, seed=1)
    )


def tiny_settings(method: str, **changes: Any) -> MethodSettings:
    """Checked settings of a method, with 3 actions where it segments."""
    kind: type[MethodSettings] = METHODS[method].Config
    return kind.of(tiny(method, **changes))


def noise(name: str, n_frames: int, n_features: int = 8, seed: int = 0, activity: str = "all") -> Track:
    """A recording of random frames."""
    features = np.random.default_rng(seed).standard_normal((n_frames, n_features)).astype(np.float32)
    return Track(name, features, activity=activity)


def first(dataset: Dataset, count: int) -> Dataset:
    """The first recordings of a data set."""
    return Dataset(dataset.name, dataset.recordings[:count], dataset.class_names)
