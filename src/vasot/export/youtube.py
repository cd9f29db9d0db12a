"""youtube: chapters for a video's description, in whole seconds, and a note where YouTube would not show them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from vasot.export.content import Exporter, Results, one_line

__all__ = ["EXPORTER"]

_FEWEST, _SHORTEST_MS = 3, 10_000
"""YouTube shows chapters where there are at least three, each of at least ten seconds, the first at 0:00."""


def _write(results: Results, path: Path) -> Sequence[str]:
    (recording,) = results.recordings
    timed = recording.timed("youtube")
    # The first chapter has to be at 0:00, also where the first segment begins later.
    lines = [f"{_clock(start if number else 0)} {one_line(span.name)}" for number, (start, _, span) in enumerate(timed)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    notes = []
    if len(timed) < _FEWEST:
        notes.append(f"{recording.name}: {len(timed)} chapters; YouTube shows them only where there are three")
    short = sum(end - start < _SHORTEST_MS for start, end, _ in timed)
    if short:
        notes.append(f"{recording.name}: {short} chapters last less than 10 s; YouTube then shows none at all")
    return notes


def _clock(milliseconds: int) -> str:
    seconds = milliseconds // 1000
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours}:{minutes:02}:{seconds % 60:02}" if hours else f"{minutes}:{seconds % 60:02}"


EXPORTER = Exporter(".chapters.txt", _write)
