"""boris: a BORIS project (version 7.0 of its format), one observation per recording, one state event per segment.

Tiers are subjects, and points are point events.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vasot.export.content import Exported, Exporter, Results

__all__ = ["EXPORTER"]

_DATE = "2000-01-01T00:00:00"
"""BORIS wants a date; one that does not change keeps two exports of one run equal."""


def _write(results: Results, path: Path) -> Sequence[str]:
    colours = {
        name: each.colours.get(action, "")
        for each in results.recordings
        for action, name in enumerate(each.action_names)
    }
    spans = [span for each in results.recordings for span in each.spans]
    points = {span.name for span in spans if span.is_point}
    subjects = dict.fromkeys(span.tier for span in spans if span.tier)
    project = {
        "time_format": "seconds",
        "project_date": _DATE,
        "project_name": "vasot",
        "project_description": "",
        "project_format_version": "7.0",
        "subjects_conf": {
            str(number): {"key": "", "name": name, "description": ""} for number, name in enumerate(subjects)
        },
        "behaviors_conf": {
            str(number): _behaviour(name, colour, "Point event" if name in points else "State event")
            for number, (name, colour) in enumerate(colours.items())
        },
        "behavioral_categories": [],
        "independent_variables": {},
        "coding_map": {},
        "behaviors_coding_map": [],
        "converters": {},
        "observations": {each.name: _observation(each) for each in results.recordings},
    }
    path.write_text(json.dumps(project, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return ()


def _behaviour(name: str, colour: str, kind: str) -> dict[str, Any]:
    empty = {"key": "", "description": "", "category": "", "modifiers": "", "excluded": "", "coding map": ""}
    return {"type": kind, "code": name, "color": colour, **empty}


def _observation(recording: Exported) -> dict[str, Any]:
    timed = recording.timed("boris")
    # BORIS rows: time, subject, behaviour, modifier, comment. A state begins at its first row and ends at its second.
    events = [
        [at / 1000, span.tier, span.name, "", ""]
        for start, end, span in timed
        for at in ((start,) if span.is_point else (start, end))
    ]
    media: dict[str, Any] = {"length": {}, "fps": {}, "hasVideo": {}, "hasAudio": {}, "offset": {"1": 0.0}}
    files = []
    if (video := recording.video) is not None:
        file = str(video.file)
        files = [file]
        rate = round(video.frame_times.size / video.duration_seconds, 3)
        media.update(length={file: video.duration_seconds}, fps={file: rate}, hasVideo={file: True})
    return {
        "file": {"1": files, **{str(player): [] for player in range(2, 9)}},
        "type": "MEDIA",
        "date": _DATE,
        "description": "",
        "time offset": 0.0,
        "events": events,
        "observation time interval": [0, 0],
        "independent_variables": {},
        "visualize_spectrogram": False,
        "close_behaviors_between_videos": False,
        "media_info": media,
    }


EXPORTER = Exporter(".boris", _write, together=True)
