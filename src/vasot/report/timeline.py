"""Timelines: which action is found when, beside what is true where that is known."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TypeAlias

import numpy as np
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from vasot.errors import DataError
from vasot.report.figure import frame_edges, label_time, new_axes, plain_text, save_figure
from vasot.report.palette import BACKGROUND_STYLE, Style, action_style, is_background, unmatched_style
from vasot.types import Segmentation
from vasot.wording import counted

__all__ = [
    "Matching",
    "plot_corpus_timeline",
    "plot_timeline",
    "save_corpus_timeline",
    "save_timeline",
]

Matching: TypeAlias = Sequence[int] | Int[np.ndarray, " k"]
"""The class that each action stands for, negative for none."""

_MOST_RECORDINGS = 500
"""Recordings on one page; more would be thinner than a line."""

_ROW_INCHES, _PAGE_INCHES = 0.42, 42.0
"""Height of a recording on the page, and of the page from which on recordings become thinner instead."""

_TEXT_INCHES = 0.3
"""Height of a recording from which on its bars have room for text."""

_KEY_POINTS = 7.0
_LEGEND_POINTS = 8.5
_LEGEND_ENTRY_INCHES = 0.19


@dataclass(frozen=True)
class _Look:
    """How one action or class appears: style, number, name, and what the legend adds to the name."""

    style: Style
    key: str
    name: str
    note: str = ""


def plot_timeline(
    segmentation: Segmentation,
    truth_labels: Int[np.ndarray, " t"] | None = None,
    class_names: Sequence[str] | None = None,
    matching: Matching | None = None,
    exclude: Collection[int] = (),
    ax: Axes | None = None,
) -> Axes:
    """Draw one recording's actions over time, under the ground truth where there is one, and return the axes.

    An action matched to a class has that class's colour and name; an action that stands for no class has a colour of
    its own with diagonal lines. Marks between the two bars show where they differ. A bar carries its name where there
    is room, else its number in the legend.

    Args:
        segmentation: what was found.
        truth_labels: (T,) class index per frame, negative where there is no label.
        class_names: names of the classes, in index order.
        matching: (K,) the class of each action, negative for none. Without it an action stands for the class of its
            own index if actions and classes have the same names, and for none otherwise.
        exclude: classes left out of scoring: drawn as background, and neither right nor wrong.
        ax: axes to draw on; a new figure where None.

    Raises:
        DataError: labels or a matching of another length than the recording or the number of actions.
    """
    classes, actions = _looks([segmentation], [truth_labels], class_names, [matching], exclude)
    used = _used(classes, actions, [segmentation], [truth_labels])
    if ax is None:
        ax = new_axes(11.0, max(2.3, 0.9 + _LEGEND_ENTRY_INCHES * min(len(used), 14)))
    edges = frame_edges(segmentation.times_seconds, segmentation.labels.size)
    ax.set_xlim(edges[0], edges[-1])
    title = plain_text(segmentation.name)
    _draw_bars(ax, segmentation.labels, edges, actions[0], 0.0, 1.0)
    ticks = {"predicted": 0.5}
    if truth_labels is not None:
        _draw_bars(ax, truth_labels, edges, classes, 1.3, 1.0)
        ticks["ground truth"] = 1.8
        wrong, scored = _differences(segmentation, truth_labels, classes, actions[0], exclude)
        # Actions that were never compared with classes are neither right nor wrong.
        if scored.any() and (matching is not None or any(look in classes for look in actions[0])):
            _draw_marks(ax, wrong, edges, 1.05, 0.2)
            ticks["differs"] = 1.15
            title += f": {1 - wrong.sum() / scored.sum():.0%} of {scored.sum()} frames agree with the ground truth"
    ax.set_yticks(list(ticks.values()), list(ticks))
    ax.set_ylim(-0.08, max(ticks.values()) + 0.58)
    _finish(ax, segmentation.times_seconds is not None, title, used)
    return ax


def plot_corpus_timeline(
    segmentations: Sequence[Segmentation],
    truths: Sequence[Int[np.ndarray, " _"] | None] | None = None,
    class_names: Sequence[str] | None = None,
    matchings: Sequence[Matching | None] | None = None,
    exclude: Collection[int] = (),
    ax: Axes | None = None,
) -> Axes:
    """Draw the timelines of many recordings on one page, first recording on top, and return the axes.

    Each recording is one line, two where there is ground truth: truth above, prediction below. The arguments are those
    of :func:`plot_timeline`, one entry per recording. With more than 100
    recordings they become thinner; past 500 the rest is left out, and the title says so.

    Raises:
        DataError: no recording, lists of different lengths, or what :func:`plot_timeline` refuses.
    """
    n = len(segmentations)
    truths = [None] * n if truths is None else truths
    matchings = [None] * n if matchings is None else matchings
    if n == 0 or len(truths) != n or len(matchings) != n:
        raise DataError(
            f"{n} segmentations, {len(truths)} ground truths and {len(matchings)} matchings; "
            "a page of timelines needs one of each per recording, and at least one recording"
        )
    classes, actions = _looks(segmentations, truths, class_names, matchings, exclude)
    shown = segmentations[:_MOST_RECORDINGS]
    used = _used(classes, actions, shown, truths)
    pitch = min(_ROW_INCHES, _PAGE_INCHES / len(shown))
    if ax is None:
        ax = new_axes(11.0, max(2.0 + 0.05 * len(used), 1.0 + pitch * len(shown)))
    written = pitch >= _TEXT_INCHES
    known_rate = all(segmentation.times_seconds is not None for segmentation in shown)
    borders = [
        frame_edges(segmentation.times_seconds if known_rate else None, segmentation.labels.size)
        for segmentation in shown
    ]
    ax.set_xlim(0.0, max(edges[-1] - edges[0] for edges in borders))
    for row, (segmentation, truth, looks) in enumerate(zip(shown, truths, actions, strict=False)):
        edges = borders[row] - borders[row][0]
        if truth is None:
            _draw_bars(ax, segmentation.labels, edges, looks, row - 0.38, 0.76, written)
        else:
            _draw_bars(ax, truth, edges, classes, row - 0.40, 0.38, written)
            _draw_bars(ax, segmentation.labels, edges, looks, row + 0.02, 0.38, written)
    names = [plain_text(segmentation.name, most=32) for segmentation in shown]
    ax.set_yticks(range(len(shown)), names, fontsize=min(10.0, 0.75 * 72 * pitch))
    ax.set_ylim(len(shown) - 0.45, -0.55)
    title = counted(n, "recording") if len(shown) == n else f"the first {len(shown)} of {n} recordings"
    if any(truth is not None for truth in truths):
        title += ": ground truth above, prediction below"
    _finish(ax, known_rate, title, used)
    return ax


def save_timeline(
    segmentation: Segmentation,
    path: Path,
    truth_labels: Int[np.ndarray, " t"] | None = None,
    class_names: Sequence[str] | None = None,
    matching: Matching | None = None,
    exclude: Collection[int] = (),
    force: bool = False,
) -> None:
    """Draw as :func:`plot_timeline` does and write the picture, as :func:`~vasot.report.figure.save_figure` does."""
    save_figure(plot_timeline(segmentation, truth_labels, class_names, matching, exclude), path, force)


def save_corpus_timeline(
    segmentations: Sequence[Segmentation],
    path: Path,
    truths: Sequence[Int[np.ndarray, " _"] | None] | None = None,
    class_names: Sequence[str] | None = None,
    matchings: Sequence[Matching | None] | None = None,
    exclude: Collection[int] = (),
    force: bool = False,
) -> None:
    """Draw as :func:`plot_corpus_timeline` does and write the picture, as ``save_figure`` does."""
    save_figure(plot_corpus_timeline(segmentations, truths, class_names, matchings, exclude), path, force)


def _looks(
    segmentations: Sequence[Segmentation],
    truths: Sequence[Int[np.ndarray, " _"] | None],
    class_names: Sequence[str] | None,
    matchings: Sequence[Matching | None],
    exclude: Collection[int],
) -> tuple[list[_Look], list[list[_Look]]]:
    """Return the looks of the classes, and per recording those of the actions."""
    names = list(class_names or ())
    highest = [len(names) - 1]
    for segmentation, truth, matching in zip(segmentations, truths, matchings, strict=True):
        if truth is not None:
            if truth.shape != segmentation.labels.shape:
                raise DataError(
                    f"timeline of '{segmentation.name}': {segmentation.labels.size} frames were labelled but the "
                    f"ground truth has {truth.size}; give one class per frame"
                )
            highest.append(int(truth.max()))
        if matching is not None:
            if len(matching) != segmentation.n_actions:
                raise DataError(
                    f"timeline of '{segmentation.name}': {segmentation.n_actions} actions but a matching of "
                    f"{len(matching)}; give the class of each action, -1 for none"
                )
            highest.append(max(int(c) for c in matching))
    names += [f"class {index}" for index in range(len(names), max(highest) + 1)]
    classes = [
        _Look(
            BACKGROUND_STYLE if index in exclude or is_background(name) else action_style(index),
            str(index),
            name,
            " (not scored)" if index in exclude else "",
        )
        for index, name in enumerate(names)
    ]
    compared = any(truth is not None for truth in truths)
    class_of = [_class_of(*pair, classes) for pair in zip(segmentations, matchings, strict=True)]
    # One order for the page, so that an action without a class looks the same in every recording.
    loose = sorted({action for mapped in class_of for action, of in enumerate(mapped) if of < 0})
    return classes, [
        _action_looks(segmentation.action_names, mapped, classes, loose, compared, matching is not None)
        for segmentation, mapped, matching in zip(segmentations, class_of, matchings, strict=True)
    ]


def _class_of(segmentation: Segmentation, matching: Matching | None, classes: Sequence[_Look]) -> list[int]:
    if matching is not None:
        return [int(of) for of in matching]
    same = segmentation.action_names == tuple(look.name for look in classes)
    return [action if same else -1 for action in range(segmentation.n_actions)]


def _action_looks(
    names: Sequence[str],
    class_of: Sequence[int],
    classes: Sequence[_Look],
    loose: Sequence[int],
    compared: bool,
    matched: bool,
) -> list[_Look]:
    looks: list[_Look] = []
    for action, (name, of) in enumerate(zip(names, class_of, strict=True)):
        if of >= 0:
            looks.append(classes[of])
        elif compared or matched:
            style = unmatched_style(loose.index(action), len(classes))
            looks.append(_Look(style, f"a{action}", name, " (no class)" if matched else ""))
        else:
            looks.append(_Look(BACKGROUND_STYLE if is_background(name) else action_style(action), str(action), name))
    return looks


def _used(
    classes: Sequence[_Look],
    actions: Sequence[Sequence[_Look]],
    segmentations: Sequence[Segmentation],
    truths: Sequence[Int[np.ndarray, " _"] | None],
) -> list[_Look]:
    """Return the looks that occur: classes in index order, then actions that stand for none."""
    occurring: set[_Look] = set()
    for segmentation, looks, truth in zip(segmentations, actions, truths, strict=False):
        occurring |= {looks[label] for label in np.unique(segmentation.labels)}
        if truth is not None:
            occurring |= {classes[label] for label in np.unique(truth) if label >= 0}
    every = [*classes, *(look for looks in actions for look in looks)]
    return sorted(occurring, key=every.index)


def _differences(
    segmentation: Segmentation,
    truth: Int[np.ndarray, " t"],
    classes: Sequence[_Look],
    actions: Sequence[_Look],
    exclude: Collection[int],
) -> tuple[np.ndarray, np.ndarray]:
    """Return per frame whether the prediction differs from the truth, and whether the frame counts at all."""
    class_of = {look: index for index, look in enumerate(classes)}
    predicted = np.array([class_of.get(look, -1) for look in actions])[segmentation.labels]
    scored = (truth >= 0) & ~np.isin(truth, list(exclude))
    return scored & (predicted != truth), scored


def _draw_bars(
    ax: Axes,
    labels: Int[np.ndarray, " t"],
    edges: Float[np.ndarray, " t1"],
    looks: Sequence[_Look],
    bottom: float,
    height: float,
    written: bool = True,
) -> None:
    borders = [0, *(np.flatnonzero(np.diff(labels)) + 1).tolist(), labels.size]
    spans: dict[int, list[tuple[float, float]]] = {}
    for start, stop in pairwise(borders):
        if labels[start] >= 0:
            span = (float(edges[start]), float(edges[stop] - edges[start]))
            spans.setdefault(int(labels[start]), []).append(span)
    figure = ax.get_figure(root=True)
    first, last = ax.get_xlim()
    points_per_unit = 0.6 * 72 * (figure.get_figwidth() if figure else 8.0) / (last - first)
    for label, places in spans.items():
        look = looks[label]
        ax.broken_barh(
            places,
            (bottom, height),
            facecolor=look.style.colour,
            hatch=look.style.hatch,
            edgecolor=look.style.text_colour,
            linewidth=0,
        )
        for left, width in places if written else ():
            room = width * points_per_unit / (0.65 * _KEY_POINTS) - 0.5
            text = next((text for text in (look.name, look.key) if len(text) <= room), None)
            if text is not None:
                _write_in_bar(ax, plain_text(text), look.style, left + width / 2, bottom + height / 2)


def _write_in_bar(ax: Axes, text: str, style: Style, x: float, y: float) -> None:
    # A plate of the bar's own colour keeps the text readable on a pattern.
    plate = {"boxstyle": "square,pad=0.1", "facecolor": style.colour, "edgecolor": "none"} if style.hatch else None
    ax.text(
        x, y, text, ha="center", va="center", fontsize=_KEY_POINTS, color=style.text_colour, bbox=plate, clip_on=True
    )


def _draw_marks(ax: Axes, wrong: np.ndarray, edges: Float[np.ndarray, " t1"], bottom: float, height: float) -> None:
    steps = np.flatnonzero(np.diff(wrong.astype(np.int8), prepend=0, append=0))
    places = [(float(edges[a]), float(edges[b] - edges[a])) for a, b in zip(steps[::2], steps[1::2], strict=True)]
    ax.broken_barh(places, (bottom, height), facecolor="black", linewidth=0)


def _finish(ax: Axes, known_rate: bool, title: str, used: Sequence[_Look]) -> None:
    first, last = ax.get_xlim()
    label_time(ax.xaxis, "time", known_rate, last - first)
    ax.tick_params(axis="y", length=0)
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.set_title(title, fontsize=10, loc="left")
    figure = ax.get_figure(root=True)
    rows = max(8, int((figure.get_figheight() if figure else 3.0) / _LEGEND_ENTRY_INCHES) - 2)
    handles = [
        Patch(
            facecolor=look.style.colour,
            hatch=look.style.hatch,
            edgecolor=look.style.text_colour,
            linewidth=0,
            label=plain_text(f"{look.key}  {look.name}{look.note}", most=40),
        )
        for look in used
    ]
    ax.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(1.01, 1.0),
        borderaxespad=0.0,
        frameon=False,
        fontsize=_LEGEND_POINTS,
        ncols=math.ceil(len(handles) / rows),
    )
