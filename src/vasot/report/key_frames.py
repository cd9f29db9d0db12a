"""Moments of recordings that are worth seeing, and their pictures."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from jaxtyping import Float, UInt8

from vasot.errors import DataError
from vasot.types import Segmentation
from vasot.video.reader import frames_at

__all__ = ["Moment", "Pictures", "take_pictures", "typical_moments"]

_CANDIDATES = 6
"""Recordings per action that are embedded; the rest need not be looked at to find a typical one."""

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Moment:
    """One frame of one recording, by their numbers, and when it is shown; None where that is not known."""

    recording: int
    frame: int
    seconds: float | None


@dataclass(frozen=True, eq=False)
class Pictures:
    """What could be read.

    Attributes:
        images: RGB pictures of the moments that could be read.
        unreadable: videos that could not, and why.
    """

    images: Mapping[Moment, UInt8[np.ndarray, "h w 3"]]
    unreadable: Mapping[Path, str]


def typical_moments(
    segmentations: Sequence[Segmentation],
    embed: Callable[[int], Float[np.ndarray, "_ e"]],
    wanted: Sequence[bool] | None = None,
) -> dict[int, tuple[Moment, ...]]:
    """The most typical frame of each action that occurs, in one recording after the other, best first.

    Typical is the frame whose embedding is nearest to the mean of the action's, where each frame counts as much as its
    confidence. Only six recordings are embedded for each action: those that show it about as long as is usual.

    Args:
        segmentations: of the recordings.
        embed: embedding of unit norm of every frame of a recording, by its number.
        wanted: recordings that may be chosen; None for all.
    """
    candidates = {
        action: _showing_it_usually(segmentations, action, wanted) for action in range(segmentations[0].n_actions)
    }
    needed = sorted({index for group in candidates.values() for index in group})
    embeddings = {index: embed(index) for index in needed}
    return {
        action: _nearest_to_mean(action, group, segmentations, embeddings)
        for action, group in candidates.items()
        if group
    }


def take_pictures(
    wanted: Mapping[Key, Sequence[Moment]],
    videos: Sequence[Path | None],
    size: int,
    most: int,
) -> tuple[dict[Key, tuple[Moment, ...]], Pictures]:
    """Read the pictures of moments; where a video cannot be read, the next moment takes its place.

    Args:
        wanted: moments, best first, under any key.
        videos: of the recordings; moments of those without one are passed over.
        size: shorter side of the pictures, in pixels.
        most: pictures per key, at most.

    Returns:
        the moments that have a picture, and the pictures.
    """
    images: dict[Moment, UInt8[np.ndarray, "h w 3"]] = {}
    unreadable: dict[Path, str] = {}
    while True:
        chosen = {
            key: tuple(moment for moment in moments if _video_of(moment, videos) not in (None, *unreadable))[:most]
            for key, moments in wanted.items()
        }
        missing: dict[Path, list[Moment]] = {}
        for moment in dict.fromkeys(moment for moments in chosen.values() for moment in moments):
            video = _video_of(moment, videos)
            if moment not in images and video is not None:
                missing.setdefault(video, []).append(moment)
        if not missing:
            return chosen, Pictures(images, unreadable)
        for video, moments in missing.items():
            try:
                taken = frames_at(video, [moment.seconds or 0.0 for moment in moments], size)
            except DataError as error:
                unreadable[video] = str(error)
            else:
                images.update(zip(moments, taken, strict=True))


def _showing_it_usually(segmentations: Sequence[Segmentation], action: int, wanted: Sequence[bool] | None) -> list[int]:
    """Recordings with the action, those first whose number of its frames is nearest to the median, as a ratio."""
    counts = {
        index: int((each.labels == action).sum())
        for index, each in enumerate(segmentations)
        if wanted is None or wanted[index]
    }
    occurring = {index: count for index, count in counts.items() if count > 0}
    if not occurring:
        return []
    usual = float(np.median(list(occurring.values())))
    return sorted(occurring, key=lambda index: abs(np.log(occurring[index] / usual)))[:_CANDIDATES]


def _nearest_to_mean(
    action: int,
    group: Sequence[int],
    segmentations: Sequence[Segmentation],
    embeddings: Mapping[int, Float[np.ndarray, "_ e"]],
) -> tuple[Moment, ...]:
    frames = {index: np.flatnonzero(segmentations[index].labels == action) for index in group}
    centre = sum(segmentations[index].confidence[frames[index]] @ embeddings[index][frames[index]] for index in group)
    found: list[tuple[float, Moment]] = []
    for index in group:
        closeness = embeddings[index][frames[index]] @ centre
        best = int(frames[index][closeness.argmax()])
        times = segmentations[index].times_seconds
        found.append((float(closeness.max()), Moment(index, best, None if times is None else float(times[best]))))
    return tuple(moment for _, moment in sorted(found, key=lambda pair: (-pair[0], pair[1].recording)))


def _video_of(moment: Moment, videos: Sequence[Path | None]) -> Path | None:
    return None if moment.seconds is None else videos[moment.recording]
