"""What people change in the viewer: each change is one file beside the predictions, and can be taken back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Int

from vasot.errors import SettingsError
from vasot.training.corrections import (
    Corrections,
    Stretch,
    load_corrections,
    remove_segments,
    save_actions,
    save_segments,
)
from vasot.training.folder import RunFolder
from vasot.training.names import check_name, read_names, write_names
from vasot.training.results import RecordingResult
from vasot.types import Segmentation

__all__ = ["Edits"]

_MOST_KEPT = 100


@dataclass(frozen=True)
class _Undo:
    """How a change is taken back, and what it was."""

    what: str
    restore: Callable[[], object]


class Edits:
    """Names, colours, merges and corrected timelines of a run, as they lie in its folder now.

    Other programs may write there as well, so everything is read when it is asked for.
    """

    def __init__(self, place: RunFolder, n_actions: int) -> None:
        self._place = place
        self._n_actions = n_actions
        self._lock = threading.RLock()
        self._done: list[_Undo] = []

    @property
    def undoable(self) -> str | None:
        """What :meth:`undo` would take back."""
        return self._done[-1].what if self._done else None

    def names(self) -> dict[int, str]:
        """Names that people gave to actions."""
        return read_names(self._place.names)

    def corrections(self) -> Corrections:
        """All else that people corrected."""
        return load_corrections(self._place.corrections)

    def name(self, action: int, name: str | None) -> None:
        """Call an action something, or take its name away.

        Raises:
            SettingsError: there is no such action, or the name cannot be stored or told from another.
        """
        with self._lock:
            before = self.names()
            after = {other: its for other, its in before.items() if other != action}
            if name is not None:
                check_name(action, name, self._n_actions, after)
                after[action] = name
            write_names(self._place.names, after)
            self._remember("naming an action", lambda: write_names(self._place.names, before))

    def colour(self, action: int, colour: str | None) -> None:
        """Give an action a colour, ``#rrggbb``, or its usual one back.

        Raises:
            RunFolderError: there is no such action, or it is no colour.
        """
        with self._lock:
            before = self.corrections()
            colours = {other: its for other, its in before.colours.items() if other != action}
            if colour is not None:
                colours[action] = colour
            self._save_actions(before, before.merged, colours, "colouring an action")

    def merge(self, action: int, into: int | None) -> None:
        """Make an action part of another, or stand alone again; what was part of it goes with it.

        Raises:
            RunFolderError: there is no such action, or it would be merged into itself.
        """
        with self._lock:
            before = self.corrections()
            merged = {other: its for other, its in before.merged.items() if other != action}
            if into is not None:
                into = merged.get(into, into)
                merged = {**{other: into if its == action else its for other, its in merged.items()}, action: into}
            self._save_actions(before, merged, before.colours, "merging an action")

    def move_border(self, recording: RecordingResult, border: int, to: int) -> None:
        """Let the segment that begins at frame ``border`` begin at frame ``to``; its neighbours keep a frame at least.

        Raises:
            SettingsError: no segment begins there, or the border would leave the two segments that it parts.
        """
        with self._lock:
            shown = self.corrected(recording)
            starts = [each.start_frame for each in shown.segments()] + [shown.labels.size]
            if border not in starts[1:-1]:
                raise SettingsError(f"'{recording.name}' has no border at frame {border}; read it again")
            place = starts.index(border)
            first, last = starts[place - 1] + 1, starts[place + 1] - 1
            if not first <= to <= last:
                raise SettingsError(f"this border can lie at frames {first} to {last}, not at {to}")
            labels = self._unmerged(recording)
            labels[border:to] = labels[border - 1]
            labels[to:border] = labels[border]
            self._save_timeline(recording, labels, "moving a border")

    def relabel(self, recording: RecordingResult, start: int, end: int, action: int) -> None:
        """Give frames ``start`` to ``end`` (exclusive) an action.

        Raises:
            SettingsError: the frames lie outside the recording.
            RunFolderError: there is no such action.
        """
        with self._lock:
            labels = self._unmerged(recording)
            if not 0 <= start < end <= labels.size:
                raise SettingsError(f"'{recording.name}' has frames 0 to {labels.size - 1}, not {start} to {end - 1}")
            labels[start:end] = action
            self._save_timeline(recording, labels, "changing a segment's action")

    def reset(self, recording: RecordingResult) -> None:
        """Forget the corrected timeline of a recording."""
        with self._lock:
            before = self.corrections().segments.get(recording.name)
            remove_segments(self._place.corrections, recording.name)
            if before is not None:
                self._remember(f"resetting '{recording.name}'", lambda: self._restore(recording, before))

    def undo(self) -> None:
        """Take the latest change back.

        Raises:
            SettingsError: nothing was changed since the viewer was started.
        """
        with self._lock:
            if not self._done:
                raise SettingsError("there is nothing to undo")
            self._done[-1].restore()
            self._done.pop()

    def corrected(self, recording: RecordingResult) -> Segmentation:
        """The recording's segments with all corrections that are stored now."""
        assert recording.predicted is not None
        return self.corrections().apply(recording.predicted)

    def _unmerged(self, recording: RecordingResult) -> Int[np.ndarray, " t"]:
        """The actions of a recording's frames before merges: what is stored, so that a merge can be taken back."""
        assert recording.predicted is not None
        timelines = Corrections(segments=self.corrections().segments)
        return timelines.apply(recording.predicted).labels.copy()

    def _save_timeline(self, recording: RecordingResult, labels: Int[np.ndarray, " t"], what: str) -> None:
        before = self.corrections().segments.get(recording.name)
        edges = [0, *(np.flatnonzero(np.diff(labels)) + 1).tolist(), labels.size]
        self._restore(recording, [Stretch(start, end, int(labels[start])) for start, end in pairwise(edges)])
        self._remember(what, lambda: self._restore(recording, before))

    def _restore(self, recording: RecordingResult, stretches: Sequence[Stretch] | None) -> None:
        if stretches is None:
            remove_segments(self._place.corrections, recording.name)
            return
        n_frames = recording.track.n_frames
        save_segments(self._place.corrections, recording.name, stretches, n_frames, self._n_actions)

    def _save_actions(
        self, before: Corrections, merged: Mapping[int, int], colours: Mapping[int, str], what: str
    ) -> None:
        folder, n_actions = self._place.corrections, self._n_actions
        save_actions(folder, merged, colours, n_actions)
        self._remember(what, lambda: save_actions(folder, before.merged, before.colours, n_actions))

    def _remember(self, what: str, restore: Callable[[], object]) -> None:
        self._done = [*self._done[1 - _MOST_KEPT :], _Undo(what, restore)]
