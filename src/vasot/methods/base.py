"""What every method offers: a loss to train on, and answers about single recordings and pairs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

import numpy as np
import torch
from jaxtyping import Float, Shaped, UInt8
from torch import Tensor, nn

from vasot.batching.clips import ClipBatch, Rows
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
        frames_at_once: how many frames are embedded together outside of training; all of a recording where it is None.
            Where it is a number, a training step takes time in proportion to its frames.
    """

    name: ClassVar[str]
    tasks: ClassVar[frozenset[Task]]
    paired: ClassVar[bool]
    Config: ClassVar[type[MethodSettings]]
    frames_at_once: int | None = None

    def __init__(self, settings: MethodSettings, n_features: int) -> None:
        super().__init__()
        self.settings = settings
        self.n_features = n_features

    @classmethod
    def check_settings(cls, settings: MethodSettings) -> None:
        """Refuse, before any work, settings that do not go together; nothing by default.

        Raises:
            VasotError: what does not fit, and what to do.
        """

    @classmethod
    def resolve_features(cls, settings: MethodSettings, features: str) -> str:  # noqa: ARG003
        """What frames of videos become for these settings; what the user asked for by default.

        Raises:
            SettingsError: the encoder cannot take them.
        """
        return features

    def load_pretrained(self) -> None:
        """Take over weights that the settings name, before training; nothing by default.

        Raises:
            VasotError: they cannot be read or do not fit.
        """

    def prepare(self, track: Track) -> Rows:
        """A recording as the encoder takes it.

        Raises:
            DataError: the features are not as wide as those the method was made for.
        """
        if track.n_features != self.n_features:
            raise DataError(
                f"{track.source or track.name} has {track.n_features} features per frame but the model was trained "
                f"on {self.n_features}; extract them with the settings of the training recordings"
            )
        if track.features.dtype == np.uint8:
            raise DataError(
                f"{track.source or track.name} holds pictures, and the encoder takes features; "
                "train with --set encoder=resnet-context, or take features such as --features motion"
            )
        if self.settings.standardise:
            return standardise(track.features)
        return np.asarray(track.features, dtype=np.float32)

    def augment(self, rows: Shaped[np.ndarray, "s d"], generator: np.random.Generator) -> Shaped[np.ndarray, "s d"]:  # noqa: ARG002
        """Rows of one clip as training sees them; unchanged by default."""
        return rows

    def noise(self, n_frames: int, generator: np.random.Generator) -> Shaped[np.ndarray, "n d"]:
        """Rows that mean nothing, of the kind that :meth:`prepare` makes; to time a training step."""
        return generator.standard_normal((n_frames, self.n_features)).astype(np.float32)

    @abstractmethod
    def embed(self, features: Float[Tensor, "b n d"] | UInt8[Tensor, "b n d"]) -> Float[Tensor, "b n e"]:
        """Embeddings of unit norm."""

    @abstractmethod
    def loss(self, batch: ClipBatch) -> Mapping[str, Float[Tensor, ""]]:
        """The parts of the loss and, under ``"loss"``, their weighted sum."""

    def initialise(self, features: Sequence[Rows]) -> None:
        """Set what depends on the training recordings, before the first step; nothing by default."""

    def constrain(self) -> None:
        """Restore what the parameters must satisfy, after every step; nothing by default."""

    @torch.no_grad()
    def embed_track(self, track: Track) -> Float[Tensor, "1 t e"]:
        """Embeddings of every frame of a recording."""
        return self.embed_rows(self.prepare(track))

    @torch.no_grad()
    def embed_rows(self, rows: Rows) -> Float[Tensor, "1 t e"]:
        """Embeddings of every row, a few at a time where all at once would be too many."""
        device = next(self.parameters()).device
        size = self.frames_at_once or len(rows)
        places = np.arange(len(rows))
        parts = [
            self.embed(torch.from_numpy(np.asarray(rows[places[start : start + size]]))[None].to(device))
            for start in range(0, len(rows), size)
        ]
        return torch.cat(parts, dim=1)

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
