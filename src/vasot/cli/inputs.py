"""Recordings that a user names behind a verb, with what is seen while they are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from vasot.training.model import Model
    from vasot.training.results import RunResults
    from vasot.types import Track

__all__ = ["read_shown", "read_shown_results"]


def read_shown(model: Model, inputs: Sequence[Path]) -> list[Track]:
    """Read inputs as the model's training data were read: progress and warnings go to standard error.

    Raises:
        DataError: see :func:`~vasot.datasets.recordings.read_inputs`.
    """
    from rich.console import Console

    from vasot.cli.progress import ExtractionProgress
    from vasot.datasets.recordings import read_inputs

    with ExtractionProgress(Console(stderr=True)) as progress:
        return read_inputs(inputs, model.config.data.reading(progress.show, _warn))


def read_shown_results(
    model: Model, inputs: Sequence[Path] = (), *, names: Collection[str] | None = None, corrected: bool = True
) -> RunResults:
    """The model's own recordings, or the inputs, with their segments: progress and warnings go to standard error.

    Of these, ``names`` are the only ones to take.

    Raises:
        VasotError: see :func:`~vasot.training.results.read_results`.
    """
    from rich.console import Console

    from vasot.cli.progress import ExtractionProgress
    from vasot.training.results import read_results

    with ExtractionProgress(Console(stderr=True)) as progress:
        return read_results(
            model, inputs, names=names, corrected=corrected, on_progress=progress.show, on_warning=_warn
        )


def _warn(text: str) -> None:
    typer.echo(f"warning: {text}", err=True)
