"""``vasot evaluate``: score a run against labels, under a protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vasot.cli.options import Activity, DatasetName, Force, Run, Subset
from vasot.wording import counted

if TYPE_CHECKING:
    from vasot.cli.figures import FigurePlan
    from vasot.datasets.base import Dataset, Split
    from vasot.metrics.evaluation import SegmentationReport
    from vasot.metrics.intervals import Interval
    from vasot.metrics.results import Conditions, Evaluation

__all__ = ["command", "print_evaluation"]

Row = Mapping[str, float | None]


def command(
    run: Run,
    data: Annotated[
        Path | None,
        typer.Argument(metavar="[DATA]", help="Labelled data to score on; the run's own where it is left out."),
    ] = None,
    protocol: Annotated[
        str,
        typer.Option(
            help="held-out: nothing is fitted on what it scores; paper: as the published programs compute it."
        ),
    ] = "held-out",
    scope: Annotated[
        str, typer.Option(help="dataset: one matching of actions to classes per activity; video: one per recording.")
    ] = "dataset",
    exclude: Annotated[
        list[str] | None, typer.Option(help="Class left out of scoring, instead of the run's setting; may be repeated.")
    ] = None,
    scored: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Names of the recordings that alignment metrics score, one per line; the others are fitted on.",
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Seed of folds, draws, K-Means and pairs; the run's where left out.")
    ] = None,
    stride: Annotated[
        int | None,
        typer.Option(min=1, help="Alignment metrics look at every so many-th frame; chosen by length where left out."),
    ] = None,
    pairs: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Pairs of recordings aligned per activity, to compare phases of matched frames; a few where left out.",
        ),
    ] = None,
    dataset_name: DatasetName = "",
    activity: Activity = "",
    subset: Subset = "",
    figures: Annotated[
        Path | None,
        typer.Option("--figures", metavar="OUT", help="Also draw pictures into this folder.", show_default=False),
    ] = None,
    compared: Annotated[
        Path | None,
        typer.Option(
            "--compared",
            metavar="FOLDER",
            help="Results of vasot compare, for pictures of how settings matter.",
            show_default=False,
        ),
    ] = None,
    force: Force = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Score a run against labels, with predictions that need no training beside it.

    RUN may hold runs of several activities: each is scored, and their mean is given.
    """
    from vasot.cli.figures import draw_figures, plan_figures
    from vasot.datasets.recordings import read_data
    from vasot.errors import SettingsError
    from vasot.metrics.pairs import N_PAIRS
    from vasot.metrics.scoring import evaluate
    from vasot.training.activities import holds_activities, read_activities
    from vasot.training.model import load

    if figures is None and (compared is not None or force):
        raise SettingsError("--compared and --force concern pictures; give --figures OUT as well")

    several = holds_activities(run) and not activity
    folders = [run / row.activity for row in read_activities(run)] if several else [_run_of(run, activity)]
    plans: dict[Path, FigurePlan] = {}
    if figures is not None:
        # Of all activities before the first is scored: what would be overwritten is told at once.
        places = {folder: figures / folder.name if several else figures for folder in folders}
        plans = {folder: plan_figures(place, compared, force) for folder, place in places.items()}
    said: list[str] = []

    def score(folder: Path) -> Evaluation:
        model = load(folder)
        settings = model.config.data
        reading = settings.reading().narrowed(dataset=dataset_name, activity=activity, subset=subset)
        dataset = read_data(data or settings.data, reading)
        found = evaluate(
            model,
            dataset,
            protocol=protocol,
            scope=scope,
            exclude=tuple(exclude) if exclude else settings.exclude,
            seed=model.config.settings.seed if seed is None else seed,
            stride=stride,
            n_pairs=N_PAIRS if pairs is None else pairs,
            split=None if scored is None else _split(scored, dataset),
        )
        if folder in plans:
            said.extend(draw_figures(plans[folder], model, dataset, found))
        return found

    if several:
        from vasot.cli.activities import print_activities

        print_activities(run, score, as_json)
    elif as_json:
        typer.echo(score(folders[0]).to_json())
    else:
        print_evaluation(score(folders[0]))
    for line in said:
        typer.echo(line, err=as_json)


def _run_of(folder: Path, activity: str) -> Path:
    """The folder of one run: that of an activity where the folder holds runs of several."""
    from vasot.training.activities import holds_activities

    return folder / activity if holds_activities(folder) else folder


def _split(path: Path, dataset: Dataset) -> Split:
    """The labelled recordings that the file does not name, and those that it does, with or without a suffix."""
    from vasot.errors import DataError

    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read as a list of recordings: {error}") from None
    known = [recording.track.name for recording in dataset.recordings if recording.labels is not None]
    words = [line.strip() for line in lines if line.strip()]
    named = [word if word in known else Path(word).stem for word in words]
    return [name for name in known if name not in named], named


def print_evaluation(found: Evaluation) -> None:
    """Tables in percent with what needs no training beside them, and what the figures rest on."""
    from vasot.metrics.embeddings import ALIGNMENT_KEYS
    from vasot.metrics.results import SEGMENTATION_KEYS

    if found.segmentation is not None:
        _print_table(found, SEGMENTATION_KEYS, found.trivial)
        if found.segmentation.scope == "dataset":
            for line in _matched(found, found.segmentation):
                typer.echo(line)
        typer.echo()
    _print_table(found, ALIGNMENT_KEYS, found.trivial_embeddings)
    typer.echo()
    reasons: dict[str, list[str]] = {}
    for key, figure in found.figures.items():
        if figure.reason is not None:
            reasons.setdefault(figure.reason, []).append(key)
    for reason, keys in reasons.items():
        typer.echo(f"{', '.join(keys)}: none, because {reason}.")
    if found.pairs is not None:
        each = found.pairs
        typer.echo(
            f"Alignments: {_percent(each.value)} % of matched frames are in the same phase{_range(each.interval)}, by "
            f"relative time alone {_percent(each.by_time)} %; {_percent(each.matched)} % of the frames are matched; "
            f"{each.n_pairs} pairs of recordings."
        )
    for line in _conditions(found, found.conditions):
        typer.echo(line)


def _print_table(found: Evaluation, keys: Sequence[str], trivial: Mapping[str, Row]) -> None:
    rows: dict[str, Row] = {found.method: found.values, **trivial}
    if len(found.activities) > 1:
        rows |= {f"  {activity}": row for activity, row in found.activities.items()}
    intervals = {key: found.figures[key].interval for key in keys}
    if any(intervals.values()):
        rows["95 % from"] = {key: None if each is None else each.low for key, each in intervals.items()}
        rows["95 % to"] = {key: None if each is None else each.high for key, each in intervals.items()}
    width = max(12, *(len(name) + 2 for name in rows))
    typer.echo("".join([f"{'in percent':<{width}}", *(f"{key:>{max(len(key) + 2, 7)}}" for key in keys)]))
    for name, row in rows.items():
        cells = (f"{_percent(row[key]):>{max(len(key) + 2, 7)}}" for key in keys)
        typer.echo("".join([f"{name:<{width}}", *cells]))


def _matched(found: Evaluation, report: SegmentationReport) -> list[str]:
    """Per activity, the class that each action was matched to."""
    from vasot.metrics.matching import NO_CLASS

    lines: dict[str, str] = {}
    for activity, matching in zip(report.activity_of, report.matchings, strict=True):
        if matching is not None and activity not in lines:
            names = ("nothing" if index == NO_CLASS else found.class_names[index] for index in matching)
            pairs = ", ".join(f"{ours} = {theirs}" for ours, theirs in zip(found.action_names, names, strict=True))
            lines[activity] = f"actions of {activity}: {pairs}"
    return list(lines.values())


def _conditions(found: Evaluation, at: Conditions) -> list[str]:
    from vasot.metrics.intervals import N_RESAMPLES

    fitted = _fitted(at)
    undefined = at.undefined
    return [
        f"{found.dataset}: {counted(at.n_recordings, 'recording')}, {counted(at.n_classes, 'class', 'classes')}, "
        f"{at.n_actions or 'no'} actions, one matching per {'activity' if at.scope == 'dataset' else 'recording'}, "
        f"seed {at.seed}, left out: {', '.join(at.excluded) or 'nothing'}; "
        f"{counted(at.n_unlabelled, 'recording')} without labels not scored. Training saw no labels.",
        f"Protocol {at.name}: {fitted}; alignment metrics look at every frame."
        if at.stride == 1
        else f"Protocol {at.name}: {fitted}; alignment metrics look at every frame in {at.stride}.",
        f"Undefined and in no mean: {undefined['recordings']} recordings without a scored frame, "
        f"{undefined['tau_pairs']} pairs for tau, {undefined['progress_boundaries']} boundaries for progress. "
        f"95 %: of {N_RESAMPLES} drawings of the recordings with replacement.",
    ]


def _fitted(at: Conditions) -> str:
    """Which recordings classifiers and regressions are fitted on, and which they score."""
    if at.name == "paper":
        return "classifiers and regressions are fitted on the recordings that they score, F1 is drawn as published"
    if at.split is not None:
        return f"classifiers and regressions are fitted on {at.split[0]} recordings, and score {at.split[1]} others"
    by_split = [times for activity, times in at.folds.items() if activity in at.own_split]
    by_seed = [times for activity, times in at.folds.items() if activity not in at.own_split]
    found = [f"{_from_to(by_split)} of the data set's own split"] if by_split else []
    found += [f"{_from_to(by_seed)} over recordings"] if by_seed else []
    where = f" (own split in {len(by_split)} of {len(at.folds)} activities)" if by_split and by_seed else ""
    return f"classifiers and regressions never score what they are fitted on, {', else '.join(found)}{where}"


def _from_to(times: Sequence[int]) -> str:
    """Numbers of folds in words.

    >>> _from_to([1]), _from_to([5, 3, 5])
    ('1 fold', '3 to 5 folds')
    """
    low, high = min(times), max(times)
    return counted(high, "fold") if low == high else f"{low} to {high} folds"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f}"


def _range(interval: Interval | None) -> str:
    return "" if interval is None else f" (95 % {_percent(interval.low)} to {_percent(interval.high)})"
