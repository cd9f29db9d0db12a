"""The search for the number of actions as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from matplotlib.axes import Axes

from vasot.metrics.stability import ActionChoice
from vasot.report.figure import new_axes, save_figure
from vasot.report.palette import COLOURS

__all__ = ["plot_actions", "save_actions"]

_SCORE, _SEEDS, _HALVES = COLOURS[0], COLOURS[2], COLOURS[3]


def plot_actions(choice: ActionChoice, ax: Axes | None = None) -> Axes:
    """Draw the score against the number of actions, with its intervals, and return the axes.

    The thick line is the score, its bars run from 10 % to 90 % of what it is with recordings drawn anew; thin lines are
    the two parts it is the mean of. A ring marks the recommended number. Below every number stands how many of the
    actions occur.
    """
    if ax is None:
        ax = new_axes(max(6.4, 1.6 + 0.36 * len(choice.rows)), 4.4)
    counts = [row.n_actions for row in choice.rows]
    scores = [row.score for row in choice.rows]
    ax.axhline(0, color="black", linewidth=0.6)
    ax.plot(counts, [row.seeds.gain for row in choice.rows], "--", color=_SEEDS, linewidth=1.2, label="between seeds")
    halves = [(row.n_actions, row.halves.gain) for row in choice.rows if row.halves is not None]
    if halves:
        ax.plot(*zip(*halves, strict=True), ":", color=_HALVES, linewidth=1.8, label="between halves of the recordings")
    reach = (
        [max(0.0, row.score - row.low) for row in choice.rows],
        [max(0.0, row.high - row.score) for row in choice.rows],
    )
    ax.errorbar(
        counts, scores, reach, color=_SCORE, linewidth=2, marker="o", markersize=4, capsize=3, label="score, 10 to 90 %"
    )
    ring: dict[str, Any] = {"marker": "o", "markersize": 13.0, "markerfacecolor": "none", "markeredgecolor": "black"}
    ax.plot([choice.recommended], [choice.row.score], linestyle="none", label="recommended", **ring)
    ax.set_xticks(counts, [f"{row.n_actions}\n{row.used}" for row in choice.rows])
    ax.set_xlabel("number of actions K; below it, how many of them occur")
    ax.set_ylabel("agreement beyond what time explains")
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2, frameon=False, fontsize=8.5)
    others = [str(count) for count in choice.as_good if count != choice.recommended]
    title = f"Which number of actions is found again? {choice.recommended}, {choice.sureness}"
    ax.set_title(title + (f"; as good: {', '.join(others)}" if others else ""), fontsize=10, loc="left")
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def save_actions(choice: ActionChoice, path: Path, force: bool = False) -> None:
    """Draw as :func:`plot_actions` does and write the picture, as :func:`~vasot.report.figure.save_figure` does."""
    save_figure(plot_actions(choice), path, force)
