"""``vasot export``: a run's segments as files of other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vasot.cli.options import Force, Output, Run
from vasot.wording import counted, listing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vasot.export.content import Exported, Video
    from vasot.training.results import RecordingResult
    from vasot.types import Segmentation

__all__ = ["command", "exported_video"]


def command(
    run: Run,
    format_name: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="NAME",
            help="boris, csv, cvat, eaf, fiftyone, json, label-studio, parquet, srt, textgrid, via, vtt or youtube.",
            show_default=False,
        ),
    ],
    output: Output,
    inputs: Annotated[
        list[Path] | None,
        typer.Option("--input", metavar="INPUT", help="Recording to export, instead of the run's own; repeatable."),
    ] = None,
    align_to: Annotated[
        str | None,
        typer.Option("--align-to", metavar="NAME", help="Also align every other recording with this one."),
    ] = None,
    corrected: Annotated[
        bool,
        typer.Option("--corrected/--predicted", help="With the corrections that people made in the run, or without."),
    ] = True,
    force: Force = False,
) -> None:
    """Write segments as files that annotation tools and other programs open."""
    from vasot.cli.inputs import read_shown_results
    from vasot.export.formats import plan_export, write_export
    from vasot.training.model import load

    model = load(run)
    model.require("segment")
    if align_to is not None:
        model.require("align")
    # The files are known without reading anything where the run's own recordings are exported.
    plan_export(format_name, () if inputs else model.config.recordings, output, aligned=bool(align_to), force=force)
    results = read_shown_results(model, inputs or (), corrected=corrected)
    names = [each.name for each in results.recordings]
    reference = results.recording(align_to) if align_to is not None else None
    plan = plan_export(format_name, names, output, aligned=bool(align_to), force=force)
    recordings = [
        _exported(each, each.segmentation, results.corrections.colours)
        for each in results.recordings
        if each.segmentation is not None
    ]
    others = [each for each in results.recordings if each is not reference] if reference is not None else []
    alignments = [model.align(each.track, reference.track) for each in others if reference is not None]
    for note in write_export(plan, recordings, alignments):
        typer.echo(f"note: {note}")
    count = sum(len(each.spans) for each in recordings)
    files = [*dict.fromkeys(plan.segments.values()), *([plan.alignments] if plan.alignments else [])]
    merged, timelines = results.corrections.merged, results.corrections.segments
    n_corrected = sum(name in timelines for name in names)
    if n_corrected or merged:
        changes = f"{counted(n_corrected, 'timeline')}, {counted(len(merged), 'merged action')}"
        typer.echo(f"corrected: {changes}; --predicted without")
    written = listing([str(file) for file in files])
    typer.echo(f"{counted(len(recordings), 'recording')}, {counted(count, 'segment')} -> {written}")


def _exported(result: RecordingResult, segmentation: Segmentation, colours: Mapping[int, str]) -> Exported:
    from vasot.export.content import Exported, spans_of

    video = None if result.video is None else exported_video(result.video)
    spans = spans_of(segmentation, None if video is None else video.duration_seconds)
    return Exported(result.name, spans, segmentation.action_names, video, colours)


def exported_video(path: Path) -> Video:
    """What exporters need to know of a video.

    Raises:
        DataError: it cannot be read.
    """
    from vasot.export.content import Video
    from vasot.video.probe import frame_times, probe

    info = probe(path)
    return Video(info.path, info.width, info.height, info.duration_seconds, frame_times(path))
