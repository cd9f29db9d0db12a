"""``vasot fit`` and ``vasot evaluate`` for data sets of several activities: one run for each, and their mean."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vasot.metrics.results import Evaluation
    from vasot.training.model import Model

__all__ = ["fit_activities", "print_activities"]

_TABLE = "evaluation.csv"

Row = Mapping[str, float | None]


def fit_activities(
    data: Path,
    output: Path,
    arguments: Mapping[str, Any],
    train: Callable[[Path, Path, dict[str, Any]], Model],
    say: Callable[[str], None],
) -> None:
    """Train a model for each activity that is there; ``train`` takes the data, the run's folder and the arguments."""
    from vasot.datasets.registry import DATASETS
    from vasot.training.activities import train_activities

    published = DATASETS[arguments["dataset"]]
    present = published.present(data)
    absent = [activity for activity in published.activities if activity not in present]
    say(
        f"{published.title}: one model for each of {len(present)} activities ({', '.join(present)})"
        + (f"; not there: {', '.join(absent)}" if absent else "")
    )
    plain = {name: value for name, value in arguments.items() if name not in ("resume", "force")}

    def one(activity: str, folder: Path, choice: Mapping[str, bool]) -> Model:
        say(f"activity {activity}")
        return train(data, folder, {**plain, "activity": activity, **choice})

    models = train_activities(output, present, one, resume=arguments["resume"], force=arguments["force"])
    if kept := [activity for activity, model in models.items() if model is None]:
        say(f"trained before: {', '.join(kept)}")
    say(f"the runs are in {output}, their table is {output / 'activities.csv'}; next: vasot evaluate {output}")


def print_activities(run: Path, score: Callable[[Path], Evaluation], as_json: bool) -> None:
    """Score the run of each activity, print a table with the mean over activities, and keep it beside the runs."""
    from vasot.files import atomic_write
    from vasot.metrics.embeddings import ALIGNMENT_KEYS
    from vasot.metrics.results import SEGMENTATION_KEYS
    from vasot.training.activities import read_activities

    found = {row.activity: score(run / row.activity) for row in read_activities(run)}
    means = _means(list(found.values()))
    lines: list[tuple[str, str, Row]] = [(activity, "model", each.values) for activity, each in found.items()]
    lines += [("mean", name, values) for name, values in means.items()]
    keys = [*SEGMENTATION_KEYS, *ALIGNMENT_KEYS]
    with atomic_write(run / _TABLE, force=True) as partial, partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["activity", "prediction", *keys])
        writer.writerows([activity, name, *map(values.get, keys)] for activity, name, values in lines)
    if as_json:
        trivial = {name: values for name, values in means.items() if name != "model"}
        activities = {activity: json.loads(each.to_json()) for activity, each in found.items()}
        typer.echo(json.dumps({**means["model"], "activities": activities, "trivial": trivial}, indent=2))
        return
    for group in (SEGMENTATION_KEYS, ALIGNMENT_KEYS):
        _print_table(lines, group)
        typer.echo()
    protocol = next(iter(found.values())).conditions.name
    typer.echo(
        f"mean over {len(found)} activities, each with a model and a matching of its own; protocol {protocol}; "
        f"kept in {run / _TABLE}"
    )


def _print_table(lines: Sequence[tuple[str, str, Row]], keys: Sequence[str]) -> None:
    """The lines that have any of the keys, in percent."""
    width = max(10, *(len(activity) + 2 for activity, _, _ in lines))
    typer.echo(f"{'in percent':<{width}}{'':<16}" + "".join(f"{key:>{max(len(key) + 2, 7)}}" for key in keys))
    for activity, name, values in lines:
        cells = [values.get(key) for key in keys]
        if all(cell is None for cell in cells):
            continue
        texts = ["-" if cell is None else f"{100 * cell:.1f}" for cell in cells]
        row = "".join(f"{text:>{max(len(key) + 2, 7)}}" for key, text in zip(keys, texts, strict=True))
        typer.echo(f"{activity:<{width}}{name:<16}{row}")


def _means(found: Sequence[Evaluation]) -> dict[str, Row]:
    """Of the model and of each trivial prediction, the mean over the activities in which a figure is defined."""
    rows: dict[str, list[Row]] = {}
    for each in found:
        for name, values in {"model": each.values, **each.trivial, **each.trivial_embeddings}.items():
            rows.setdefault(name, []).append(values)
    return {name: {key: _mean([row.get(key) for row in each]) for key in each[0]} for name, each in rows.items()}


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
