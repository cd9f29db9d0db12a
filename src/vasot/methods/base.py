"""What every method offers: a loss to train on, and answers about single recordings and pairs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from vasot.batching.clips import ClipBatch
from vasot.errors import DataError, SettingsError
from vasot.features.precomputed import standardise
from vasot.methods.settings import MethodSettings
from vasot.types import Alignment, Segmentation, Track

__all__ = ["Method", "Task"]

Task = Literal["align", "segment"]


class Method(nn.Module, ABC):
    """A trainable method; a new one is one file in this package and one line in the registry.

    Attributes:
        name: what it is called in settings and on the command line.
        tasks: what it can answer after training.
        paired: whether a training step needs pairs of recordings.
        Config: its settings.
    """

    name: ClassVar[str]
    tasks: ClassVar[frozenset[Task]]
    paired: ClassVar[bool]
    Config: ClassVar[type[MethodSettings]]

    def __init__(self, settings: MethodSettings, n_features: int) -> None:
        super().__init__()
        self.settings = settings
        self.n_features = n_features

    def prepare(self, track: Track) -> Float[np.ndarray, "t d"]:
        """A recording's features as the encoder takes them.

        Raises:
            DataError: the features are not as wide as those the method was made for.
        """
        if track.n_features != self.n_features:
            raise DataError(
                f"{track.source or track.name} has {track.n_features} features per frame but the model was trained "
                f"on {self.n_features}; extract them with the settings of the training recordings"
            )
        if self.settings.standardise:
            return standardise(track.features)
        return np.asarray(track.features, dtype=np.float32)

    @abstractmethod
    def embed(self, features: Float[Tensor, "b n d"]) -> Float[Tensor, "b n e"]:
        """Embeddings of unit norm."""

    @abstractmethod
    def loss(self, batch: ClipBatch) -> Mapping[str, Float[Tensor, ""]]:
        """The parts of the loss and, under ``"loss"``, their weighted sum."""

    def initialise(self, features: Sequence[Float[np.ndarray, "_ d"]]) -> None:
        """Set what depends on the training recordings, before the first step; nothing by default."""

    def constrain(self) -> None:
        """Restore what the parameters must satisfy, after every step; nothing by default."""

    @torch.no_grad()
    def embed_track(self, track: Track) -> Float[Tensor, "1 t e"]:
        """Embeddings of every frame of a recording."""
        device = next(self.parameters()).device
        embedding = self.embed(torch.from_numpy(self.prepare(track))[None].to(device))
        return embedding

    def segment(self, track: Track) -> Segmentation:
        """The action of every frame.

        Raises:
            SettingsError: the method does not segment.
        """
        raise self._cannot("segment", track.name)

    def align(self, x: Track, y: Track) -> Alignment:
        """Which frame of Y corresponds to each frame of X.

        Raises:
            SettingsError: the method does not align.
        """
        raise self._cannot("align", f"{x.name} with {y.name}")

    def _cannot(self, task: Task, what: str) -> SettingsError:
        return SettingsError(f"method '{self.name}' cannot {task} {what}; train with --method vasot, which does both")
