"""``vasot fit`` and ``vasot evaluate`` for data sets of several activities: one run for each, and their mean."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from vasot.metrics.results import Evaluation
    from vasot.training.model import Model

__all__ = ["fit_activities", "print_activities"]

_TABLE = "evaluation.csv"


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
    from vasot.cli.evaluate import percent
    from vasot.files import atomic_write
    from vasot.training.activities import read_activities

    scores = {row.activity: score(run / row.activity) for row in read_activities(run)}
    rows = _rows(scores)
    with atomic_write(run / _TABLE, force=True) as partial, partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    if as_json:
        typer.echo(json.dumps(_as_json(rows), indent=2))
        return
    width = max(len(row["activity"]) for row in rows) + 2
    keys = [key for key in rows[0] if key not in ("activity", "prediction")]
    typer.echo(f"{'in percent':<{width}}{'':<13}" + "".join(f"{key:>{max(len(key) + 2, 7)}}" for key in keys))
    for row in rows:
        values = "".join(f"{percent(row[key]):>{max(len(key) + 2, 7)}}" for key in keys)
        typer.echo(f"{row['activity']:<{width}}{row['prediction']:<13}{values}")
    typer.echo(
        f"mean over {len(scores)} activities, each with a model and a matching of its own; kept in {run / _TABLE}"
    )


def _rows(scores: Mapping[str, Evaluation]) -> list[dict[str, Any]]:
    """Per activity the run's scores, then the means of the run and of the trivial predictions."""
    per_prediction: dict[str, list[Mapping[str, float | None]]] = {}
    rows: list[dict[str, Any]] = []
    for activity, found in scores.items():
        rows.append({"activity": activity, "prediction": "model", **found.values})
        for name, values in {"model": found.values, **found.trivial}.items():
            per_prediction.setdefault(name, []).append(values)
    for name, each in per_prediction.items():
        rows.append({"activity": "mean", "prediction": name, **_mean(each, list(rows[0])[2:])})
    return rows


def _mean(scores: Sequence[Mapping[str, float | None]], keys: Sequence[str]) -> dict[str, float | None]:
    """Means over the activities for which a metric is defined; None where it is for none."""
    known = {key: [value for each in scores if (value := each.get(key)) is not None] for key in keys}
    return {key: sum(values) / len(values) if values else None for key, values in known.items()}


def _as_json(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    plain = [{key: value for key, value in row.items() if key not in ("activity", "prediction")} for row in rows]
    named = list(zip(rows, plain, strict=True))
    means = {row["prediction"]: values for row, values in named if row["activity"] == "mean"}
    return {
        **means["model"],
        "activities": {row["activity"]: values for row, values in named if row["activity"] != "mean"},
        "trivial": {name: values for name, values in means.items() if name != "model"},
    }
