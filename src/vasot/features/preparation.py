"""How an image or video model of the Hugging Face hub wants its pictures, with torch alone.

The processors of transformers do this, too, but those of some models (DINOv3, ViViT, every video processor) need
torchvision, and the others work picture by picture. So only their settings are taken from there.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float32, UInt8
from torch import Tensor
from torch.nn import functional

from vasot.errors import SettingsError
from vasot.types import FrameSize

__all__ = ["PROCESSOR_FILES", "Preparation", "read_preparation"]

PROCESSOR_FILES = ("video_preprocessor_config.json", "preprocessor_config.json", "processor_config.json")
"""Where a saved model keeps the settings of its processor; the first that is there counts."""

_FILTERS = {0: "nearest-exact", 1: "bicubic", 2: "bilinear", 3: "bicubic", 4: "bilinear", 5: "bicubic"}
"""PIL's filters by number; torch has none of Lanczos (1), box (4) and Hamming (5)."""

_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_SIDE = 224
_WHOLE_FROM = 384
"""ConvNeXT's processor cuts the middle out of pictures that are smaller than this, and squeezes larger ones."""


@dataclass(frozen=True)
class Preparation:
    """Resize, cut out the middle, scale and normalise.

    Attributes:
        size: (height, width), the length of the shorter side, or None to leave pictures as they are.
        resample: torch's name of the filter; where pictures get smaller it is widened, as PIL does.
        crop: (height, width) of the middle that is kept; a smaller picture is padded with black.
        scale, offset: a byte x becomes ``x * scale + offset`` before it is normalised.
        mean, std: of the three channels after scaling.
        blue_first: channels are handed over in the order blue, green, red.
        patches: (side of a patch in pixels, the most patches) of a model that takes pictures of any shape; they are
            then resized to whole patches, as many as may be, instead of ``size``.
    """

    size: FrameSize
    resample: str = "bilinear"
    crop: tuple[int, int] | None = None
    scale: float = 1 / 255
    offset: float = 0.0
    mean: tuple[float, float, float] = _MEAN
    std: tuple[float, float, float] = _STD
    blue_first: bool = False
    patches: tuple[int, int] | None = None

    @property
    def frame_size(self) -> FrameSize:
        """The size at which frames are best decoded: the one that pictures are resized to."""
        if self.patches is None:
            return self.size
        # The shorter side of a picture of so many patches is no longer than that of a square one.
        side, most = self.patches
        return side * math.ceil(math.sqrt(most))

    def __call__(self, images: UInt8[np.ndarray, "n h w 3"]) -> Float32[Tensor, "n 3 p q"]:
        """Pictures as the model takes them."""
        pixels = torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2)
        pixels = self._resized(pixels)
        if self.crop is not None:
            pixels = _middle(pixels, *self.crop)
        if self.blue_first:
            pixels = pixels.flip(1)
        mean, std = (torch.tensor(values)[:, None, None] for values in (self.mean, self.std))
        # One product and one sum for x * scale + offset, less the mean, over the deviation.
        return pixels.float() * (self.scale / std) + (self.offset - mean) / std

    def _resized(self, pixels: UInt8[Tensor, "n 3 h w"]) -> UInt8[Tensor, "n 3 p q"]:
        high, wide = pixels.shape[2:]
        if self.patches is not None:
            target = _whole_patches(high, wide, *self.patches)
        elif self.size is None:
            return pixels
        elif isinstance(self.size, tuple):
            target = self.size
        else:
            short, long = min(high, wide), max(high, wide)
            longer = int(self.size * long / short)
            target = (self.size, longer) if high <= wide else (longer, self.size)
        if target == (high, wide):
            return pixels
        if self.resample == "nearest-exact":
            return functional.interpolate(pixels, target, mode=self.resample)
        return functional.interpolate(pixels, target, mode=self.resample, antialias=True)


def read_preparation(folder: Path, usual: Preparation, where: str) -> Preparation:
    """What the files of a saved model say.

    Args:
        folder: of the saved model.
        usual: what the model itself suggests; taken where there is no such file, and for sizes that it does not say.
        where: how the user named the model, for the error.

    Raises:
        SettingsError: the processor does something else than to resize, cut, scale and normalise.
    """
    settings = _processor_settings(folder)
    return usual if settings is None else _preparation(settings, usual, where)


def _preparation(settings: Mapping[str, Any], usual: Preparation, where: str) -> Preparation:
    image_size = usual.size if isinstance(usual.size, tuple) else (_SIDE, _SIDE)
    kind = str(settings.get("image_processor_type") or settings.get("video_processor_type") or "")
    if unusual := [name for name in ("do_pad", "do_thumbnail", "do_split_image") if settings.get(name)]:
        raise SettingsError(
            f"{where}: its processor {kind} needs {unusual[0]}, which vasot does not know; take another model, an "
            "ONNX file, or --features motion"
        )
    square = settings.get("default_to_square", True)
    size = _size(settings.get("size"), image_size, square) if settings.get("do_resize", True) else None
    crop = _pair(settings.get("crop_size"), image_size) if settings.get("do_center_crop") else None
    if kind.startswith("ConvNext") and isinstance(size, int):
        side = size
        small = side < _WHOLE_FROM
        size, crop = (int(side / settings.get("crop_pct", 224 / 256)), (side, side)) if small else ((side, side), crop)
    offset = -1.0 if settings.get("offset") else 0.0
    normalised = settings.get("do_normalize", True)
    return Preparation(
        size=size,
        resample=_FILTERS.get(int(settings.get("resample", 2)), "bilinear"),
        crop=crop,
        scale=float(settings.get("rescale_factor", 1 / 255)) if settings.get("do_rescale", True) else 1.0,
        offset=offset,
        mean=_triple(settings.get("image_mean", _MEAN)) if normalised else (0.0, 0.0, 0.0),
        std=_triple(settings.get("image_std", _STD)) if normalised else (1.0, 1.0, 1.0),
        blue_first=bool(settings.get("do_flip_channel_order")),
        patches=_patches(settings),
    )


def _processor_settings(folder: Path) -> Mapping[str, Any] | None:
    """The settings of the model's processor: complete where its class needs no torchvision, else as they are saved."""
    saved: dict[str, Any] | None = None
    for name in PROCESSOR_FILES:
        if (folder / name).is_file():
            saved = json.loads((folder / name).read_text(encoding="utf-8"))
            break
    if saved is None:
        return None
    # Processors of several parts keep each under its own name.
    saved = saved.get("video_processor") or saved.get("image_processor") or saved
    if name == PROCESSOR_FILES[0]:
        return saved
    from transformers import AutoImageProcessor

    try:
        processor = AutoImageProcessor.from_pretrained(
            str(folder), backend="pil", trust_remote_code=False, local_files_only=True
        )
    except (ImportError, OSError, ValueError):
        # Its class needs torchvision, or is not known; such files are new enough to say everything themselves.
        return saved
    return {**saved, **processor.to_dict(), "default_to_square": getattr(processor, "default_to_square", True)}


def _size(value: Any, image_size: tuple[int, int], square: bool) -> tuple[int, int] | int:
    if isinstance(value, int) and not square:
        return value
    if isinstance(value, Mapping) and "longest_edge" not in value and value.get("shortest_edge"):
        return int(value["shortest_edge"])
    return _pair(value, image_size)


def _pair(value: Any, otherwise: tuple[int, int]) -> tuple[int, int]:
    """(height, width) however it is written."""
    if isinstance(value, Mapping) and value.get("height") and value.get("width"):
        return int(value["height"]), int(value["width"])
    if isinstance(value, Mapping) and value.get("shortest_edge"):
        return int(value["shortest_edge"]), int(value["shortest_edge"])
    if isinstance(value, int):
        return value, value
    return otherwise


def _patches(settings: Mapping[str, Any]) -> tuple[int, int] | None:
    if "max_num_patches" not in settings:
        return None
    return int(settings["patch_size"]), int(settings["max_num_patches"])


def _triple(value: Any) -> tuple[float, float, float]:
    values = list(value) if isinstance(value, (list, tuple)) else [value] * 3
    return float(values[0]), float(values[1]), float(values[2])


def _whole_patches(high: int, wide: int, side: int, most: int) -> tuple[int, int]:
    """The largest size in whole patches, no more than ``most`` of them, that keeps the shape of the picture."""
    from transformers.models.siglip2.image_processing_pil_siglip2 import get_image_size_for_max_num_patches

    target = get_image_size_for_max_num_patches(high, wide, side, most)
    return int(target[0]), int(target[1])


def _middle(pixels: UInt8[Tensor, "n 3 h w"], high: int, wide: int) -> UInt8[Tensor, "n 3 p q"]:
    missing_high, missing_wide = max(0, high - pixels.shape[2]), max(0, wide - pixels.shape[3])
    if missing_high or missing_wide:
        above, left = (missing_high + 1) // 2, (missing_wide + 1) // 2
        pixels = functional.pad(pixels, (left, missing_wide - left, above, missing_high - above))
    top, left = (pixels.shape[2] - high) // 2, (pixels.shape[3] - wide) // 2
    return pixels[:, :, top : top + high, left : left + wide]
