"""Small models of the transformers library with random weights, saved as users save theirs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from transformers import (
    CLIPConfig,
    CLIPModel,
    ConvNextConfig,
    ConvNextModel,
    Dinov2Config,
    Dinov2Model,
    DINOv3ViTConfig,
    DINOv3ViTModel,
    ResNetConfig,
    ResNetModel,
    Siglip2VisionConfig,
    Siglip2VisionModel,
    SiglipConfig,
    SiglipModel,
    SiglipVisionConfig,
    SiglipVisionModel,
    TimesformerConfig,
    TimesformerModel,
    VideoMAEConfig,
    VideoMAEModel,
    ViTConfig,
    ViTForImageClassification,
    ViTMAEConfig,
    ViTMAEModel,
    VivitConfig,
    VivitModel,
    VJEPA2Config,
    VJEPA2Model,
)

SIDE, PATCH, FRAMES = 32, 8, 4
_COMMON: dict[str, Any] = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "patch_size": PATCH,
}
_PICTURES: dict[str, Any] = {**_COMMON, "image_size": SIDE}
_TEXT: dict[str, Any] = {
    "hidden_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "vocab_size": 20,
    "bos_token_id": 1,
    "eos_token_id": 2,
}

IMAGE_MODELS: dict[str, Callable[[], Any]] = {
    "clip": lambda: CLIPModel(CLIPConfig(text_config=_TEXT, vision_config=_PICTURES)),
    "convnext": lambda: ConvNextModel(ConvNextConfig(hidden_sizes=[8, 16], depths=[1, 1], num_stages=2)),
    "dinov2": lambda: Dinov2Model(Dinov2Config(**_PICTURES)),
    "dinov3": lambda: DINOv3ViTModel(DINOv3ViTConfig(**_PICTURES, num_register_tokens=3)),
    "resnet": lambda: ResNetModel(
        ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], layer_type="basic")
    ),
    "siglip": lambda: SiglipModel(SiglipConfig(text_config=_TEXT, vision_config=_PICTURES)),
    "siglip_vision": lambda: SiglipVisionModel(SiglipVisionConfig(**_PICTURES)),
    "siglip2": lambda: Siglip2VisionModel(Siglip2VisionConfig(**_COMMON, num_patches=16)),
    "vit_classifier": lambda: ViTForImageClassification(ViTConfig(**_PICTURES)),
    "vit_mae": lambda: ViTMAEModel(ViTMAEConfig(**_PICTURES)),
}
VIDEO_MODELS: dict[str, Callable[[], Any]] = {
    "timesformer": lambda: TimesformerModel(TimesformerConfig(**_PICTURES, num_frames=FRAMES)),
    "videomae": lambda: VideoMAEModel(VideoMAEConfig(**_PICTURES, num_frames=FRAMES)),
    "vivit": lambda: VivitModel(VivitConfig(**_PICTURES, num_frames=FRAMES, tubelet_size=[2, PATCH, PATCH])),
    "vjepa2": lambda: VJEPA2Model(
        VJEPA2Config(
            patch_size=PATCH,
            crop_size=SIDE,
            frames_per_clip=FRAMES,
            hidden_size=24,
            num_attention_heads=2,
            num_hidden_layers=2,
            mlp_ratio=2,
            pred_hidden_size=24,
            pred_num_attention_heads=2,
            pred_num_hidden_layers=1,
        )
    ),
}
MODELS = {**IMAGE_MODELS, **VIDEO_MODELS}


def save(kind: str, folder: Path, seed: int = 0) -> Path:
    """A model of the kind with random weights in a folder, which is made."""
    import torch
    from transformers.utils import logging

    logging.disable_progress_bar()
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        MODELS[kind]().save_pretrained(folder)
    return folder
