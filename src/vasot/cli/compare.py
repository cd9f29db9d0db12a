"""``vasot compare``: methods and settings on several data sets, by files that say what to run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vasot.cli.options import Force
from vasot.wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from vasot.comparison.run import Plan
    from vasot.comparison.store import Store
    from vasot.comparison.sweeps import Sweep
    from vasot.report.curves import Curve

__all__ = ["command"]


def command(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="Experiments (.toml), or folders of them.", show_default=False),
    ],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="Folder of the results; one begun is gone on with.", show_default=False),
    ],
    data: Annotated[
        Path, typer.Option("--data", metavar="ROOT", envvar="VASOT_DATA", help="Folder that holds the data sets.")
    ] = Path(),
    seeds: Annotated[str, typer.Option(help="Seeds of every row: 0-4, or 0,1,2.")] = "0-4",
    force: Force = False,
    tables_only: Annotated[
        bool, typer.Option("--tables-only", help="Run nothing; write tables of what is there.")
    ] = False,
) -> None:
    """Run what the data at hand allows, and write tables with the paper's figures beside ours."""
    from rich.console import Console

    from vasot.comparison.experiment import read_experiments
    from vasot.comparison.run import make_plan
    from vasot.comparison.store import Store
    from vasot.config import parse_numbers

    chosen = parse_numbers(seeds, "--seeds", "seed", "write one (0), a range (0-4) or several (0,1,2)")
    experiments = read_experiments(files)
    _check_output(output)
    store = Store(output)
    console = Console()
    plan = make_plan(experiments, data, chosen)
    if force:
        store.forget(plan.cases())
    _say(console, _plan_in_words(plan, store, data))
    try:
        if not tables_only:
            _run(plan, store, console)
    except KeyboardInterrupt:
        left = len(plan.work(store))
        _say(console, [f"{left} measurements are left; what was measured is kept: the same command goes on"])
        raise
    finally:
        written = _write(plan, store, output)
    _say(console, [f"wrote {', '.join(written)} in {output}"])


def _check_output(output: Path) -> None:
    """Refuse a folder that another command, or a user, filled."""
    from vasot.errors import RunFolderError

    if output.is_dir() and any(output.iterdir()) and not (output / "results.csv").is_file():
        raise RunFolderError(f"{output} holds something else than results of vasot compare; choose another -o")
    if output.exists() and not output.is_dir():
        raise RunFolderError(f"{output} is a file; name a folder with -o")


def _plan_in_words(plan: Plan, store: Store, root: Path) -> list[str]:
    from vasot.comparison.sources import SOURCES

    lines = [line for table in plan.tables.values() for line in table]
    absent = dict.fromkeys(
        SOURCES[line.data].folder
        for line in lines
        if line.case is None and line.experiment and line.experiment.is_available
    )
    measurements = {(line.case.key(), seed) for line in lines if line.case is not None for seed in line.seeds}
    left = len(plan.work(store))
    said = [
        f"{counted(len(plan.tables), 'table')}, {counted(len(lines), 'row')}, "
        f"{counted(len(measurements), 'measurement')}, {len(measurements) - left} of them done before"
    ]
    if absent:
        said.append(f"not in {root}, so not run: {', '.join(str(name) for name in absent)}")
    return said


def _run(plan: Plan, store: Store, console: Console) -> None:
    from vasot.cli.progress import CountProgress
    from vasot.comparison.run import Progress, run_plan

    with CountProgress(console, "compare", "measurement") as bar:

        def show(progress: Progress) -> None:
            bar.show(progress.n_done, progress.n_all, progress.remaining_seconds, progress.what)

        run_plan(plan, store, show)


def _write(plan: Plan, store: Store, output: Path) -> list[str]:
    """Tables, and a picture of every curve that was measured; the names of the files."""
    from vasot.comparison.markdown import to_markdown
    from vasot.files import atomic_write

    # The table marks the folder as ours, even where nothing could be run.
    store.save()
    with atomic_write(output / "comparison.md", force=True) as partial:
        partial.write_text(to_markdown(plan, store), encoding="utf-8")
    return ["results.csv", "comparison.md", *_draw(plan, store, output)]


def _draw(plan: Plan, store: Store, output: Path) -> list[str]:
    from vasot.comparison.sweeps import sweeps
    from vasot.report.curves import save_curves

    names = []
    for sweep in sweeps((line for lines in plan.tables.values() for line in lines), store):
        save_curves(
            _curves(sweep, store),
            sweep.setting,
            output / sweep.picture,
            force=True,
            title=f"{sweep.experiment.title} on {sweep.data}",
            default=sweep.default,
            paper_best=sweep.experiment.paper_best,
        )
        names.append(sweep.picture)
    return names


def _curves(sweep: Sweep, store: Store) -> list[Curve]:
    """The metrics of a curve, at the values that were measured."""
    from vasot.report.curves import Curve

    curves = []
    for metric in sweep.experiment.metrics:
        if points := sweep.curve(store, metric):
            values, means, deviations = zip(*points, strict=True)
            curves.append(Curve(metric, values, means, deviations))
    return curves


def _say(console: Console, lines: Sequence[str]) -> None:
    for line in lines:
        console.print(line, highlight=False, markup=False, soft_wrap=True)
