"""The plan of a pair as a picture: where the mass lies, the path through it, and the frames without a counterpart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from vasot.report.figure import frame_edges, label_time, new_axes, plain_text, save_figure
from vasot.types import Alignment

__all__ = ["max_pool", "plan_picture", "plot_plan", "save_plan"]

_MOST_CELLS = 300
"""Cells along an axis; with more, a ridge of one cell would be thinner than a pixel of the saved picture."""

_PATH_COLOUR = "#D55E00"
_UNMATCHED_COLOUR = "#56B4E9"


def plot_plan(alignment: Alignment, ax: Axes | None = None) -> Axes:
    """Draw the plan of a pair, recording X to the right and Y upwards, and return the axes.

    A column of the picture is a frame of X, and darkness the share of its mass; a frame that carries less than most do
    stays pale. Large plans are reduced by the largest value of each block, so that thin ridges survive. The line is the
    monotone path. Bars along the upper and the right edge mark frames of X and of Y that correspond to none of the
    other recording.
    """
    if ax is None:
        ax = new_axes(7.6, 6.6)
    n, m = alignment.plan.shape
    factor_x, factor_y = -(-n // _MOST_CELLS), -(-m // _MOST_CELLS)
    edges_x, edges_y = frame_edges(alignment.times_x, n), frame_edges(alignment.times_y, m)
    shares = max_pool(_row_shares(alignment), factor_x, factor_y)
    ceiling, top = _ceiling(shares)
    mesh = ax.pcolormesh(
        np.append(edges_x[:-1:factor_x], edges_x[-1]),
        np.append(edges_y[:-1:factor_y], edges_y[-1]),
        shares.T,
        cmap="gray_r",
        norm=PowerNorm(0.5, vmin=0.0, vmax=top, clip=True),
        rasterized=True,
    )
    figure = ax.get_figure(root=True)
    if figure is not None:
        figure.colorbar(
            mesh,
            ax=ax,
            label="share of the mass of a frame of X",
            shrink=0.6,
            pad=0.04,
            extend="max" if shares.max() > ceiling else "neither",
            # Evenly apart on a scale that follows the square root; round numbers would crowd at the top.
            ticks=top * np.linspace(0, 1, 5) ** 2,
            format="%.2g",
        )
    middle_x, middle_y = (edges_x[:-1] + edges_x[1:]) / 2, (edges_y[:-1] + edges_y[1:]) / 2
    ax.plot(middle_x[alignment.path[:, 0]], middle_y[alignment.path[:, 1]], color=_PATH_COLOUR, linewidth=1.2)
    _mark_unmatched(ax, alignment, edges_x, edges_y)
    ax.set_xlim(edges_x[0], edges_x[-1])
    ax.set_ylim(edges_y[0], edges_y[-1])
    length_x, length_y = float(edges_x[-1] - edges_x[0]), float(edges_y[-1] - edges_y[0])
    label_time(ax.xaxis, f"X: {alignment.name_x}", alignment.times_x is not None, length_x)
    label_time(ax.yaxis, f"Y: {alignment.name_y}", alignment.times_y is not None, length_y)
    return ax


def save_plan(alignment: Alignment, path: Path, force: bool = False) -> None:
    """Draw as :func:`plot_plan` does and write the picture, as :func:`~vasot.report.figure.save_figure` does."""
    save_figure(plot_plan(alignment), path, force)


def plan_picture(alignment: Alignment) -> Float[np.ndarray, "h w"]:
    """Return the plan as a grey picture, recording X to the right and Y upwards; 0 no mass, 1 most of it.

    It is reduced and scaled as :func:`plot_plan` does, without axes, path and legend.
    """
    n, m = alignment.plan.shape
    shares = max_pool(_row_shares(alignment), -(-n // _MOST_CELLS), -(-m // _MOST_CELLS))
    _, top = _ceiling(shares)
    return np.asarray(np.sqrt(np.clip(shares / top, 0.0, 1.0)).T[::-1])


def max_pool(values: Float[np.ndarray, "n m"], factor_x: int, factor_y: int) -> Float[np.ndarray, "p q"]:
    """Return the largest value of each block of ``factor_x`` rows and ``factor_y`` columns; the last may be smaller.

    >>> max_pool(np.array([[0.0, 1.0, 2.0], [5.0, 0.0, 0.0]]), 2, 2).tolist()
    [[5.0, 2.0]]
    """
    n, m = values.shape
    rows = np.maximum.reduceat(values, np.arange(0, n, factor_x), axis=0)
    return np.asarray(np.maximum.reduceat(rows, np.arange(0, m, factor_y), axis=1))


def _ceiling(shares: Float[np.ndarray, "p q"]) -> tuple[float, float]:
    """The share that nine tenths of the columns stay below, and the value to draw darkest.

    The top tenth of the frames may saturate: one very sure frame must not make all the others faint.
    """
    ceiling = float(np.quantile(shares.max(axis=1), 0.9))
    return ceiling, ceiling if ceiling > 0 else 1.0


def _row_shares(alignment: Alignment) -> Float[np.ndarray, "n m"]:
    """Return the plan with rows divided by their mass, or by the usual mass of a matched frame where they have less."""
    mass = alignment.plan.sum(axis=1, dtype=np.float64)
    matched = mass[~alignment.unmatched_x]
    usual = float(np.median(matched)) if matched.size else 0.0
    divisor = np.maximum(np.maximum(mass, usual), np.finfo(np.float64).tiny)
    return np.asarray(alignment.plan / divisor[:, None])


def _mark_unmatched(
    ax: Axes, alignment: Alignment, edges_x: Float[np.ndarray, " n1"], edges_y: Float[np.ndarray, " m1"]
) -> None:
    along_x, along_y = ax.get_xaxis_transform(), ax.get_yaxis_transform()
    for start, stop in _runs(alignment.unmatched_x):
        span = (edges_x[start], edges_x[stop])
        ax.fill_between(span, 1.01, 1.035, transform=along_x, color=_UNMATCHED_COLOUR, linewidth=0, clip_on=False)
        ax.axvspan(*span, color=_UNMATCHED_COLOUR, alpha=0.2, linewidth=0)
    for start, stop in _runs(alignment.unmatched_y):
        span = (edges_y[start], edges_y[stop])
        ax.fill_betweenx(span, 1.01, 1.035, transform=along_y, color=_UNMATCHED_COLOUR, linewidth=0, clip_on=False)
        ax.axhspan(*span, color=_UNMATCHED_COLOUR, alpha=0.2, linewidth=0)
    counts = f"{alignment.unmatched_x.sum()} frames of X, {alignment.unmatched_y.sum()} of Y"
    handles = [
        Line2D([], [], color=_PATH_COLOUR, linewidth=1.2, label="monotone path"),
        Patch(color=_UNMATCHED_COLOUR, linewidth=0, label=f"no counterpart: {counts}"),
    ]
    ax.legend(handles=handles, loc="upper left", bbox_to_anchor=(0.0, -0.09), ncols=2, frameon=False, borderaxespad=0.0)
    names = f"{plain_text(alignment.name_x, most=36)}  aligned with  {plain_text(alignment.name_y, most=36)}"
    ax.set_title(names, fontsize=10, loc="left", pad=18)


def _runs(flags: Bool[np.ndarray, " t"]) -> list[tuple[int, int]]:
    """Return where the flag is up: first frame, and the one after the last."""
    steps = np.flatnonzero(np.diff(flags.astype(np.int8), prepend=0, append=0)).tolist()
    return list(zip(steps[::2], steps[1::2], strict=True))
