"""boris: the events of every observation of a BORIS project."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from vasot.annotations.marks import Mark, Marks, ReadOptions, class_name, read_text, sorted_marks
from vasot.annotations.notes import Note, Notes, ordered_notes
from vasot.errors import DataError

__all__ = ["read", "read_notes"]


@dataclass(frozen=True)
class _Event:
    """A state from ``start`` to ``end``, or a point event, whose ``end`` is None."""

    start: float
    end: float | None
    behaviour: str
    subject: str
    modifier: str


@dataclass(frozen=True)
class _Observation:
    where: str
    names: tuple[str, ...]
    events: tuple[_Event, ...]


def read(file: Path, _: ReadOptions) -> list[Marks]:
    """Read the states of a project; point events have no length and are passed over.

    Raises:
        DataError: it is no BORIS project, a state is not ended, an observation has a time offset or several media
            files in a row, or the segments cannot be used.
    """
    return [
        Marks(each.where, each.names, sorted_marks(each.where, _marks(each.events))) for each in _observations(file)
    ]


def read_notes(file: Path, _: ReadOptions) -> list[Notes]:
    """Read states and point events; subjects are the tiers, and a modifier stands in brackets behind the behaviour.

    Raises:
        DataError: it is no BORIS project, a state is not ended, or an observation has a time offset or several media
            files in a row.
    """
    return [
        Notes(each.where, each.names, ordered_notes(each.where, map(_note, each.events)))
        for each in _observations(file)
    ]


def _marks(events: tuple[_Event, ...]) -> Iterator[Mark]:
    for each in events:
        if each.end is not None:
            yield Mark(each.start, each.end, class_name(each.behaviour))


def _note(event: _Event) -> Note:
    text = f"{event.behaviour} [{event.modifier}]" if event.modifier else event.behaviour
    return Note(event.start, event.start if event.end is None else event.end, text, event.subject)


def _observations(file: Path) -> list[_Observation]:
    try:
        project = json.loads(read_text(file))
        states = {each["code"] for each in project["behaviors_conf"].values() if each["type"].startswith("State")}
        observations = dict(project["observations"])
        return [_observation(f"{file} ({name})", name, each, states) for name, each in observations.items()]
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise DataError(f"{file}: is no BORIS project that can be read ({error!r}); save it with BORIS") from error


def _observation(where: str, name: str, observation: dict[str, Any], states: set[str]) -> _Observation:
    media = observation.get("file", {}).get("1", []) if isinstance(observation.get("file"), dict) else []
    if len(media) > 1:
        raise DataError(f"{where}: plays {len(media)} media files in a row; make one observation of each")
    if float(observation.get("time offset", 0)) != 0:
        raise DataError(f"{where}: has a time offset of {observation['time offset']} s; set it to 0 in BORIS")
    begun: dict[tuple[str, ...], float] = {}
    events: list[_Event] = []
    for event in observation["events"]:
        time, subject, behaviour, modifier = float(event[0]), str(event[1]), str(event[2]), str(event[3])
        key = (subject, behaviour, modifier)
        if behaviour not in states:
            events.append(_Event(time, None, behaviour, subject, modifier))
        elif key in begun:
            events.append(_Event(begun.pop(key), time, behaviour, subject, modifier))
        else:
            begun[key] = time
    for (_, behaviour, _), time in begun.items():
        raise DataError(f"{where}: '{behaviour}' begins at {time:g} s and never ends; fix unpaired events in BORIS")
    # Windows paths are kept as they were written.
    stems = [PurePosixPath(path.replace("\\", "/")).stem for path in media]
    return _Observation(where, (name, *stems), tuple(events))
