"""A saved model of the transformers library as a function from pictures to vectors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from jaxtyping import Float, Float32
from torch import Tensor, nn

from vasot.errors import SettingsError
from vasot.features.preparation import Preparation, read_preparation

__all__ = ["OUTPUTS", "Backbone", "load_backbone"]

OUTPUTS = ("pooled", "map")
"""``pooled``: the vector in which the model was trained to sum a picture up; ``map``: the mean over its places."""

_SIDE = 224
_CLASS_TOKENS = frozenset({"class_embedding", "cls_token", "distillation_token"})
_NOT_NEEDED = ("mask_token", "predictor.")
"""Weights that take no part in looking at whole pictures, and that checkpoints of other tasks may lack."""


@dataclass(frozen=True)
class Backbone:
    """A model, and what has to be known to use it.

    Attributes:
        model: takes pictures (b, 3, h, w), or windows of them (b, t, 3, h, w), as its ``main_input_name``.
        preparation: how it wants pictures.
        n_frames: pictures it looks at together; None for a model of single ones.
        n_prefix: tokens that stand for no place, before those that do; the class token, if any, is the first.
        has_class: whether there is a class token.
        pooler: whether its pooling layer was among the saved weights, or has none.
        where: how the user named it.
    """

    model: nn.Module
    preparation: Preparation
    n_frames: int | None
    n_prefix: int
    has_class: bool
    pooler: bool
    where: str

    def vectors(self, pixels: Float32[Tensor, "b ..."], output: str) -> Float[Tensor, "b d"]:
        """One vector per picture or window.

        Raises:
            SettingsError: the model does not take such pictures.
        """
        try:
            answer = self.model(**self._inputs(pixels))
            places = answer.last_hidden_state
        except (AttributeError, RuntimeError, TypeError, ValueError) as error:
            found = f"{type(self.model).__name__} does not take pictures of shape {tuple(pixels.shape)}"
            raise SettingsError(
                f"{self.where}: {found} ({str(error).splitlines()[0]}); take another model, or --features motion"
            ) from error
        pooled = getattr(answer, "pooler_output", None) if self.pooler else None
        if output == "pooled" and pooled is not None:
            return cast(Tensor, pooled.flatten(1))
        if places.ndim == 4:
            return cast(Tensor, places.mean((2, 3)))
        if output == "pooled" and self.has_class:
            return cast(Tensor, places[:, 0])
        return cast(Tensor, places[:, self.n_prefix :].mean(1))

    def _inputs(self, pixels: Float32[Tensor, "b ..."]) -> dict[str, Any]:
        name = str(self.model.main_input_name)
        if self.preparation.patches is not None:
            return _patches(pixels, self.preparation.patches[0])
        # V-JEPA 2 has a second network, which predicts what is masked.
        return {name: pixels, "skip_predictor": True} if name == "pixel_values_videos" else {name: pixels}


def load_backbone(folder: Path, device: torch.device, where: str) -> Backbone:
    """Load a saved model, its picture tower where it has several, for inference in float32.

    Raises:
        SettingsError: transformers does not know the model, or the weights are not all there.
    """
    from safetensors import SafetensorError
    from transformers import AutoConfig, AutoModel

    files = str(folder)
    try:
        with _quiet():
            config = AutoConfig.from_pretrained(files, trust_remote_code=False, local_files_only=True)
            config = getattr(config, "vision_config", None) or config
            if hasattr(config, "mask_ratio"):
                # Masked autoencoders of pictures would look at a random quarter.
                config.mask_ratio = 0.0
            model, report = AutoModel.from_pretrained(
                files,
                config=config,
                dtype=torch.float32,
                local_files_only=True,
                output_loading_info=True,
                trust_remote_code=False,
                use_safetensors=True,
            )
    except (ImportError, KeyError, OSError, RuntimeError, SafetensorError, ValueError) as error:
        said = " ".join(str(error).split())[:300]
        raise SettingsError(f"{where}: cannot be loaded ({said}); take another model, or --features motion") from error
    missing = sorted(name for name in report["missing_keys"] if not any(part in name for part in _NOT_NEEDED))
    # Without training, a pooling layer would be a random one.
    lost = [name for name in missing if "pooler" not in name]
    if lost:
        raise SettingsError(
            f"{where}: {len(lost)} weights of {type(model).__name__} are missing, such as {lost[0]}; save the whole "
            "model with save_pretrained"
        )
    with _quiet():
        preparation = read_preparation(folder, _usual_preparation(config), where)
    names = {name.rpartition(".")[2] for name, _ in model.named_parameters()} & _CLASS_TOKENS
    return Backbone(
        model=model.to(device).eval().requires_grad_(False),
        preparation=preparation,
        n_frames=getattr(config, "num_frames", None) or getattr(config, "frames_per_clip", None),
        n_prefix=len(names) + (getattr(config, "num_register_tokens", None) or 0),
        has_class=bool(names),
        pooler=not missing,
        where=where,
    )


def _usual_preparation(config: Any) -> Preparation:
    """For a model saved without its processor: the whole picture at the model's size, normalised as for ImageNet."""
    size = getattr(config, "image_size", None) or getattr(config, "crop_size", None)
    if size is None and getattr(config, "num_patches", None):
        return Preparation(None, mean=(0.5,) * 3, std=(0.5,) * 3, patches=(config.patch_size, config.num_patches))
    size = size or _SIDE
    return Preparation((size, size) if isinstance(size, int) else (int(size[0]), int(size[1])))


def _patches(pixels: Float32[Tensor, "b 3 h w"], side: int) -> dict[str, Tensor]:
    """Pictures of any shape as SigLIP 2 takes them: a row of square patches, and how they lie."""
    count, channels, high, wide = pixels.shape
    rows, columns = high // side, wide // side
    cut = pixels.reshape(count, channels, rows, side, columns, side).permute(0, 2, 4, 3, 5, 1)
    return {
        "pixel_values": cut.reshape(count, rows * columns, side * side * channels),
        "pixel_attention_mask": torch.ones(count, rows * columns, dtype=torch.int64, device=pixels.device),
        "spatial_shapes": torch.tensor([[rows, columns]] * count, device=pixels.device),
    }


@contextmanager
def _quiet() -> Iterator[None]:
    """No progress bars, no table of weights that were not needed, no word of torchvision; errors are exceptions."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
