"""The report of a run: what was learned, gathered in bounded time and written as one page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from vasot.datasets.base import Dataset
from vasot.metrics.consistency import NEAR, Consistency, Ring, consistency, sample_rings
from vasot.metrics.scoring import Scorable
from vasot.report.charts import Histogram, area_path, histogram, line_path, stacked_paths
from vasot.report.graph import Graph, transition_graph
from vasot.report.key_frames import Moment, take_pictures, typical_moments
from vasot.report.label_scores import LabelScores, label_scores
from vasot.report.match_rows import MatchRow, match_rows
from vasot.report.page import render_page
from vasot.report.palette import Style, run_styles
from vasot.report.recordings import Picture, ReportedRecording, picture_of
from vasot.report.strips import Strips, timeline_strips
from vasot.report.summary import ActionSummary, Summary, summarise
from vasot.types import Segmentation

__all__ = ["ActionCard", "FoundActions", "RunFacts", "RunReport", "gather", "render"]

_PICTURES_PER_ACTION = 3
_PICTURE_PIXELS, _SMALL_PIXELS = 160, 100
_MANY_ACTIONS = 40
"""From so many actions on their pictures are small ones, so that the page stays below 5 MB."""


@dataclass(frozen=True)
class RunFacts:
    """What the run folder says about a run.

    Attributes:
        run: the folder, as commands name it.
        data: where its recordings were read.
        expected: names of the recordings that it was trained on.
        settings: name, value and meaning of each.
        versions: of the programs it was made with.
        losses: per epoch.
        colours: that people gave to actions, ``#rrggbb``.
        merged: actions that people made part of others.
        n_corrected: timelines that people changed.
        exclude: classes left out of scoring.
        seed: of samples.
        notes: what reading the recordings had to say.
    """

    run: str
    data: str
    expected: tuple[str, ...]
    settings: tuple[tuple[str, str, str], ...] = ()
    versions: tuple[tuple[str, str], ...] = ()
    losses: tuple[float, ...] = ()
    colours: Mapping[int, str] = field(default_factory=dict)
    merged: Mapping[int, int] = field(default_factory=dict)
    n_corrected: int = 0
    exclude: tuple[str, ...] = ()
    seed: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class ActionCard:
    """One action as it is shown."""

    summary: ActionSummary
    name: str
    lengths: Histogram
    occupancy: str
    pictures: tuple[Picture, ...]


@dataclass(frozen=True, eq=False)
class FoundActions:
    """What a method that segments has found.

    Attributes:
        summary: of all actions.
        strips: the timelines.
        course: actions in typical order, each with the area of its share of the recordings over their course, stacked.
        cards: the actions that occur, in typical order.
        graph: what follows what.
        scores: against labels; None where there are none.
    """

    summary: Summary
    strips: Strips
    course: tuple[tuple[int, str], ...]
    cards: tuple[ActionCard, ...]
    graph: Graph
    scores: LabelScores | None


@dataclass(frozen=True, eq=False)
class RunReport:
    """Everything that the page shows.

    Attributes:
        facts: about the run.
        method, tasks: what it is, and what it can do.
        names, styles: of the actions, in order of index.
        actions: what it found; None where it does not segment.
        consistency: of sampled alignments; None where it does not align, or there are no two recordings to align.
        matches: moments that correspond, as pictures.
        loss_path: line of the losses; empty without them.
        has_videos: whether there could be pictures at all.
        unreadable: videos that could not be read, and why.
        missing: recordings that the run was trained on and that are no longer there.
    """

    facts: RunFacts
    method: str
    tasks: tuple[str, ...]
    n_recordings: int
    names: tuple[str, ...]
    styles: tuple[Style, ...]
    actions: FoundActions | None
    consistency: Consistency | None
    matches: tuple[MatchRow, ...]
    loss_path: str
    has_videos: bool
    unreadable: Mapping[Path, str]
    missing: tuple[str, ...]


def gather(
    model: Scorable, recordings: Sequence[ReportedRecording], facts: RunFacts, dataset: Dataset | None = None
) -> RunReport:
    """Collect what the page shows.

    Work is bounded: 15 alignments of at most 400 frames, six recordings per action embedded, and three frames per
    action read. Videos that cannot be opened are told on the page.

    Args:
        model: what answers about recordings.
        recordings: at least one, in order.
        facts: about the run.
        dataset: the same recordings with ground truth where there is some.
    """
    rings: tuple[Ring, ...] = ()
    if "align" in model.tasks:
        rings = sample_rings([each.track for each in recordings], model.align, seed=facts.seed)
    matches, unreadable = match_rows(rings, recordings, _PICTURE_PIXELS)
    actions, broken = _actions(model, recordings, facts, dataset)
    present = {each.track.name for each in recordings}
    return RunReport(
        facts=facts,
        method=model.method_name,
        tasks=tuple(sorted(model.tasks)),
        n_recordings=len(recordings),
        names=model.action_names,
        styles=run_styles(model.action_names, facts.colours),
        actions=actions,
        consistency=consistency(rings),
        matches=matches,
        loss_path=line_path(np.array(facts.losses)) if len(facts.losses) > 1 else "",
        has_videos=any(each.video is not None for each in recordings),
        unreadable={**unreadable, **broken},
        missing=tuple(name for name in facts.expected if name not in present),
    )


def render(report: RunReport) -> str:
    """The page."""
    return render_page("report.html", report=report, facts=report.facts, near=NEAR)


def _actions(
    model: Scorable, recordings: Sequence[ReportedRecording], facts: RunFacts, dataset: Dataset | None
) -> tuple[FoundActions | None, Mapping[Path, str]]:
    """What was found, and the videos that cannot be read."""
    segmentations = [each.segmentation for each in recordings if each.segmentation is not None]
    predicted = [each.predicted for each in recordings if each.predicted is not None]
    if not segmentations:
        return None, {}
    summary = summarise(segmentations)
    order = summary.typical_order
    cards, unreadable = _cards(model, recordings, segmentations, summary)
    return FoundActions(
        summary=summary,
        strips=timeline_strips(segmentations),
        course=tuple(zip(order, stacked_paths([summary.actions[action].occupancy for action in order]), strict=True)),
        cards=cards,
        graph=transition_graph(summary.transitions, order),
        scores=None if dataset is None else label_scores(predicted, dataset, facts.exclude, facts.seed),
    ), unreadable


def _cards(
    model: Scorable,
    recordings: Sequence[ReportedRecording],
    segmentations: Sequence[Segmentation],
    summary: Summary,
) -> tuple[tuple[ActionCard, ...], Mapping[Path, str]]:
    """The actions that occur, in typical order, and the videos that cannot be read."""
    videos = [each.video for each in recordings]
    filmed = [video is not None for video in videos]
    moments: dict[int, tuple[Moment, ...]] = {}
    if any(filmed):
        moments = typical_moments(segmentations, lambda index: model.embed(recordings[index].track), filmed)
    size = _SMALL_PIXELS if len(moments) > _MANY_ACTIONS else _PICTURE_PIXELS
    chosen, pictures = take_pictures(moments, videos, size, _PICTURES_PER_ACTION)
    cards = []
    for action in summary.typical_order:
        each, name = summary.actions[action], model.action_names[action]
        shown = tuple(
            picture_of(pictures.images[moment], recordings[moment.recording], moment, name)
            for moment in chosen.get(action, ())
        )
        cards.append(ActionCard(each, name, histogram(each.lengths), area_path(each.occupancy), shown))
    return tuple(cards), pictures.unreadable
