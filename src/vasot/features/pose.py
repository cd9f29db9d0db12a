"""From tracked body points to features that do not depend on where the body stands and how large it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32

__all__ = ["PoseFeatures", "pose_features"]

_LEAST_CONFIDENCE = 0.3
"""A point that its tracker trusts less is taken for missing."""

_PER_SECOND = 0.2
"""Weight of a point's velocity, in body sizes per second, against its place, in body sizes."""


@dataclass(frozen=True, eq=False)
class PoseFeatures:
    """Features of every frame, and how many of the coordinates' points had to be filled in.

    Attributes:
        features: (T, 2 P C) places and velocities of P points with C coordinates.
        n_points: points in all frames together.
        n_missing: those that were not seen, or hardly.
        never_seen: indices of points that were seen in no frame; they are left at the centre of the body.
    """

    features: Float32[np.ndarray, "t d"]
    n_points: int
    n_missing: int
    never_seen: tuple[int, ...]


def pose_features(
    points: Float[np.ndarray, "t p c"], confidence: Float[np.ndarray, "t p"] | None = None, rate_hz: float = 25.0
) -> PoseFeatures:
    """Places relative to the body and velocities of tracked points.

    Missing points are interpolated linearly in time; before the first and after the last sight they stay where they
    were. With the centre ``m_t`` of all points of a frame and the size ``s`` of the body (the median over frames of
    the root mean square distance from the centre), the features are ``(x_tp - m_t) / s`` and a fifth of the change of
    that place per second, over the frames before and after.

    Args:
        points: NaN where a point was not found.
        confidence: 0..1; below 0.3 a point is taken for missing.
        rate_hz: frames per second.
    """
    found: Bool[np.ndarray, "t p"] = np.isfinite(points).all(axis=2)
    if confidence is not None:
        found &= np.nan_to_num(confidence, nan=0.0) >= _LEAST_CONFIDENCE
    never = tuple(np.flatnonzero(~found.any(axis=0)).tolist())
    frames = np.arange(len(points))
    filled = np.zeros(points.shape)
    for point in range(points.shape[1]):
        seen = found[:, point]
        if seen.any():
            for axis in range(points.shape[2]):
                filled[:, point, axis] = np.interp(frames, frames[seen], points[seen, point, axis].astype(np.float64))
    known = [point for point in range(points.shape[1]) if point not in never]
    if known:
        centre = filled[:, known].mean(axis=1, keepdims=True)
        filled[:, known] -= centre
        size = float(np.median(np.sqrt(np.square(filled[:, known]).sum(axis=2).mean(axis=1))))
        filled /= size if size > 0 else 1.0
    velocity = np.gradient(filled, axis=0) * rate_hz if len(points) > 1 else np.zeros_like(filled)
    features = np.concatenate([filled, _PER_SECOND * velocity], axis=2).reshape(len(points), -1)
    return PoseFeatures(features.astype(np.float32), int(found.size), int((~found).sum()), never)
