"""Sensitivity curves: how metrics change with one setting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.axes import Axes

from vasot.report.figure import new_axes, plain_text, save_figure
from vasot.report.palette import COLOURS

__all__ = ["Curve", "plot_curves", "save_curves"]

_MARKERS = "osD^vP*X"

_WIDE = 8.0
"""Ratio of the largest value to the smallest from which values are spread evenly by a logarithmic axis."""


@dataclass(frozen=True)
class Curve:
    """One metric along a setting, in percent.

    Attributes:
        name: of the metric.
        values: of the setting, rising.
        means: of the metric, over seeds.
        deviations: standard deviations over seeds; 0 for a single seed.
    """

    name: str
    values: tuple[float, ...]
    means: tuple[float, ...]
    deviations: tuple[float, ...]


def plot_curves(
    curves: Sequence[Curve],
    setting: str,
    *,
    title: str = "",
    default: float | None = None,
    paper_best: float | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw metrics against a setting and return the axes.

    Bars reach one standard deviation over seeds to both sides; one seed has none. A dashed line marks the default, a
    dotted one the value that the paper found best.
    """
    if ax is None:
        ax = new_axes(6.4, 4.0)
    for index, curve in enumerate(curves):
        ax.errorbar(
            curve.values,
            curve.means,
            curve.deviations if any(curve.deviations) else None,
            color=COLOURS[index % len(COLOURS)],
            marker=_MARKERS[index % len(_MARKERS)],
            markersize=5,
            linewidth=1.6,
            capsize=3,
            label=plain_text(curve.name),
        )
    if default is not None:
        ax.axvline(default, color="black", linestyle="--", linewidth=0.8, label=f"default, {default:g}")
    if paper_best is not None:
        ax.axvline(paper_best, color="black", linestyle=":", linewidth=1.4, label=f"best in the paper, {paper_best:g}")
    ticks = sorted({value for curve in curves for value in curve.values})
    if ticks[0] > 0 and ticks[-1] / ticks[0] >= _WIDE:
        ax.set_xscale("log")
        ax.minorticks_off()
    ax.set_xticks(ticks, [f"{value:g}" for value in ticks])
    ax.set_xlabel(plain_text(setting))
    ax.set_ylabel("percent")
    ax.set_title(plain_text(title, most=90), fontsize=10, loc="left")
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False, fontsize=8.5)
    return ax


def save_curves(
    curves: Sequence[Curve],
    setting: str,
    path: Path,
    force: bool = False,
    *,
    title: str = "",
    default: float | None = None,
    paper_best: float | None = None,
) -> None:
    """Draw as :func:`plot_curves` does and write the picture, as :func:`~vasot.report.figure.save_figure` does."""
    save_figure(plot_curves(curves, setting, title=title, default=default, paper_best=paper_best), path, force)
