"""What people corrected in a run's segments: kept beside the predictions, never over them.

``corrections/actions.toml`` holds what concerns actions of all recordings (merged into another, given a colour), and
``corrections/segments/NAME.json`` the whole timeline of a recording whose borders or actions were changed. Names are
in ``names.toml`` (:mod:`vasot.training.names`), since they concern every output, corrected or not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Literal

import numpy as np
import tomlkit
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vasot.config import read_toml
from vasot.errors import RunFolderError, SettingsError
from vasot.files import atomic_write
from vasot.types import Segmentation

__all__ = ["Corrections", "Stretch", "load_corrections", "remove_segments", "save_actions", "save_segments"]

_COLOUR = re.compile(r"#[0-9a-f]{6}")


@dataclass(frozen=True)
class Stretch:
    """Frames ``start_frame`` to ``end_frame`` (exclusive) of one action."""

    start_frame: int
    end_frame: int
    action: int


@dataclass(frozen=True)
class Corrections:
    """All corrections of a run.

    Attributes:
        merged: action -> the action it became part of.
        colours: action -> ``#rrggbb``.
        segments: recording -> its timeline, without gaps from frame 0 to its end.
    """

    merged: Mapping[int, int] = field(default_factory=dict)
    colours: Mapping[int, str] = field(default_factory=dict)
    segments: Mapping[str, tuple[Stretch, ...]] = field(default_factory=dict)

    def apply(self, predicted: Segmentation) -> Segmentation:
        """The segmentation as corrected; frames that keep their action keep its confidence, others have 1.

        Raises:
            RunFolderError: the corrections are of a recording with another number of frames, or of actions that the
                run does not have.
        """
        labels = predicted.labels.copy()
        if stretches := self.segments.get(predicted.name):
            _check_stretches(f"corrections of '{predicted.name}'", stretches, labels.size, predicted.n_actions)
            for each in stretches:
                labels[each.start_frame : each.end_frame] = each.action
        moved = labels != predicted.labels
        _check_actions("corrections of actions", self.merged, self.colours, predicted.n_actions)
        for action, target in self.merged.items():
            labels[labels == action] = target
        return replace(predicted, labels=labels, confidence=np.where(moved, 1.0, predicted.confidence))


class _StretchPart(BaseModel):
    model_config = ConfigDict(extra="forbid")

    start_frame: int = Field(ge=0)
    end_frame: int = Field(ge=1)
    action: int = Field(ge=0)


class _Timeline(BaseModel):
    model_config = ConfigDict(extra="forbid")

    format: Literal["vasot-corrections"]
    version: Literal[1]
    recording: str
    segments: list[_StretchPart] = Field(min_length=1)


def load_corrections(folder: Path) -> Corrections:
    """Read ``corrections/`` of a run; without one there are no corrections.

    Raises:
        RunFolderError: a file there is not what :func:`save_segments` or :func:`save_actions` writes.
    """
    merged, colours = _read_actions(folder / "actions.toml")
    segments: dict[str, tuple[Stretch, ...]] = {}
    for file in sorted((folder / "segments").glob("[!.]*.json")):
        try:
            timeline = _Timeline.model_validate_json(file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, ValidationError) as error:
            first = str(error).splitlines()[0]
            raise RunFolderError(f"{file} holds no corrections ({first}); repair it, or move it away") from None
        stretches = tuple(Stretch(each.start_frame, each.end_frame, each.action) for each in timeline.segments)
        _check_stretches(str(file), stretches)
        segments[timeline.recording] = stretches
    return Corrections(merged, colours, segments)


def save_segments(folder: Path, recording: str, stretches: Sequence[Stretch], n_frames: int, n_actions: int) -> Path:
    """Store the corrected timeline of a recording in place of an earlier one; returns the file.

    Raises:
        RunFolderError: the timeline has gaps or overlaps, another length than the recording, or unknown actions.
    """
    path = _timeline_file(folder, recording)
    _check_stretches(f"corrections of '{recording}'", stretches, n_frames, n_actions)
    parts = [
        _StretchPart(start_frame=each.start_frame, end_frame=each.end_frame, action=each.action) for each in stretches
    ]
    timeline = _Timeline(format="vasot-corrections", version=1, recording=recording, segments=parts)
    with atomic_write(path, force=True) as partial:
        partial.write_text(timeline.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return path


def remove_segments(folder: Path, recording: str) -> None:
    """Forget the corrected timeline of a recording: its prediction holds again."""
    _timeline_file(folder, recording).unlink(missing_ok=True)


def save_actions(folder: Path, merged: Mapping[int, int], colours: Mapping[int, str], n_actions: int) -> Path:
    """Store which actions became part of which, and colours, in place of earlier ones; returns the file.

    Raises:
        RunFolderError: an action that the run does not have, one that is merged into itself or into one that is
            merged as well, or a colour that is not written ``#rrggbb``.
    """
    path = folder / "actions.toml"
    _check_actions("corrections of actions", merged, colours, n_actions)
    document = tomlkit.document()
    document.add(tomlkit.comment("Corrections of actions: merged = which became part of which, colours = #rrggbb."))
    document["merged"] = {str(action): merged[action] for action in sorted(merged)}
    document["colours"] = {str(action): colours[action] for action in sorted(colours)}
    with atomic_write(path, force=True) as partial:
        partial.write_text(tomlkit.dumps(document), encoding="utf-8")
    return path


def _timeline_file(folder: Path, recording: str) -> Path:
    if recording in ("", ".", "..") or "/" in recording or "\\" in recording:
        raise RunFolderError(f"'{recording}' is not the name of a recording; a name has no slashes")
    return folder / "segments" / f"{recording}.json"


def _read_actions(path: Path) -> tuple[dict[int, int], dict[int, str]]:
    if not path.is_file():
        return {}, {}
    try:
        values = read_toml(path)
        merged = {int(action): target for action, target in values.pop("merged", {}).items()}
        colours = {int(action): colour for action, colour in values.pop("colours", {}).items()}
    except (AttributeError, SettingsError, ValueError) as error:
        raise RunFolderError(f"{path} cannot be used: {error}; repair it, or move it away") from None
    whole = all(type(target) is int for target in merged.values())
    if values or not whole or not all(isinstance(colour, str) for colour in colours.values()):
        raise RunFolderError(f'{path}: write parts [merged] with lines like 2 = 1, and [colours] like 2 = "#0072b2"')
    _check_actions(str(path), merged, colours)
    return merged, colours


def _check_actions(
    where: str, merged: Mapping[int, int], colours: Mapping[int, str], n_actions: int | None = None
) -> None:
    for action in {*merged, *merged.values(), *colours}:
        if action < 0 or (n_actions is not None and action >= n_actions):
            last = "" if n_actions is None else f" to {n_actions - 1}"
            raise RunFolderError(f"{where}: there is no action {action}; actions are 0{last}")
    for action, target in merged.items():
        if target in merged:
            raise RunFolderError(f"{where}: action {action} is merged into {target}, which is merged itself")
    for action, colour in colours.items():
        if not _COLOUR.fullmatch(colour.lower()):
            raise RunFolderError(f"{where}: the colour of action {action} is {colour!r}; write it as #rrggbb")


def _check_stretches(
    where: str, stretches: Sequence[Stretch], n_frames: int | None = None, n_actions: int | None = None
) -> None:
    if not stretches or stretches[0].start_frame != 0:
        raise RunFolderError(f"{where} do not begin at frame 0; give the whole timeline")
    for before, after in pairwise(stretches):
        if before.end_frame != after.start_frame:
            raise RunFolderError(
                f"{where}: one segment ends at frame {before.end_frame} and the next begins at {after.start_frame}; "
                "let each begin where the one before it ends"
            )
    for each in stretches:
        if each.end_frame <= each.start_frame:
            raise RunFolderError(f"{where}: a segment has frames {each.start_frame} to {each.end_frame}; remove it")
        if n_actions is not None and not 0 <= each.action < n_actions:
            raise RunFolderError(f"{where}: there is no action {each.action}; the run has 0 to {n_actions - 1}")
    if n_frames is not None and stretches[-1].end_frame != n_frames:
        raise RunFolderError(
            f"{where} end at frame {stretches[-1].end_frame}, but the recording has {n_frames}; was it changed since? "
            "Correct it anew"
        )
