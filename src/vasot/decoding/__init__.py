"""From transport plans to answers: matches, a monotone path for playback, labels and segments."""

from __future__ import annotations

from vasot.decoding.carry import Carried, carry
from vasot.decoding.path import CONFIDENCE_WINDOW, follow, frames_alike, matches_from_plan, monotone_path, path_to_map
from vasot.decoding.segments import labels_and_confidence, segments_to_labels

__all__ = [
    "CONFIDENCE_WINDOW",
    "Carried",
    "carry",
    "follow",
    "frames_alike",
    "labels_and_confidence",
    "matches_from_plan",
    "monotone_path",
    "path_to_map",
    "segments_to_labels",
]
