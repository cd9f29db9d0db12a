"""The choices that turn recordings into tracks."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from vasot.errors import SettingsError
from vasot.features.extraction import Progress
from vasot.features.store import FeatureStore, default_store

__all__ = ["Reading"]


@dataclass(frozen=True)
class Reading:
    """How recordings become tracks.

    Attributes:
        features: ``motion``, ``onnx:FILE``, ``hub:NAME`` or another extractor for videos; ``precomputed`` for arrays;
            ``auto`` takes arrays where there are some and the built-in ``motion`` for videos.
        fps: frames per second sampled of a video.
        rate_hz: feature vectors per second of arrays that do not say it themselves, where known.
        trim: cut a recording and its labels to the shorter of the two.
        store: where features of videos are kept; the user's own store by default.
        on_progress: called now and then while videos are looked at.
        on_warning: called for every video among single inputs that breaks off or is passed over.

    Raises:
        SettingsError: ``fps`` is not a positive number.
    """

    features: str = "auto"
    fps: float = 10.0
    rate_hz: float | None = None
    trim: bool = False
    store: FeatureStore = field(default_factory=default_store)
    on_progress: Callable[[Progress], None] | None = None
    on_warning: Callable[[str], None] | None = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.fps) and self.fps > 0):
            raise SettingsError(f"fps is {self.fps}; give the frames per second to sample, above 0")
