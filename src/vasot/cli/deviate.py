"""``vasot deviate``: what of recordings deviates from references."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from vasot.cli.options import Force, Output, Run
from vasot.wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vasot.deviations.collect import Standard
    from vasot.deviations.held import Held
    from vasot.training.model import Model
    from vasot.training.results import RecordingResult

__all__ = ["command"]

_FILES = ("deviations.csv", "summary.csv", "deviations.json", "deviations.html")


def command(
    run: Run,
    videos: Annotated[
        list[str],
        typer.Argument(
            metavar="VIDEO...",
            help="Recordings to hold against the references: names of the run's recordings, also patterns such as "
            "'take_*', or video or array files.",
            show_default=False,
        ),
    ],
    reference: Annotated[
        list[str],
        typer.Option(
            "--reference",
            metavar="REF",
            help="A recording as it should be, named likewise; several of them say how much may differ.",
            show_default=False,
        ),
    ],
    output: Output,
    force: Force = False,
) -> None:
    """Tell what of recordings deviates from references: steps missing, extra, repeated, out of order, slow or fast.

    Moments that match nothing are told as well. deviations.csv has one line per deviation, summary.csv one per
    recording with its score (0: as the references), deviations.json everything; deviations.html shows the frames.
    """
    from vasot.cli.chosen import chosen_recordings, others_than, with_patterns
    from vasot.cli.inputs import read_shown_results
    from vasot.export.deviations import document_of, write_deviations_csv, write_deviations_json, write_summary_csv
    from vasot.files import refuse_existing
    from vasot.report.deviations import deviations_page
    from vasot.report.page import write_page
    from vasot.training.corrections import load_corrections
    from vasot.training.folder import RunFolder
    from vasot.training.model import load

    model = load(run)
    model.require("segment", "align")
    table, summary, document_path, page = (output / name for name in _FILES)
    refuse_existing([table, summary, document_path, page], force)
    words = with_patterns(model, videos)
    given = with_patterns(model, reference)
    # Before anything is read: what is wrong here is wrong in the words.
    _refuse_both(words, given)
    chosen = chosen_recordings(model, [*given, *words])
    references, tested = chosen[: len(given)], chosen[len(given) :]
    _refuse_mixture(chosen)
    training = others_than(chosen, read_shown_results(model).recordings) if len(references) == 1 else ()
    standard, held = _hold(model, references, training, tested)
    outcome = standard.outcome(held)
    document = document_of(outcome)
    write_deviations_csv(document, table, force=True)
    write_summary_csv(document, summary, force=True)
    write_deviations_json(document, document_path, force=True)
    write_page(page, deviations_page(outcome, load_corrections(RunFolder(run).corrections).colours), force=True)
    typer.echo(f"wrote {table}, {summary}, {document_path}, {page}")


def _refuse_both(videos: Sequence[str], references: Sequence[str]) -> None:
    from vasot.errors import DataError

    for word in videos:
        if word in references:
            raise DataError(f"'{word}' is a reference and is to be held against it; leave it out of one of them")


def _refuse_mixture(recordings: Sequence[RecordingResult]) -> None:
    """Refuse recordings of different activities, and two that outputs would call the same."""
    from vasot.errors import DataError

    first = recordings[0]
    names: set[str] = set()
    for each in recordings:
        if each.track.activity != first.track.activity:
            raise DataError(
                f"{each.name} shows '{each.track.activity}' and the reference {first.name} '{first.track.activity}'; "
                "give recordings of one activity"
            )
        if each.name in names:
            raise DataError(f"two of the recordings are called '{each.name}'; rename one")
        names.add(each.name)


def _hold(
    model: Model,
    references: Sequence[RecordingResult],
    training: Sequence[RecordingResult],
    tested: Sequence[RecordingResult],
) -> tuple[Standard, list[Held]]:
    """Everything that takes long, with its progress, and a line for every recording."""
    from time import perf_counter

    from rich.console import Console

    from vasot.cli.progress import CountProgress
    from vasot.deviations.collect import make_standard

    begun = perf_counter()
    with CountProgress(Console(stderr=True), "references", "pair") as progress:

        def tell(done: int, n_all: int) -> None:
            progress.show(done, n_all, (perf_counter() - begun) / done * (n_all - done))

        standard = make_standard(model, references, training, tell)
    held: list[Held] = []
    begun = perf_counter()
    with CountProgress(Console(stderr=True), "recordings", "recording") as progress:
        for done, each in enumerate(tested):
            left = (perf_counter() - begun) / done * (len(tested) - done) if done else None
            progress.show(done, len(tested), left, each.name)
            held.append(standard.hold(each))
    for one in held:
        _tell(one, standard)
    return standard, held


def _tell(held: Held, standard: Standard) -> None:
    from vasot.deviations.words import described, when

    n = len(held.deviations)
    found = counted(n, "deviation") if n else "nothing deviates"
    typer.echo(f"{held.recorded.name}: score {held.score:.2f}, unlikeness {held.unlikeness:.2f}, {found}")
    outcome = standard.outcome([held])
    for each in held.deviations:
        typer.echo(f"  {when(each.here, held.recorded):>16}  {described(each, outcome)}  ({each.confidence:.2f})")
