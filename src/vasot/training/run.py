"""One training from start to end, or from where it was interrupted."""

from __future__ import annotations

import errno
import importlib.util
import logging
import pickle
import signal
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import lightning
import numpy as np
import torch
from lightning.pytorch.callbacks import Callback, ModelCheckpoint
from lightning.pytorch.loggers import Logger
from rich.console import Console
from torch.utils.data import DataLoader

from vasot.batching.clips import ClipBatch, Rows
from vasot.batching.pairs import EpochBatches, draw_pairs
from vasot.errors import DataError, RunFolderError, SettingsError, VasotError
from vasot.methods import METHODS
from vasot.methods.base import Method
from vasot.methods.settings import MethodSettings, SegmentationSettings
from vasot.training.callbacks import EpochProgress, LossTable
from vasot.training.folder import RunFolder
from vasot.training.module import TrainingModule
from vasot.types import Track
from vasot.wording import counted

__all__ = ["check_checkpoint", "check_fit", "make_method", "split_held_out", "train", "training_device"]


def check_fit(method: type[Method], settings: MethodSettings, tracks: Sequence[Track]) -> None:
    """Refuse, before any work, what cannot be trained.

    Raises:
        DataError: too few recordings for a method that needs pairs.
            More actions than any recording has frames.
        SettingsError: a share of recordings to hold out that leaves too few on either side.
    """
    training, held_out = split_held_out(tracks, settings)
    if method.paired:
        draw_pairs([track.activity for track in tracks], np.random.default_rng(0))
        try:
            for group in (training, held_out):
                draw_pairs([track.activity for track in group], np.random.default_rng(0))
        except DataError as error:
            raise SettingsError(
                f"validation_share {settings.validation_share} parts the recordings so that one has no partner "
                "to be aligned with; change the share, or set it to 0"
            ) from error
    if isinstance(settings, SegmentationSettings):
        shortest = min(training, key=lambda track: track.n_frames)
        longest = max(track.n_frames for track in training)
        if settings.actions > longest:
            raise DataError(
                f"{counted(settings.actions, 'action')} but no recording has more than {counted(longest, 'frame')} "
                f"(the shortest, '{shortest.name}', has {shortest.n_frames}); ask for fewer actions"
            )


def split_held_out(tracks: Sequence[Track], settings: MethodSettings) -> tuple[list[Track], list[Track]]:
    """Recordings to train on, and those only watched; drawn by the seed."""
    count = round(settings.validation_share * len(tracks))
    if count == len(tracks) or (count == 0 and settings.validation_share > 0):
        left = "train on" if count else "hold out"
        raise SettingsError(
            f"validation_share {settings.validation_share} of {len(tracks)} recordings leaves none to {left}; "
            "change the share, or set it to 0"
        )
    chosen = set(np.random.default_rng(settings.seed).permutation(len(tracks))[:count].tolist())
    return (
        [track for index, track in enumerate(tracks) if index not in chosen],
        [track for index, track in enumerate(tracks) if index in chosen],
    )


def make_method(name: str, settings: MethodSettings, n_features: int) -> Method:
    """The untrained method; its random weights follow from the seed, and no other random state is touched.

    Weights that the settings name are not loaded yet: see :meth:`~vasot.methods.base.Method.load_pretrained`.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        method: Method = METHODS[name](settings, n_features)
    return method


def training_device() -> torch.device:
    """Where methods are trained: the first accelerator, else the processor."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def train(method: Method, tracks: Sequence[Track], folder: RunFolder, *, resume: bool, console: Console) -> None:
    """Train in place; losses and checkpoints go to the folder after every epoch.

    Raises:
        VasotError: the folder cannot be written any more; what the checkpoint holds can be resumed.
        KeyboardInterrupt: the user interrupted it.
    """
    settings = method.settings
    training, held_out = split_held_out(tracks, settings)
    features = [method.prepare(track) for track in training]
    if not resume:
        # What depends on the recordings, as all else that was learnt, is in the checkpoint.
        method.to(training_device())
        method.initialise(features)
    generator = np.random.default_rng(settings.seed)
    loader = _load(_batches(method, training, features, generator, augment=True))
    watched = None
    if held_out:
        prepared = [method.prepare(track) for track in held_out]
        # Drawn once, so that the losses of different epochs, and of a resumed run, can be compared.
        watched = _load(list(_batches(method, held_out, prepared, np.random.default_rng(settings.seed), augment=False)))
    trainer = _trainer(settings, folder, console, watch=watched is not None)
    with (
        warnings.catch_warnings(),
        _interruptible(trainer),
        _told_of_a_full_disk(folder),
        torch.random.fork_rng(),
    ):
        _ignore_lightning_advice()
        trainer.fit(
            TrainingModule(method, generator),
            loader,
            watched,
            ckpt_path=folder.checkpoint if resume else None,
            weights_only=True,
        )


_NO_ROOM = frozenset({errno.EDQUOT, errno.EFBIG, errno.ENOSPC, errno.EROFS})
"""Errors of a disk, or a user's share of it, that takes no more; errors of reading have other numbers."""


@contextmanager
def _told_of_a_full_disk(folder: RunFolder) -> Iterator[None]:
    """Say what a user can do where losses or a checkpoint cannot be written in the middle of training."""
    try:
        yield
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        remedy = "go on with --resume" if folder.checkpoint.is_file() else "start again with --force"
        reason = error.strerror or error
        raise VasotError(
            f"training stopped: {folder.path} cannot be written ({reason}); make room, then {remedy}"
        ) from error


def check_checkpoint(method: Method, folder: RunFolder) -> None:
    """Refuse, before any work, to resume from a checkpoint that cannot be read or is of another model.

    Raises:
        RunFolderError: names the file.
    """
    remedy = "start the run again with --force"
    try:
        weights = torch.load(folder.checkpoint, map_location="cpu", weights_only=True)["state_dict"]
        shapes = {name: value.shape for name, value in weights.items()}
    except (AttributeError, EOFError, KeyError, OSError, RuntimeError, TypeError, pickle.UnpicklingError):
        raise RunFolderError(f"{folder.checkpoint} is no checkpoint, or is damaged; {remedy}") from None
    if shapes != {f"method.{name}": value.shape for name, value in method.state_dict().items()}:
        raise RunFolderError(f"{folder.checkpoint} does not fit {folder.config}; {remedy}")


@contextmanager
def _interruptible(trainer: lightning.Trainer) -> Iterator[None]:
    """Let an interrupt arrive as one: Lightning exits the process, and leaves it deaf to the next interrupt."""
    handler = signal.getsignal(signal.SIGINT)
    try:
        yield
    except SystemExit as end:
        if not trainer.interrupted:
            raise
        signal.signal(signal.SIGINT, handler)
        raise KeyboardInterrupt from end


def _batches(
    method: Method,
    tracks: Sequence[Track],
    features: Sequence[Rows],
    generator: np.random.Generator,
    *,
    augment: bool,
) -> Iterable[ClipBatch]:
    settings = method.settings
    return EpochBatches(
        features,
        [track.activity for track in tracks],
        paired=method.paired,
        frames_per_clip=settings.frames_per_clip,
        clips_per_step=settings.clips_per_step,
        generator=generator,
        augment=method.augment if augment else None,
    )


def _load(batches: Iterable[ClipBatch]) -> DataLoader[Any]:
    # Without a generator of its own a loader draws from torch's global random state.
    return DataLoader(batches, batch_size=None, generator=torch.Generator())  # type: ignore[arg-type]


def _trainer(settings: MethodSettings, folder: RunFolder, console: Console, *, watch: bool) -> lightning.Trainer:
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    keep = ModelCheckpoint(
        folder.checkpoint.parent, filename="last", enable_version_counter=False, save_on_exception=False
    )
    callbacks: list[Callback] = [LossTable(folder.losses), EpochProgress(console), keep]
    with warnings.catch_warnings():
        _ignore_lightning_advice()
        return lightning.Trainer(
            max_epochs=settings.epochs,
            accumulate_grad_batches=settings.accumulate_steps,
            accelerator=training_device().type,
            devices=1,
            callbacks=callbacks,
            logger=_logger(folder.path),
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
            limit_val_batches=None if watch else 0,
            log_every_n_steps=1,
            use_distributed_sampler=False,
        )


def _logger(folder: Path) -> Logger | bool:
    """TensorBoard where it is installed; the table of losses is written in any case."""
    if importlib.util.find_spec("tensorboard") is None:
        return False
    from lightning.pytorch.loggers import TensorBoardLogger

    return TensorBoardLogger(folder, name="tensorboard", version="")


def _ignore_lightning_advice() -> None:
    """Advice about worker processes and unused checkpoints' folders does not concern small arrays in memory."""
    warnings.filterwarnings("ignore", message=".*does not have many workers.*")
    warnings.filterwarnings("ignore", message=".*have no `val_dataloader`.*")
    # Batch norms that are frozen stay as in inference on purpose.
    warnings.filterwarnings("ignore", message=".*module.s. in eval mode at the start of training.*")
    warnings.filterwarnings("ignore", message=".*LeafSpec.*", category=FutureWarning)
    warnings.filterwarnings("ignore", message=".*exists and is not empty.*")
    warnings.filterwarnings("ignore", message=".*`IterableDataset` has `__len__` defined.*")
