"""The many fits of a search: each is done once, in a process of its own, and kept."""

from __future__ import annotations

import multiprocessing
import os
import signal
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file
from safetensors.numpy import save as to_bytes

from vasot.errors import VasotError
from vasot.files import atomic_write
from vasot.methods.settings import MethodSettings
from vasot.types import Segmentation, Track, default_action_names

__all__ = ["Fit", "Work", "kept_segmentations", "run_fits"]

_POLL_SECONDS = 0.2
_THREADS = ("MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")


@dataclass(frozen=True)
class Fit:
    """One training: on which of the recordings, with which settings, and the file that keeps what it finds."""

    settings: MethodSettings
    recordings: tuple[int, ...]
    file: Path


@dataclass(frozen=True, eq=False)
class Work:
    """What all fits of a search share."""

    method: str
    tracks: tuple[Track, ...]

    def do(self, fit: Fit) -> None:
        """Train on the fit's recordings, segment all of them, and keep the segments."""
        # Lightning takes seconds to import; where every fit is kept already nothing is trained.
        from rich.console import Console

        from vasot.training.folder import RunFolder
        from vasot.training.run import make_method, train

        trained = make_method(self.method, fit.settings, self.tracks[0].n_features)
        trained.load_pretrained()
        with tempfile.TemporaryDirectory() as folder:
            chosen = [self.tracks[index] for index in fit.recordings]
            train(trained, chosen, RunFolder(Path(folder)), resume=False, console=Console(quiet=True))
        trained = trained.cpu().eval()
        arrays: dict[str, np.ndarray] = {}
        for index, track in enumerate(self.tracks):
            found = trained.segment(track)
            arrays[f"labels_{index}"] = found.labels.astype(np.int32)
            arrays[f"confidence_{index}"] = found.confidence.astype(np.float32)
        with atomic_write(fit.file, force=True) as partial:
            partial.write_bytes(to_bytes(arrays))


def kept_segmentations(fit: Fit, tracks: Sequence[Track], n_actions: int) -> list[Segmentation] | None:
    """What a finished fit found in every recording; None where it has not been done, or its file is damaged."""
    try:
        arrays = load_file(fit.file)
        return [
            Segmentation(
                track.name,
                arrays[f"labels_{index}"].astype(np.int64),
                arrays[f"confidence_{index}"],
                n_actions,
                default_action_names(n_actions),
                track.times_seconds,
            )
            for index, track in enumerate(tracks)
        ]
    except (OSError, KeyError, SafetensorError, VasotError):
        return None


def run_fits(work: Work, fits: Sequence[Fit], workers: int, on_done: Callable[[Fit], None]) -> None:
    """Do all fits, the largest first; with one worker in this process, with more each in one of single-threaded ones.

    Raises:
        VasotError: a fit failed, or a process was ended from outside.
        KeyboardInterrupt: the user interrupted it; processes have ended, finished fits are kept.
    """
    order = sorted(fits, key=lambda fit: -len(fit.recordings))
    if workers <= 1 or len(fits) <= 1:
        for fit in order:
            work.do(fit)
            on_done(fit)
        return
    with _processes(work, min(workers, len(fits))) as pool, _single_threaded():
        futures = {pool.submit(_do, fit): fit for fit in order}
        waiting = set(futures)
        while waiting:
            done, waiting = wait(waiting, timeout=_POLL_SECONDS, return_when=FIRST_COMPLETED)
            for future in done:
                try:
                    future.result()
                except BrokenProcessPool:
                    raise VasotError(
                        "a process of the search was ended from outside, perhaps for want of memory; what is done is "
                        "kept: go on with --resume"
                    ) from None
                on_done(futures[future])


@contextmanager
def _processes(work: Work, count: int) -> Iterator[ProcessPoolExecutor]:
    """Processes that begin from nothing on every system, and end at once where the body does not."""
    before = set(multiprocessing.active_children())
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(count, mp_context=context, initializer=_begin, initargs=(work,))
    try:
        yield pool
    except BaseException:
        for process in set(multiprocessing.active_children()) - before:
            process.terminate()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _single_threaded() -> Iterator[None]:
    """Processes that are started meanwhile compute in one thread each: they share the cores among them."""
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


_work: list[Work] = []
"""What a process of the search works on; set once in each."""


def _begin(work: Work) -> None:
    # Ctrl-C reaches every process of a terminal; the one that started these ends them.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _work.append(work)


def _do(fit: Fit) -> None:
    _work[-1].do(fit)
