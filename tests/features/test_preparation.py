from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vasot.errors import SettingsError
from vasot.features.backbone import _patches
from vasot.features.preparation import Preparation, read_preparation

USUAL = Preparation((33, 44))
HALF = [0.5, 0.5, 0.5]

PROCESSORS: dict[str, dict[str, Any]] = {
    "square, as it was written years ago": {
        "feature_extractor_type": "ViTFeatureExtractor",
        "size": 48,
        "image_mean": HALF,
    },
    "shorter side, likewise": {"feature_extractor_type": "CLIPFeatureExtractor", "size": 48, "crop_size": 40},
    "square, then the middle": {"feature_extractor_type": "DeiTFeatureExtractor", "size": 64, "crop_size": 56},
    "more than is there": {
        "image_processor_type": "CLIPImageProcessor",
        "size": {"shortest_edge": 31},
        "crop_size": {"height": 40, "width": 45},
    },
    "DINOv2": {
        "image_processor_type": "BitImageProcessor",
        "size": {"shortest_edge": 64},
        "crop_size": {"height": 56, "width": 56},
        "resample": 3,
    },
    "ResNet": {"feature_extractor_type": "ConvNextFeatureExtractor", "size": 56, "crop_pct": 0.875, "resample": 3},
    "ConvNeXT, large": {"image_processor_type": "ConvNextImageProcessor", "size": {"shortest_edge": 384}},
    "SigLIP": {"image_processor_type": "SiglipImageProcessor", "size": {"height": 48, "width": 40}, "resample": 3},
    "SigLIP 2, any shape": {"image_processor_type": "Siglip2ImageProcessor", "patch_size": 8, "max_num_patches": 30},
    "VideoMAE": {"image_processor_type": "VideoMAEImageProcessor", "size": {"shortest_edge": 48}, "crop_size": 48},
    "bytes as they are": {"image_processor_type": "ViTImageProcessor", "size": 32, "do_rescale": False},
    "not normalised": {"image_processor_type": "ViTImageProcessor", "size": 32, "do_normalize": False},
    "not resized": {"image_processor_type": "CLIPImageProcessor", "do_resize": False, "crop_size": 30},
}


def picture(height: int, width: int) -> np.ndarray:
    import cv2

    noise = np.random.default_rng(0).uniform(0, 255, (height, width, 3)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 1.5)
    image: np.ndarray = np.clip((smooth - smooth.mean()) * 6 + 128, 0, 255).astype(np.uint8)
    return image


def saved(folder: Path, settings: dict[str, Any], name: str = "preprocessor_config.json") -> Path:
    (folder / name).write_text(json.dumps(settings))
    return folder


@pytest.mark.parametrize("size", [(100, 150), (151, 101), (30, 41)])
@pytest.mark.parametrize("name", PROCESSORS)
def test_pictures_are_those_of_the_models_own_processor(name: str, size: tuple[int, int], tmp_path: Path) -> None:
    from transformers import AutoImageProcessor

    folder = saved(tmp_path, PROCESSORS[name])
    image = picture(*size)
    preparation = read_preparation(folder, USUAL, "hub:x")
    ours = preparation(image[None])
    answer = AutoImageProcessor.from_pretrained(str(folder), backend="pil")([image], return_tensors="pt")
    theirs = answer["pixel_values"]
    if "spatial_shapes" in answer:
        cut = _patches(ours, 8)
        assert cut["spatial_shapes"].tolist() == answer["spatial_shapes"].tolist()
        # Theirs is filled up to the largest number of patches.
        ours, theirs = cut["pixel_values"], theirs[:, : int(answer["pixel_attention_mask"].sum())]
    theirs = theirs[0] if theirs.ndim == 5 else theirs
    assert ours.shape == theirs.shape
    # PIL rounds a sum of products in another order: single pixels differ by a grey level, rarely by two.
    level = preparation.scale / min(preparation.std)
    difference = (ours - theirs).abs() / level
    assert float(difference.max()) < 2.01
    assert float(difference.mean()) < 0.02


@pytest.mark.parametrize(
    ("file", "settings", "expected"),
    [
        (
            "preprocessor_config.json",
            {
                "image_processor_type": "DINOv3ViTImageProcessorFast",
                "size": {"height": 48, "width": 40},
                "do_center_crop": None,
                "resample": 2,
                "image_mean": [0.1, 0.2, 0.3],
                "image_std": [0.4, 0.5, 0.6],
            },
            Preparation((48, 40), mean=(0.1, 0.2, 0.3), std=(0.4, 0.5, 0.6)),
        ),
        (
            "video_preprocessor_config.json",
            {
                "video_processor_type": "VJEPA2VideoProcessor",
                "size": {"shortest_edge": 36},
                "crop_size": {"height": 32, "width": 32},
                "do_center_crop": True,
                "resample": 2,
            },
            Preparation(36, crop=(32, 32)),
        ),
        (
            "preprocessor_config.json",
            {
                "image_processor_type": "VivitImageProcessor",
                "size": {"shortest_edge": 36},
                "crop_size": {"height": 32, "width": 32},
                "do_center_crop": True,
                "rescale_factor": 1 / 127.5,
                "offset": True,
                "image_mean": HALF,
                "image_std": HALF,
            },
            Preparation(36, crop=(32, 32), scale=1 / 127.5, offset=-1.0, mean=(0.5,) * 3, std=(0.5,) * 3),
        ),
        (
            "processor_config.json",
            {"image_processor": {"image_processor_type": "DINOv3ViTImageProcessor", "size": {"height": 8, "width": 9}}},
            Preparation((8, 9)),
        ),
    ],
)
def test_processors_that_need_torchvision_are_read_from_their_files(
    file: str, settings: dict[str, Any], expected: Preparation, tmp_path: Path
) -> None:
    assert read_preparation(saved(tmp_path, settings, file), USUAL, "hub:x") == expected


def test_bytes_are_scaled_and_normalised_as_the_formula_says() -> None:
    image = picture(6, 5)[None]
    preparation = Preparation(None, scale=1 / 127.5, offset=-1.0, mean=(0.1, 0.2, 0.3), std=(0.5, 0.6, 0.7))
    expected = (image / 127.5 - 1 - np.array([0.1, 0.2, 0.3])) / np.array([0.5, 0.6, 0.7])
    np.testing.assert_allclose(preparation(image).permute(0, 2, 3, 1), expected, atol=1e-5)
    flipped = Preparation(None, blue_first=True, mean=(0, 0, 0), std=(1, 1, 1))(image)
    np.testing.assert_allclose(flipped.permute(0, 2, 3, 1), image[..., ::-1] / 255, atol=1e-6)


def test_a_picture_of_the_right_size_is_not_resampled() -> None:
    image = picture(24, 31)[None]
    same = Preparation(24, scale=1.0, mean=(0, 0, 0), std=(1, 1, 1))(image)
    np.testing.assert_array_equal(same.permute(0, 2, 3, 1), image)


def test_without_a_processor_the_model_says_the_size(tmp_path: Path) -> None:
    assert read_preparation(tmp_path, USUAL, "hub:x") == USUAL
    assert read_preparation(saved(tmp_path, {"resample": 3}), USUAL, "hub:x").size == (33, 44)


def test_a_processor_that_does_more_is_refused(tmp_path: Path) -> None:
    saved(tmp_path, {"image_processor_type": "OwlViTImageProcessor", "size": 8, "do_pad": True})
    with pytest.raises(SettingsError, match=r"hub:x: its processor OwlViT.* needs do_pad.*--features motion"):
        read_preparation(tmp_path, USUAL, "hub:x")
