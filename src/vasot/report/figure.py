"""Figures without global state: making axes, axes in time, and saving whole files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from vasot.errors import VasotError
from vasot.files import atomic_write

__all__ = ["frame_edges", "label_time", "new_axes", "plain_text", "save_figure"]

_DOTS_PER_INCH = 150
_MINUTES_FROM_SECONDS = 180.0


def new_axes(width_inches: float, height_inches: float) -> Axes:
    """Return the axes of a new figure; nothing but these axes keeps it in memory."""
    figure = Figure(figsize=(width_inches, height_inches), layout="constrained")
    FigureCanvasAgg(figure)
    return figure.add_subplot()


def save_figure(ax: Axes, path: Path, force: bool = False) -> None:
    """Write the figure of these axes; the suffix of ``path`` chooses the format (``.png``, ``.svg``, ``.pdf``).

    Raises:
        RunFolderError: the file exists and ``force`` is not given.
        VasotError: a format there is no writer for, or the file cannot be written.
    """
    figure = ax.get_figure(root=True)
    if figure is None:
        raise VasotError(f"cannot write {path}: these axes belong to no figure; plot on axes of a figure")
    known = figure.canvas.get_supported_filetypes()
    if path.suffix.removeprefix(".").lower() not in known:
        raise VasotError(f"cannot write {path}: a picture ends in .png, .svg or .pdf")
    with atomic_write(path, force) as partial:
        figure.savefig(partial, dpi=_DOTS_PER_INCH, bbox_inches="tight", facecolor="white")


def frame_edges(times: Float[np.ndarray, " t"] | None, n_frames: int) -> Float[np.ndarray, " t1"]:
    """Return where each of ``n_frames`` frames begins on the axis, and where the last one ends.

    In seconds where times are known, in frames otherwise. The last frame is as long as the one before it, a single
    one has length 1.

    >>> frame_edges(np.array([0.0, 0.5]), 2).tolist()
    [0.0, 0.5, 1.0]
    """
    starts = np.arange(n_frames, dtype=np.float64) if times is None else times.astype(np.float64)
    last = starts[-1] - starts[-2] if n_frames > 1 else 1.0
    return np.append(starts, starts[-1] + last)


def label_time(axis: Axis, name: str, known_rate: bool, length: float) -> None:
    """Label an axis ``name`` with its unit: frames, seconds, or minutes and seconds for long recordings."""
    if not known_rate:
        axis.set_label_text(plain_text(f"{name} (frame)"))
        axis.set_major_locator(MaxNLocator("auto", integer=True))
    elif length < _MINUTES_FROM_SECONDS:
        axis.set_label_text(plain_text(f"{name} (s)"))
    else:
        axis.set_label_text(plain_text(f"{name} (min:s)"))
        axis.set_major_locator(MaxNLocator(8, steps=[1, 1.2, 1.5, 2, 3, 6, 10]))
        axis.set_major_formatter(FuncFormatter(lambda seconds, _: f"{int(seconds) // 60}:{int(seconds) % 60:02d}"))


def plain_text(text: str, most: int = 60) -> str:
    """Return a name as it is to be printed: not as a formula, and shortened in the middle where it is very long."""
    if len(text) > most:
        text = f"{text[: most // 2 - 1]}…{text[-(most // 2 - 1) :]}"
    return text.replace("$", r"\$")
