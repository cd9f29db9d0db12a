"""Pictures of a video's moments, for videos that a browser cannot play, and for lists of moments."""

from __future__ import annotations

from pathlib import Path

from vasot.report.page import jpeg
from vasot.video.reader import frame_at

__all__ = ["MOST_PIXELS", "jpeg_at"]

MOST_PIXELS = 720
"""Length of the shorter side of the largest still."""


def jpeg_at(video: Path, seconds: float, pixels: int) -> bytes:
    """The frame on the screen at an instant as JPEG; ``pixels`` is the length of its shorter side.

    Raises:
        DataError: the video cannot be read there.
        SettingsError: an instant before the beginning, or a size that is not positive.
    """
    return jpeg(frame_at(video, seconds, min(pixels, MOST_PIXELS)))
