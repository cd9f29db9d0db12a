"""The published data sets, by name; other packages add theirs through the entry-point group ``vasot.datasets``."""

from __future__ import annotations

from vasot.registry import Registry

__all__ = ["DATASETS"]

DATASETS = Registry(
    "data set",
    "vasot.datasets",
    {
        "50salads-eval": "vasot.datasets.salads50:EVAL",
        "50salads-mid": "vasot.datasets.salads50:MID",
        "breakfast": "vasot.datasets.breakfast:BREAKFAST",
        "desktop-assembly": "vasot.datasets.desktop_assembly:DESKTOP_ASSEMBLY",
        "gtea": "vasot.datasets.gtea:GTEA",
        "ikea-asm": "vasot.datasets.ikea_asm:IKEA_ASM",
        "penn-action": "vasot.datasets.penn_action:PENN_ACTION",
        "pouring": "vasot.datasets.pouring:POURING",
        "youtube-instructions": "vasot.datasets.youtube_instructions:YOUTUBE_INSTRUCTIONS",
    },
)
