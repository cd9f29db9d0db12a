"""Recordings and their frames as pages show them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from vasot.report.key_frames import Moment
from vasot.report.page import clock, picture_uri
from vasot.types import Segmentation, Track

__all__ = ["Picture", "ReportedRecording", "picture_of"]


@dataclass(frozen=True, eq=False)
class ReportedRecording:
    """A recording, what the model says and what people corrected (None without segments), and its video."""

    track: Track
    predicted: Segmentation | None
    segmentation: Segmentation | None
    video: Path | None


@dataclass(frozen=True, eq=False)
class Picture:
    """A frame as it is shown; ``uri`` is empty where nothing corresponds."""

    uri: str
    caption: str
    alt: str


def picture_of(image: UInt8[np.ndarray, "h w 3"], recording: ReportedRecording, moment: Moment, what: str) -> Picture:
    """A frame with what stands below it; ``what`` says what it shows, and is empty where the page says it already."""
    name, at = recording.track.name, clock(moment.seconds or 0.0)
    alt = f"{what or 'frame'} in {name} at {at}"
    return Picture(picture_uri(image), f"{name}, {at}" if what else at, alt)
