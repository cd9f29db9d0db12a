"""One algorithm over several storages: plain torch for any device, compiled loops for the processor."""

from __future__ import annotations

__all__: list[str] = []
