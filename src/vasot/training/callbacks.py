"""What is seen of a training while it runs: a progress line, and a table of losses that grows with every epoch."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import lightning
from lightning.pytorch.callbacks import Callback
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

__all__ = ["EpochProgress", "LossTable"]


class LossTable(Callback):
    """Appends one row per epoch to a CSV file, so that it can be watched and survives an interruption.

    Columns: ``epoch`` (counted from 1), ``loss`` and its parts, and ``valid_...`` where recordings are held out.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:  # noqa: ARG002
        """Write the epoch's row."""
        row: dict[str, Any] = {"epoch": trainer.current_epoch + 1, **_losses(trainer)}
        new = not self._path.exists()
        with self._path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, fieldnames=list(row), lineterminator="\n")
            if new:
                writer.writeheader()
            writer.writerow({key: f"{value:.6f}" if key != "epoch" else value for key, value in row.items()})


class EpochProgress(Callback):
    """A bar over the epochs with the losses and the time that remains; plain lines where there is no terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress: Progress | None = None
        self._task: Any = None

    def on_train_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:  # noqa: ARG002
        """Show the bar."""
        if self._console.is_terminal:
            columns = (TextColumn("training"), BarColumn(), MofNCompleteColumn(), TextColumn("epochs"))
            self._progress = Progress(
                *columns, TimeRemainingColumn(), TextColumn("{task.fields[losses]}"), console=self._console
            )
            self._progress.start()
            self._task = self._progress.add_task(
                "training", total=trainer.max_epochs, completed=trainer.current_epoch, losses=""
            )

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:  # noqa: ARG002
        """Show the losses."""
        losses = _losses(trainer)
        text = "  ".join(f"{name} {value:.3f}" for name, value in losses.items())
        epoch, total = trainer.current_epoch + 1, trainer.max_epochs or 0
        if self._progress is not None:
            self._progress.update(self._task, completed=epoch, losses=text)
        elif epoch in {1, total} or epoch % max(1, total // 5) == 0:
            self._console.print(f"epoch {epoch} of {total}: {text}", highlight=False)

    def on_train_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:  # noqa: ARG002
        """Take the bar down."""
        self._stop()

    def on_exception(
        self,
        trainer: lightning.Trainer,  # noqa: ARG002
        pl_module: lightning.LightningModule,  # noqa: ARG002
        exception: BaseException,  # noqa: ARG002
    ) -> None:
        """Take the bar down when training is interrupted."""
        self._stop()

    def _stop(self) -> None:
        if self._progress is not None:
            self._progress.stop()
            self._progress = None


def _losses(trainer: lightning.Trainer) -> Mapping[str, float]:
    found = {name: float(value) for name, value in trainer.callback_metrics.items()}
    order = sorted(found, key=lambda name: (name.startswith("valid"), "loss" not in name, name))
    return {name: found[name] for name in order}
