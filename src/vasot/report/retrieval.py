"""A frame and the frames of other recordings whose embeddings are nearest to its own, right and wrong marked."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int
from matplotlib.axes import Axes

from vasot.errors import DataError
from vasot.report.figure import frame_edges, save_figure
from vasot.report.key_frames import Moment, take_pictures
from vasot.report.palette import Style
from vasot.report.stills import Still, StillRow, plot_stills
from vasot.report.timeline import plot_corpus_timeline
from vasot.types import Segmentation, Track

__all__ = ["Answer", "Searched", "find_answers", "plot_marks", "save_retrieval"]

_RIGHT, _WRONG, _QUERY = Style("#0072B2"), Style("#D55E00"), Style("#000000")
_PIXELS = 240


@dataclass(frozen=True, eq=False)
class Searched:
    """A recording among which frames are looked for.

    Attributes:
        track: the recording.
        embedding: of every frame.
        truth: the class of every frame.
        phases: the same, negative where it is not scored: such frames are neither looked for nor found.
        video: None for an array.
    """

    track: Track
    embedding: Float[np.ndarray, "t e"]
    truth: Int[np.ndarray, " t"]
    phases: Int[np.ndarray, " t"]
    video: Path | None = None


@dataclass(frozen=True)
class Answer:
    """A query and what was found for it, as (recording, frame); found are the nearest first."""

    query: tuple[int, int]
    found: tuple[tuple[int, int], ...]


def find_answers(recordings: Sequence[Searched], n_found: int = 5, n_queries: int = 6, seed: int = 0) -> list[Answer]:
    """Look for the nearest frames of queries, one frame of each other recording of the activity, nearest first.

    One query stands for each phase: the middle of its longest stretch in a recording drawn by the seed. Of many phases
    some are drawn. Of each recording only the nearest frame is found: its neighbours show nearly the same picture.

    Args:
        recordings: what is searched; only frames with a phase are found.
        n_found: frames per query, at most.
        n_queries: queries, at most.
        seed: of the draws.
    """
    generator = np.random.default_rng(seed)
    known = sorted({int(phase) for each in recordings for phase in np.unique(each.phases) if phase >= 0})
    if len(known) > n_queries:
        known = sorted(generator.choice(known, n_queries, replace=False).tolist())
    answers = []
    for phase in known:
        showing = [index for index, each in enumerate(recordings) if (each.phases == phase).any()]
        query = int(generator.choice(showing))
        frame = _middle_of_longest(recordings[query].phases == phase)
        found = _nearest(recordings, query, frame)[:n_found]
        if found:
            answers.append(Answer((query, frame), tuple(found)))
    return answers


def save_retrieval(
    recordings: Sequence[Searched],
    answers: Sequence[Answer],
    class_names: Sequence[str],
    path: Path,
    exclude: Collection[int] = (),
    force: bool = False,
) -> list[str]:
    """Draw answers as pictures, or as marks on timelines where there are no videos, and write the picture.

    Returns:
        what the user should know: that there are no pictures, or which videos could not be read.

    Raises:
        DataError: there is no answer: no phase, or no two recordings of one activity.
    """
    if not answers:
        raise DataError("no frame has a phase, or no activity has two recordings, so that nothing can be looked for")
    if any(each.video is None or each.track.times_seconds is None for each in recordings):
        save_figure(plot_marks(recordings, answers, class_names, exclude), path, force)
        return ["these recordings are arrays of features and have no pictures: drawn are marks on their true phases"]
    rows, notes = _stills(recordings, answers, class_names)
    if any(still.image is not None for row in rows for still in row.stills):
        save_figure(plot_stills(rows, _title(answers)), path, force)
    else:
        save_figure(plot_marks(recordings, answers, class_names, exclude), path, force)
    return notes


def plot_marks(
    recordings: Sequence[Searched],
    answers: Sequence[Answer],
    class_names: Sequence[str],
    exclude: Collection[int] = (),
    ax: Axes | None = None,
) -> Axes:
    """Draw the true phases of a query's recording and of those searched, with a mark at each frame; return the axes."""
    lines: list[Segmentation] = []
    marks: list[tuple[int, int, str, Style]] = []
    for answer in answers:
        for index, frame in (answer.query, *answer.found):
            each = recordings[index]
            is_query = (index, frame) == answer.query
            right = _phase(recordings, (index, frame)) == _phase(recordings, answer.query)
            marks.append((index, frame, *_mark(is_query, right)))
            lines.append(_truth(each, class_names, f"query: {each.track.name}" if is_query else each.track.name))
    ax = plot_corpus_timeline(lines, class_names=class_names, exclude=exclude, ax=ax)
    known = all(line.times_seconds is not None for line in lines)
    for row, (index, frame, sign, style) in enumerate(marks):
        track = recordings[index].track
        edges = frame_edges(track.times_seconds if known else None, track.n_frames)
        x = float(edges[frame] + edges[frame + 1]) / 2 - float(edges[0])
        plate = {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": style.colour}
        ax.text(x, row, sign, ha="center", va="center", fontsize=8, color=style.colour, bbox=plate)
    ax.set_title(_title(answers), fontsize=10, loc="left")
    return ax


def _stills(
    recordings: Sequence[Searched], answers: Sequence[Answer], class_names: Sequence[str]
) -> tuple[list[StillRow], list[str]]:
    places = list(dict.fromkeys(place for answer in answers for place in (answer.query, *answer.found)))
    wanted = {place: [_moment(recordings, place)] for place in places}
    chosen, pictures = take_pictures(wanted, [each.video for each in recordings], _PIXELS, 1)
    width = 1 + max(len(answer.found) for answer in answers)
    rows = []
    for answer in answers:
        stills = []
        for place in (answer.query, *answer.found):
            image = pictures.images[chosen[place][0]] if chosen[place] else None
            same = _phase(recordings, place) == _phase(recordings, answer.query)
            sign, style = _mark(place == answer.query, same)
            seconds = _moment(recordings, place).seconds or 0.0
            stills.append(Still(image, f"{sign} {seconds:.1f} s: {class_names[_phase(recordings, place)]}", style))
        stills += [Still(None, "", None)] * (width - len(stills))
        rows.append(StillRow(recordings[answer.query[0]].track.name, stills))
    return rows, list(pictures.unreadable.values())


def _title(answers: Sequence[Answer]) -> str:
    count = max(len(answer.found) for answer in answers)
    return f"a frame (?), and the nearest by embedding of {count} other recordings: ✓ same phase, ✗ another one"


def _mark(is_query: bool, is_right: bool) -> tuple[str, Style]:
    if is_query:
        return "?", _QUERY
    return ("✓", _RIGHT) if is_right else ("✗", _WRONG)


def _nearest(recordings: Sequence[Searched], query: int, frame: int) -> list[tuple[int, int]]:
    """The nearest frame of every other recording of the activity, as (recording, frame), nearest first."""
    own = recordings[query]
    found: list[tuple[float, int, int]] = []
    for index, each in enumerate(recordings):
        if index == query or each.track.activity != own.track.activity:
            continue
        frames = np.flatnonzero(each.phases >= 0)
        if frames.size:
            distances = ((each.embedding[frames] - own.embedding[frame]) ** 2).sum(axis=1)
            best = int(distances.argmin())
            found.append((float(distances[best]), index, int(frames[best])))
    return [(index, place) for _, index, place in sorted(found)]


def _middle_of_longest(flags: np.ndarray) -> int:
    steps = np.flatnonzero(np.diff(flags.astype(np.int8), prepend=0, append=0)).tolist()
    start, end = max(zip(steps[::2], steps[1::2], strict=True), key=lambda span: span[1] - span[0])
    return int((start + end) // 2)


def _truth(recording: Searched, class_names: Sequence[str], name: str) -> Segmentation:
    sure = np.ones(recording.truth.size)
    return Segmentation(
        name, recording.truth, sure, len(class_names), tuple(class_names), recording.track.times_seconds
    )


def _phase(recordings: Sequence[Searched], place: tuple[int, int]) -> int:
    index, frame = place
    return int(recordings[index].phases[frame])


def _moment(recordings: Sequence[Searched], place: tuple[int, int]) -> Moment:
    index, frame = place
    times = recordings[index].track.times_seconds
    return Moment(index, frame, None if times is None else float(times[frame]))
