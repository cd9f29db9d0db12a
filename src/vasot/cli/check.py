"""``vasot check``: what lies in a folder of recordings, before any long work."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vasot.cli.options import Activity, DatasetName, Features, Fps, Subset
from vasot.wording import counted, format_bytes, format_minutes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vasot.training.checkup import Checkup, Plan, RecordingFacts

__all__ = ["command", "format_bytes", "format_minutes"]

_MOST_ROWS = 40


def command(
    data: Annotated[
        Path, typer.Argument(metavar="DATA", help="Folder of videos or of feature arrays.", show_default=False)
    ],
    features: Features = "auto",
    fps: Fps = 10.0,
    method: Annotated[str, typer.Option(help="Method whose training time is estimated.")] = "vasot",
    trim: Annotated[bool, typer.Option("--trim", help="Cut a recording and its labels to the shorter.")] = False,
    dataset: DatasetName = "",
    activity: Activity = "",
    subset: Subset = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Say what lies in a folder, what is wrong with it, and what fit would take on this machine.

    The exit code is 0 where nothing is wrong, 1 where there are warnings, and 2 where fit cannot run.
    """
    from vasot.datasets.reading import Reading
    from vasot.training.checkup import examine

    features = _features_of(dataset, method) if dataset and features == "auto" else features
    reading = Reading(features, fps, trim=trim, dataset=dataset, activity=activity, subset=subset)
    checkup = examine(data, reading)
    plan = None if checkup.errors else _plan(data, reading, method)
    if as_json:
        typer.echo(json.dumps(_as_json(checkup, plan), indent=2))
    else:
        _print(checkup, plan, data, reading)
    raise typer.Exit(checkup.exit_code)


def _features_of(dataset: str, method: str) -> str:
    """What the preset of a published data set takes its recordings for."""
    from vasot.datasets.registry import DATASETS
    from vasot.methods import METHODS
    from vasot.methods.presets import preset

    kind, name = METHODS[method], DATASETS[dataset].preset
    values = {**(preset(name) if name else {}), "actions": 8}
    settings = kind.Config.of({key: value for key, value in values.items() if key in kind.Config.model_fields})
    features: str = kind.resolve_features(settings, "auto")
    return features


def _plan(data: Path, reading: Any, method: str) -> Plan:
    from vasot.methods import METHODS
    from vasot.methods.presets import preset
    from vasot.training.checkup import plan_fit

    config = METHODS[method].Config
    values = preset("pouring") if reading.features.partition(":")[0] == "pixels" else {}
    # The number of actions hardly changes how long a step takes.
    values["actions"] = 8
    settings = config.of({name: value for name, value in values.items() if name in config.model_fields})
    return plan_fit(data, reading, method, settings)


def _print(checkup: Checkup, plan: Plan | None, data: Path, reading: Any) -> None:
    if reading.dataset:
        _print_published(checkup, reading.dataset)
    if checkup.rows:
        _print_rows(checkup.rows)
        _print_totals(checkup)
    for finding in checkup.findings:
        typer.echo(f"{finding.level}: {finding.text}")
    if not checkup.findings:
        typer.echo("nothing is wrong")
    if plan is None:
        typer.echo(f"vasot fit cannot run on {data} as it is")
        return
    sampled = "" if checkup.features == "precomputed" else f" at {reading.fps:g} per second"
    stored = f", {plan.n_stored} of {plan.n_recordings} extracted before" if sampled and plan.n_stored else ""
    typer.echo(
        f"vasot fit would train on {counted(plan.n_recordings, 'recording')}, {plan.n_frames} frames{sampled}, "
        f"features {checkup.features} ({plan.n_features} per frame{stored})"
    )
    parts = [f"about {format_minutes(plan.training_minutes)} of training"]
    if plan.extraction_minutes:
        parts.insert(0, f"about {format_minutes(plan.extraction_minutes)} for features")
    typer.echo(f"on this machine: {', then '.join(parts)}; {format_bytes(plan.disk_bytes)} of disk")
    if reading.dataset:
        typer.echo(f"next: vasot fit {data} --dataset {reading.dataset} -o RUN")
        return
    typer.echo(f"next: vasot fit {data} --actions K -o RUN, with K the number of steps that a person would name")


def _print_published(checkup: Checkup, name: str) -> None:
    """What is expected where, and what is there."""
    from vasot.datasets.registry import DATASETS

    published = DATASETS[name]
    typer.echo(f"{published.title}, as offered at: {published.page} ({published.licence})")
    typer.echo("\n".join(f"  {line}" for line in published.layout.splitlines()))
    for part in checkup.parts:
        expected = f" of {part.expected}" if part.expected is not None else ""
        optional = "" if part.required else ", optional"
        typer.echo(f"{part.place}  {part.what}: {part.found}{expected}{optional}")


def _print_rows(rows: Sequence[RecordingFacts]) -> None:
    activities = len({row.activity for row in rows}) > 1
    width = max(9, *(len(row.name) for row in rows))
    head = f"{'recording':<{width}}  {'seconds':>8}  {'frames':>7}  {'rate':>6}  {'size':>12}  {'codec':>6}  labels"
    typer.echo(head + ("  activity" if activities else ""))
    for row in rows[:_MOST_ROWS]:
        seconds = "" if row.seconds is None else f"{row.seconds:.2f}"
        rate = "" if row.rate_hz is None else f"{row.rate_hz:.2f}"
        frames = "" if row.n_frames is None else str(row.n_frames)
        line = (
            f"{row.name:<{width}}  {seconds:>8}  {frames:>7}  {rate:>6}  {row.size or '':>12}  {row.codec or '':>6}  "
        )
        line += f"{'yes' if row.labelled else 'none':<6}" + (f"  {row.activity}" if activities else "")
        typer.echo(line.rstrip())
    if len(rows) > _MOST_ROWS:
        typer.echo(f"... and {len(rows) - _MOST_ROWS} more (--json lists all)")


def _print_totals(checkup: Checkup) -> None:
    rows = checkup.rows
    labelled = sum(row.labelled for row in rows)
    activities = sorted({row.activity for row in rows})
    text = f"{checkup.name}: {counted(len(rows), 'recording')}"
    if known := [row.seconds for row in rows if row.seconds is not None]:
        text += f", {min(known):.1f} to {max(known):.1f} s, {format_minutes(sum(known) / 60)} in all"
    if len(activities) > 1:
        text += f", {len(activities)} activities ({', '.join(activities)})"
    text += f", labels for {labelled} of {len(rows)}" if labelled else ", no labels (none are needed)"
    typer.echo(text)


def _as_json(checkup: Checkup, plan: Plan | None) -> dict[str, Any]:
    return {
        "name": checkup.name,
        "features": checkup.features,
        "recordings": [asdict(row) for row in checkup.rows],
        "findings": [asdict(finding) for finding in checkup.findings],
        "class_names": list(checkup.class_names),
        "parts": [asdict(part) for part in checkup.parts],
        "plan": None if plan is None else asdict(plan),
        "exit_code": checkup.exit_code,
    }
