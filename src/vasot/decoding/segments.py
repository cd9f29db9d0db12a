"""From the plan of one recording and the actions to labels, and between labels and segments."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from jaxtyping import Float, Int

from vasot.errors import DataError
from vasot.types import Segment

__all__ = ["labels_and_confidence", "segments_to_labels"]


def labels_and_confidence(plan: Float[np.ndarray, "t k"]) -> tuple[Int[np.ndarray, " t"], Float[np.ndarray, " t"]]:
    """Return each frame's action, where most of its mass goes (the first of equals), and that action's share of it.

    Raises:
        DataError: an empty plan, or a frame with NaN, infinite or negative mass, or with none: every frame of a solved
            plan carries 1/T.

    >>> labels, confidence = labels_and_confidence(np.array([[0.3, 0.1], [0.0, 0.4], [0.2, 0.2]]))
    >>> labels.tolist(), confidence.round(2).tolist()
    ([0, 1, 0], [0.75, 1.0, 0.5])
    """
    if plan.ndim != 2 or 0 in plan.shape:
        raise DataError(f"a plan has shape {plan.shape}; expected (frames, actions), both at least 1")
    mass = plan.sum(axis=1, dtype=np.float64)
    usable = np.isfinite(mass) & (mass > 0) & (plan.min(axis=1) >= 0)
    if not usable.all():
        frame = np.flatnonzero(~usable)[0]
        raise DataError(
            f"plan: frame {frame} has mass {plan[frame].tolist()} on the actions ({(~usable).sum()} of {usable.size} "
            "frames are like this), so the problem was not solved: raise epsilon or use float64"
        )
    labels = plan.argmax(axis=1)
    share = np.take_along_axis(plan, labels[:, None], axis=1)[:, 0] / mass
    return labels, np.minimum(share, 1.0)


def segments_to_labels(segments: Iterable[Segment], n_frames: int) -> Int[np.ndarray, " t"]:
    """Return the action of each of ``n_frames`` frames; the inverse of ``Segmentation.segments``.

    Raises:
        DataError: the segments, in order of time, leave a gap, overlap, or do not run from 0 to ``n_frames``.

    >>> segments_to_labels([Segment(0, 2, 5, 1.0), Segment(2, 3, 1, 1.0)], 3).tolist()
    [5, 5, 1]
    """
    labels = np.empty(n_frames, dtype=np.int64)
    reached = 0
    for segment in sorted(segments, key=lambda segment: segment.start_frame):
        if segment.start_frame != reached or not reached < segment.end_frame <= n_frames:
            raise DataError(
                f"the segment of frames {segment.start_frame}..{segment.end_frame} (end exclusive) does not continue "
                f"at frame {reached} of {n_frames}; segments cover every frame once"
            )
        labels[reached : segment.end_frame] = segment.action
        reached = segment.end_frame
    if reached != n_frames:
        raise DataError(f"the segments end at frame {reached} of {n_frames}; segments cover every frame once")
    return labels
