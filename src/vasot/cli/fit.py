"""``vasot fit``: learn from a folder of recordings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vasot.cli.options import Activity, DatasetName, Features, NewRun, Subset
from vasot.wording import counted, format_minutes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from vasot.datasets.base import Dataset
    from vasot.training.checkup import Checkup
    from vasot.training.folder import RunConfig
    from vasot.training.model import Model
    from vasot.types import Segmentation

__all__ = ["command", "train_and_report"]


def command(
    data: Annotated[
        Path,
        typer.Argument(
            metavar="DATA",
            help="Folder of videos, or of feature arrays; or with videos/ or features/ and, where there are labels, "
            "groundTruth/ and mapping/.",
            show_default=False,
        ),
    ],
    output: NewRun,
    actions: Annotated[
        str | None,
        typer.Option(
            "--actions",
            "-k",
            metavar="K",
            help="Number of actions: 7; or a range to choose from without labels: 4-12, or 4,6,8.",
            show_default=False,
        ),
    ] = None,
    method: Annotated[
        str, typer.Option(help="vasot (both tasks), asot (segment only) or vaot (align only).")
    ] = "vasot",
    preset: Annotated[
        str | None, typer.Option(help="Settings of a published experiment; vasot presets lists them.")
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change one setting; may be repeated.")
    ] = None,
    features: Features = "auto",
    fps: Annotated[float | None, typer.Option("--fps", help="Frames per second sampled of videos (10).")] = None,
    trim: Annotated[bool, typer.Option("--trim", help="Cut a recording and its labels to the shorter.")] = False,
    rate: Annotated[
        float | None, typer.Option("--rate", help="Feature vectors per second, so that outputs carry seconds.")
    ] = None,
    dataset: DatasetName = "",
    activity: Activity = "",
    subset: Subset = "",
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the interrupted run in the folder.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace the run that lies in the folder.")] = False,
) -> None:
    """Learn from recordings of the same activity, without labels."""
    from rich.console import Console

    from vasot.config import parse_words
    from vasot.datasets.registry import DATASETS
    from vasot.errors import SettingsError
    from vasot.selection.counts import parse_counts

    values: dict[str, Any] = parse_words(settings or [])
    for name in values.keys() & _NOT_SETTINGS.keys():
        raise SettingsError(f"--set {name}: it is no setting; give {_NOT_SETTINGS[name]}")
    if trim:
        values["trim"] = True
    if rate is not None:
        values["rate_hz"] = rate
    if features != "auto":
        values["features"] = features
    if fps is not None:
        values["fps"] = fps
    values |= {name: value for name, value in _part(dataset, activity, subset).items() if value}
    counts = () if actions is None else parse_counts(actions)
    options = {"method": method, "preset": preset, "force": force, "resume": resume}
    if (published := values.get("dataset")) and not values.get("activity") and DATASETS[published].per_activity:
        if len(counts) > 1:
            raise SettingsError("a range of --actions is searched for one activity at a time; name it with --activity")
        _fit_activities(data, output, Console(), {"actions": counts[0] if counts else None, **options, **values})
    elif len(counts) > 1:
        _search_and_report(data, output, Console(), counts, {**options, **values})
    else:
        train_and_report(data, output, Console(), {"actions": counts[0] if counts else None, **options, **values})


_NOT_SETTINGS = {
    "console": "nothing of that name",
    "counts": "--actions 4-12",
    "data": "the folder behind fit",
    "force": "--force",
    "on_check": "nothing of that name",
    "on_choice": "nothing of that name",
    "on_fit": "nothing of that name",
    "on_progress": "nothing of that name",
    "method": "--method",
    "on_plan": "nothing of that name",
    "output": "--output",
    "preset": "--preset",
    "resume": "--resume",
    "workers": "nothing of that name",
}
"""Arguments of :func:`vasot.fit` that are not settings, and what to give on the command line instead."""


def train_and_report(data: Path, output: Path, console: Console, arguments: dict[str, Any]) -> Model:
    """Train, write the segments of the training recordings beside the model, and say what was written."""
    from time import perf_counter

    from vasot.cli.progress import ExtractionProgress
    from vasot.training.model import fit

    begun = perf_counter()
    seen: list[Dataset] = []
    told: list[str] = []
    say = _printer(console)

    def show_check(checkup: Checkup) -> None:
        told.extend(finding.text for finding in checkup.findings)
        # Before features are extracted from videos, which may take long; what is wrong with arrays can wait.
        if checkup.features != "precomputed":
            for text in told:
                say(f"note: {text}")
            told.clear()

    def show_plan(dataset: Dataset, config: RunConfig) -> None:
        nonlocal begun
        seen.append(dataset)
        _print_plan(console, dataset, config, output, told)
        begun = perf_counter()

    with ExtractionProgress(console) as progress:
        model = fit(
            data,
            output=output,
            console=console,
            on_check=show_check,
            on_plan=show_plan,
            on_progress=progress.show,
            **arguments,
        )
    say(f"trained in {perf_counter() - begun:.1f} s")
    _report(say, model, seen[0], output)
    return model


def _part(dataset: str, activity: str, subset: str) -> dict[str, str]:
    return {"dataset": dataset, "activity": activity, "subset": subset}


def _fit_activities(data: Path, output: Path, console: Console, arguments: dict[str, Any]) -> None:
    from vasot.cli.activities import fit_activities

    def train(source: Path, folder: Path, choice: dict[str, Any]) -> Model:
        return train_and_report(source, folder, console, choice)

    fit_activities(data, output, arguments, train, _printer(console))


def _search_and_report(
    data: Path, output: Path, console: Console, counts: Sequence[int], arguments: dict[str, Any]
) -> None:
    from vasot.cli.actions import search_and_report

    model, dataset = search_and_report(data, output, console, counts, arguments)
    _report(_printer(console), model, dataset, output)


def _report(say: Any, model: Model, dataset: Dataset, output: Path) -> None:
    from vasot.cli.report import write_report
    from vasot.training.folder import RunFolder
    from vasot.training.results import results_of

    results = results_of(model, dataset)
    if "segment" in model.tasks:
        _write_segments(say, [each.predicted for each in results.recordings if each.predicted is not None], output)
    page = RunFolder(output).report
    write_report(results, page, force=True)
    say(f"what was learned, as a page for the browser: {page}")
    _print_damaged(say, dataset)
    say(f"the run is in {output}; next: vasot evaluate {output}, vasot segment {output} FILE -o OUT")


def _print_damaged(say: Any, dataset: Dataset) -> None:
    """Closing tables of the videos of which only the first part could be used, or nothing."""
    if dataset.left_out:
        say(f"left out: {counted(len(dataset.left_out), 'video or clip', 'videos or clips')}")
        for text in dataset.left_out:
            say(f"  {text}")
    if not dataset.damaged:
        return
    width = max(len(each.name) for each in dataset.damaged)
    say(f"damaged: {counted(len(dataset.damaged), 'video')}; what comes before the break was used")
    for each in dataset.damaged:
        say(f"  {each.name:<{width}}  breaks at {each.at_seconds:.2f} s  {each.what}")


def _print_plan(console: Console, dataset: Dataset, config: RunConfig, output: Path, notes: Sequence[str]) -> None:
    say = _printer(console)
    lengths = [track.n_frames for track in dataset.tracks]
    activities = sorted({track.activity for track in dataset.tracks})
    say(
        f"{dataset.name}: {counted(len(lengths), 'recording')}, {min(lengths)} to {max(lengths)} frames, "
        f"{dataset.n_features} features per frame"
        + (f" ({config.data.features})" if config.data.features != "precomputed" else "")
        + (f", {len(activities)} activities" if len(activities) > 1 else "")
        + (", labels for scoring only" if dataset.has_labels else ", no labels")
    )
    for text in notes:
        say(f"note: {text}")
    known = getattr(config.settings, "actions", None)
    if config.data.dataset:
        say(_about_published(config))
    say(
        f"method {config.method}"
        + (f", {counted(known, 'action')}" if known is not None else "")
        + f", {counted(config.settings.epochs, 'epoch')}, seed {config.settings.seed}; writes {output}"
    )
    if config.settings.encoder == "resnet-context":
        # Training on features takes minutes at most; this may take days, so it is said before it begins.
        from vasot.training.checkup import training_minutes

        minutes = training_minutes(config.method, config.settings, lengths, config.n_features)
        say(f"training from pixels: about {format_minutes(minutes)} on this machine")


def _about_published(config: RunConfig) -> str:
    from vasot.datasets.registry import DATASETS

    published = DATASETS[config.data.dataset]
    left_out = f"; left out of scoring: {', '.join(config.data.exclude)}" if config.data.exclude else ""
    preset = f"settings start from preset {published.preset}" if published.preset else "there is no preset for it"
    return f"{published.title}: {preset} where none is named{left_out}"


def _write_segments(say: Any, segmentations: Sequence[Segmentation], output: Path) -> None:
    from vasot.export.tables import write_segments_csv
    from vasot.report.timeline import save_corpus_timeline

    for segmentation in segmentations:
        write_segments_csv(segmentation, output / "segments" / f"{segmentation.name}.segments.csv", force=True)
    save_corpus_timeline(segmentations, output / "segments.png", force=True)
    used = {int(label) for segmentation in segmentations for label in set(segmentation.labels.tolist())}
    unused = sorted(set(range(segmentations[0].n_actions)) - used)
    say(
        f"{len(used)} of {segmentations[0].n_actions} actions occur"
        + (f"; never: {', '.join(map(str, unused))}" if unused else "")
        + f"; segments are in {output / 'segments'}, their picture is {output / 'segments.png'}"
    )


def _printer(console: Console) -> Any:
    def say(text: str) -> None:
        console.print(text, highlight=False, markup=False, soft_wrap=True)

    return say
