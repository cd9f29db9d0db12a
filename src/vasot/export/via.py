"""via: a project of the VGG Image Annotator 3, with one temporal segment per segment and the actions as a choice."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vasot.export.content import Exporter, Results

__all__ = ["EXPORTER"]

_SELECT, _VIDEO, _LOCAL_FILE = 4, 4, 1
"""Codes of VIA 3: an attribute chosen from a list, a file that is a video, a file that the user picks."""


def _write(results: Results, path: Path) -> Sequence[str]:
    names = list(dict.fromkeys(name for each in results.recordings for name in each.action_names))
    option = {name: str(number) for number, name in enumerate(names)}
    ids = [str(number) for number, _ in enumerate(results.recordings, start=1)]
    files, views, metadata = {}, {}, {}
    for vid, recording in zip(ids, results.recordings, strict=True):
        title = recording.name if recording.video is None else recording.video.file.name
        files[vid] = {"fid": vid, "fname": title, "type": _VIDEO, "loc": _LOCAL_FILE, "src": ""}
        views[vid] = {"fid_list": [vid]}
        for number, (start, end, span) in enumerate(recording.timed("via")):
            times = [start / 1000, end / 1000]
            metadata[f"{vid}_{number}"] = {"vid": vid, "flg": 0, "z": times, "xy": [], "av": {"1": option[span.name]}}
    attribute = {
        "aname": "action",
        "anchor_id": "FILE1_Z2_XY0",
        "type": _SELECT,
        "desc": "",
        "options": {number: name for name, number in option.items()},
        "default_option_id": "",
    }
    project: dict[str, Any] = {
        "project": {
            "pid": "__VIA_PROJECT_ID__",
            "rev": "__VIA_PROJECT_REV_ID__",
            "rev_timestamp": "__VIA_PROJECT_REV_TIMESTAMP__",
            "pname": "vasot",
            "creator": "vasot",
            "created": 0,
            "vid_list": ids,
        },
        "config": {
            "file": {"loc_prefix": {str(place): "" for place in range(1, 5)}},
            "ui": {
                "file_content_align": "center",
                "file_metadata_editor_visible": True,
                "spatial_metadata_editor_visible": False,
            },
        },
        "attribute": {"1": attribute},
        "file": files,
        "metadata": metadata,
        "view": views,
    }
    path.write_text(json.dumps(project, ensure_ascii=False) + "\n", encoding="utf-8")
    return ()


EXPORTER = Exporter(".via.json", _write, together=True)
