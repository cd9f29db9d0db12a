"""``vasot demo``: the main job from start to end, on rendered videos whose answers are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from vasot.cli.demo_folder import DemoFolder
    from vasot.datasets.base import Dataset
    from vasot.datasets.rendered import RenderedVideo, RenderSettings
    from vasot.metrics.evaluation import SegmentationReport
    from vasot.metrics.known import AlignmentScores
    from vasot.training.model import Model

__all__ = ["DemoScores", "command", "run_demo", "tell_what_to_do_next"]

_EXCLUDED = "background"

_TRAINING = {"temporal_prior": 0.1, "epochs": 20}
"""Steps change their order in these videos, so that relative time says less than usual, and eight short videos are soon
learnt. Chosen on seeds 10 to 13, which ``benchmarks/accuracy/demo.py`` does not report.
"""


@dataclass(frozen=True)
class DemoScores:
    """What a demo found, against the truth: segments, trivial predictions of them, and alignments."""

    segments: SegmentationReport
    trivial: Mapping[str, Mapping[str, float]]
    alignments: AlignmentScores


def command(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder to write to.")] = Path("runs/demo"),
    seed: Annotated[int, typer.Option(help="Seed of the rendered videos and of the training.")] = 0,
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier demo in the folder.")] = False,
) -> None:
    """Render videos with known answers, then check, fit, segment, align and evaluate, each as you would type it."""
    from vasot.datasets.rendered import RenderSettings

    run_demo(output, RenderSettings(seed=seed), force=force)


def run_demo(
    output: Path, settings: RenderSettings, *, force: bool = False, training: Mapping[str, Any] | None = None
) -> DemoScores:
    """Do what ``vasot demo`` does.

    Args:
        output: folder to write to.
        settings: of the videos; their seed is the training's, too.
        force: replace an earlier demo in the folder.
        training: settings of the training that differ from the defaults.

    Raises:
        VasotError: the folder is in use, or one of the steps refuses.
    """
    from vasot.cli.demo_folder import DemoFolder

    place = DemoFolder(output)
    place.make_room(force)
    with place.recorded():
        scores = _all_steps(place, settings, force, training or {})
    tell_what_to_do_next(place, sorted((place.data / "videos").iterdir()))
    return scores


def _all_steps(place: DemoFolder, settings: RenderSettings, force: bool, training: Mapping[str, Any]) -> DemoScores:
    from rich.console import Console

    from vasot.cli import align, segment
    from vasot.cli.evaluate import print_evaluation
    from vasot.cli.fit import train_and_report
    from vasot.datasets.recordings import read_data
    from vasot.metrics.scoring import evaluate

    videos = _render(place, settings)
    _check(place.data)
    # One action more than there are steps, for the background.
    values = {"seed": settings.seed, "exclude": _EXCLUDED, **_TRAINING, **training}
    changes = [word for name, value in values.items() for word in ("--set", f"{name}={value}")]
    _show("fit", place.data, "--actions", settings.n_actions + 1, *changes, "-o", place.run)
    arguments = {"actions": settings.n_actions + 1, **values, "force": force}
    model = train_and_report(place.data, place.run, Console(), arguments)
    first, second = (place.data / "videos" / f"{video.name}.mp4" for video in videos[:2])
    _show("segment", place.run, first, "-o", place.outputs)
    segment.command(place.run, [first], place.outputs)
    _show("align", place.run, first, second, "-o", place.outputs)
    align.command(place.run, first, second, place.outputs)
    _show("evaluate", place.run, "--pairs", 0)
    dataset = read_data(place.data, model.config.data.reading())
    # How far matched frames are off is known here in seconds, which says more than their phases.
    found = evaluate(model, dataset, exclude=(_EXCLUDED,), seed=settings.seed, n_pairs=0)
    print_evaluation(found)
    alignments = _score_alignments(model, dataset, videos)
    _print_alignments(alignments)
    # The method segments.
    assert found.segmentation is not None
    _draw(model, dataset, found.segmentation, place.pictures)
    return DemoScores(found.segmentation, found.trivial, alignments)


def _render(place: DemoFolder, settings: RenderSettings) -> tuple[RenderedVideo, ...]:
    from vasot.datasets.rendered import plan_videos, write_videos

    videos = plan_videos(settings)
    typer.echo(f"rendering {len(videos)} videos of a workbench to {place.data / 'videos'}; their steps, in order:")
    for video in videos:
        typer.echo(f"  {video.name}  {video.n_frames / settings.rate_hz:4.1f} s  {', '.join(video.steps)}")
    typer.echo("between the steps: background, in which a ball, a cat, paper or an arm goes by, no two the same")
    write_videos(videos, place.data)
    return videos


def _check(data: Path) -> None:
    from vasot.cli import check

    _show("check", data)
    try:
        check.command(data)
    except typer.Exit as end:
        # It always ends so; 1 stands for warnings, which it has printed, and what is worse fit refuses by itself.
        if end.exit_code not in (0, 1):
            raise


def _score_alignments(model: Model, dataset: Dataset, videos: Sequence[RenderedVideo]) -> AlignmentScores:
    """Align every ordered pair, and compare with what the videos show at the sampled instants."""
    import numpy as np

    from vasot.metrics.known import at_frames, score_alignments
    from vasot.video.sampling import shown_at

    tracks = dataset.tracks
    times = [track.times_seconds for track in tracks if track.times_seconds is not None]
    truths = [
        at_frames(video.truth, shown_at(np.arange(video.n_frames) / video.settings.rate_hz, instants))
        for video, instants in zip(videos, times, strict=True)
    ]
    return score_alignments(truths, times, lambda i, j: model.align(tracks[i], tracks[j]).matches)


def _print_alignments(scores: AlignmentScores) -> None:
    def percent(value: float | None) -> str:
        return "none" if value is None else f"{100 * value:.1f} %"

    found = scores.unmatched
    order = "none" if scores.order is None else f"{scores.order:.3f}"
    median = "none" if scores.median_seconds is None else f"{scores.median_seconds:.2f} s"
    within = ", ".join(f"{limit:g} s: {percent(share)}" for limit, share in scores.within.items())
    typer.echo(
        f"\nall {scores.n_pairs} alignments against the truth:\n"
        f"order (Kendall's tau) of the {scores.n_monotone} pairs whose steps come in one order: {order}\n"
        f"matches off by at most {within}; median {median}\n"
        f"frames without counterpart: F1 {percent(found.f1)}, precision {percent(found.precision)}, "
        f"recall {percent(found.recall)}"
    )


def _draw(model: Model, dataset: Dataset, report: SegmentationReport, pictures: Path) -> None:
    """All segments against the truth, one plan, and stills of what corresponds to what."""
    from vasot.cli.demo_stills import corresponding_stills
    from vasot.report.plan import save_plan
    from vasot.report.stills import save_stills
    from vasot.report.timeline import save_corpus_timeline

    excluded = (dataset.class_names.index(_EXCLUDED),)
    truths = [recording.labels for recording in dataset.recordings]
    segmentations = [model.segment(track) for track in dataset.tracks]
    save_corpus_timeline(
        segmentations, pictures / "timelines.png", truths, dataset.class_names, report.matchings, exclude=excluded
    )
    save_plan(model.align(*dataset.tracks[:2]), pictures / "plan.png")
    title = f"moments of {dataset.tracks[0].name}, and what was found to correspond; names say what truly happens there"
    save_stills(corresponding_stills(model, dataset, excluded[0]), pictures / "stills.png", title)


def tell_what_to_do_next(place: DemoFolder, videos: Sequence[Path]) -> None:
    """Say what was written where, and which commands to go on with."""
    from vasot.training.folder import RunFolder

    typer.echo(
        f"\nwritten to {place.path}:\n"
        f"  {place.data}  the videos and the truth about them\n"
        f"  {place.run}  the run: model, settings, losses, segments of all videos\n"
        f"  {RunFolder(place.run).report}  what was learned, as a page for the browser\n"
        f"  {place.outputs}  segments of one video, and one alignment, as tables and pictures\n"
        f"  {place.pictures / 'timelines.png'}  every video's segments against the truth\n"
        f"  {place.pictures / 'plan.png'}  one alignment\n"
        f"  {place.pictures / 'stills.png'}  moments of one video, and what corresponds to them in others\n"
        "\nnext, with this run, then with videos of your own:"
    )
    for line in (
        _line("view", place.run),
        _line("segment", place.run, videos[-1], "-o", "out"),
        _line("name", place.run, 0, "my name for it"),
        _line("export", place.run, "--format", "csv", "-o", "out"),
        _line("check", "MY_VIDEOS"),
        _line("fit", "MY_VIDEOS", "--actions", 7, "-o", "runs/mine"),
    ):
        typer.echo(f"  {line}")


def _line(*words: object) -> str:
    """A command as a user would type it."""
    import shlex

    return f"vasot {shlex.join(map(str, words))}"


def _show(*words: object) -> None:
    """The command that does what comes next."""
    typer.echo(f"\n$ {_line(*words)}")
