"""textgrid: Praat's long text format, one interval tier; stretches without a segment are intervals without text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from vasot.export.content import Exporter, Results, one_line

__all__ = ["EXPORTER"]


def _write(results: Results, path: Path) -> Sequence[str]:
    (recording,) = results.recordings
    intervals: list[tuple[int, int, str]] = []
    reached = 0
    for start, end, span in recording.timed("textgrid"):
        if start > reached:
            intervals.append((reached, start, ""))
        intervals.append((start, end, one_line(span.name)))
        reached = end
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", "xmin = 0", f"xmax = {_number(reached)}"]
    lines += ["tiers? <exists>", "size = 1", "item []:", "    item [1]:", '        class = "IntervalTier"']
    lines += ['        name = "actions"', "        xmin = 0", f"        xmax = {_number(reached)}"]
    lines.append(f"        intervals: size = {len(intervals)}")
    for number, (start, end, name) in enumerate(intervals, start=1):
        lines += [f"        intervals [{number}]:", f"            xmin = {_number(start)}"]
        quoted = name.replace('"', '""')
        lines += [f"            xmax = {_number(end)}", f'            text = "{quoted}"']
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return ()


def _number(milliseconds: int) -> str:
    return f"{milliseconds / 1000:.3f}"


EXPORTER = Exporter(".TextGrid", _write)
