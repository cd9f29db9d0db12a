from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from vasot.annotations.formats import READERS, read_annotations
from vasot.annotations.marks import class_name
from vasot.export.content import Exported, Video, spans_of
from vasot.export.formats import plan_export, write_export
from vasot.types import Segmentation

NAMES = ('say "go", then', "cut & <paste>\nslowly", "組み立てる", "{one}; é")


@pytest.mark.parametrize("format_name", sorted(READERS))
def test_what_is_exported_is_imported_again_to_the_millisecond(format_name: str, tmp_path: Path) -> None:
    times = np.cumsum(np.tile([0.04, 0.033, 0.1, 0.021], 10)) - 0.04
    end = float(times[-1]) + 0.02
    segmentation = Segmentation("take 1", np.repeat(np.arange(4), 10), np.full(40, 0.5), 4, NAMES, times)
    video = Video(Path("take 1.mp4"), 64, 48, end, times)
    exported = Exported("take 1", spans_of(segmentation, end), NAMES, video)
    plan = plan_export(format_name, ["take 1"], tmp_path, aligned=False, force=False)
    write_export(plan, [exported])
    file = plan.segments["take 1"]
    if format_name == "label-studio":
        # What a person does who finds nothing to correct.
        tasks = json.loads(file.read_text(encoding="utf-8"))
        file.write_text(json.dumps([{**task, "annotations": task["predictions"]} for task in tasks]))
    (found,) = read_annotations(file)
    assert "take 1" in found.names
    assert [mark.name for mark in found.marks] == [class_name(name) for name in NAMES]
    borders = [(mark.start, mark.end) for mark in found.marks]
    if found.in_frames:
        assert borders == [(10.0 * place, 10.0 * place + 10) for place in range(4)]
    else:
        assert borders == [(start / 1000, stop / 1000) for start, stop, _ in exported.timed("test")]
