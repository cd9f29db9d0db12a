"""Recordings that a user names behind a verb: by their name in the run, or as files, new ones included."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vasot.training.model import Model
    from vasot.training.results import RecordingResult, RunResults

__all__ = ["chosen_recordings", "load_aligner"]


def load_aligner(run: Path) -> Model:
    """The run's model.

    Raises:
        SettingsError: its method does not align.
        RunFolderError: the folder holds no run that can be used.
    """
    from vasot.errors import SettingsError
    from vasot.training.model import load

    model = load(run)
    if "align" not in model.tasks:
        raise SettingsError(
            f"{run}: the method {model.method_name} does not align recordings; fit with --method vasot or vaot"
        )
    return model


def chosen_recordings(model: Model, words: Sequence[str], *, corrected: bool = True) -> tuple[RecordingResult, ...]:
    """The recordings in the order given, with their segments; a name of the run goes before a file of that name.

    Raises:
        DataError: a word is neither a name nor a file, a file holds several recordings, two words mean the same
            recording, or a recording cannot be read.
    """
    from rich.console import Console

    from vasot.cli.progress import ExtractionProgress
    from vasot.errors import DataError, nearest
    from vasot.training.results import read_results

    known = model.config.recordings
    for word in words:
        if word not in known and not Path(word).is_file():
            raise DataError(
                f"'{word}' is neither a recording of the run{nearest(word, known) or ''} nor a file; give a name that "
                "vasot info RUN lists, or the path of a video or array file"
            )

    def warn(text: str) -> None:
        typer.echo(f"warning: {text}", err=True)

    def read(inputs: Sequence[Path], names: Sequence[str] | None = None) -> RunResults:
        with ExtractionProgress(Console(stderr=True)) as progress:
            return read_results(
                model, inputs, names=names, corrected=corrected, on_progress=progress.show, on_warning=warn
            )

    own = read([], [word for word in words if word in known]) if any(word in known for word in words) else None
    found: list[RecordingResult] = []
    for word in words:
        if own is not None and word in known:
            found.append(own.recording(word))
            continue
        recordings = read([Path(word)]).recordings
        if len(recordings) != 1:
            raise DataError(f"{word} holds {len(recordings)} recordings; give one of them")
        found.append(recordings[0])
    _refuse_twice(words, found)
    return tuple(found)


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
