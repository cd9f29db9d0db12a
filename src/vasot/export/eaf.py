"""eaf: ELAN, with one tier for the actions and one for their confidence."""

from __future__ import annotations

from collections.abc import Sequence
from mimetypes import guess_type
from pathlib import Path

from vasot.export.content import Exporter, Results

__all__ = ["ACTIONS_TIER", "EXPORTER"]

ACTIONS_TIER = "actions"
"""The tier that holds the names of the actions."""

_CONFIDENCE_TIER = "confidence"


def _write(results: Results, path: Path) -> Sequence[str]:
    from pympi import Eaf

    (recording,) = results.recordings
    document = Eaf(author="vasot")
    document.remove_tier("default")
    for tier in (ACTIONS_TIER, _CONFIDENCE_TIER):
        document.add_tier(tier)
    if recording.video is not None:
        file = recording.video.file.absolute()
        document.add_linked_file(file.as_uri(), relpath=f"./{file.name}", mimetype=guess_type(file)[0] or "unknown")
    for start, end, span in recording.timed("eaf"):
        document.add_annotation(ACTIONS_TIER, start, end, span.name)
        document.add_annotation(_CONFIDENCE_TIER, start, end, f"{span.confidence:.4f}")
    document.to_file(str(path))
    return ()


EXPORTER = Exporter(".eaf", _write)
