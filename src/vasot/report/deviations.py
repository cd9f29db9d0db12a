"""What of recordings deviates from references, as a page that stands alone, with the frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vasot.deviations.findings import Deviation, Place
from vasot.deviations.held import Held, Outcome, Recorded
from vasot.deviations.timeline import NOTHING, Span
from vasot.deviations.words import described, length_text, when
from vasot.report.key_frames import Moment, Pictures, take_pictures
from vasot.report.page import picture_uri, render_page
from vasot.report.palette import run_styles

__all__ = ["deviations_page"]

_PICTURE_SIZE = 120
"""Shorter side of a picture, in pixels."""

_MOST_PICTURES = 300
"""Pictures on a page, which keep it below 5 MB; the surest deviations have them."""


@dataclass(frozen=True)
class _Bar:
    """A stretch of a strip, place and width in percent; the class is ``a`` and the action, or ``nothing``."""

    css_class: str
    left: float
    width: float
    title: str


@dataclass(frozen=True)
class _Strip:
    name: str
    bars: tuple[_Bar, ...]
    marks: tuple[_Bar, ...]
    spoken: str


@dataclass(frozen=True)
class _Picture:
    uri: str
    caption: str


@dataclass(frozen=True)
class _Card:
    text: str
    time: str
    there: str
    kind: str
    css_class: str
    confidence: float
    pictures: tuple[_Picture, ...]


@dataclass(frozen=True)
class _Section:
    name: str
    score: float
    unlikeness: float
    length: str
    strips: tuple[_Strip, ...]
    cards: tuple[_Card, ...]


def deviations_page(outcome: Outcome, colours: Mapping[int, str] | None = None) -> str:
    """The HTML of the page.

    Args:
        outcome: what was found.
        colours: ``#rrggbb`` that people gave to actions, in place of the palette's.
    """
    chosen = _with_pictures(outcome)
    videos = [each.video for each in (*outcome.references, *(held.recorded for held in outcome.held))]
    _, pictures = take_pictures(_moments(outcome, chosen), videos, _PICTURE_SIZE, most=1)
    return render_page(
        "deviations.html",
        styles=run_styles(outcome.action_names, colours or {}),
        sections=[_section(outcome, number, pictures) for number in range(len(outcome.held))],
        references=[each.name for each in outcome.references],
        usual_length=length_text(outcome.norm.length, outcome.unit),
        norm=_norm_rows(outcome),
        unreadable=list(pictures.unreadable.values()),
        left_out=sum(len(each.deviations) for each in outcome.held) - len(chosen) if any(videos) else 0,
    )


def _with_pictures(outcome: Outcome) -> set[tuple[int, int]]:
    """Numbers of the recording and the deviation, of those that have pictures: the surest."""
    everything = [
        (each.confidence, number, place)
        for number, held in enumerate(outcome.held)
        for place, each in enumerate(held.deviations)
    ]
    surest = sorted(everything, key=lambda found: -found[0])[: _MOST_PICTURES // 2]
    return {(number, place) for _, number, place in surest}


def _moments(outcome: Outcome, chosen: set[tuple[int, int]]) -> dict[Moment, list[Moment]]:
    """What is to be seen; every moment is wanted for itself."""
    wanted: dict[Moment, list[Moment]] = {}
    for number, place in chosen:
        for moment in _both(outcome, number, outcome.held[number].deviations[place]):
            wanted[moment] = [moment]
    return wanted


def _both(outcome: Outcome, number: int, deviation: Deviation) -> tuple[Moment, Moment]:
    """The middle of a deviation in the recording, and in the reference; references are counted first."""
    names = [each.name for each in outcome.references]
    there = names.index(deviation.there.recording)
    return (
        _middle(outcome.held[number].recorded, len(names) + number, deviation.here),
        _middle(outcome.references[there], there, deviation.there),
    )


def _middle(recorded: Recorded, number: int, place: Place) -> Moment:
    frame = min((place.start_frame + place.end_frame) // 2, recorded.timeline.n_frames - 1)
    return Moment(number, frame, recorded.seconds(frame))


def _section(outcome: Outcome, number: int, pictures: Pictures) -> _Section:
    held = outcome.held[number]
    longest = max(held.recorded.timeline.n_frames, outcome.references[0].timeline.n_frames)
    marks = tuple(_mark(each, longest, outcome) for each in held.deviations)
    return _Section(
        held.recorded.name,
        held.score,
        held.unlikeness,
        length_text(held.recorded.timeline.length, outcome.unit),
        (
            _strip(held.recorded, longest, outcome.action_names, marks),
            _strip(outcome.references[0], longest, outcome.action_names, ()),
        ),
        tuple(_card(outcome, number, held, each, pictures) for each in held.deviations),
    )


def _strip(recorded: Recorded, longest: int, names: Sequence[str], marks: tuple[_Bar, ...]) -> _Strip:
    spans = sorted((*recorded.timeline.steps, *recorded.timeline.nothing), key=lambda span: span.start_frame)
    order = ", ".join(names[step.action] for step in recorded.timeline.steps)
    return _Strip(
        recorded.name, tuple(_bar(each, longest, names) for each in spans), marks, f"{recorded.name}: {order}"
    )


def _bar(span: Span, longest: int, names: Sequence[str]) -> _Bar:
    nothing = span.action == NOTHING
    title = "matches nothing" if nothing else names[span.action]
    width = 100 * (span.end_frame - span.start_frame) / longest
    return _Bar("nothing" if nothing else f"a{span.action}", 100 * span.start_frame / longest, width, title)


def _mark(deviation: Deviation, longest: int, outcome: Outcome) -> _Bar:
    here = deviation.here
    left, width = 100 * here.start_frame / longest, 100 * (here.end_frame - here.start_frame) / longest
    return _Bar("point" if not width else "mark", left, width, described(deviation, outcome))


def _card(outcome: Outcome, number: int, held: Held, deviation: Deviation, pictures: Pictures) -> _Card:
    reference = outcome.reference(deviation.there.recording)
    here, there = _both(outcome, number, deviation)
    names = (held.recorded.name, f"reference {reference.name}")
    shown = [(moment, name) for moment, name in zip((here, there), names, strict=True) if moment in pictures.images]
    return _Card(
        described(deviation, outcome),
        when(deviation.here, held.recorded),
        f"{reference.name}, {when(deviation.there, reference)}",
        deviation.kind,
        "nothing" if deviation.action is None else f"a{deviation.action}",
        deviation.confidence,
        tuple(
            _Picture(picture_uri(pictures.images[moment]), f"{name}, {moment.seconds or 0:.1f} s")
            for moment, name in shown
        ),
    )


def _norm_rows(outcome: Outcome) -> list[tuple[str, str, str, str, str]]:
    """Of every action: its name, how often it occurs, and its shortest, usual and longest length."""
    rows = []
    for action, name in enumerate(outcome.action_names):
        spread = outcome.norm.paces.steps.get(action)
        lengths = (spread.shortest, spread.usual, spread.longest) if spread else ()
        shortest, usual, longest = (length_text(each, outcome.unit) for each in lengths) if spread else ("–",) * 3
        fewest, most = int(outcome.norm.fewest[action]), int(outcome.norm.most[action])
        rows.append((name, str(most) if fewest == most else f"{fewest} to {most}", shortest, usual, longest))
    return rows
