"""The route from pixels: what of a method differs where its encoder takes pictures instead of features."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager

import numpy as np
import torch

from vasot.batching.pictures import FramesInContext, earlier_frames
from vasot.encoders.context import ContextEncoder
from vasot.encoders.pretrained import base_weights
from vasot.errors import DataError, SettingsError
from vasot.features.hub import computes_bfloat16
from vasot.features.pixels import picture_side
from vasot.methods.settings import MethodSettings, PixelSettings
from vasot.types import Track

__all__ = ["FRAMES_AT_ONCE", "RANDOM", "PixelRoute", "check_encoder", "features_for", "from_pixels", "precision_of"]

FRAMES_AT_ONCE = 16
"""Frames that are embedded together outside of training; bounds memory."""

RANDOM = "random"
"""The value of the setting ``weights`` for a base network that has learnt nothing."""

_MLP_ONLY = ("hidden_sizes", "standardise", "appearance")


class PixelRoute:
    """How recordings of pictures become rows, and what embeds them.

    Args:
        settings: of the method.
        n_features: bytes of a picture.

    Raises:
        DataError: so many bytes are no square RGB picture.
    """

    def __init__(self, settings: MethodSettings, n_features: int) -> None:
        side = picture_side(n_features)
        if side is None:
            raise DataError(
                f"encoder resnet-context takes square pictures, but a frame has {n_features} values; "
                "train on videos with --features pixels, or with --set encoder=mlp"
            )
        self.side = side
        self._n_features = n_features
        self._settings = settings

    def make_encoder(self) -> ContextEncoder:
        """The untrained encoder."""
        settings = self._settings
        return ContextEncoder(
            self.side,
            settings.embedding_size,
            base=settings.base,
            width=settings.context_width,
            freeze=settings.freeze,
            dropout=settings.dropout,
            recompute=settings.recompute,
        )

    def prepare(self, track: Track) -> FramesInContext:
        """The pictures of a recording, each with its earlier one.

        Raises:
            DataError: it holds something else than pictures of the size trained on.
        """
        if track.features.dtype != np.uint8 or track.n_features != self._n_features:
            raise DataError(
                f"{track.source or track.name} has {track.n_features} values per frame, but the model takes pictures "
                f"of {self.side} x {self.side} pixels; give a video"
            )
        earlier = earlier_frames(
            track.n_frames, self._settings.context_stride, track.times_seconds, track.source_rate_hz
        )
        return FramesInContext(track.features, earlier)


def check_encoder(settings: MethodSettings) -> None:
    """Refuse settings that the encoder does not read, and weights that do not fit.

    Raises:
        SettingsError: names the setting.
        VasotError: see :func:`~vasot.encoders.pretrained.base_weights`.
    """
    pixels = settings.encoder == "resnet-context"
    fields = type(settings).model_fields
    for name in _MLP_ONLY if pixels else PixelSettings.model_fields:
        if name in fields and getattr(settings, name) != fields[name].default:
            reader = "mlp" if pixels else "resnet-context"
            raise SettingsError(
                f"setting {name} is read by encoder={reader}, but the encoder is {settings.encoder}; leave it out"
            )
    if pixels and settings.weights != RANDOM:
        base_weights(settings.weights, settings.base)


def from_pixels(values: Mapping[str, object]) -> bool:
    """Whether settings, by name, ask for an encoder that learns from pixels."""
    return values.get("encoder") == "resnet-context"


def features_for(encoder: str, features: str) -> str:
    """What frames become for an encoder: pictures where it takes pictures.

    Raises:
        SettingsError: it cannot take what was asked for.

    >>> features_for("resnet-context", "auto"), features_for("mlp", "auto")
    ('pixels', 'auto')
    """
    takes_pixels, are_pixels = encoder == "resnet-context", features.partition(":")[0] == "pixels"
    if takes_pixels and features == "auto":
        return "pixels"
    if takes_pixels and not are_pixels:
        raise SettingsError(
            f"encoder resnet-context learns from pixels, so features '{features}' have no meaning; leave them out, or "
            "train on them with --set encoder=mlp"
        )
    if are_pixels and not takes_pixels:
        raise SettingsError(
            f"features '{features}' are pictures, which encoder {encoder} does not take; "
            "add --set encoder=resnet-context, or take --features motion"
        )
    return features


def precision_of(device: torch.device, precision: str) -> AbstractContextManager[object]:
    """Within, networks compute in bfloat16 where that is wanted and the processor does so itself."""
    low = precision == "mixed" and computes_bfloat16(device)
    return torch.autocast(device.type, torch.bfloat16, enabled=low)
