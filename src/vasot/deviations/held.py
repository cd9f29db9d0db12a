"""The outcome: recordings held against references, with what is needed to tell and to show it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Float

from vasot.deviations.findings import Deviation
from vasot.deviations.norm import Norm
from vasot.deviations.timeline import Timeline

__all__ = ["Held", "Outcome", "Recorded", "Unit"]

Unit = Literal["seconds", "frames"]


@dataclass(frozen=True, eq=False)
class Recorded:
    """A recording and what happens in it.

    Attributes:
        timeline: its steps.
        times_seconds: (T,) the instant of each frame; None where the rate is not known.
        video: the file it was read from; None for an array.
    """

    timeline: Timeline
    times_seconds: Float[np.ndarray, " t"] | None
    video: Path | None

    @property
    def name(self) -> str:
        """What the recording is called."""
        return self.timeline.name

    def seconds(self, frame: int) -> float | None:
        """The instant at which a frame begins, or at which the recording ends; None where the rate is not known."""
        times = self.times_seconds
        if times is None:
            return None
        if frame < times.size:
            return float(times[frame])
        return float(times[-1] + (times[-1] - times[-2] if times.size > 1 else 0.0))


@dataclass(frozen=True, eq=False)
class Held:
    """A recording held against references.

    Attributes:
        recorded: the recording.
        deviations: what differs, in order of time.
        score: how much of a usual recording's time deviates; 0 where nothing does.
        unlikeness: how much further its frames are, on average, from those of the references than these are from each
            other, as a share of that: 0 where they are as near, 1 where they are twice as far. It needs no threshold.
    """

    recorded: Recorded
    deviations: tuple[Deviation, ...]
    score: float
    unlikeness: float


@dataclass(frozen=True, eq=False)
class Outcome:
    """Recordings held against the same references.

    Attributes:
        references: the recordings that set the norm, the one to show first.
        norm: what they have in common.
        held: the recordings.
        action_names: (K) what the actions are called.
        unit: of all lengths: "seconds", or "frames" where a rate is not known.
    """

    references: tuple[Recorded, ...]
    norm: Norm
    held: tuple[Held, ...]
    action_names: tuple[str, ...]
    unit: Unit

    def reference(self, name: str) -> Recorded:
        """The reference of this name."""
        return next(each for each in self.references if each.name == name)
