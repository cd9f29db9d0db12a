"""What the model says about pairs of recordings: computed when it is asked for, and kept."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import matplotlib.image
import numpy as np
from jaxtyping import Bool, Float, Int

from vasot.decoding.path import follow
from vasot.report.plan import plan_picture
from vasot.training.model import Model
from vasot.types import UNMATCHED, Alignment, Track
from vasot.viewer.times import edges_of, instants_of

__all__ = ["Pair", "Pairs", "Similar"]

_MOST_KEPT = 256


@dataclass(frozen=True, eq=False)
class Pair:
    """How recording Y follows X.

    Attributes:
        matches: (N,) frame of Y for each frame of X, -1 for none.
        confidence: (N,) of the matches, 0..1.
        follow_seconds: (N + 1,) where the monotone path has Y at the instant of each frame of X, and at its end.
        unmatched_x, unmatched_y: stretches without counterpart, in seconds.
        plan: the plan as a PNG, X to the right, Y upwards.
    """

    matches: Int[np.ndarray, " n"]
    confidence: Float[np.ndarray, " n"]
    follow_seconds: Float[np.ndarray, " n1"]
    unmatched_x: tuple[tuple[float, float], ...]
    unmatched_y: tuple[tuple[float, float], ...]
    plan: bytes

    def to_json(self) -> dict[str, Any]:
        """All but the picture."""
        return {
            "matches": self.matches.tolist(),
            "confidence": self.confidence.round(3).tolist(),
            "follow": self.follow_seconds.round(6).tolist(),
            "unmatched_x": self.unmatched_x,
            "unmatched_y": self.unmatched_y,
        }


@dataclass(frozen=True)
class Similar:
    """The frame of a recording that is most like another recording's frame; ``similarity`` is a cosine, -1..1."""

    recording: int
    frame: int
    seconds: float
    similarity: float


class Pairs:
    """Alignments and embeddings of a run's recordings; one is computed at a time, whoever asks."""

    def __init__(self, model: Model, tracks: Sequence[Track]) -> None:
        self._model = model
        self._tracks = tracks
        self._lock = threading.Lock()
        self._pairs: OrderedDict[tuple[int, int], Pair] = OrderedDict()
        self._embeddings: dict[int, Float[np.ndarray, "t e"]] = {}

    def align(self, x: int, y: int) -> Pair:
        """How recording ``y`` follows ``x``, as ``vasot align`` has it.

        Raises:
            SettingsError: the method does not align.
        """
        with self._lock:
            if (x, y) not in self._pairs:
                alignment = self._model.align(self._tracks[x], self._tracks[y])
                self._pairs[x, y] = _pair(alignment, self._tracks[x], self._tracks[y])
                if len(self._pairs) > _MOST_KEPT:
                    self._pairs.popitem(last=False)
            self._pairs.move_to_end((x, y))
            return self._pairs[x, y]

    def similar(self, recording: int, frame: int) -> list[Similar]:
        """The frame most like this one in every other recording of the same activity, the most similar first."""
        with self._lock:
            wanted = self._embedded(recording)[frame]
            found = []
            for other, track in enumerate(self._tracks):
                if other == recording or track.activity != self._tracks[recording].activity:
                    continue
                cosines = self._embedded(other) @ wanted
                best = int(cosines.argmax())
                found.append(Similar(other, best, float(instants_of(track)[best]), float(cosines[best])))
        return sorted(found, key=lambda each: -each.similarity)

    def _embedded(self, recording: int) -> Float[np.ndarray, "t e"]:
        if recording not in self._embeddings:
            self._embeddings[recording] = self._model.embed(self._tracks[recording])
        return self._embeddings[recording]


def _pair(alignment: Alignment, x: Track, y: Track) -> Pair:
    edges_x, edges_y = edges_of(x), edges_of(y)
    picture = BytesIO()
    # Dark where mass lies, as in printed plans; the page inverts it for dark screens.
    matplotlib.image.imsave(picture, 1.0 - plan_picture(alignment), cmap="gray", vmin=0.0, vmax=1.0, format="png")
    return Pair(
        matches=alignment.matches,
        confidence=alignment.confidence,
        follow_seconds=follow(
            alignment.path, instants_of(x), instants_of(y), edges_x, ends=(float(edges_x[-1]), float(edges_y[-1]))
        ),
        unmatched_x=_stretches(alignment.matches == UNMATCHED, edges_x),
        unmatched_y=_stretches(alignment.unmatched_y, edges_y),
        plan=picture.getvalue(),
    )


def _stretches(flags: Bool[np.ndarray, " t"], edges: Float[np.ndarray, " t1"]) -> tuple[tuple[float, float], ...]:
    steps = np.flatnonzero(np.diff(flags.astype(np.int8), prepend=0, append=0)).reshape(-1, 2)
    return tuple((float(edges[start]), float(edges[end])) for start, end in steps.tolist())
