"""srt and vtt: the name of the action as a subtitle."""

from __future__ import annotations

import html
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from vasot.export.content import Exporter, Results

__all__ = ["SRT", "VTT"]


def _write(kind: str, results: Results, path: Path) -> Sequence[str]:
    from pysubs2 import SSAEvent, SSAFile

    (recording,) = results.recordings
    subtitles = SSAFile()
    for start, end, span in recording.timed(kind):
        # A blank line would end the subtitle; WebVTT is text with entities, like HTML.
        text = "\n".join(line for line in span.name.splitlines() if line.strip())
        event = SSAEvent(start=start, end=end)
        event.plaintext = html.escape(text, quote=False) if kind == "vtt" else text
        subtitles.append(event)
    # Braces in a name are text; pysubs2 would take them for the style tags of another format.
    path.write_text(subtitles.to_string(kind, keep_ssa_tags=True), encoding="utf-8")
    return ()


SRT = Exporter(".srt", partial(_write, "srt"))
VTT = Exporter(".vtt", partial(_write, "vtt"))
