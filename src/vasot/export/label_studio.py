"""label-studio: tasks to import, each with a prediction of ``timelinelabels``; frames from 1, the last one included."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vasot.export.content import Exported, Exporter, Results

__all__ = ["EXPORTER"]


def _write(results: Results, path: Path) -> Sequence[str]:
    tasks = [_task(each) for each in results.recordings]
    path.write_text(json.dumps(tasks, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return ()


def _task(recording: Exported) -> dict[str, Any]:
    video = recording.shown("label-studio")
    regions = [
        {
            "id": f"segment-{number}",
            "type": "timelinelabels",
            "from_name": "actions",
            "to_name": "video",
            "value": {
                "ranges": [{"start": video.frame_at(start / 1000) + 1, "end": video.frame_at(end / 1000)}],
                "timelinelabels": [span.name],
            },
        }
        for number, (start, end, span) in enumerate(recording.timed("label-studio"))
    ]
    return {
        "data": {"video": f"/data/local-files/?d={video.file.name}", "recording": recording.name},
        "predictions": [{"model_version": "vasot", "result": regions}],
    }


EXPORTER = Exporter(".label-studio.json", _write, together=True)
