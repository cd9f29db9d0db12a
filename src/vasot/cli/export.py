"""``vasot export``: a run's segments as files of other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vasot.cli.options import Force, Output, Run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vasot.export.content import Exported, Video
    from vasot.training.corrections import Corrections
    from vasot.types import Segmentation, Track

__all__ = ["command"]


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
    from dataclasses import replace

    from vasot.cli.inputs import read_shown
    from vasot.datasets.recordings import read_data
    from vasot.errors import DataError, nearest
    from vasot.export.formats import plan_export, write_export
    from vasot.training.corrections import Corrections, load_corrections
    from vasot.training.folder import RunFolder
    from vasot.training.model import load

    model = load(run)
    # The files are known without reading anything where the run's own recordings are exported.
    plan_export(format_name, () if inputs else model.config.recordings, output, aligned=bool(align_to), force=force)
    tracks: Sequence[Track] = (
        read_shown(model, inputs) if inputs else read_data(model.config.data.data, model.config.data.reading()).tracks
    )
    names = [track.name for track in tracks]
    if align_to is not None and align_to not in names:
        raise DataError(f"there is no recording '{align_to}' to align to{nearest(align_to, names)}")
    plan = plan_export(format_name, names, output, aligned=bool(align_to), force=force)
    # Timelines are corrected frame by frame: those of the run's own recordings, not of others of the same name.
    corrections = load_corrections(RunFolder(run).corrections) if corrected else Corrections()
    if inputs:
        corrections = replace(corrections, segments={})
    recordings = [_exported(track, model.segment(track), corrections) for track in tracks]
    reference = next((track for track in tracks if track.name == align_to), None)
    others = [track for track in tracks if track is not reference] if reference is not None else []
    alignments = [model.align(track, reference) for track in others] if reference is not None else []
    for note in write_export(plan, recordings, alignments):
        typer.echo(f"note: {note}")
    count = sum(len(each.spans) for each in recordings)
    files = [*dict.fromkeys(plan.segments.values()), *([plan.alignments] if plan.alignments else [])]
    n_corrected = sum(name in corrections.segments for name in names)
    if n_corrected or corrections.merged:
        typer.echo(f"corrected: {n_corrected} timelines, {len(corrections.merged)} merged actions; --predicted without")
    typer.echo(f"{len(recordings)} recordings, {count} segments -> {', '.join(map(str, files))}")


def _exported(track: Track, predicted: Segmentation, corrections: Corrections) -> Exported:
    from vasot.export.content import Exported, spans_of

    segmentation = corrections.apply(predicted)
    video = _video_of(track)
    spans = spans_of(segmentation, None if video is None else video.duration_seconds)
    return Exported(track.name, spans, segmentation.action_names, video, corrections.colours)


def _video_of(track: Track) -> Video | None:
    from vasot.datasets.videos import is_video
    from vasot.export.content import Video
    from vasot.video.probe import frame_times, probe

    if track.source is None or not is_video(track.source):
        return None
    info = probe(track.source)
    return Video(info.path, info.width, info.height, info.duration_seconds, frame_times(track.source))
