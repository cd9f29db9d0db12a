"""Recordings that a user names behind a verb: by their name in the run, or as files, new ones included."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vasot.training.model import Model
    from vasot.training.results import RecordingResult

__all__ = ["chosen_recordings", "others_than", "with_patterns"]


def chosen_recordings(model: Model, words: Sequence[str], *, corrected: bool = True) -> tuple[RecordingResult, ...]:
    """The recordings in the order given, with their segments; a name of the run goes before a file of that name.

    Raises:
        DataError: a word is neither a name nor a file, a file holds several recordings, two words mean the same
            recording, or a recording cannot be read.
    """
    from vasot.cli.inputs import read_shown_results
    from vasot.errors import DataError, nearest

    known = model.config.recordings
    for word in words:
        if word not in known and not Path(word).is_file():
            raise DataError(
                f"'{word}' is neither a recording of the run nor a file{nearest(word, known) or '.'} Give a name that "
                "stands in the run's config.toml, or the path of a video or array file"
            )
    named = [word for word in words if word in known]
    own = read_shown_results(model, names=named, corrected=corrected) if named else None
    found: list[RecordingResult] = []
    for word in words:
        if own is not None and word in known:
            found.append(own.recording(word))
            continue
        recordings = read_shown_results(model, [Path(word)], corrected=corrected).recordings
        if len(recordings) != 1:
            raise DataError(f"{word} holds {len(recordings)} recordings; give one of them")
        found.append(recordings[0])
    _refuse_twice(words, found)
    return tuple(found)


def with_patterns(model: Model, words: Sequence[str]) -> list[str]:
    """The words, those like ``take_*`` replaced by the names in the run that they fit; every word once."""
    known = model.config.recordings
    expanded: list[str] = []
    for word in words:
        fitting = [] if word in known or Path(word).exists() else [name for name in known if fnmatchcase(name, word)]
        expanded += fitting or [word]
    return list(dict.fromkeys(expanded))


def others_than(chosen: Sequence[RecordingResult], own: Sequence[RecordingResult]) -> list[RecordingResult]:
    """Of the run's own recordings, those of the same activity that are none of the chosen ones."""
    names = {each.name for each in chosen}
    sources = {each.track.source.resolve() for each in chosen if each.track.source is not None}
    return [
        each
        for each in own
        if each.name not in names
        and each.track.activity == chosen[0].track.activity
        and (each.track.source is None or each.track.source.resolve() not in sources)
    ]


def _refuse_twice(words: Sequence[str], found: Sequence[RecordingResult]) -> None:
    from vasot.errors import DataError

    seen: dict[object, str] = {}
    for word, each in zip(words, found, strict=True):
        track = each.track
        start = None if track.times_seconds is None else float(track.times_seconds[0])
        key = (each.name if track.source is None else track.source.resolve(), start)
        if key in seen:
            raise DataError(f"'{seen[key]}' and '{word}' are the same recording; give different ones")
        seen[key] = word
