"""Deviations in words, the same on the command line and on the page."""

from __future__ import annotations

from vasot.deviations.findings import Deviation, Place
from vasot.deviations.held import Outcome, Recorded, Unit

__all__ = ["described", "length_text", "when"]


def described(deviation: Deviation, outcome: Outcome) -> str:
    """What differs, in one phrase: ``step_2 takes 1.9 times as long as usual``."""
    size = length_text(deviation.size, outcome.unit)
    if deviation.action is None and deviation.kind == "unmatched":
        return f"{size} that match nothing in the references"
    if deviation.action is None:
        return f"the whole recording takes {deviation.ratio or 0:.2f} times as long as usual"
    name = outcome.action_names[deviation.action]
    match deviation.kind:
        case "missing":
            return f"{name} is missing (usually {size})"
        case "extra":
            return f"{name} ({size}) is not in the references"
        case "repeated":
            return f"{name} is repeated ({size})"
        case "order":
            others = " and ".join(outcome.action_names[action] for action in deviation.against)
            return f"{name} is out of order with {others}"
        case _:
            return f"{name} lasts {deviation.ratio or 0:.2f} times as long as usual"


def when(place: Place, recorded: Recorded) -> str:
    """The time of a place: ``12.4-15.0 s``, or frames where the rate is not known; of a point, one number."""
    start, end = place.start_frame, place.end_frame
    first, last = recorded.seconds(start), recorded.seconds(end)
    if first is None or last is None:
        return f"frame {start}" if start == end else f"frames {start}-{end}"
    return f"{first:.1f} s" if start == end else f"{first:.1f}-{last:.1f} s"


def length_text(length: float, unit: Unit) -> str:
    """A length with its unit."""
    return f"{length:.1f} s" if unit == "seconds" else f"{length:.0f} frames"
