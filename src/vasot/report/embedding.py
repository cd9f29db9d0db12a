"""All frames in two dimensions, by how alike their embeddings are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from vasot.errors import DataError
from vasot.report.figure import new_axes, plain_text, save_figure
from vasot.report.palette import BACKGROUND_STYLE, action_style, is_background

__all__ = ["Projection", "plot_by_phase", "plot_by_time", "project", "save_embedding"]

_MOST_POINTS = 1500
"""More would take t-SNE long, and lie on top of each other."""

_PERPLEXITY = 30.0
_POINT = 7.0


@dataclass(frozen=True, eq=False)
class Projection:
    """Frames in the plane.

    Attributes:
        points: (n, 2) places.
        time: (n,) when each frame comes in its recording, 0 to 1.
        phases: (n,) its class; negative for none.
        title: how the places were found.
        n_frames: frames that these were drawn from.
    """

    points: Float[np.ndarray, "n 2"]
    time: Float[np.ndarray, " n"]
    phases: Int[np.ndarray, " n"]
    title: str
    n_frames: int


def project(
    embeddings: Sequence[Float[np.ndarray, "_ e"]],
    phases: Sequence[Int[np.ndarray, " _"]],
    seed: int = 0,
) -> tuple[Projection, Projection]:
    """Place frames in the plane twice: by PCA, which keeps distances as far as two axes can, and by t-SNE.

    t-SNE (van der Maaten and Hinton 2008) keeps near frames near, and says nothing about far ones. Of many frames 1500
    are drawn by the seed.

    Raises:
        DataError: fewer than three frames, or embeddings and phases that do not fit each other.
    """
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE

    sizes = [len(embedding) for embedding in embeddings]
    if sizes != [labels.size for labels in phases]:
        raise DataError("embeddings and phases have different numbers of frames; give one phase per frame")
    if sum(sizes) < 3:
        raise DataError(f"{sum(sizes)} frames cannot be placed in the plane; give at least 3")
    every = np.concatenate(list(embeddings)).astype(np.float64)
    time = np.concatenate([(np.arange(size) + 0.5) / size for size in sizes])
    labels = np.concatenate(list(phases)).astype(np.int64)
    generator = np.random.default_rng(seed)
    chosen = np.sort(generator.permutation(len(every))[:_MOST_POINTS])
    every, time, labels = every[chosen], time[chosen], labels[chosen]
    # A single dimension is a line in the plane.
    flat = every if every.shape[1] > 1 else np.pad(every, ((0, 0), (0, 1)))
    spread = float(flat.var(axis=0).sum())
    if spread > np.finfo(np.float32).eps:
        flat_places = PCA(2, random_state=seed).fit_transform(flat)
        title = f"PCA: the axes keep {flat_places.var(axis=0).sum() / spread:.0%} of the variance"
    else:
        flat_places, title = np.zeros((len(flat), 2)), "PCA: all frames have the same embedding"
    tsne = TSNE(2, perplexity=min(_PERPLEXITY, (len(flat) - 1) / 3), init="random", random_state=seed)
    places = ((flat_places, title), (tsne.fit_transform(flat), "t-SNE"))
    first, second = (
        Projection(np.asarray(points, dtype=np.float64), time, labels, name, sum(sizes)) for points, name in places
    )
    return first, second


def plot_by_time(projection: Projection, ax: Axes | None = None) -> Axes:
    """Draw frames coloured by when they come in their recording, and return the axes."""
    ax = _prepared(projection, "time", ax)
    dots = ax.scatter(
        projection.points[:, 0],
        projection.points[:, 1],
        c=projection.time,
        cmap="viridis",
        s=_POINT,
        linewidths=0,
        vmin=0,
        vmax=1,
    )
    figure = ax.get_figure(root=True)
    if figure is not None:
        figure.colorbar(dots, ax=ax, ticks=[0, 0.5, 1], shrink=0.7, label="course of the recording").ax.set_yticklabels(
            ["beginning", "middle", "end"]
        )
    return ax


def plot_by_phase(
    projection: Projection, class_names: Sequence[str], exclude: Collection[int] = (), ax: Axes | None = None
) -> Axes:
    """Draw frames coloured by their true phase, in the colours of timelines, and return the axes.

    Frames of background, of excluded classes and without a phase are grey.
    """
    ax = _prepared(projection, "phase", ax)
    handles = []
    present = np.unique(projection.phases).tolist()
    greys = [phase for phase in present if _is_grey(phase, class_names, exclude)]
    # What is grey lies below.
    for phase in [*greys, *(phase for phase in present if phase not in greys)]:
        grey = phase in greys
        style = BACKGROUND_STYLE if grey else action_style(phase)
        of = projection.phases == phase
        places = projection.points[of]
        ax.scatter(places[:, 0], places[:, 1], color=style.colour, s=_POINT, linewidths=0)
        name = class_names[phase] if phase >= 0 else "no phase"
        label = plain_text(name, most=30)
        handles.append(Line2D([], [], marker="o", linestyle="none", color=style.colour, label=label))
    ax.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False, fontsize=8, markerscale=0.9)
    return ax


def save_embedding(
    projections: Sequence[Projection],
    class_names: Sequence[str],
    path: Path,
    exclude: Collection[int] = (),
    force: bool = False,
    what: str = "",
) -> None:
    """Draw every projection by time and by phase and write the picture, as ``save_figure`` does.

    Args:
        projections: one row of the picture each.
        class_names: of the phases.
        path: the picture.
        exclude: classes to be drawn in grey.
        force: replace a file that is there.
        what: what the frames are, for the title.
    """
    figure = Figure(figsize=(11.0, 4.4 * len(projections)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(len(projections), 2, squeeze=False)
    for projection, (left, right) in zip(projections, axes, strict=True):
        plot_by_time(projection, left)
        plot_by_phase(projection, class_names, exclude, right)
    figure.suptitle(plain_text(what, most=120), fontsize=10, x=0.01, ha="left")
    save_figure(axes[0, 0], path, force)


def _prepared(projection: Projection, by: str, ax: Axes | None) -> Axes:
    if ax is None:
        ax = new_axes(6.0, 4.6)
    ax.set_title(f"{projection.title}; coloured by {by}", fontsize=9, loc="left")
    ax.set_aspect("equal", adjustable="datalim")
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines[:].set_color("#BBBBBB")
    return ax


def _is_grey(phase: int, class_names: Sequence[str], exclude: Collection[int]) -> bool:
    return phase < 0 or phase in exclude or is_background(class_names[phase])
