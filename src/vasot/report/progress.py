"""A picture of how far an activity has come at every moment of a recording."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from vasot.deviations.progress import Progress
from vasot.report.figure import frame_edges, label_time, new_axes, plain_text, save_figure
from vasot.report.palette import COLOURS, action_style
from vasot.types import Segmentation

__all__ = ["plot_progress", "save_progress"]

_STRIP = 0.06
"""Height of the strip of steps below the curve, against that of the axis."""


def plot_progress(
    progress: Progress,
    name: str,
    times_seconds: Float[np.ndarray, " t"] | None = None,
    segmentation: Segmentation | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the share of the activity that is over against time, with the quartiles over the other recordings.

    Args:
        progress: of the recording.
        name: what it is called.
        times_seconds: (T,) instants of its frames; the axis counts frames where they are not known.
        segmentation: its steps, drawn as a strip below the curve.
        ax: axes to draw on; new ones by default.
    """
    ax = new_axes(8.0, 3.6) if ax is None else ax
    edges = frame_edges(times_seconds, progress.fraction.size)
    middles = (edges[:-1] + edges[1:]) / 2
    ax.fill_between(middles, progress.low, progress.high, color=COLOURS[0], alpha=0.25, linewidth=0)
    ax.plot(middles, progress.fraction, color=COLOURS[0], linewidth=2)
    if segmentation is not None:
        for each in segmentation.segments():
            style = action_style(each.action)
            left, right = edges[each.start_frame], edges[each.end_frame]
            ax.bar(
                left,
                _STRIP,
                right - left,
                bottom=-1.5 * _STRIP,
                align="edge",
                color=style.colour,
                hatch=style.hatch,
                linewidth=0,
            )
    ax.set_xlim(edges[0], edges[-1])
    ax.set_ylim(-2 * _STRIP if segmentation is not None else 0, 1.02)
    ax.set_yticks([0, 0.25, 0.5, 0.75, 1])
    ax.yaxis.set_major_formatter(PercentFormatter(1.0))
    ax.set_ylabel("share of the activity")
    ax.set_title(plain_text(name), fontsize=10, loc="left")
    ax.grid(axis="y", color="#D9D9D9", linewidth=0.6)
    ax.spines[["top", "right"]].set_visible(False)
    label_time(ax.xaxis, "time", times_seconds is not None, float(edges[-1]))
    return ax


def save_progress(
    progress: Progress,
    path: Path,
    name: str,
    times_seconds: Float[np.ndarray, " t"] | None = None,
    segmentation: Segmentation | None = None,
    force: bool = False,
) -> None:
    """Draw as :func:`plot_progress` does and write the picture, as :func:`~vasot.report.figure.save_figure` does."""
    save_figure(plot_progress(progress, name, times_seconds, segmentation), path, force)
