"""One method as Lightning trains it."""

from __future__ import annotations

from typing import Any

import lightning
import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from vasot.batching.clips import ClipBatch
from vasot.methods.base import Method

__all__ = ["TrainingModule"]


_EPOCHS_APART = 1_000_003
"""Between the seeds of two runs, so that no epoch of one draws as an epoch of the other."""


class TrainingModule(lightning.LightningModule):
    """Adam on a method's loss; the state of the random draws travels with the checkpoint.

    Args:
        method: what is trained, in place.
        generator: the one that draws pairs and frames.
    """

    def __init__(self, method: Method, generator: np.random.Generator) -> None:
        super().__init__()
        self.method = method
        self._generator = generator

    def training_step(self, batch: ClipBatch, batch_index: int) -> Float[Tensor, ""]:  # noqa: ARG002
        """Loss of one batch; its parts are logged per epoch."""
        parts = self.method.loss(batch)
        self.log_dict(dict(parts), on_step=False, on_epoch=True, batch_size=len(batch.x.lengths))
        return parts["loss"]

    def validation_step(self, batch: ClipBatch, batch_index: int) -> None:  # noqa: ARG002
        """Loss of a batch of recordings that are not trained on."""
        parts = {f"valid_{name}": value for name, value in self.method.loss(batch).items()}
        self.log_dict(parts, on_step=False, on_epoch=True, batch_size=len(batch.x.lengths))

    def on_train_epoch_start(self) -> None:
        """Let what dropout drops depend on seed and epoch alone, so that a resumed run goes on as it would have."""
        torch.manual_seed(self.method.settings.seed * _EPOCHS_APART + self.current_epoch)

    def on_train_batch_end(self, *_: Any) -> None:
        """Restore what the parameters must satisfy."""
        self.method.constrain()

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Adam with the settings' step size and weight decay."""
        settings = self.method.settings
        return torch.optim.Adam(self.method.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay)

    def transfer_batch_to_device(self, batch: ClipBatch, device: torch.device, dataloader_index: int) -> ClipBatch:  # noqa: ARG002
        """Move a batch to where the method is."""
        return batch.to(device)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep where the random draws stand; the 128-bit numbers go as text."""
        state = self._generator.bit_generator.state
        checkpoint["draws"] = {
            "bit_generator": state["bit_generator"],
            "state": {key: str(value) for key, value in state["state"].items()},
            "has_uint32": state["has_uint32"],
            "uinteger": state["uinteger"],
        }

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Go on drawing where the checkpoint stood."""
        saved = checkpoint["draws"]
        numbers = {key: int(value) for key, value in saved["state"].items()}
        self._generator.bit_generator.state = {**saved, "state": numbers}
