"""``vasot sync``: recordings in one video, played in step."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vasot.cli.options import Force, Run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vasot.report.panels import Take
    from vasot.training.results import RecordingResult

__all__ = ["command"]


def command(
    run: Run,
    recordings: Annotated[
        list[str],
        typer.Argument(
            metavar="A B [C...]",
            help="Names of the run's recordings, or videos, new ones included; A leads, the others follow.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="Video to write (.mp4).", show_default=False)
    ],
    layout: Annotated[
        str, typer.Option("--layout", metavar="NAME", help="side-by-side, stacked or grid.")
    ] = "side-by-side",
    height: Annotated[
        int | None, typer.Option("--height", help="Height of each picture in pixels, instead of the largest one's.")
    ] = None,
    corrected: Annotated[
        bool,
        typer.Option("--corrected/--predicted", help="With the corrections that people made in the run, or without."),
    ] = True,
    force: Force = False,
) -> None:
    """Write one video in which recordings play in step: the others speed up, slow down and wait to follow A.

    A plays at its own speed and with its own sound. Where it shows something that another recording lacks, that one is
    dimmed; stretches that correspond to nothing are striped on the bars.
    """
    from time import perf_counter

    from rich.console import Console

    from vasot.cli.chosen import chosen_recordings
    from vasot.cli.progress import CountProgress
    from vasot.errors import DataError
    from vasot.files import refuse_existing
    from vasot.report.side_by_side import Follower, check_output, save_side_by_side
    from vasot.training.corrections import load_corrections
    from vasot.training.folder import RunFolder
    from vasot.training.model import load

    if len(recordings) < 2:
        raise DataError(f"{len(recordings)} recording was given; give two or more, of which the first leads")
    check_output(output, layout)
    refuse_existing([output], force)
    model = load(run)
    model.require("align")
    leader, *others = chosen = chosen_recordings(model, recordings, corrected=corrected)
    _refuse_arrays(chosen)
    colours = load_corrections(RunFolder(run).corrections).colours if corrected else {}
    first = _take(leader, colours)
    followers = [Follower(_take(each, colours), model.align(leader.track, each.track)) for each in others]
    begun = perf_counter()
    with CountProgress(Console(stderr=True), "synchronised video", "frame") as bar:

        def show(n_done: int, n_all: int) -> None:
            bar.show(n_done, n_all, (perf_counter() - begun) / n_done * (n_all - n_done))

        notes = save_side_by_side(first, followers, output, layout=layout, height=height, force=force, on_progress=show)
    for note in notes:
        typer.echo(f"warning: {note}", err=True)
    for follower in followers:
        alone = int(follower.alignment.unmatched_x.sum())
        typer.echo(
            f"{follower.take.name} follows {leader.name}: {alone} of {leader.track.n_frames} sampled frames of "
            f"{leader.name} have no counterpart, {int(follower.alignment.unmatched_y.sum())} of "
            f"{follower.alignment.unmatched_y.size} of its own"
        )
    typer.echo(f"wrote {output}")


def _refuse_arrays(chosen: Sequence[RecordingResult]) -> None:
    from vasot.errors import DataError

    for each in chosen:
        if each.video is None:
            raise DataError(
                f"'{each.name}' is an array of features ({each.track.source}), which nothing can be played of; "
                "fit on videos, or write the alignment with vasot align"
            )


def _take(recording: RecordingResult, colours: Mapping[int, str]) -> Take:
    from vasot.report.side_by_side import make_take

    assert recording.video is not None
    assert recording.track.times_seconds is not None
    return make_take(recording.name, recording.video, recording.track.times_seconds, recording.segmentation, colours)
