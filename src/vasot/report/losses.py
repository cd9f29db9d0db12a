"""The losses of a training: read from a run's table, and drawn."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from vasot.errors import DataError
from vasot.report.figure import new_axes, plain_text, save_figure
from vasot.report.palette import COLOURS

__all__ = ["plot_losses", "read_losses", "save_losses"]

_HELD_OUT = "valid_"


def read_losses(path: Path) -> dict[str, tuple[float, ...]]:
    """The columns of a run's ``metrics.csv``, one value per epoch; none where there is no file.

    Raises:
        DataError: the file is no such table.
    """
    if not path.is_file():
        return {}
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        return {name: tuple(float(row[name]) for row in rows) for name in (rows[0] if rows else ()) if name != "epoch"}
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path} is no table of losses ({error}); move it away") from None


def plot_losses(losses: Mapping[str, tuple[float, ...]], ax: Axes | None = None) -> Axes:
    """Draw losses per epoch and return the axes; those of recordings held out are dashed, in the colour of their part.

    Raises:
        DataError: there is no loss to draw.
    """
    if not any(losses.values()):
        raise DataError("there are no losses to draw; was the run's metrics.csv removed?")
    if ax is None:
        ax = new_axes(7.0, 4.0)
    parts = list(dict.fromkeys(name.removeprefix(_HELD_OUT) for name in losses))
    for name, values in losses.items():
        held_out = name.startswith(_HELD_OUT)
        part = name.removeprefix(_HELD_OUT)
        ax.plot(
            range(1, len(values) + 1),
            values,
            linestyle="--" if held_out else "-",
            marker="o" if len(values) == 1 else None,
            linewidth=2.0 if part == "loss" else 1.3,
            color=COLOURS[parts.index(part) % len(COLOURS)],
            label=plain_text(f"{part}, held out" if held_out else part),
        )
    ax.set_xlabel("epoch")
    ax.set_ylabel("loss")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_title("losses of the training", fontsize=10, loc="left")
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False, fontsize=8.5)
    return ax


def save_losses(losses: Mapping[str, tuple[float, ...]], path: Path, force: bool = False) -> None:
    """Draw as :func:`plot_losses` does and write the picture, as :func:`~vasot.report.figure.save_figure` does."""
    save_figure(plot_losses(losses), path, force)
