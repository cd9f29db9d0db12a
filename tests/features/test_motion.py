from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from vasot.errors import SettingsError
from vasot.features.base import Extractor
from vasot.features.motion import MotionFeatures
from vasot.types import Frames

GRID, BINS = 4, 8
CELLS = GRID * GRID


def extractor(context_seconds: float = 0.0) -> MotionFeatures:
    return MotionFeatures(grid=GRID, n_directions=BINS, context_seconds=context_seconds)


def moving(n_frames: int, pixels: tuple[float, float], seed: int = 0) -> np.ndarray:
    """A textured picture that slides by (x, y) pixels a frame."""
    import cv2

    noise = np.random.default_rng(seed).uniform(0, 255, (256, 256)).astype(np.float32)
    texture = cv2.GaussianBlur(noise, (0, 0), 3)
    texture = np.clip((texture - texture.mean()) * 6 + 128, 0, 255).astype(np.uint8)
    frames = []
    for number in range(n_frames):
        shift = np.array([[1, 0, pixels[0] * number - 64], [0, 1, pixels[1] * number - 64]], dtype=np.float32)
        frames.append(np.repeat(cv2.warpAffine(texture, shift, (128, 128))[..., None], 3, axis=2))
    return np.stack(frames)


def in_chunks(images: np.ndarray, size: int, fps: float = 10.0) -> Iterator[Frames]:
    for start in range(0, len(images), size):
        part = images[start : start + size]
        yield Frames(part, (start + np.arange(len(part))) / fps)


def rows(images: np.ndarray, size: int = 32, fps: float = 10.0, context_seconds: float = 0.0) -> np.ndarray:
    return np.concatenate(list(extractor(context_seconds).extract(in_chunks(images, size, fps))))


def motion_of(features: np.ndarray) -> np.ndarray:
    """(T, cells, directions + 1) shares of movement, the last one standing still."""
    return features[:, CELLS * BINS :].reshape(len(features), CELLS, BINS + 1) ** 2


def test_it_is_an_extractor() -> None:
    assert isinstance(extractor(), Extractor)


@pytest.mark.parametrize("context_seconds", [0.0, 0.4, 5.0])
@pytest.mark.parametrize("size", [1, 2, 5])
def test_borders_of_chunks_do_not_matter(size: int, context_seconds: float) -> None:
    images = moving(7, (1.5, 0.5))
    np.testing.assert_array_equal(
        rows(images, size, context_seconds=context_seconds), rows(images, 100, context_seconds=context_seconds)
    )


@pytest.mark.parametrize(("fps", "reach"), [(10.0, 2), (25.0, 5), (4.0, 0)])
def test_features_are_the_mean_over_the_frames_within_the_context(fps: float, reach: int) -> None:
    images = moving(14, (1.5, 0.5))
    single, mean = rows(images, fps=fps), rows(images, fps=fps, context_seconds=0.4)
    assert len(mean) == len(single) == 14
    for place in range(14):
        expected = single[max(0, place - reach) : place + reach + 1].mean(axis=0)
        np.testing.assert_allclose(mean[place], expected, atol=1e-6)


@pytest.mark.parametrize(("pixels", "direction"), [((2, 0), 0), ((0, 2), 2), ((-2, 0), 4), ((0, -2), 6)])
def test_the_direction_of_movement_is_seen_in_the_cells_within_the_picture(
    pixels: tuple[float, float], direction: int
) -> None:
    inner = [5, 6, 9, 10]
    shares = motion_of(rows(moving(4, pixels)))[:, inner]
    assert (shares.argmax(axis=2) == direction).all()


def test_movement_is_per_second_whatever_the_rate() -> None:
    slow, fast = rows(moving(4, (1, 0)), fps=20.0), rows(moving(4, (2, 0)), fps=10.0)
    np.testing.assert_allclose(motion_of(slow).mean(axis=(0, 1)), motion_of(fast).mean(axis=(0, 1)), atol=0.06)
    still = motion_of(rows(moving(4, (0, 0))))
    np.testing.assert_allclose(still[..., -1], 1, atol=1e-3)


def test_edges_are_the_same_on_a_darker_and_a_brighter_ground() -> None:
    images = moving(1, (0, 0))
    np.testing.assert_allclose(rows(images)[:, : CELLS * BINS], rows(255 - images)[:, : CELLS * BINS], atol=0.02)


def test_stripes_are_told_apart_by_their_direction() -> None:
    across = np.tile((np.arange(128) // 8 % 2 * 200).astype(np.uint8), (128, 1))
    upright, lying = (np.repeat(grey[None, ..., None], 3, axis=3) for grey in (across, across.T))
    first, second = (rows(images)[0, : CELLS * BINS].reshape(CELLS, BINS) for images in (upright, lying))
    assert (first.argmax(axis=1) == 0).all()
    assert (second.argmax(axis=1) == BINS // 2).all()


def test_a_single_frame_and_a_flat_picture_have_finite_features() -> None:
    flat = np.full((1, 128, 128, 3), 90, dtype=np.uint8)
    features = rows(flat)
    assert features.shape == (1, CELLS * (2 * BINS + 1))
    assert np.isfinite(features).all()


def test_the_first_frame_takes_the_movement_towards_the_second() -> None:
    shares = motion_of(rows(moving(3, (2, 0))))
    np.testing.assert_array_equal(shares[0], shares[1])


def test_every_setting_is_part_of_the_identity() -> None:
    identities = [
        tuple(sorted(made.identity().items()))
        for made in (
            MotionFeatures(),
            MotionFeatures(grid=3),
            MotionFeatures(n_directions=6),
            MotionFeatures(side=96),
            MotionFeatures(context_seconds=0),
        )
    ]
    assert len(set(identities)) == 5


@pytest.mark.parametrize("wrong", [{"grid": 0}, {"grid": 40}, {"n_directions": 1}, {"context_seconds": -1.0}])
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(SettingsError):
        MotionFeatures(**wrong)  # type: ignore[arg-type]
