"""Stills of videos side by side: what is seen at a moment, and at the moments that correspond to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from vasot.errors import DataError
from vasot.report.figure import new_axes, plain_text, save_figure
from vasot.report.palette import Style

__all__ = ["Still", "StillRow", "plot_stills", "save_stills"]

_COLUMN_INCHES = 1.7
_GAP = 0.06
_CAPTION = 0.16
"""Room between columns, and below a still for its caption; the width of a still is 1."""

_NOTHING_COLOUR = "#F2F2F2"


@dataclass(frozen=True, eq=False)
class Still:
    """One picture of a row.

    Attributes:
        image: (h, w, 3) RGB; None where there is nothing to show, which is drawn as an empty field.
        caption: what stands below it.
        style: colour of the frame around it, that of the action; None for no frame.
    """

    image: UInt8[np.ndarray, "h w 3"] | None
    caption: str
    style: Style | None = None


@dataclass(frozen=True)
class StillRow:
    """The stills of one recording, left to right."""

    name: str
    stills: Sequence[Still]


def plot_stills(rows: Sequence[StillRow], title: str = "", ax: Axes | None = None) -> Axes:
    """Draw rows of stills, one row per recording, and return the axes.

    Columns are as wide as each other, and rows as high as the highest picture asks for.

    Raises:
        DataError: no row, rows of different length, or not one picture.
    """
    lengths = {len(row.stills) for row in rows}
    shapes = [still.image.shape for row in rows for still in row.stills if still.image is not None]
    if len(lengths) != 1 or not shapes:
        raise DataError(f"rows of {sorted(lengths)} stills with {len(shapes)} pictures; give rows of one length")
    (n_columns,) = lengths
    height = max(high / wide for high, wide, _ in shapes)
    pitch = height + _CAPTION + _GAP
    if ax is None:
        ax = new_axes(1.0 + _COLUMN_INCHES * n_columns, 0.4 + _COLUMN_INCHES * pitch * len(rows))
    for number, row in enumerate(rows):
        for column, still in enumerate(row.stills):
            _draw_still(ax, still, column * (1 + _GAP), number * pitch, height)
    ax.set_xlim(-_GAP, n_columns * (1 + _GAP))
    ax.set_ylim(len(rows) * pitch, -_GAP)
    ax.set_aspect("equal")
    ax.set_xticks([])
    ax.set_yticks([number * pitch + height / 2 for number in range(len(rows))], [plain_text(row.name) for row in rows])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.set_title(title, fontsize=10, loc="left")
    return ax


def save_stills(rows: Sequence[StillRow], path: Path, title: str = "", force: bool = False) -> None:
    """Draw as :func:`plot_stills` does and write the picture, as :func:`~vasot.report.figure.save_figure` does."""
    save_figure(plot_stills(rows, title), path, force)


def _draw_still(ax: Axes, still: Still, left: float, top: float, height: float) -> None:
    if still.image is not None:
        # Rows of the picture run down, as the axis does.
        bottom = top + still.image.shape[0] / still.image.shape[1]
        ax.imshow(still.image, extent=(left, left + 1, bottom, top), interpolation="antialiased")
    else:
        bottom = top + height
        ax.add_patch(Rectangle((left, top), 1, height, facecolor=_NOTHING_COLOUR, linewidth=0))
    if still.style is not None:
        frame = Rectangle((left, top), 1, bottom - top, fill=False, edgecolor=still.style.colour, linewidth=3)
        ax.add_patch(frame)
    ax.text(left + 0.5, bottom + 0.03, plain_text(still.caption), ha="center", va="top", fontsize=8)
