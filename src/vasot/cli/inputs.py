"""Recordings that a user names behind a verb, with what is seen while they are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from vasot.training.model import Model
    from vasot.types import Track

__all__ = ["read_shown"]


def read_shown(model: Model, inputs: Sequence[Path]) -> list[Track]:
    """Read inputs as the model's training data were read: progress and warnings go to standard error.

    Raises:
        DataError: see :func:`~vasot.datasets.recordings.read_inputs`.
    """
    from rich.console import Console

    from vasot.cli.progress import ExtractionProgress
    from vasot.datasets.recordings import read_inputs

    def warn(text: str) -> None:
        typer.echo(f"warning: {text}", err=True)

    with ExtractionProgress(Console(stderr=True)) as progress:
        return read_inputs(inputs, model.config.data.reading(progress.show, warn))
