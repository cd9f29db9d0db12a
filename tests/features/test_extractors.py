"""What holds for every kind of features, whoever adds it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from hub_models import SIDE, save
from vasot.features.base import Extractor
from vasot.features.names import EXTRACTORS, make_extractor
from vasot.types import Frames

Maker = Callable[[str], list[str]]


@pytest.fixture(scope="module")
def specs(tmp_path_factory: pytest.TempPathFactory) -> Maker:
    """Names of a kind that differ in what they compute."""
    folder = tmp_path_factory.mktemp("models")

    def of_kind(kind: str) -> list[str]:
        if kind == "motion":
            return ["motion"]
        if kind == "pixels":
            return ["pixels:32", "pixels:40"]
        if kind == "onnx":
            files = [onnx_model(folder / f"{number}.onnx", number) for number in (1, 2)]
            return [f"onnx:{file}{output}" for file in files for output in ("#pooled", "#twice")]
        saved = [folder / name for name in ("dinov2", "videomae")]
        for path in saved:
            if not path.exists():
                save(path.name, path)
        return [f"hub:{saved[0]}", f"hub:{saved[0]}#map", f"hub:{saved[1]}"]

    return of_kind


def onnx_model(path: Path, factor: int) -> Path:
    """A file with a model of two outputs: the channels' means times a factor, and twice that."""
    path.write_bytes(_onnx_bytes(float(factor)))
    return path


def _field(number: int, content: bytes | int) -> bytes:
    """One field of a protocol buffer: a number, or bytes with their length."""
    if isinstance(content, int):
        return bytes([number << 3]) + _varint(content)
    return bytes([number << 3 | 2]) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    parts = []
    while value > 127:
        parts.append(value & 127 | 128)
        value >>= 7
    return bytes([*parts, value])


def _onnx_bytes(factor: float) -> bytes:
    def value(name: str, shape: list[int | str]) -> bytes:
        dims = b"".join(
            _field(1, _field(1, size) if isinstance(size, int) else _field(2, size.encode())) for size in shape
        )
        return _field(1, name.encode()) + _field(2, _field(1, _field(1, 1) + _field(2, dims)))

    def node(kind: str, inputs: list[str], output: str) -> bytes:
        return (
            b"".join(_field(1, name.encode()) for name in inputs)
            + _field(2, output.encode())
            + _field(4, kind.encode())
        )

    def constant(name: str, number: float) -> bytes:
        return _field(1, 1) + _field(2, 1) + _field(8, name.encode()) + _field(9, np.float32(number).tobytes())

    nodes = [
        node("GlobalAveragePool", ["images"], "mean"),
        node("Mul", ["mean", "factor"], "pooled"),
        node("Mul", ["pooled", "two"], "twice"),
    ]
    graph = b"".join(_field(1, each) for each in nodes) + _field(2, b"made")
    graph += b"".join(_field(5, constant(name, number)) for name, number in (("factor", factor), ("two", 2.0)))
    graph += _field(11, value("images", ["n", 3, SIDE, SIDE]))
    graph += b"".join(_field(12, value(name, ["n", 3, 1, 1])) for name in ("pooled", "twice"))
    return _field(1, 8) + _field(7, graph) + _field(8, _field(2, 13))


def video(extractor: Extractor, n_frames: int, seed: int = 0) -> np.ndarray:
    size = extractor.frame_size
    high, wide = size if isinstance(size, tuple) else (size or SIDE, (size or SIDE) + 9)
    generator = np.random.default_rng(seed)
    still = generator.integers(0, 255, (1, high, wide, 3))
    images: np.ndarray = np.clip(still + generator.integers(-40, 40, (n_frames, high, wide, 3)), 0, 255)
    return images.astype(np.uint8)


def rows(extractor: Extractor, images: np.ndarray, size: int = 99) -> np.ndarray:
    def chunks() -> Iterator[Frames]:
        for start in range(0, len(images), size):
            part = images[start : start + size]
            yield Frames(part, (start + np.arange(len(part))) / 10)

    return np.concatenate(list(extractor.extract(chunks())))


@pytest.mark.parametrize("kind", EXTRACTORS)
def test_there_is_one_finite_row_per_frame(kind: str, specs: Maker) -> None:
    for spec in specs(kind):
        extractor = make_extractor(spec)
        assert isinstance(extractor, Extractor)
        widths = set()
        for n_frames in (1, 2, 17, 33):
            features = rows(extractor, video(extractor, n_frames))
            assert features.dtype == (np.uint8 if kind == "pixels" else np.float32)
            assert len(features) == n_frames
            assert np.isfinite(features).all()
            widths.add(features.shape[1])
        assert len(widths) == 1


@pytest.mark.parametrize("kind", EXTRACTORS)
def test_borders_of_chunks_mean_nothing(kind: str, specs: Maker) -> None:
    for spec in specs(kind):
        extractor = make_extractor(spec)
        images = video(extractor, 19)
        for size in (1, 7, 16):
            np.testing.assert_allclose(rows(extractor, images, size), rows(extractor, images), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", EXTRACTORS)
def test_what_is_said_of_a_video_does_not_depend_on_the_one_before(kind: str, specs: Maker) -> None:
    for spec in specs(kind):
        extractor = make_extractor(spec)
        images = video(extractor, 9)
        first = rows(extractor, images)
        assert not np.allclose(rows(extractor, video(extractor, 9, seed=1)), first)
        np.testing.assert_array_equal(rows(extractor, images), first)
        np.testing.assert_array_equal(rows(make_extractor(spec), images), first)


@pytest.mark.parametrize("kind", EXTRACTORS)
def test_equal_names_have_one_identity_and_different_ones_do_not(kind: str, specs: Maker) -> None:
    names = specs(kind)
    found = {tuple(sorted(make_extractor(spec).identity().items())) for spec in [*names, *names]}
    assert len(found) == len(names)
    assert all(isinstance(value, str | int | float | bool) for identity in found for _, value in identity)
    assert all(dict(identity)["kind"] == kind for identity in found)
