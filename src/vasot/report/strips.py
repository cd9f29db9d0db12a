"""Timelines of recordings as strips of coloured bars, for pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vasot.report.page import clock
from vasot.types import Segment, Segmentation

__all__ = ["Bar", "Strip", "Strips", "timeline_strips"]

_MOST_TITLED = 30_000
_MOST_BARS = 80_000
"""Bars with, and without, a text of their own, that keep a page below 5 MB."""

_NUMBER_ROOM = 0.03
"""Share of the page's width from which a bar has room for the number of its action."""

_MOST_SPOKEN = 12


@dataclass(frozen=True)
class Bar:
    """A segment; place and width in percent of the longest recording."""

    action: int
    left: float
    width: float
    title: str
    numbered: bool


@dataclass(frozen=True)
class Strip:
    """The bars of a recording, its length as text, its share of the longest one's, and what a screen reader says."""

    name: str
    length: str
    share: float
    bars: tuple[Bar, ...]
    spoken: str


@dataclass(frozen=True)
class Strips:
    """Strips in one scale; ``left_out`` recordings have none, since the page would grow too large."""

    strips: tuple[Strip, ...]
    left_out: int
    titled: bool
    longest: str


def timeline_strips(segmentations: Sequence[Segmentation]) -> Strips:
    """Strips of recordings in order, all in the scale of the longest; times in seconds where all are known."""
    segments = [list(each.segments()) for each in segmentations]
    timed = all(each.times_seconds is not None for each in segmentations)
    lengths = [_span(group[0], group[-1], timed)[1] - _span(group[0], group[0], timed)[0] for group in segments]
    longest = max(lengths) or 1.0
    titled = sum(map(len, segments)) <= _MOST_TITLED
    strips: list[Strip] = []
    room = _MOST_BARS
    for each, group, length in zip(segmentations, segments, lengths, strict=True):
        room -= len(group)
        if room < 0:
            break
        strips.append(_strip(each, group, length, longest, timed, titled))
    return Strips(tuple(strips), len(segmentations) - len(strips), titled, _length(longest, timed))


def _strip(
    segmentation: Segmentation, segments: Sequence[Segment], length: float, longest: float, timed: bool, titled: bool
) -> Strip:
    begin = _span(segments[0], segments[0], timed)[0]
    bars: list[Bar] = []
    for each in segments:
        start, end = _span(each, each, timed)
        share = (end - start) / longest
        bars.append(
            Bar(
                action=each.action,
                left=100 * (start - begin) / longest,
                width=100 * share,
                title=_title(each, segmentation.action_names[each.action], timed) if titled else "",
                numbered=share >= _NUMBER_ROOM,
            )
        )
    order = [segmentation.action_names[each.action] for each in segments]
    more = f", and {len(order) - _MOST_SPOKEN} more" if len(order) > _MOST_SPOKEN else ""
    spoken = f"{segmentation.name}, {_length(length, timed)}: {', '.join(order[:_MOST_SPOKEN])}{more}"
    return Strip(segmentation.name, _length(length, timed), length / longest, tuple(bars), spoken)


def _span(first: Segment, last: Segment, timed: bool) -> tuple[float, float]:
    if timed and first.start_seconds is not None and last.end_seconds is not None:
        return first.start_seconds, last.end_seconds
    return float(first.start_frame), float(last.end_frame)


def _title(segment: Segment, name: str, timed: bool) -> str:
    start, end = _span(segment, segment, timed)
    if timed:
        return f"{name}: {clock(start)} to {clock(end)}"
    return f"{name}: frames {segment.start_frame} to {segment.end_frame - 1}"


def _length(length: float, timed: bool) -> str:
    return clock(length) if timed else f"{length:.0f} frames"
