"""Numbers of actions as a user writes them."""

from __future__ import annotations

from vasot.config import parse_numbers
from vasot.errors import SettingsError

__all__ = ["parse_counts"]

_EXAMPLES = "write one number (7), a range (4-12) or several (4,6,8)"


def parse_counts(text: str) -> tuple[int, ...]:
    """Read ``7``, ``4-12``, ``4,6,8`` or ``4-6,9``: increasing, each once.

    Raises:
        SettingsError: it is none of these, a number is below 1, or a range runs backwards or holds one number.

    >>> parse_counts("7"), parse_counts("4-6,9"), parse_counts("8, 4,6")
    ((7,), (4, 5, 6, 9), (4, 6, 8))
    """
    counts = parse_numbers(text, "--actions", "number of actions", _EXAMPLES)
    if counts[0] < 1:
        raise SettingsError(f"--actions {text}: there is at least 1 action; {_EXAMPLES}")
    if len(counts) == 1 and not text.strip().isdecimal():
        raise SettingsError(f"--actions {text} names one number; write --actions {counts[0]}, or a wider range")
    return counts
