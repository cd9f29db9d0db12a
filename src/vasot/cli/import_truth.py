"""``vasot import``: annotations of other programs as ground truth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vasot.cli.options import Force
from vasot.wording import counted

__all__ = ["command"]


def command(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE", help="What ELAN, BORIS, Label Studio, ... saved.", show_default=False),
    ],
    into: Annotated[
        Path,
        typer.Option(
            "--into",
            metavar="PLACE",
            help="Run folder, or folder of recordings, that they belong to.",
            show_default=False,
        ),
    ],
    format_name: Annotated[
        str | None,
        typer.Option(
            "--format", metavar="NAME", help="boris, csv, eaf, label-studio or srt, if the ending does not say."
        ),
    ] = None,
    tier: Annotated[str | None, typer.Option("--tier", help="Tier of an ELAN file to read.")] = None,
    recording: Annotated[
        str | None,
        typer.Option("--recording", help="Recording that the one file given belongs to, if its name does not say."),
    ] = None,
    rate: Annotated[float | None, typer.Option("--rate", help="Feature vectors per second of arrays.")] = None,
    force: Force = False,
) -> None:
    """Write annotations as ground truth, for vasot evaluate.

    One class name per frame goes to groundTruth/ beside the recordings; frames without a segment are "unlabelled",
    and never scored.
    """
    from dataclasses import replace

    from vasot.annotations.formats import read_annotations
    from vasot.annotations.marks import ReadOptions
    from vasot.annotations.truth import truth_places, write_truth
    from vasot.datasets.reading import Reading
    from vasot.datasets.videos import video_roots
    from vasot.errors import SettingsError
    from vasot.training.folder import RunFolder

    run = RunFolder(into)
    is_run = run.config.is_file()
    settings = run.read_config().data if is_run else None
    reading = Reading(rate_hz=rate) if settings is None else settings.reading()
    if rate is not None:
        reading = replace(reading, rate_hz=rate)
    data = into if settings is None else Path(settings.data)
    found = [each for file in files for each in read_annotations(file, format_name, ReadOptions(tier))]
    if recording is not None:
        if len(found) != 1:
            raise SettingsError(f"--recording names one recording, but the files hold {len(found)} annotations")
        found = [replace(found[0], names=(recording,))]
    places = truth_places(data, reading)
    _, base = video_roots(data)
    for each in write_truth(found, places, base / "mapping" / "mapping.txt", force):
        typer.echo(
            f"{each.name}: {counted(each.n_segments, 'segment')}, "
            f"{each.n_frames - each.n_unlabelled} of {each.n_frames} frames labelled -> {each.file}"
        )
        if each.n_lost:
            typer.echo(f"note: {counted(each.n_lost, 'segment')} of {each.name} shorter than a frame, without a label")
    missing = sum(not place.file.is_file() for place in places)
    if missing:
        typer.echo(f"{missing} of {len(places)} have no ground truth yet; vasot evaluate needs it for all")
    elif is_run:
        typer.echo(f"all have ground truth; next: vasot evaluate {into}")
