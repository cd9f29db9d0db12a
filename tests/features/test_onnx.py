from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from vasot.errors import DataError, MissingExtra, SettingsError
from vasot.features.base import Extractor
from vasot.features.names import make_extractor
from vasot.features.onnx import OnnxFeatures
from vasot.types import Frames

MODEL = "squeezenet1_1_imagenet_embedding.onnx"


@pytest.fixture(scope="module")
def encoders(data_root: Path) -> Path:
    return data_root / "encoders"


def picture(path: Path) -> np.ndarray:
    from PIL import Image

    with Image.open(path) as image:
        return np.asarray(image.convert("RGB").resize((224, 224), Image.Resampling.BILINEAR))


def one(images: np.ndarray, size: int = 99) -> Iterator[Frames]:
    for start in range(0, len(images), size):
        part = images[start : start + size]
        yield Frames(part, (start + np.arange(len(part))) / 10)


def vectors(extractor: Extractor, images: np.ndarray, size: int = 99) -> np.ndarray:
    return np.concatenate(list(extractor.extract(one(images, size))))


@pytest.mark.data
def test_the_model_names_the_cat_and_the_parrot(encoders: Path) -> None:
    # The first line of the list is no class of this model.
    labels = (encoders / "imagenet_labels.txt").read_text().splitlines()[1:]
    images = np.stack([picture(encoders / name) for name in ("cat_720p.jpg", "parrot.jpg")])
    scores = vectors(OnnxFeatures(encoders / MODEL, "logits"), images)
    cat, parrot = (labels[index].lower() for index in scores.argmax(axis=1))
    assert "cat" in cat
    assert parrot == "macaw"


@pytest.mark.data
def test_the_output_is_chosen_by_name_and_maps_are_averaged(encoders: Path) -> None:
    images = np.stack([picture(encoders / "parrot.jpg")])
    usual = make_extractor(f"onnx:{encoders / MODEL}")
    mapped = make_extractor(f"onnx:{encoders / MODEL}#feature_map")
    assert isinstance(usual, OnnxFeatures)
    assert usual.output == "embedding"
    assert vectors(usual, images).shape == (1, 512)
    # The embedding of this model is the mean of its map.
    np.testing.assert_allclose(vectors(mapped, images), vectors(usual, images), rtol=1e-4, atol=1e-4)
    assert usual.identity() != mapped.identity()


@pytest.mark.data
def test_neither_batches_nor_chunks_change_the_features(encoders: Path) -> None:
    images = np.random.default_rng(0).integers(0, 255, (5, 224, 224, 3)).astype(np.uint8)
    whole = vectors(OnnxFeatures(encoders / MODEL, batch_size=5), images)
    for batch, chunk in ((2, 5), (3, 2), (1, 1)):
        parts = vectors(OnnxFeatures(encoders / MODEL, batch_size=batch), images, chunk)
        np.testing.assert_allclose(parts, whole, rtol=1e-4, atol=1e-4)


@pytest.mark.data
def test_an_unknown_output_is_refused_with_the_nearest(encoders: Path) -> None:
    with pytest.raises(SettingsError, match=r"did you mean 'embedding'.*Known: "):
        OnnxFeatures(encoders / MODEL, "embeding")


def test_what_is_no_model_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        OnnxFeatures(tmp_path / "none.onnx")
    (tmp_path / "text.onnx").write_text("this is text")
    with pytest.raises(DataError, match=r"text\.onnx: is no ONNX model"):
        OnnxFeatures(tmp_path / "text.onnx")


def test_without_onnxruntime_the_error_says_how_to_get_it_or_do_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingExtra, match=r"--features motion.*pip install 'vasot\[onnx\]'"):
        make_extractor(f"onnx:{tmp_path / 'model.onnx'}")
