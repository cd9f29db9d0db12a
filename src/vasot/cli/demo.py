"""``vasot demo``: the main job from start to end, on made recordings whose answers are known."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from vasot.datasets.synthetic import SyntheticData
    from vasot.training.model import Model

__all__ = ["command"]


def command(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder to write to.")] = Path("runs/demo"),
    seed: Annotated[int, typer.Option(help="Seed of the made recordings and of the training.")] = 0,
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier demo in the folder.")] = False,
) -> None:
    """Make recordings with known answers, train on them, and show how well it went."""
    from rich.console import Console

    from vasot.cli.evaluate import print_evaluation
    from vasot.cli.fit import train_and_report
    from vasot.datasets.synthetic import SyntheticSettings, make_dataset, write_dataset
    from vasot.metrics.scoring import evaluate

    _make_room(output, force)
    console = Console()
    data = make_dataset(
        SyntheticSettings(n_recordings=10, n_actions=7, mean_frames=40.0, style=0.3, noise=0.5, seed=seed)
    )
    write_dataset(data, output / "data")
    typer.echo(
        f"made {len(data.truth)} recordings of {data.settings.n_actions} steps in {output / 'data'}: different speeds, "
        "steps swapped, left out and repeated, and background between them"
    )
    # One action more than there are steps, for the background.
    arguments = {"actions": data.settings.n_actions + 1, "seed": seed, "exclude": "background"}
    model = train_and_report(output / "data", output / "run", console, arguments)
    typer.echo("\nsegments against the truth (background left out of scoring):")
    print_evaluation(evaluate(model, data.dataset, exclude=("background",), seed=seed, n_pairs=0))
    typer.echo(
        "Single frames tell these made steps apart, so K-Means is hard to beat here; README has real recordings."
    )
    typer.echo("\nalignment against the truth, every pair of recordings:")
    _score_alignment(model, data)
    _draw(model, data, output)


def _make_room(output: Path, force: bool) -> None:
    """Refuse a folder that is in use; with force remove an earlier demo, and nothing else."""
    import shutil

    from vasot.errors import RunFolderError

    if not output.exists() or (output.is_dir() and not any(output.iterdir())):
        return
    if not (force and (output / "data" / "mapping").is_dir()):
        raise RunFolderError(f"{output} is in use; replace an earlier demo with --force, or choose another -o")
    for part in ("data", "run", "pictures"):
        shutil.rmtree(output / part, ignore_errors=True)


def _score_alignment(model: Model, data: SyntheticData) -> None:
    """Share of frames whose match is the true one, and how well unmatched frames are found."""
    import numpy as np

    tracks = data.dataset.tracks
    errors: list[int] = []
    found_unmatched = truly_unmatched = both = 0
    for i, x in enumerate(tracks):
        for j, y in enumerate(tracks):
            if i == j:
                continue
            matches, truth = model.align(x, y).matches, data.true_matches(i, j)
            known = (matches >= 0) & (truth >= 0)
            errors += np.abs(matches - truth)[known].tolist()
            found_unmatched += int((matches < 0).sum())
            truly_unmatched += int((truth < 0).sum())
            both += int(((matches < 0) & (truth < 0)).sum())
    distance = np.array(errors)
    typer.echo(
        "matched frames within 1, 3, 10 frames of the truth: "
        + ", ".join(f"{100 * (distance <= limit).mean():.1f} %" for limit in (1, 3, 10))
        + f"; median error {np.median(distance):.0f} frames"
    )
    typer.echo(
        f"frames without counterpart: {100 * both / max(truly_unmatched, 1):.1f} % of them found, "
        f"{100 * both / max(found_unmatched, 1):.1f} % of those found are right"
    )


def _draw(model: Model, data: SyntheticData, output: Path) -> None:
    from vasot.metrics.evaluation import score_segmentation
    from vasot.report.plan import save_plan
    from vasot.report.timeline import save_corpus_timeline

    dataset = data.dataset
    truth = [recording.labels for recording in dataset.recordings]
    segmentations = [model.segment(track) for track in dataset.tracks]
    known = [labels for labels in truth if labels is not None]
    report = score_segmentation(
        [segmentation.labels for segmentation in segmentations],
        known,
        n_actions=segmentations[0].n_actions,
        exclude=(0,),
    )
    timelines, plan = output / "pictures" / "timelines.png", output / "pictures" / "plan.png"
    save_corpus_timeline(
        segmentations, timelines, truth, dataset.class_names, report.matchings, exclude=(0,), force=True
    )
    save_plan(model.align(dataset.tracks[0], dataset.tracks[1]), plan, force=True)
    typer.echo(f"\npictures: {timelines} (all recordings against the truth), {plan} (one alignment)")
