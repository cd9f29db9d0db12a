"""The methods, by name; other packages add theirs through the entry-point group ``vasot.methods``."""

from __future__ import annotations

from vasot.registry import Registry

__all__ = ["METHODS"]

METHODS = Registry(
    "method",
    "vasot.methods",
    {
        "asot": "vasot.methods.asot:ASOT",
        "vaot": "vasot.methods.vaot:VAOT",
        "vasot": "vasot.methods.vasot:VASOT",
    },
)
