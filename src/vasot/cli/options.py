"""Arguments that several verbs share, so that one thing has one name and one help text."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["Activity", "DatasetName", "Features", "Force", "Fps", "NewRun", "Output", "Run", "Subset"]

Run = Annotated[Path, typer.Argument(metavar="RUN", help="Folder that vasot fit wrote.", show_default=False)]
Output = Annotated[Path, typer.Option("--output", "-o", help="Folder to write to.", show_default=False)]
NewRun = Annotated[Path, typer.Option("--output", "-o", metavar="RUN", help="Run folder to write.", show_default=False)]
Force = Annotated[bool, typer.Option("--force", help="Overwrite what an earlier call wrote there.")]
Features = Annotated[
    str,
    typer.Option(
        "--features",
        metavar="NAME",
        help="What frames become: motion (built in), onnx:FILE, hub:NAME, pixels; precomputed for arrays; "
        "auto chooses.",
    ),
]
Fps = Annotated[float, typer.Option("--fps", help="Frames per second sampled of videos.")]
DatasetName = Annotated[
    str,
    typer.Option(
        "--dataset",
        metavar="NAME",
        help="DATA is a published data set in its own layout, for example breakfast.",
        show_default=False,
    ),
]
Activity = Annotated[
    str, typer.Option("--activity", metavar="NAME", help="Only this activity of the data set.", show_default=False)
]
Subset = Annotated[
    str,
    typer.Option("--subset", metavar="NAME", help="Only this part of the data set's split: train.", show_default=False),
]
