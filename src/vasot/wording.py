"""Words for messages: counts with their noun, lists that may be long, durations and sizes."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["MOST_LISTED", "counted", "format_bytes", "format_minutes", "listing"]

MOST_LISTED = 5
"""How many names a text lists before it says how many more there are."""


def counted(count: int, noun: str, plural: str = "") -> str:
    """A count with its noun; a plural that is not formed by an s is named.

    >>> counted(1, "recording"), counted(0, "recording"), counted(2, "activity", "activities")
    ('1 recording', '0 recordings', '2 activities')
    """
    return f"{count} {noun if count == 1 else plural or noun + 's'}"


def listing(items: Sequence[str]) -> str:
    """The first few of the items, and how many more there are.

    >>> listing(list("abcdefg"))
    'a, b, c, d, e and 2 more'
    """
    more = f" and {len(items) - MOST_LISTED} more" if len(items) > MOST_LISTED else ""
    return ", ".join(items[:MOST_LISTED]) + more


def format_minutes(minutes: float) -> str:
    """A duration in words.

    >>> format_minutes(0.2), format_minutes(1), format_minutes(3.4), format_minutes(150)
    ('12 seconds', '1 minute', '3 minutes', '2.5 hours')
    """
    if minutes < 1:
        return counted(max(1, round(60 * minutes)), "second")
    return counted(round(minutes), "minute") if minutes < 90 else f"{minutes / 60:.1f} hours"


def format_bytes(count: int) -> str:
    """A size in words.

    >>> format_bytes(900), format_bytes(2_500_000), format_bytes(3_200_000_000)
    ('1 kB', '2.5 MB', '3.2 GB')
    """
    for unit, size in (("GB", 1e9), ("MB", 1e6)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{max(1, round(count / 1e3))} kB"
