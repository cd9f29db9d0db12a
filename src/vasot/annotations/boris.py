"""boris: the state events of every observation of a BORIS project."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath
from typing import Any

from vasot.annotations.marks import Mark, Marks, ReadOptions, class_name, read_text, sorted_marks
from vasot.errors import DataError

__all__ = ["read"]


def read(file: Path, _: ReadOptions) -> list[Marks]:
    """Read a project; point events have no length and are passed over.

    Raises:
        DataError: it is no BORIS project, a state is not ended, an observation has a time offset or several media
            files in a row, or the segments cannot be used.
    """
    try:
        project = json.loads(read_text(file))
        states = {each["code"] for each in project["behaviors_conf"].values() if each["type"].startswith("State")}
        observations = dict(project["observations"])
        return [_marks(f"{file} ({name})", name, each, states) for name, each in observations.items()]
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise DataError(f"{file}: is no BORIS project that can be read ({error!r}); save it with BORIS") from error


def _marks(where: str, name: str, observation: dict[str, Any], states: set[str]) -> Marks:
    media = observation.get("file", {}).get("1", []) if isinstance(observation.get("file"), dict) else []
    if len(media) > 1:
        raise DataError(f"{where}: plays {len(media)} media files in a row; make one observation of each")
    if float(observation.get("time offset", 0)) != 0:
        raise DataError(f"{where}: has a time offset of {observation['time offset']} s; set it to 0 in BORIS")
    begun: dict[tuple[str, ...], float] = {}
    marks: list[Mark] = []
    for event in observation["events"]:
        time, subject, behaviour, modifier = float(event[0]), str(event[1]), str(event[2]), str(event[3])
        if behaviour not in states:
            continue
        key = (subject, behaviour, modifier)
        if key in begun:
            marks.append(Mark(begun.pop(key), time, class_name(behaviour)))
        else:
            begun[key] = time
    for (_, behaviour, _), time in begun.items():
        raise DataError(f"{where}: '{behaviour}' begins at {time:g} s and never ends; fix unpaired events in BORIS")
    # Windows paths are kept as they were written.
    stems = [PurePosixPath(path.replace("\\", "/")).stem for path in media]
    return Marks(where, (name, *stems), sorted_marks(where, marks))
