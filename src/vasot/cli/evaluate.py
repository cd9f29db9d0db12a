"""``vasot evaluate``: score a run's segmentations against labels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vasot.cli.options import Activity, DatasetName, Run, Subset

if TYPE_CHECKING:
    from vasot.datasets.base import Dataset
    from vasot.metrics.evaluation import SegmentationReport
    from vasot.training.model import Model

__all__ = ["Scores", "command", "print_scores", "score_model"]

Scores = tuple["SegmentationReport", "dict[str, SegmentationReport]"]


def command(
    run: Run,
    data: Annotated[
        Path | None,
        typer.Argument(metavar="[DATA]", help="Labelled data to score on; the run's own where it is left out."),
    ] = None,
    scope: Annotated[
        str, typer.Option(help="dataset: one matching of actions to classes per activity; video: one per recording.")
    ] = "dataset",
    exclude: Annotated[
        list[str] | None, typer.Option(help="Class left out of scoring, instead of the run's setting; may be repeated.")
    ] = None,
    dataset_name: DatasetName = "",
    activity: Activity = "",
    subset: Subset = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Score segmentations against labels, with three trivial predictions on the same data beside them.

    RUN may hold runs of several activities: each is scored, and their mean is given.
    """
    from vasot.datasets.labels import UNLABELLED
    from vasot.datasets.recordings import read_data
    from vasot.training.activities import holds_activities
    from vasot.training.model import load

    def score(folder: Path) -> tuple[Model, Dataset, tuple[str, ...], Scores]:
        model = load(folder)
        settings = model.config.data
        reading = settings.reading().narrowed(dataset=dataset_name, activity=activity, subset=subset)
        dataset = read_data(data or settings.data, reading)
        names = tuple(exclude) if exclude else settings.exclude
        if UNLABELLED in dataset.class_names and UNLABELLED not in names:
            names = (*names, UNLABELLED)
        return model, dataset, names, score_model(model, dataset, names, scope)

    if holds_activities(run) and not activity:
        from vasot.cli.activities import print_activities

        print_activities(run, lambda folder: score(folder)[-1], as_json)
        return
    model, dataset, names, (report, trivial) = score(run / activity if holds_activities(run) else run)
    if as_json:
        typer.echo(json.dumps(_as_json(model, dataset, report, trivial, names), indent=2))
    else:
        print_scores(model, dataset, report, trivial, names)


def score_model(model: Model, dataset: Dataset, exclude: tuple[str, ...], scope: str) -> Scores:
    """Segment every recording, score it, and score the trivial predictions.

    Raises:
        DataError: recordings without labels.
        SettingsError: an excluded class that is not in the mapping.
    """
    from vasot.errors import DataError, SettingsError, nearest
    from vasot.metrics.evaluation import score_segmentation, trivial_scores

    truth = [recording.labels for recording in dataset.recordings if recording.labels is not None]
    if len(truth) < len(dataset.recordings):
        raise DataError(
            f"{dataset.name}: {len(dataset.recordings) - len(truth)} of {len(dataset.recordings)} recordings have no "
            "ground truth; scoring needs groundTruth/NAME with one class name per frame"
        )
    for name in exclude:
        if name not in dataset.class_names:
            raise SettingsError(f"there is no class '{name}' to exclude{nearest(name, dataset.class_names)}")
    excluded = tuple(dataset.class_names.index(name) for name in exclude)
    segmentations = [model.segment(track) for track in dataset.tracks]
    n_actions = segmentations[0].n_actions
    activities = [track.activity for track in dataset.tracks]
    shared: dict[str, Any] = {"activities": activities, "exclude": excluded, "scope": scope}
    names = [track.name for track in dataset.tracks]
    report = score_segmentation(
        [segmentation.labels for segmentation in segmentations], truth, n_actions=n_actions, names=names, **shared
    )
    seed = model.config.settings.seed
    return report, trivial_scores(dataset.tracks, truth, n_actions, seed, **shared)


def print_scores(
    model: Model,
    dataset: Dataset,
    report: SegmentationReport,
    trivial: dict[str, SegmentationReport],
    exclude: tuple[str, ...],
) -> None:
    """A table of the run beside the trivial predictions, in percent, and what the figures rest on."""
    rows = {model.config.method: report, **trivial}
    keys = list(report.scores.to_dict())
    typer.echo("".join([f"{'in percent':<12}", *(f"{key:>{len(key) + 2}}" for key in keys)]))
    for name, row in rows.items():
        values = row.scores.to_dict()
        typer.echo("".join([f"{name:<12}", *(f"{100 * values[key]:>{max(len(key) + 2, 7)}.1f}" for key in keys)]))
    if report.scope == "dataset":
        for line in _matched(model, dataset, report):
            typer.echo(line)
    typer.echo(
        f"{dataset.name}: {report.n_videos} recordings, {report.n_classes} classes, {report.n_actions} actions, one "
        f"matching per {'activity' if report.scope == 'dataset' else 'recording'}, seed {model.config.settings.seed}, "
        f"left out: {', '.join(exclude) or 'nothing'}, undefined: {report.n_undefined}. Training saw no labels."
    )


def _matched(model: Model, dataset: Dataset, report: SegmentationReport) -> list[str]:
    """Per activity, the class that each action was matched to."""
    from vasot.metrics.matching import NO_CLASS

    lines: dict[str, str] = {}
    for activity, matching in zip(report.activity_of, report.matchings, strict=True):
        if matching is not None and activity not in lines:
            names = ("nothing" if index == NO_CLASS else dataset.class_names[index] for index in matching)
            pairs = ", ".join(f"{ours} = {theirs}" for ours, theirs in zip(model.action_names, names, strict=True))
            lines[activity] = f"actions of {activity}: {pairs}"
    return list(lines.values())


def _as_json(
    model: Model,
    dataset: Dataset,
    report: SegmentationReport,
    trivial: dict[str, SegmentationReport],
    exclude: tuple[str, ...],
) -> dict[str, Any]:
    return {
        **report.to_dict(),
        "method": model.config.method,
        "seed": model.config.settings.seed,
        "dataset": dataset.name,
        "excluded_classes": list(exclude),
        "action_names": list(model.action_names),
        "trivial": {name: row.scores.to_dict() for name, row in trivial.items()},
    }
