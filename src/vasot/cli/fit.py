"""``vasot fit``: learn from a folder of recordings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vasot.cli.options import NewRun

if TYPE_CHECKING:
    from rich.console import Console

    from vasot.datasets.base import Dataset
    from vasot.training.folder import RunConfig
    from vasot.training.model import Model

__all__ = ["command", "train_and_report"]


def command(
    data: Annotated[
        Path,
        typer.Argument(
            metavar="DATA",
            help="Folder of feature arrays (.npy, .txt), or with features/ and, where there are labels, groundTruth/ "
            "and mapping/.",
            show_default=False,
        ),
    ],
    output: NewRun,
    actions: Annotated[
        int | None, typer.Option("--actions", "-k", help="Number of actions to look for.", show_default=False)
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
    trim: Annotated[bool, typer.Option("--trim", help="Cut a recording and its labels to the shorter.")] = False,
    rate: Annotated[
        float | None, typer.Option("--rate", help="Feature vectors per second, so that outputs carry seconds.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the interrupted run in the folder.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace the run that lies in the folder.")] = False,
) -> None:
    """Learn from recordings of the same activity, without labels."""
    from rich.console import Console

    from vasot.config import parse_words
    from vasot.errors import SettingsError

    values: dict[str, Any] = parse_words(settings or [])
    for name in values.keys() & _NOT_SETTINGS.keys():
        raise SettingsError(f"--set {name}: it is no setting; give {_NOT_SETTINGS[name]}")
    if trim:
        values["trim"] = True
    if rate is not None:
        values["rate_hz"] = rate
    options = {"actions": actions, "method": method, "preset": preset, "force": force, "resume": resume}
    train_and_report(data, output, Console(), {**options, **values})


_NOT_SETTINGS = {
    "console": "nothing of that name",
    "data": "the folder behind fit",
    "force": "--force",
    "method": "--method",
    "on_plan": "nothing of that name",
    "output": "--output",
    "preset": "--preset",
    "resume": "--resume",
}
"""Arguments of :func:`vasot.fit` that are not settings, and what to give on the command line instead."""


def train_and_report(data: Path, output: Path, console: Console, arguments: dict[str, Any]) -> Model:
    """Train, write the segments of the training recordings beside the model, and say what was written."""
    from time import perf_counter

    from vasot.training.model import fit

    begun = perf_counter()
    seen: list[Dataset] = []

    def show_plan(dataset: Dataset, config: RunConfig) -> None:
        seen.append(dataset)
        _print_plan(console, dataset, config, output)

    model = fit(data, output=output, console=console, on_plan=show_plan, **arguments)
    say = _printer(console)
    say(f"trained in {perf_counter() - begun:.1f} s")
    if "segment" in model.method.tasks:
        _write_segments(say, model, seen[0], output)
    say(f"the run is in {output}; next: vasot evaluate {output}, vasot segment {output} FILE -o OUT")
    return model


def _print_plan(console: Console, dataset: Dataset, config: RunConfig, output: Path) -> None:
    say = _printer(console)
    lengths = [track.n_frames for track in dataset.tracks]
    activities = sorted({track.activity for track in dataset.tracks})
    say(
        f"{dataset.name}: {len(lengths)} recordings, {min(lengths)} to {max(lengths)} frames, "
        f"{dataset.n_features} features per frame"
        + (f", {len(activities)} activities" if len(activities) > 1 else "")
        + (", labels for scoring only" if dataset.has_labels else ", no labels")
    )
    for warning in dataset.warnings:
        say(f"note: {warning}")
    known = getattr(config.settings, "actions", None)
    say(
        f"method {config.method}"
        + (f", {known} actions" if known is not None else "")
        + f", {config.settings.epochs} epochs, seed {config.settings.seed}; writes {output}"
    )


def _write_segments(say: Any, model: Model, dataset: Dataset, output: Path) -> None:
    from vasot.export.tables import write_segments_csv
    from vasot.report.timeline import save_corpus_timeline

    segmentations = [model.segment(track) for track in dataset.tracks]
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
