"""From recordings to feature vectors: one :class:`~vasot.types.Track` per recording."""

from __future__ import annotations

from vasot.features.precomputed import ARRAY_SUFFIXES, read_array, read_track, standardise

__all__ = ["ARRAY_SUFFIXES", "read_array", "read_track", "standardise"]
