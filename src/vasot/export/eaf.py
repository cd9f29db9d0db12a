"""eaf: ELAN, with one tier for the actions (or one for each tier there is), and one for their confidence."""

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
    tiers = {span.tier: _tier_names(span.tier) for span in recording.spans} or {"": _tier_names("")}
    for tier in (tier for names in tiers.values() for tier in names):
        document.add_tier(tier)
    if recording.video is not None:
        file = recording.video.file.absolute()
        document.add_linked_file(file.as_uri(), relpath=f"./{file.name}", mimetype=guess_type(file)[0] or "unknown")
    for start, end, span in recording.timed("eaf"):
        tier, confidence_tier = tiers[span.tier]
        document.add_annotation(tier, start, end, span.name)
        document.add_annotation(confidence_tier, start, end, f"{span.confidence:.4f}")
    document.to_file(str(path))
    return ()


def _tier_names(tier: str) -> tuple[str, str]:
    """What the tier is called, and that of its confidences."""
    plain = tier in ("", ACTIONS_TIER)
    return tier or ACTIONS_TIER, _CONFIDENCE_TIER if plain else f"{tier} {_CONFIDENCE_TIER}"


EXPORTER = Exporter(".eaf", _write)
