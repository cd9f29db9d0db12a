"""``vasot report``: what a run has learned, as one page that stands alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vasot.cli.options import Force, Run
from vasot.wording import counted

if TYPE_CHECKING:
    from vasot.report.run_report import RunFacts
    from vasot.training.results import RunResults

__all__ = ["command", "write_report"]


def command(
    run: Run,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Page to write; report.html in the run folder by default."),
    ] = None,
    force: Force = False,
) -> None:
    """Write what a run has learned as one page of HTML that needs no network.

    RUN may hold runs of several activities: each gets its page.
    """
    from vasot.cli.inputs import read_shown_results
    from vasot.errors import SettingsError
    from vasot.files import refuse_existing
    from vasot.training.activities import holds_activities, read_activities
    from vasot.training.folder import RunFolder
    from vasot.training.model import load

    several = holds_activities(run)
    if several and output is not None:
        raise SettingsError(f"{run} holds runs of several activities, whose pages lie beside them; leave out --output")
    folders = [run / row.activity for row in read_activities(run)] if several else [run]
    pages = {folder: output or RunFolder(folder).report for folder in folders}
    for folder in folders:
        RunFolder(folder).read_config()
    refuse_existing(pages.values(), force)
    for folder, page in pages.items():
        results = read_shown_results(load(folder))
        write_report(results, page, force)
        typer.echo(f"{counted(len(results.recordings), 'recording')} -> {page}")


def write_report(results: RunResults, path: Path, force: bool = False) -> None:
    """Write the page about a run and its own recordings.

    Raises:
        RunFolderError: the file exists and ``force`` is not given.
        VasotError: the file cannot be written.
    """
    from vasot.report.page import write_page
    from vasot.report.recordings import ReportedRecording
    from vasot.report.run_report import gather, render

    recordings = [
        ReportedRecording(each.track, each.predicted, each.segmentation, each.video) for each in results.recordings
    ]
    write_page(path, render(gather(results.model, recordings, _facts(results), results.dataset)), force)


def _facts(results: RunResults) -> RunFacts:
    from vasot.cli.info import installed_versions
    from vasot.report.losses import read_losses
    from vasot.report.run_report import RunFacts
    from vasot.training.folder import RunFolder

    model, corrections = results.model, results.corrections
    config, settings = model.config, model.config.settings
    values = settings.model_dump(mode="json")
    losses = {} if model.folder is None else read_losses(RunFolder(model.folder).losses)
    about_data = config.data.model_dump(mode="json", exclude={"data"}, exclude_defaults=True)
    return RunFacts(
        run=str(model.folder or "run"),
        data=config.data.data,
        expected=config.recordings,
        settings=(
            ("method", config.method, "what was trained"),
            *((name, str(value), "how recordings are read") for name, value in about_data.items()),
            *((name, str(values[name]), meaning) for name, (_, meaning) in settings.described().items()),
        ),
        versions=tuple((name, number) for name, number in installed_versions().items() if number is not None),
        losses=losses.get("loss", ()),
        colours=corrections.colours,
        merged=corrections.merged,
        n_corrected=len(corrections.segments),
        exclude=config.data.exclude,
        seed=settings.seed,
        notes=() if results.dataset is None else results.dataset.warnings,
    )
