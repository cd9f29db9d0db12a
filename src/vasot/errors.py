"""Errors a user can cause: each says what happened, where, and what to do about it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["DataError", "MissingExtra", "RunFolderError", "SettingsError", "VasotError", "nearest"]


class VasotError(Exception):
    """Base of every error that a user's input or settings can cause.

    The text is one sentence or a few: what happened, where, and the remedy. The command line prints it on one
    line and exits with code 2; from Python it is an ordinary exception.
    """


class DataError(VasotError):
    """A file, folder or array that cannot be used as it is."""


class SettingsError(VasotError):
    """A setting that is unknown, out of range, or does not fit the data."""


class RunFolderError(VasotError):
    """A run folder that is missing, incomplete, or would be overwritten."""


class MissingExtra(VasotError):
    """An optional part that is not installed; the text prints the command that installs it."""

    def __init__(self, purpose: str, extra: str) -> None:
        super().__init__(f"{purpose} needs an optional part that is not installed: pip install 'vasot[{extra}]'")
        self.extra = extra


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ``"; did you mean 'x'?"`` for the closest known name, or an empty string where none is close.

    >>> nearest("epoch", ["epochs", "seed"])
    "; did you mean 'epochs'?"
    >>> nearest("zzz", ["epochs", "seed"])
    ''
    """
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f"; did you mean '{close[0]}'?" if close else ""
