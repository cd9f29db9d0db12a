"""``vasot segment``: the actions of recordings, new ones included."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vasot.cli.options import Activity, DatasetName, Force, Output, Run, Subset
from vasot.wording import counted

if TYPE_CHECKING:
    from vasot.types import Segmentation, Track

__all__ = ["command"]


def command(
    run: Run,
    inputs: Annotated[
        list[Path],
        typer.Argument(metavar="INPUT", help="Videos or array files, or folders of them.", show_default=False),
    ],
    output: Output,
    dataset: DatasetName = "",
    activity: Activity = "",
    subset: Subset = "",
    force: Force = False,
) -> None:
    """Write the actions of recordings, new ones included: segments, a label per frame, and a picture.

    Per recording: NAME.segments.csv (start_frame, end_frame, start_seconds, end_seconds, action, action_name,
    confidence; the end is exclusive, seconds are empty where the rate is not known), NAME.labels.txt (one action name
    per frame) and NAME.timeline.png.
    """
    from vasot.cli.inputs import read_shown
    from vasot.datasets.recordings import read_data
    from vasot.export.tables import write_labels_txt, write_segments_csv
    from vasot.files import refuse_existing
    from vasot.training.model import load

    model = load(run)
    if dataset or activity or subset:
        part = model.config.data.reading().narrowed(dataset=dataset, activity=activity, subset=subset)
        tracks = [track for folder in inputs for track in read_data(folder, part).tracks]
    else:
        tracks = read_shown(model, inputs)
    paths = {track.name: [output / f"{track.name}.{end}" for end in _ENDINGS] for track in tracks}
    refuse_existing([path for each in paths.values() for path in each], force)
    for track in tracks:
        # Refuses features of another width before the first recording is written.
        model.method.prepare(track)
    for track in tracks:
        segmentation = model.segment(track)
        segments, labels, picture = paths[track.name]
        write_segments_csv(segmentation, segments, force=True)
        write_labels_txt(segmentation, labels, force=True)
        _draw(track, segmentation, picture)
        count = counted(sum(1 for _ in segmentation.segments()), "segment")
        typer.echo(f"{track.name}: {track.n_frames} frames, {count} -> {segments}, {labels}, {picture}")


_ENDINGS = ("segments.csv", "labels.txt", "timeline.png")


def _draw(track: Track, segmentation: Segmentation, picture: Path) -> None:
    """The timeline, against the ground truth where it lies beside the recording."""
    from vasot.datasets.folder import truth_beside
    from vasot.metrics.matching import match_actions
    from vasot.report.timeline import save_timeline

    truth = truth_beside(track)
    if truth is None:
        save_timeline(segmentation, picture, force=True)
        return
    labels, class_names = truth
    matching = match_actions(segmentation.labels, labels, segmentation.n_actions)
    save_timeline(segmentation, picture, labels, class_names, matching, force=True)
