"""Which stills a demo shows: moments of its first video, and what corresponds to them in the next ones."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from vasot.datasets.base import Dataset, Recording
    from vasot.report.stills import Still, StillRow
    from vasot.training.model import Model

__all__ = ["corresponding_stills"]

_OTHERS = 2
_SIZE = 120
"""Shorter side of a still in pixels."""


def corresponding_stills(model: Model, dataset: Dataset, background: int) -> list[StillRow]:
    """Moments of the first video, and below them the frames of the next two that the model says correspond.

    The moments are the middle of every step, and of the first stretch of background. Captions and colours say what
    truly happens in a still, so that a wrong match shows. The recordings are videos with ground truth, and
    ``background`` is the class that is no step.
    """
    from vasot.report.stills import Still, StillRow
    from vasot.types import UNMATCHED

    first, *others = dataset.recordings[: _OTHERS + 1]
    moments = _moments(first, background)
    rows = [StillRow(first.track.name, [_still(dataset, first, frame, background) for frame in moments])]
    for other in others:
        matches = model.align(first.track, other.track).matches[moments].tolist()
        stills = [
            Still(None, "no counterpart") if match == UNMATCHED else _still(dataset, other, match, background)
            for match in matches
        ]
        rows.append(StillRow(other.track.name, stills))
    return rows


def _moments(recording: Recording, background: int) -> list[int]:
    """Middle frames of the stretches of one label; of the background's only the first."""
    labels = recording.labels
    assert labels is not None
    edges = [0, *(np.flatnonzero(np.diff(labels)) + 1).tolist(), labels.size]
    middles = [(start + end) // 2 for start, end in pairwise(edges)]
    idle = [frame for frame in middles if labels[frame] == background]
    return [frame for frame in middles if labels[frame] != background or frame == idle[0]]


def _still(dataset: Dataset, recording: Recording, frame: int, background: int) -> Still:
    from vasot.report.palette import BACKGROUND_STYLE, action_style
    from vasot.report.stills import Still
    from vasot.video.reader import frame_at

    track, labels = recording.track, recording.labels
    assert labels is not None
    assert track.times_seconds is not None
    assert track.source is not None
    seconds, label = float(track.times_seconds[frame]), int(labels[frame])
    style = BACKGROUND_STYLE if label == background else action_style(label)
    return Still(frame_at(track.source, seconds, _SIZE), f"{seconds:.1f} s: {dataset.class_names[label]}", style)
