"""fiftyone: ``labels.json`` of the type FiftyOneTemporalDetectionDataset, with times in seconds."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from vasot.export.content import Exported, Exporter, Results

__all__ = ["EXPORTER"]


def _write(results: Results, path: Path) -> Sequence[str]:
    labels = {
        key: [
            {"label": span.name, "timestamps": [start / 1000, end / 1000], "confidence": round(span.confidence, 4)}
            for start, end, span in each.timed("fiftyone")
        ]
        for key, each in zip(_keys(results.recordings), results.recordings, strict=True)
    }
    path.write_text(json.dumps({"labels": labels}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return ()


def _keys(recordings: Sequence[Exported]) -> list[str]:
    """FiftyOne finds a video by its file name without the ending; recordings that share one keep their own names."""
    stems = [each.name if each.video is None else each.video.file.stem for each in recordings]
    counts = Counter(stems)
    return [each.name if counts[stem] > 1 else stem for each, stem in zip(recordings, stems, strict=True)]


EXPORTER = Exporter(".fiftyone.json", _write, together=True)
