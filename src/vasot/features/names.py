"""The features a user can ask for by name."""

from __future__ import annotations

from vasot.errors import SettingsError, nearest
from vasot.features.base import Extractor
from vasot.registry import Registry

__all__ = ["EXTRACTORS", "make_extractor"]

EXTRACTORS = Registry(
    "kind of features",
    "vasot.features",
    {
        "hub": "vasot.features.hub:HubFeatures",
        "motion": "vasot.features.motion:MotionFeatures",
        "onnx": "vasot.features.onnx:OnnxFeatures",
        "pixels": "vasot.features.pixels:PixelFeatures",
    },
)
"""Extractors by name; another package adds one through the entry points ``vasot.features``."""

_NEED_ARGUMENT = {"hub": "hub:NAME or hub:NAME#map", "onnx": "onnx:FILE or onnx:FILE#OUTPUT"}


def make_extractor(spec: str) -> Extractor:
    """The extractor that ``KIND``, ``KIND:ARGUMENT`` or ``KIND:ARGUMENT#OPTION`` names.

    ``motion`` is built in; ``onnx:FILE#OUTPUT`` takes an output of an image model; ``hub:NAME#OUTPUT`` (``pooled`` or
    ``map``) one of a model of the transformers library, NAME being a folder or a name on the Hugging Face hub;
    ``pixels:SIDE`` the pictures themselves, for an encoder that learns from them.

    Raises:
        SettingsError: an unknown kind (the nearest is named), or one that lacks its argument.
        MissingExtra: the kind needs a part that is not installed.

    >>> make_extractor("onnx")
    Traceback (most recent call last):
    vasot.errors.SettingsError: features 'onnx' need to know which: write onnx:FILE or onnx:FILE#OUTPUT
    """
    kind, _, argument = spec.partition(":")
    if kind not in EXTRACTORS:
        known = sorted([*EXTRACTORS, "precomputed"])
        raise SettingsError(
            f"there are no features named '{kind}'{nearest(kind, known) or '.'} Known: {', '.join(known)}"
        )
    if kind in _NEED_ARGUMENT and not argument:
        raise SettingsError(f"features '{kind}' need to know which: write {_NEED_ARGUMENT[kind]}")
    if kind == "motion" and argument:
        raise SettingsError(f"features '{spec}': motion takes nothing behind it; write motion")
    name, hash_mark, option = argument.rpartition("#")
    words = [name, option] if hash_mark else [argument]
    extractor: Extractor = EXTRACTORS[kind](*[word for word in words if word])
    return extractor
