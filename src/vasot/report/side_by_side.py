"""Recordings in one video, played in step: the first as it is, the others as the alignment says."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from jaxtyping import Bool, Float, Float64

from vasot.decoding.path import follow
from vasot.errors import DataError, SettingsError, VasotError, nearest
from vasot.report.palette import run_styles
from vasot.report.panels import Label, Panel, Take, fields
from vasot.types import Alignment, Segmentation
from vasot.video.probe import frame_times, probe
from vasot.video.reader import FrameReader
from vasot.video.sampling import TOLERANCE_SECONDS, sampled_end, shown_at
from vasot.video.sound import Sound
from vasot.video.writer import VideoWriter

__all__ = ["LAYOUTS", "Follower", "Layout", "check_output", "make_take", "save_side_by_side"]

Layout = Literal["side-by-side", "stacked", "grid"]
LAYOUTS: tuple[str, ...] = get_args(Layout)

_USUAL_HEIGHT = 720
_LARGEST = (2160, 3840)
"""Height and width up to which players are sure to keep up; larger ones have to be asked for."""

_QUALITY = 23
"""Constant rate factor: pictures of cameras have noise, and every bit of it costs."""

_LIMIT = 4096
"""Pixels along a side that players of H.264 can take."""


@dataclass(frozen=True, eq=False)
class Follower:
    """A recording that is played in the leader's time; in ``alignment`` the leader is X, and this is Y."""

    take: Take
    alignment: Alignment


def check_output(path: Path, layout: str) -> None:
    """Refuse, before any work, what could not be written.

    Raises:
        SettingsError: the file does not end in ``.mp4``, or there is no such layout.
        VasotError: the file lies in what is no folder.
    """
    if path.suffix.lower() != ".mp4":
        raise SettingsError(f"{path}: the video is written as .mp4; give -o a name that ends so")
    if layout not in LAYOUTS:
        raise SettingsError(f"there is no layout '{layout}'{nearest(layout, LAYOUTS)} Known: {', '.join(LAYOUTS)}")
    if path.is_dir():
        raise VasotError(f"cannot write {path}: it is a folder; give the name of a file")
    for above in path.parents:
        if above.exists() and not above.is_dir():
            raise VasotError(f"cannot write {path}: {above} is a file; write elsewhere")


def make_take(
    name: str,
    video: Path,
    times_seconds: Float[np.ndarray, " t"],
    segmentation: Segmentation | None = None,
    colours: Mapping[int, str] | None = None,
) -> Take:
    """A recording whose sampled frames have these times; it ends one step behind the last, or with its video.

    Args:
        name: what it is called.
        video: where it is from.
        times_seconds: instants of its sampled frames, since the beginning of the file.
        segmentation: its actions.
        colours: those that people gave to actions.

    Raises:
        DataError: the video cannot be read.
    """
    info = probe(video)
    start = float(times_seconds[0])
    end = sampled_end(times_seconds, info.duration_seconds)
    labels = () if segmentation is None else _labels(segmentation, start, end, colours or {})
    return Take(name, video, start, end, info.width / info.height, labels)


def _labels(
    segmentation: Segmentation, start_seconds: float, end_seconds: float, colours: Mapping[int, str]
) -> tuple[Label, ...]:
    styles = run_styles(segmentation.action_names, colours)
    return tuple(
        Label(
            start_seconds if each.start_seconds is None else each.start_seconds,
            end_seconds if each.end_seconds is None else each.end_seconds,
            segmentation.action_names[each.action],
            styles[each.action].colour,
        )
        for each in segmentation.segments()
    )


def save_side_by_side(
    leader: Take,
    followers: Sequence[Follower],
    path: Path,
    *,
    layout: str = "side-by-side",
    height: int | None = None,
    force: bool = False,
    on_progress: Callable[[int, int], None] | None = None,
) -> list[str]:
    """Write the video: the leader's frames at their own times and with its sound, beside them what corresponds.

    Beside each frame of the leader, a follower shows the frame on the screen at the instant that
    :func:`~vasot.decoding.path.follow` gives; where the leader's frame corresponds to none, it is dimmed and says so.
    Stretches that correspond to nothing are striped on the bars. Every video is decoded once, and forwards.

    Args:
        leader: the recording that gives the time.
        followers: the others, at least one, each aligned with the leader.
        path: the ``.mp4`` to write.
        layout: next to each other, below each other, or as a grid.
        height: of each picture in pixels; as large as the largest, and as the whole can be played, where it is None.
        force: replace a file that exists.
        on_progress: called now and then with the frames written, and those to write.

    Returns:
        What a user should know, such as a recording that breaks off.

    Raises:
        SettingsError: a height that cannot be written, or what :func:`check_output` refuses.
        DataError: a video cannot be read, or an alignment has no times.
        RunFolderError: the file exists and ``force`` is not given.
        VasotError: the file cannot be written.
    """
    check_output(path, layout)
    takes = _marked(leader, followers)
    panels, n_columns = _panels(takes, layout, height)
    high, wide, places = fields(panels, n_columns)
    times = _leader_times(leader)
    instants = [times, *(_instants(leader, each, times) for each in followers)]
    matched = [np.ones(times.size, dtype=bool), *(_matched(each.alignment, times) for each in followers)]
    readers = [
        FrameReader(take.video, start_seconds=float(at[0]), size=panel.picture_size)
        for take, panel, at in zip(takes, panels, instants, strict=True)
    ]
    sound = Sound(leader.video, leader.start_seconds, _cut_end(leader))
    canvas = np.zeros((high, wide, 3), dtype=np.uint8)
    rate = times.size / max(leader.end_seconds - leader.start_seconds, 1e-3)
    with VideoWriter(
        path, rate, high, wide, quality=_QUALITY, fast=True, own_times=True, sound=sound, force=force
    ) as writer:
        moving = zip(*(reader.shown_at(at) for reader, at in zip(readers, instants, strict=True)), strict=True)
        for count, images in enumerate(moving):
            for panel, place, image, at, has_match in zip(panels, places, images, instants, matched, strict=True):
                panel.draw(canvas[place], image, float(at[count]), bool(has_match[count]))
            writer.write(canvas, float(times[count] - leader.start_seconds))
            if on_progress is not None:
                on_progress(count + 1, times.size)
    return _notes(takes, readers, sound)


def _marked(leader: Take, followers: Sequence[Follower]) -> list[Take]:
    """The takes with their stretches that correspond to nothing; of the leader, to nothing in any follower."""
    alone = np.logical_and.reduce([each.alignment.unmatched_x for each in followers])
    first = replace(leader, unmatched=_stretches(alone, followers[0].alignment.times_x, leader.end_seconds))
    rest = [
        replace(
            each.take,
            unmatched=_stretches(each.alignment.unmatched_y, each.alignment.times_y, each.take.end_seconds),
        )
        for each in followers
    ]
    return [first, *rest]


def _stretches(
    flags: Bool[np.ndarray, " t"], times: Float[np.ndarray, " t"] | None, end_seconds: float
) -> tuple[tuple[float, float], ...]:
    """Runs of True as (start, end) in seconds."""
    edges = np.append(_known(times), end_seconds)
    borders = np.flatnonzero(np.diff(np.r_[False, flags, False]))
    return tuple((float(edges[start]), float(edges[end])) for start, end in borders.reshape(-1, 2).tolist())


def _panels(takes: Sequence[Take], layout: str, height: int | None) -> tuple[list[Panel], int]:
    """The panels, and in how many columns they stand."""
    n_columns = {"side-by-side": len(takes), "stacked": 1}.get(layout, math.ceil(math.sqrt(len(takes))))

    def made(picture_height: int) -> list[Panel]:
        roles = ["leads", *("follows" for _ in takes[1:])]
        return [Panel(take, picture_height, role) for take, role in zip(takes, roles, strict=True)]

    if height is not None:
        if height < 2:
            raise SettingsError(f"pictures of {height} pixels show nothing; give --height 240 or more")
        high, wide, _ = fields(panels := made(height), n_columns)
        if max(high, wide) > _LIMIT:
            raise SettingsError(
                f"pictures of {height} pixels make a video of {wide} x {high}, and players take {_LIMIT} at most; "
                "give a smaller --height, or --layout grid"
            )
        return panels, n_columns
    chosen = min(_USUAL_HEIGHT, max(probe(take.video).height for take in takes))
    while True:
        high, wide, _ = fields(panels := made(chosen), n_columns)
        if (high <= _LARGEST[0] and wide <= _LARGEST[1]) or chosen <= 32:
            return panels, n_columns
        chosen = max(32, math.floor(chosen * min(_LARGEST[0] / high, _LARGEST[1] / wide, 0.99)))


def _leader_times(leader: Take) -> Float64[np.ndarray, " f"]:
    """When the leader's frames appear, the one already shown at its start included."""
    times = frame_times(leader.video)
    within = times[(times >= leader.start_seconds - TOLERANCE_SECONDS) & (times < leader.end_seconds)]
    begun = bool((times < leader.start_seconds - TOLERANCE_SECONDS).any())
    if within.size == 0 or (begun and within[0] > leader.start_seconds + TOLERANCE_SECONDS):
        within = np.r_[leader.start_seconds, within]
    return np.asarray(np.maximum(within, leader.start_seconds))


def _instants(leader: Take, follower: Follower, times: Float64[np.ndarray, " f"]) -> Float64[np.ndarray, " f"]:
    alignment, take = follower.alignment, follower.take
    ends = (leader.end_seconds, take.end_seconds)
    found = follow(alignment.path, _known(alignment.times_x), _known(alignment.times_y), times, ends)
    # A clip's last instant must not show what is behind the clip.
    return np.asarray(np.clip(found, take.start_seconds, np.nextafter(take.end_seconds - TOLERANCE_SECONDS, -np.inf)))


def _matched(alignment: Alignment, times: Float64[np.ndarray, " f"]) -> Bool[np.ndarray, " f"]:
    """Whether the leader's sampled frame on the screen at each instant corresponds to one of the follower."""
    return np.asarray(~alignment.unmatched_x[shown_at(_known(alignment.times_x).astype(np.float64), times)])


def _known(times: Float[np.ndarray, " t"] | None) -> Float[np.ndarray, " t"]:
    if times is None:
        raise DataError("an alignment has no times, so nothing can be played; align recordings read from videos")
    return times


def _cut_end(leader: Take) -> float | None:
    """Where sound is to be cut off: a whole recording keeps what is heard after its last picture."""
    return None if leader.end_seconds >= probe(leader.video).duration_seconds else leader.end_seconds


def _notes(takes: Sequence[Take], readers: Sequence[FrameReader], sound: Sound) -> list[str]:
    notes = [
        f"{take.name} breaks off at {reader.damage.at_seconds:.2f} s ({reader.damage.what}); its last picture stays"
        for take, reader in zip(takes, readers, strict=True)
        if reader.damage is not None
    ]
    return [*notes, *([sound.damage] if sound.damage else [])]
