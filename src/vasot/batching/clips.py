"""From recordings to batches: which frames of a recording take part in a training step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor

from vasot.errors import SettingsError

__all__ = ["ClipBatch", "Clips", "Rows", "join_clips", "pad_clips", "sample_uniform"]


@runtime_checkable
class Rows(Protocol):
    """One recording, ready for the encoder: an array (T, D), or something that makes its rows when asked for them."""

    def __len__(self) -> int:
        """Frames of the recording."""

    def __getitem__(self, frames: Int[np.ndarray, " s"], /) -> Float[np.ndarray, "s d"] | UInt8[np.ndarray, "s d"]:
        """The rows of some of them."""


@dataclass(frozen=True, eq=False)
class Clips:
    """Several clips of possibly different lengths, padded with zeros at the end.

    Attributes:
        features: (b, n, d) numbers, or bytes of pictures.
        lengths: (b,) real frames of each clip.
    """

    features: Float[Tensor, "b n d"] | UInt8[Tensor, "b n d"]
    lengths: Int[Tensor, " b"]

    def to(self, device: torch.device) -> Clips:
        """The same clips on another device."""
        return Clips(self.features.to(device), self.lengths.to(device))


@dataclass(frozen=True, eq=False)
class ClipBatch:
    """What one training step sees: clips, and for methods that align, their partners (of the same activity)."""

    x: Clips
    y: Clips | None = None

    def to(self, device: torch.device) -> ClipBatch:
        """The same batch on another device."""
        return ClipBatch(self.x.to(device), None if self.y is None else self.y.to(device))


def sample_uniform(n_frames: int, n_samples: int, generator: np.random.Generator) -> Int[np.ndarray, " s"]:
    """Cut ``n_frames`` into ``n_samples`` equal stretches and draw one frame of each, in order of time.

    A recording with fewer frames than samples is taken whole.

    Raises:
        SettingsError: fewer than one sample asked for.

    >>> sample_uniform(3, 5, np.random.default_rng(0)).tolist()
    [0, 1, 2]
    >>> sample_uniform(100, 4, np.random.default_rng(0)).tolist()
    [15, 31, 51, 75]
    """
    if n_samples < 1:
        raise SettingsError(f"frames_per_clip is {n_samples}; a clip needs at least one frame")
    if n_frames <= n_samples:
        return np.arange(n_frames)
    # Stretches begin at whole frames, so that none is drawn twice.
    edges = np.arange(n_samples + 1) * n_frames // n_samples
    offsets = np.floor(generator.random(n_samples) * np.diff(edges))
    return edges[:-1] + offsets.astype(np.int64)


def pad_clips(features: Sequence[Float[np.ndarray, "_ d"]] | Sequence[UInt8[np.ndarray, "_ d"]]) -> Clips:
    """Stack arrays of different lengths, zeros behind the shorter ones."""
    lengths = torch.tensor([len(array) for array in features])
    kind = torch.uint8 if features[0].dtype == np.uint8 else torch.float32
    padded = torch.zeros(len(features), int(lengths.max()), features[0].shape[1], dtype=kind)
    for row, array in zip(padded, features, strict=True):
        row[: len(array)] = torch.from_numpy(array)
    return Clips(padded, lengths)


def join_clips(first: Clips, second: Clips) -> Clips:
    """One behind the other in a batch, both padded to the longer length."""
    longest = max(first.features.shape[1], second.features.shape[1])
    parts = [
        torch.nn.functional.pad(clips.features, (0, 0, 0, longest - clips.features.shape[1]))
        for clips in (first, second)
    ]
    return Clips(torch.cat(parts), torch.cat([first.lengths, second.lengths]))
