"""The choices that turn recordings into tracks."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

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
        dataset: name of the published data set whose layout the folder has; empty for the user's own.
        activity: the only activity of the data set to read; empty for all.
        subset: the only part of the data set's split to read, such as ``train``; empty for all.
        store: where features of videos are kept; the user's own store by default.
        on_progress: called now and then while videos are looked at.

    Raises:
        SettingsError: ``fps`` is not a positive number, or a part of no data set is asked for.
    """

    features: str = "auto"
    fps: float = 10.0
    rate_hz: float | None = None
    trim: bool = False
    dataset: str = ""
    activity: str = ""
    subset: str = ""
    store: FeatureStore = field(default_factory=default_store)
    on_progress: Callable[[Progress], None] | None = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.fps) and self.fps > 0):
            raise SettingsError(f"fps is {self.fps}; give the frames per second to sample, above 0")
        if (self.activity or self.subset) and not self.dataset:
            raise SettingsError(
                f"{'activity' if self.activity else 'subset'} chooses a part of a published data set; name the data "
                "set, for example --dataset breakfast"
            )

    def narrowed(self, *, dataset: str = "", activity: str = "", subset: str = "") -> Reading:
        """The same reading of the named part; what is left empty stays."""
        return replace(
            self,
            dataset=dataset or self.dataset,
            activity=activity or self.activity,
            subset=subset or self.subset,
        )
