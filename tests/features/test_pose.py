from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vasot.features.pose import pose_features
from vasot.features.precomputed import read_track_with_note

RATE = 20.0


def walk(n_frames: int = 12, seed: int = 0) -> np.ndarray:
    """Five points that move smoothly, each in its own way."""
    generator = np.random.default_rng(seed)
    start, speed = generator.standard_normal((2, 5, 2))
    return np.asarray(start + np.linspace(0, 1, n_frames)[:, None, None] * speed)


def test_neither_where_the_body_stands_nor_its_size_matters() -> None:
    points = walk()
    moving = 30 * points + 5 + np.linspace(0, 90, 12)[:, None, None]
    np.testing.assert_allclose(
        pose_features(moving, rate_hz=RATE).features, pose_features(points, rate_hz=RATE).features, atol=1e-5
    )


def test_places_and_velocities_are_those_of_the_formula() -> None:
    points = walk()
    centred = points - points.mean(axis=1, keepdims=True)
    centred /= np.median([np.sqrt((frame**2).sum() / 5) for frame in centred])
    features = pose_features(points, rate_hz=RATE).features.reshape(12, 5, 4)
    np.testing.assert_allclose(features[..., :2], centred, atol=1e-5)
    np.testing.assert_allclose(features[5, :, 2:], 0.2 * RATE * (centred[6] - centred[4]) / 2, atol=1e-5)


def test_velocities_are_per_second() -> None:
    points = walk(41)
    fine, coarse = (pose_features(each, rate_hz=rate).features for each, rate in ((points, 40.0), (points[::2], 20.0)))
    np.testing.assert_allclose(fine[::2][2:-2], coarse[2:-2], atol=0.02)


def test_missing_points_are_interpolated_and_counted() -> None:
    points = walk()
    confidence = np.ones((12, 5))
    holed = points.copy()
    holed[3:5, 1] = np.nan
    confidence[7, 2] = 0.1
    holed[7, 2] = 1e6
    made = pose_features(holed, confidence, RATE)
    assert (made.n_points, made.n_missing, made.never_seen) == (60, 3, ())
    # The points move evenly, so that a line through their neighbours is where they are.
    np.testing.assert_allclose(made.features, pose_features(points, rate_hz=RATE).features, atol=1e-4)


def test_before_the_first_and_after_the_last_sight_a_point_stays() -> None:
    points = np.zeros((5, 2, 2))
    points[:, 1] = 1.0
    points[[0, 4], 1] = np.nan
    features = pose_features(points, rate_hz=RATE).features
    np.testing.assert_allclose(features, np.repeat(features[2:3], 5, axis=0))


def test_a_point_that_is_never_seen_is_left_out_of_the_body() -> None:
    points = np.concatenate([walk(), np.full((12, 1, 2), np.nan)], axis=1)
    made = pose_features(points, rate_hz=RATE)
    assert made.never_seen == (5,)
    without = pose_features(walk(), rate_hz=RATE).features
    np.testing.assert_allclose(made.features.reshape(12, 6, 4)[:, :5].reshape(12, -1), without, atol=1e-6)
    assert not made.features.reshape(12, 6, 4)[:, 5].any()


def test_a_single_frame_stands_still() -> None:
    assert not pose_features(walk(2)[:1]).features.reshape(5, 4)[:, 2:].any()


@pytest.mark.data
def test_missing_points_of_real_poses_are_counted(data_root: Path) -> None:
    path = data_root / "pushups" / "pose" / "correct_019.npy"
    track, note = read_track_with_note(path, rate_hz=25.0)
    values = np.load(path).astype(np.float64)
    missing = (~np.isfinite(values[..., :3]).all(axis=2) | ~(values[..., 3] >= 0.3)).sum()
    assert track.n_frames == len(values)
    assert (f"{missing:,} of {values[..., 0].size:,} points missing" in str(note)) == bool(missing)
