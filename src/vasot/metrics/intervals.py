"""How far a metric would move with other videos of the same kind: intervals by drawing the videos anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from vasot.errors import SettingsError
from vasot.metrics.parts import ByVideo

__all__ = ["LEVEL", "N_RESAMPLES", "Interval", "bootstrap", "draw_videos"]

N_RESAMPLES = 1000
"""How often the videos are drawn."""

LEVEL = 0.95
"""Share of the draws that an interval holds."""


@dataclass(frozen=True)
class Interval:
    """The middle 95 % of a metric over draws of the videos; draws in which it is undefined are left out.

    Attributes:
        low, high: its ends.
        undefined: share of the draws in which the metric was undefined.
    """

    low: float
    high: float
    undefined: float

    def to_dict(self) -> dict[str, float]:
        """The attributes by name."""
        return {"low": self.low, "high": self.high, "undefined": self.undefined}


def draw_videos(n_videos: int, generator: np.random.Generator, n_draws: int = N_RESAMPLES) -> Float[np.ndarray, "d v"]:
    """How often each video is among ``n_videos`` drawn with replacement, for every draw.

    >>> draw_videos(4, np.random.default_rng(0), 3).sum(axis=1).tolist()
    [4.0, 4.0, 4.0]
    """
    if n_videos < 1:
        raise SettingsError(f"n_videos is {n_videos}; there must be at least one video to draw from")
    return generator.multinomial(n_videos, np.full(n_videos, 1 / n_videos), size=n_draws).astype(np.float64)


def bootstrap(
    groups: Sequence[ByVideo], seed: int, *, n_draws: int = N_RESAMPLES, level: float = LEVEL
) -> Interval | None:
    """Percentile interval of the mean over groups (activities) of a metric, the videos of each group drawn anew.

    None where no group has two videos, since drawing one video again tells nothing, or the metric is never defined.

    >>> from vasot.metrics.parts import Ratio
    >>> always = Ratio(np.array([3.0, 3.0]), np.array([4.0, 4.0]))
    >>> bootstrap([always], seed=0)
    Interval(low=0.75, high=0.75, undefined=0.0)
    """
    if not any(parts.n_videos > 1 for parts in groups):
        return None
    generator = np.random.default_rng(seed)
    drawn = np.stack([parts.values(draw_videos(parts.n_videos, generator, n_draws)) for parts in groups])
    known = np.isfinite(drawn)
    some = known.any(axis=0)
    if not some.any():
        return None
    means = np.where(known, drawn, 0.0).sum(axis=0)[some] / known.sum(axis=0)[some]
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high), float(1 - some.mean()))
