"""``vasot progress``: how far the activity has come at every moment of a recording."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from vasot.cli.options import Force, Output, Run
from vasot.wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vasot.training.results import RecordingResult

__all__ = ["command"]


def command(
    run: Run,
    videos: Annotated[
        list[str],
        typer.Argument(
            metavar="VIDEO...",
            help="Names of the run's recordings, also patterns such as 'take_*', or video or array files.",
            show_default=False,
        ),
    ],
    output: Output,
    force: Force = False,
) -> None:
    """Write, for every moment of recordings, the step and the share of the activity that is over.

    Every recording is aligned with up to 20 others of the run, and what they have done at the corresponding moment is
    the answer: NAME.progress.csv and NAME.progress.png. It takes the whole recording, and not one that goes on.
    """
    from rich.console import Console

    from vasot.cli.chosen import chosen_recordings, with_patterns
    from vasot.cli.inputs import read_shown_results
    from vasot.cli.progress import CountProgress
    from vasot.deviations.progress import progress_of
    from vasot.export.tables import write_progress_csv
    from vasot.files import refuse_existing
    from vasot.report.progress import save_progress
    from vasot.training.model import load

    model = load(run)
    model.require("align")
    chosen = chosen_recordings(model, with_patterns(model, videos))
    files = {each.name: [output / f"{each.name}.progress.{end}" for end in ("csv", "png")] for each in chosen}
    refuse_existing([path for each in files.values() for path in each], force)
    own = read_shown_results(model).recordings
    others = {each.name: _others(each, own) for each in chosen}
    for each in chosen:
        alignments = []
        with CountProgress(Console(stderr=True), each.name, "alignment") as shown:
            for done, other in enumerate(others[each.name]):
                shown.show(done, len(others[each.name]), None, other.name)
                alignments.append(model.align(each.track, other.track))
        found = progress_of(alignments)
        table, picture = files[each.name]
        write_progress_csv(found, each.track, each.segmentation, table, force=True)
        save_progress(found, picture, each.name, each.track.times_seconds, each.segmentation, force=True)
        typer.echo(f"{each.name}: aligned with {counted(len(alignments), 'recording')} -> {table}, {picture}")


def _others(recording: RecordingResult, own: Sequence[RecordingResult]) -> Sequence[RecordingResult]:
    from vasot.cli.chosen import others_than
    from vasot.deviations.collect import MOST_OTHERS, evenly
    from vasot.errors import DataError

    others = others_than([recording], own)
    if len(others) < 2:
        raise DataError(
            f"{recording.name}: progress is read from at least two other recordings of the run, and there are "
            f"{len(others)}; fit on more recordings of this activity"
        )
    return evenly(others, MOST_OTHERS)
