"""What turns the frames of a video into feature vectors, whichever model does it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol, runtime_checkable

from jaxtyping import Float32, UInt8
from numpy import ndarray

from vasot.types import Frames, FrameSize

__all__ = ["Extractor"]


@runtime_checkable
class Extractor(Protocol):
    """One kind of features. It is stateless between videos: what it says of one never depends on another."""

    @property
    def frame_size(self) -> FrameSize:
        """The size at which it wants frames."""

    def identity(self) -> Mapping[str, str | int | float | bool]:
        """Everything that decides its output: kind, version of the computation, settings, content hash of weights.

        Features are cached under it; two extractors with one identity give equal features.
        """

    def extract(self, chunks: Iterable[Frames]) -> Iterator[Float32[ndarray, "n d"] | UInt8[ndarray, "n d"]]:
        """Feature vectors of one video, one row per frame, in order; bytes where they are pictures.

        Args:
            chunks: the video's frames, a few at a time. Chunk borders mean nothing: an extractor that looks at
                neighbouring frames looks across them, and may hold rows back until it has seen enough.
        """
