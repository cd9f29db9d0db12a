"""What the page is told about a run, as plain values for JSON."""

from __future__ import annotations

from typing import Any

from vasot.errors import DataError
from vasot.report.palette import run_styles
from vasot.training.corrections import Corrections
from vasot.training.folder import RunFolder
from vasot.training.names import apply_names
from vasot.training.results import RecordingResult, RunResults
from vasot.types import default_action_names
from vasot.viewer.edits import Edits
from vasot.viewer.pairs import Pairs
from vasot.viewer.times import edges_of, instants_of

__all__ = ["RunView"]


class RunView:
    """One run as it is shown: recordings by index, their segments as corrected, and what is asked about pairs."""

    def __init__(self, results: RunResults, place: RunFolder) -> None:
        self._results = results
        self._name = place.path.resolve().name
        self.recordings = results.recordings
        self.n_actions = len(results.model.action_names)
        self.edits = Edits(place, self.n_actions)
        self.pairs = Pairs(results.model, [each.track for each in results.recordings])

    def recording(self, index: int) -> RecordingResult:
        """The recording of this index.

        Raises:
            DataError: there is none.
        """
        if not 0 <= index < len(self.recordings):
            raise DataError(f"there is no recording {index}; the run has 0 to {len(self.recordings) - 1}")
        return self.recordings[index]

    def segmented(self, index: int) -> RecordingResult:
        """The recording of this index, whose segments are to be changed.

        Raises:
            DataError: there is none, or the run's method does not segment.
        """
        recording = self.recording(index)
        if recording.predicted is None:
            raise DataError("this run's method does not segment, so that there is nothing to correct")
        return recording

    def to_json(self) -> dict[str, Any]:
        """The run: its actions and recordings with the segments that hold now."""
        corrections = self.edits.corrections()
        return {
            "name": self._name,
            "method": self._results.model.method_name,
            "aligns": "align" in self._results.model.tasks,
            "undo": self.edits.undoable,
            "actions": self._actions(corrections),
            "recordings": [self._summary(index, corrections) for index in range(len(self.recordings))],
        }

    def times_json(self, index: int) -> dict[str, Any]:
        """When the frames of a recording are shown, in seconds."""
        return {"times": instants_of(self.recording(index).track).round(6).tolist()}

    def similar_json(self, index: int, frame: int) -> list[dict[str, Any]]:
        """The most similar frames of other recordings.

        Raises:
            DataError: there is no such recording or frame.
        """
        track = self.recording(index).track
        if not 0 <= frame < track.n_frames:
            raise DataError(f"'{track.name}' has frames 0 to {track.n_frames - 1}, not {frame}")
        return [vars(each) for each in self.pairs.similar(index, frame)]

    def _actions(self, corrections: Corrections) -> list[dict[str, Any]]:
        given = self.edits.names()
        names = apply_names(default_action_names(self.n_actions), given)
        return [
            {
                "name": name,
                "named": action in given,
                "colour": style.colour.lower(),
                "coloured": action in corrections.colours,
                "background": style.css_background,
                "text_colour": style.text_colour,
                "merged": corrections.merged.get(action),
            }
            for action, (name, style) in enumerate(zip(names, run_styles(names, corrections.colours), strict=True))
        ]

    def _summary(self, index: int, corrections: Corrections) -> dict[str, Any]:
        recording = self.recordings[index]
        track, edges = recording.track, edges_of(recording.track)
        segments = []
        if recording.predicted is not None:
            segments = [
                {
                    "first": each.start_frame,
                    "end": each.end_frame,
                    "start_seconds": round(float(edges[each.start_frame]), 6),
                    "end_seconds": round(float(edges[each.end_frame]), 6),
                    "action": each.action,
                    "confidence": round(each.confidence, 3),
                }
                for each in corrections.apply(recording.predicted).segments()
            ]
        return {
            "name": recording.name,
            "activity": track.activity,
            "video": recording.video is not None,
            "rate_hz": track.source_rate_hz if recording.video is not None else None,
            "timed": track.times_seconds is not None,
            "n_frames": track.n_frames,
            "start_seconds": round(float(edges[0]), 6),
            "end_seconds": round(float(edges[-1]), 6),
            "corrected": recording.name in corrections.segments,
            "segments": segments,
        }
