"""Self-supervised video alignment and action segmentation by optimal transport.

The five public names are imported on first use, so that ``import vasot`` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = ["align", "fit", "load", "segment", "solve"]

__version__ = "0.1.0"

if TYPE_CHECKING:
    from vasot.training.model import align, fit, load, segment
    from vasot.transport import solve
else:

    def __getattr__(name: str) -> object:
        import importlib

        if name not in __all__:
            raise AttributeError(f"module 'vasot' has no attribute '{name}'")
        home = "vasot.transport" if name == "solve" else "vasot.training.model"
        return getattr(importlib.import_module(home), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
