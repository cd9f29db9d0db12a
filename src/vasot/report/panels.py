"""One recording in a synchronised video: its picture, what happens, and where in the recording that is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from matplotlib.colors import to_rgb

from vasot.report.text import Colour, draw_line
from vasot.types import FrameSize

__all__ = ["GAP", "NO_COUNTERPART", "Label", "Panel", "Take", "clock", "fields"]

NO_COUNTERPART = "no counterpart"
"""What a dimmed picture says."""

_GROUND, _TEXT, _FAINT, _PLAIN = (24, 24, 24), (255, 255, 255), (170, 170, 170), (90, 90, 90)
_HEAD = (255, 255, 255)
_DIMMED = 0.3
"""How much of its light a picture keeps that has no counterpart."""

_LINE = 0.055
_LEAST_LINE = 16
"""Height of a line of text against that of the picture, and the least, in pixels, that can be read."""

GAP = 4
"""Pixels between two panels."""

_NARROWEST = 11
"""Least width of a panel, in lines of text."""

_CLOCK = 5
"""Room for the time, in lines of text."""

_STRIPE = 6
"""Width of the stripes that mark a stretch without counterpart, in pixels."""


@dataclass(frozen=True)
class Label:
    """An action from one second of a recording to another, with its name and its colour (``#rrggbb``)."""

    start_seconds: float
    end_seconds: float
    name: str
    colour: str


@dataclass(frozen=True, eq=False)
class Take:
    """One recording as it is to be shown.

    Attributes:
        name: what stands above it.
        video: the file, and from which second to which it is the recording.
        aspect: width of the upright picture against its height.
        labels: its actions in order of time; empty where none are known.
        unmatched: stretches of it, in seconds, that correspond to nothing in the recordings it is shown beside.
    """

    name: str
    video: Path
    start_seconds: float
    end_seconds: float
    aspect: float
    labels: tuple[Label, ...] = ()
    unmatched: tuple[tuple[float, float], ...] = ()


def clock(seconds: float) -> str:
    """Minutes, seconds and tenths, cut off and not rounded.

    >>> clock(0.0), clock(65.19), clock(3600)
    ('0:00.0', '1:05.1', '60:00.0')
    """
    # 0.3 s is 2.9999... tenths.
    tenths = math.floor(seconds * 10 + 1e-6)
    return f"{tenths // 600}:{tenths // 10 % 60:02}.{tenths % 10}"


class Panel:
    """Draws one take into a field of a picture: name and time, the picture, the action, the bar.

    Args:
        take: what is shown.
        height: of its picture alone, in pixels.
        role: what is said beside its name.
    """

    def __init__(self, take: Take, height: int, role: str = "") -> None:
        self.take = take
        self._role = role
        self._line = max(_LEAST_LINE, round(height * _LINE))
        self._picture_width = max(1, round(height * take.aspect))
        self._picture_height = height
        self.width = max(self._picture_width, self._line * _NARROWEST)
        self._bar: UInt8[np.ndarray, "h w 3"] | None = None
        self._lines: dict[tuple[str, int, Colour], UInt8[np.ndarray, "h w 3"]] = {}
        self._time: tuple[str, UInt8[np.ndarray, "h w 3"]] | None = None

    @property
    def height(self) -> int:
        """Of the whole panel, in pixels."""
        return self._picture_height + 3 * self._line

    @property
    def picture_size(self) -> FrameSize:
        """(height, width) in which it takes pictures."""
        return self._picture_height, self._picture_width

    def draw(
        self,
        field: UInt8[np.ndarray, "h w 3"],
        image: UInt8[np.ndarray, "high wide 3"],
        seconds: float,
        matched: bool = True,
    ) -> None:
        """Fill the field, which is at least as large as the panel.

        Args:
            field: where it is drawn.
            image: what the recording shows, of ``picture_size``.
            seconds: the instant of the recording.
            matched: whether what the leader shows corresponds to something in this recording.
        """
        line, width = self._line, field.shape[1]
        field[:] = _GROUND
        self._write(field[:line], self.take.name, clock(seconds - self.take.start_seconds))
        left = (width - image.shape[1]) // 2
        place = field[line : line + image.shape[0], left : left + image.shape[1]]
        if matched:
            place[:] = image
        else:
            place[:] = (image * _DIMMED).astype(np.uint8)
            self._say(place, NO_COUNTERPART)
        self._caption(field[line + image.shape[0] : 2 * line + image.shape[0]], seconds)
        self._progress(field[2 * line + image.shape[0] : 3 * line + image.shape[0]], seconds)

    def _drawn(self, text: str, most_width: int, colour: Colour = _TEXT) -> UInt8[np.ndarray, "h w 3"]:
        """A line that is drawn once; there are as many as names."""
        key = text, most_width, colour
        if key not in self._lines:
            self._lines[key] = draw_line(text, self._line, most_width, colour, _GROUND)
        return self._lines[key]

    def _write(self, field: UInt8[np.ndarray, "h w 3"], left: str, right: str) -> None:
        """The name, what it is for, and the time."""
        height, width = field.shape[:2]
        if self._time is None or self._time[0] != right:
            self._time = right, draw_line(right, height, width, _FAINT, _GROUND)
        time = self._time[1]
        _paste(field, time, width - time.shape[1] - 4)
        # As much for every time, so that a name stays as it is.
        room = max(1, width - _CLOCK * height)
        role = self._drawn(self._role, room // 2, _FAINT) if self._role else None
        name = self._drawn(left, room if role is None else max(1, room - role.shape[1] - 8))
        _paste(field, name, 4)
        if role is not None:
            _paste(field, role, name.shape[1] + 12)

    def _say(self, place: UInt8[np.ndarray, "h w 3"], text: str) -> None:
        said = self._drawn(text, place.shape[1])
        top = (place.shape[0] - self._line) // 2
        _paste(place[top : top + self._line], said, (place.shape[1] - said.shape[1]) // 2)

    def _caption(self, field: UInt8[np.ndarray, "h w 3"], seconds: float) -> None:
        """The action of this instant, behind a field of its colour."""
        label = next((each for each in self.take.labels if each.start_seconds <= seconds < each.end_seconds), None)
        if label is None and self.take.labels and seconds >= self.take.labels[-1].end_seconds:
            label = self.take.labels[-1]
        if label is None:
            return
        height, width = field.shape[:2]
        field[height // 5 : height - height // 5, 4 : 4 + height] = _rgb(label.colour)
        _paste(field, self._drawn(label.name, max(1, width - height - 12)), height + 10)

    def _progress(self, field: UInt8[np.ndarray, "h w 3"], seconds: float) -> None:
        if self._bar is None or self._bar.shape != field.shape:
            self._bar = self._drawn_bar(*field.shape[:2])
        field[:] = self._bar
        at = self._column(seconds, field.shape[1])
        field[:, max(0, at - 2) : at + 3] = (0, 0, 0)
        field[:, at : at + 1] = _HEAD

    def _drawn_bar(self, height: int, width: int) -> UInt8[np.ndarray, "h w 3"]:
        """The whole recording from left to right: actions in their colours, stripes where nothing corresponds."""
        bar = np.full((height, width, 3), _GROUND, dtype=np.uint8)
        body = bar[height // 6 : height - height // 6]
        body[:] = _PLAIN
        for label in self.take.labels:
            columns = slice(self._column(label.start_seconds, width), self._column(label.end_seconds, width) + 1)
            body[:, columns] = _rgb(label.colour)
        rows, columns_of = np.indices(body.shape[:2])
        dark = (rows + columns_of) // _STRIPE % 2 == 0
        for start, end in self.take.unmatched:
            first, last = self._column(start, width), self._column(end, width) + 1
            body[:, first:last][dark[:, first:last]] = _GROUND
        return bar

    def _column(self, seconds: float, width: int) -> int:
        length = max(self.take.end_seconds - self.take.start_seconds, 1e-9)
        return min(max(int((seconds - self.take.start_seconds) / length * (width - 1)), 0), width - 1)


def _paste(field: UInt8[np.ndarray, "h w 3"], image: UInt8[np.ndarray, "high wide 3"], left: int) -> None:
    width = min(image.shape[1], field.shape[1] - left)
    if width > 0:
        field[: image.shape[0], left : left + width] = image[:, :width]


def _rgb(colour: str) -> Colour:
    red, green, blue = (round(255 * part) for part in to_rgb(colour))
    return red, green, blue


def fields(panels: Sequence[Panel], n_columns: int) -> tuple[int, int, list[tuple[slice, slice]]]:
    """Height and width of the picture that all panels fill, row by row, and the field of each; both are even."""
    rows = [panels[start : start + n_columns] for start in range(0, len(panels), n_columns)]
    widths = [max(row[column].width for row in rows if column < len(row)) for column in range(len(rows[0]))]
    heights = [max(panel.height for panel in row) for row in rows]
    lefts, tops = (np.cumsum([0, *(size + GAP for size in sizes)]).tolist() for sizes in (widths, heights))
    places = [
        (slice(tops[row], tops[row] + heights[row]), slice(lefts[column], lefts[column] + widths[column]))
        for row in range(len(rows))
        for column in range(len(rows[row]))
    ]
    high, wide = tops[-1] - GAP, lefts[-1] - GAP
    return high + high % 2, wide + wide % 2, places
