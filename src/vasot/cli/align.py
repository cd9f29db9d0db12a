"""``vasot align``: which moment of one recording corresponds to which moment of another."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vasot.cli.options import Force, Output, Run

__all__ = ["command"]


def command(
    run: Run,
    a: Annotated[
        Path, typer.Argument(metavar="A", help="Video or array file of the first recording.", show_default=False)
    ],
    b: Annotated[
        Path, typer.Argument(metavar="B", help="Video or array file of the second recording.", show_default=False)
    ],
    output: Output,
    force: Force = False,
) -> None:
    """Write which frame of B corresponds to each frame of A, or none.

    A_to_B.alignment.csv (frame_x, seconds_x, frame_y, seconds_y, confidence; frame_y is empty where a frame
    corresponds to none), A_to_B.path.csv (the monotone path, for playback and for carrying times over) and
    A_to_B.plan.png (the transport plan with the path).
    """
    from vasot.cli.inputs import read_shown
    from vasot.errors import DataError
    from vasot.export.tables import write_alignment_csv, write_path_csv
    from vasot.files import refuse_existing
    from vasot.report.plan import save_plan
    from vasot.training.model import load

    model = load(run)
    inputs = [a] if a.resolve() == b.resolve() else [a, b]
    tracks = read_shown(model, inputs)
    if len(inputs) == 1:
        tracks = tracks * 2
    if len(tracks) != 2:
        raise DataError(f"{a} and {b} hold {len(tracks)} recordings; give two videos, or two array files")
    x, y = tracks
    stem = f"{x.name}_to_{y.name}"
    table, path, picture = (output / f"{stem}.{end}" for end in ("alignment.csv", "path.csv", "plan.png"))
    refuse_existing([table, path, picture], force)
    alignment = model.align(x, y)
    write_alignment_csv(alignment, table, force=True)
    write_path_csv(alignment, path, force=True)
    save_plan(alignment, picture, force=True)
    matched = int((~alignment.unmatched_x).sum())
    typer.echo(
        f"{x.name} -> {y.name}: {matched} of {x.n_frames} frames matched, "
        f"{int(alignment.unmatched_y.sum())} of {y.n_frames} frames of {y.name} correspond to none"
    )
    typer.echo(f"wrote {table}, {path}, {picture}")
