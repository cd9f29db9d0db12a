"""``vasot transfer``: annotations of one recording on others."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vasot.cli.options import Force, Output, Run
from vasot.wording import listing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vasot.annotations.notes import Note, Notes
    from vasot.export.transferred import Target, TransferredNote
    from vasot.training.results import RecordingResult

__all__ = ["command"]


def command(
    run: Run,
    recordings: Annotated[
        list[str],
        typer.Argument(
            metavar="A B [C...]",
            help="Names of the run's recordings, or files, new ones included; A has labels, the others get them.",
            show_default=False,
        ),
    ],
    labels: Annotated[
        Path, typer.Option("--labels", metavar="FILE", help="Annotations of A, as a program saved them.")
    ],
    output: Output,
    format_name: Annotated[
        str | None,
        typer.Option(
            "--format", metavar="NAME", help="boris, csv, eaf, json, label-studio, srt or vtt, if not that of FILE."
        ),
    ] = None,
    labels_format: Annotated[
        str | None,
        typer.Option(
            "--labels-format", metavar="NAME", help="boris, csv, eaf, label-studio or srt, if the ending does not say."
        ),
    ] = None,
    tier: Annotated[str | None, typer.Option("--tier", help="The only tier of an ELAN file to take.")] = None,
    unmatched: Annotated[
        str,
        typer.Option(
            "--unmatched", metavar="CHOICE", help="Annotations of what has no counterpart: flag, keep or leave-out."
        ),
    ] = "flag",
    force: Force = False,
) -> None:
    """Carry annotations from A to recordings without any, through the alignment.

    transfer.csv says of every annotation where it lies now, where it lay, how sure that is and how much of it has a
    counterpart; beside it are the files of the format, one for each recording or one for all.
    """
    from vasot.annotations.formats import format_of
    from vasot.annotations.marks import ReadOptions
    from vasot.annotations.notes import read_notes
    from vasot.cli.chosen import chosen_recordings
    from vasot.errors import DataError
    from vasot.export.formats import plan_export, write_export
    from vasot.export.transferred import as_exported, carry_notes, check_choices, keep_chosen, write_transfer_table
    from vasot.files import refuse_existing
    from vasot.training.model import load

    if len(recordings) < 2:
        raise DataError(f"{len(recordings)} recording was given; give the labelled one, and those that get its labels")
    table = output / "transfer.csv"
    kind = format_name or format_of(labels, labels_format)
    check_choices(kind, unmatched)
    refuse_existing([table], force)
    sheets = read_notes(labels, labels_format, ReadOptions(tier))
    model = load(run)
    model.require("align")
    source, *others = chosen_recordings(model, recordings)
    _refuse_one_name(others)
    notes = _notes_of(source, sheets)
    names = [each.name for each in others]
    plan = None if kind == "csv" else plan_export(kind, names, output, aligned=False, force=force)
    end = _end(source)
    found: list[tuple[Target, list[TransferredNote]]] = []
    for other in others:
        target = _target(other)
        carried = carry_notes(notes, model.align(source.track, other.track), (end, target.end_seconds))
        found.append((target, keep_chosen(carried, unmatched)))
        _tell(target, carried, unmatched)
    if plan is not None:
        exported = [as_exported(target, carried, kind, unmatched) for target, carried in found]
        for note in write_export(plan, exported):
            typer.echo(f"note: {note}")
    write_transfer_table(found, table, force=True)
    files = [table, *(dict.fromkeys(plan.segments.values()) if plan is not None else ())]
    typer.echo(f"wrote {listing([str(file) for file in files])}")


def _refuse_one_name(others: Sequence[RecordingResult]) -> None:
    from vasot.errors import DataError

    names = [each.name for each in others]
    for name in names:
        if names.count(name) > 1:
            raise DataError(f"two of the recordings are called '{name}', and so would their files; rename one")


def _notes_of(source: RecordingResult, sheets: Sequence[Notes]) -> list[Note]:
    """The annotations of the labelled recording, in seconds, cut to where it begins and ends."""
    from vasot.errors import DataError

    stem = source.name if source.track.source is None else source.track.source.stem
    fitting = [each for each in sheets if {source.name, stem} & set(each.names)]
    sheet = sheets[0] if len(sheets) == 1 else fitting[0] if len(fitting) == 1 else None
    if sheet is None:
        held = ", ".join(each.names[0] for each in sheets[:8])
        raise DataError(
            f"the labels are of {len(sheets)} recordings ({held}), and {len(fitting)} of them are called "
            f"'{source.name}'; give a file of this recording alone, or correct its name there"
        )
    end, times = _end(source), source.track.times_seconds
    begin = 0.0 if times is None else float(times[0])
    inside = [note for each in _in_seconds(sheet, source) if (note := _cut(each, begin, end)) is not None]
    if not inside:
        raise DataError(
            f"{sheet.where}: none of its {len(sheet.notes)} annotations lies in '{source.name}' ({begin:g} to {end:g} "
            "s); are they of another recording?"
        )
    if len(inside) < len(sheet.notes):
        typer.echo(f"note: {len(sheet.notes) - len(inside)} annotations lie outside '{source.name}' and are left out")
    return inside


def _in_seconds(sheet: Notes, source: RecordingResult) -> list[Note]:
    from dataclasses import replace

    import numpy as np

    from vasot.cli.export import exported_video
    from vasot.errors import DataError

    if not sheet.in_frames:
        return list(sheet.notes)
    track = source.track
    if source.video is None:
        raise DataError(f"{sheet.where}: counts frames of a video, but '{track.name}' is an array of features")
    video = exported_video(source.video)
    edges = np.append(video.frame_times, max(video.duration_seconds, float(video.frame_times[-1])))
    last = edges.size - 1
    if sheet.notes[-1].start >= last:
        raise DataError(
            f"{sheet.where}: '{sheet.notes[-1].text}' begins at frame {sheet.notes[-1].start:g}, but the video has "
            f"{last}; is it of another recording?"
        )
    return [
        replace(note, start=float(edges[int(note.start)]), end=float(edges[min(int(note.end), last)]))
        for note in sheet.notes
    ]


def _cut(note: Note, begin: float, end: float) -> Note | None:
    from dataclasses import replace

    if note.is_point:
        return note if begin <= note.start < end else None
    start, stop = max(note.start, begin), min(note.end, end)
    return replace(note, start=start, end=stop) if start < stop else None


def _end(recording: RecordingResult) -> float:
    """Where a recording ends, in seconds."""
    from vasot.errors import DataError
    from vasot.video.probe import probe
    from vasot.video.sampling import sampled_end

    times = recording.track.times_seconds
    if times is None:
        raise DataError(f"the rate of '{recording.name}' is not known, so times say nothing; fit with --rate HZ")
    return (
        sampled_end(times) if recording.video is None else sampled_end(times, probe(recording.video).duration_seconds)
    )


def _target(recording: RecordingResult) -> Target:
    from vasot.cli.export import exported_video
    from vasot.export.transferred import Target

    end, times = _end(recording), recording.track.times_seconds
    assert times is not None
    return Target(recording.name, times, end, None if recording.video is None else exported_video(recording.video))


def _tell(target: Target, carried: Sequence[TransferredNote], unmatched: str) -> None:
    alone = sum(each.is_unmatched for each in carried)
    what = {"flag": "flagged", "keep": "kept", "leave-out": "left out"}[unmatched]
    sure = sum(each.carried.confidence for each in carried) / len(carried)
    typer.echo(
        f"{target.name}: {len(carried)} annotations, mean confidence {sure:.2f}"
        + (f"; {alone} without counterpart {what}" if alone else "")
    )
