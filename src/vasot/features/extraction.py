"""Features of many videos: decoding and computing overlap, every core works, and nothing is done twice."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vasot.errors import DataError
from vasot.features.base import Extractor
from vasot.features.store import FeatureStore, StoredFeatures
from vasot.types import Frames
from vasot.video.clips import Clip
from vasot.video.reader import FrameReader

__all__ = ["Extracted", "Progress", "extract_clips"]

_AHEAD = 3
"""Chunks that decoding may be ahead of computing; bounds the memory a video takes."""

_POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Progress:
    """How far an extraction is.

    Attributes:
        done_seconds, total_seconds: of the video that has to be looked at.
        n_clips: all that were asked for.
        n_stored: those whose features were in the store before.
    """

    done_seconds: float
    total_seconds: float
    n_clips: int
    n_stored: int


@dataclass(frozen=True, eq=False)
class Extracted:
    """What came of one clip: features, or the reason why there are none."""

    clip: Clip
    stored: StoredFeatures | None
    failure: str | None = None
    from_store: bool = False
    path: Path | None = None


def extract_clips(
    clips: Sequence[Clip],
    extractor: Extractor,
    *,
    fps: float,
    store: FeatureStore,
    durations: Sequence[float],
    on_progress: Callable[[Progress], None] | None = None,
    workers: int | None = None,
) -> list[Extracted]:
    """Features of every clip, in order, from the store where it has them.

    A clip of which nothing can be read comes back with its failure, a damaged one with its first part. What is done
    is in the store, so that after an interruption the next call goes on with the clip that was being looked at.

    Args:
        clips: what to extract.
        extractor: how.
        fps: frames per second to sample.
        store: where features are kept.
        durations: seconds of each clip, for the progress.
        on_progress: called from this thread before and after the work, and now and then within.
        workers: clips looked at at the same time; as many as there are cores by default.

    Raises:
        VasotError: the store cannot be written.
        KeyboardInterrupt: the user interrupted it; workers have stopped.
    """
    identity = extractor.identity()
    results: list[Extracted | None] = [None] * len(clips)
    missing: list[int] = []
    paths: dict[int, Path] = {}
    for index, clip in enumerate(clips):
        try:
            path = store.path(clip, fps, identity)
        except (DataError, OSError) as error:
            results[index] = Extracted(clip, None, str(error))
            continue
        paths[index] = path
        entry = store.read(path)
        if entry is None:
            missing.append(index)
        else:
            results[index] = Extracted(clip, entry, from_store=True, path=path)
    stored = sum(result is not None and result.from_store for result in results)
    meter = _Meter(sum(durations[index] for index in missing), len(clips), stored, on_progress)
    meter.report()
    if missing:
        cores = workers or os.cpu_count() or 1
        at_once = min(cores, len(missing))
        work = _Work(extractor, fps, store, max(1, cores // at_once), meter)
        # The longest first, so that no core is left with a long one at the end.
        order = sorted(missing, key=lambda index: -durations[index])
        with _pool(at_once, meter) as pool:
            futures = {
                pool.submit(work.extract, clips[index], paths[index], durations[index]): index for index in order
            }
            _collect(futures, results, meter)
        meter.finish()
    return [result for result in results if result is not None]


def _collect(futures: dict[Future[Extracted], int], results: list[Extracted | None], meter: _Meter) -> None:
    waiting = set(futures)
    while waiting:
        done, waiting = wait(waiting, timeout=_POLL_SECONDS, return_when=FIRST_COMPLETED)
        for future in done:
            results[futures[future]] = future.result()
        meter.report()


@contextmanager
def _pool(size: int, meter: _Meter) -> Iterator[ThreadPoolExecutor]:
    """Threads that end soon after an interrupt or an error: they look at the meter's flag between chunks."""
    pool = ThreadPoolExecutor(size, thread_name_prefix="features")
    try:
        yield pool
    except BaseException:
        meter.stopped.set()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


class _Meter:
    """Counts seconds of video over all threads; a flag tells them to stop."""

    def __init__(
        self, total_seconds: float, n_clips: int, n_stored: int, on_progress: Callable[[Progress], None] | None
    ) -> None:
        self.stopped = threading.Event()
        self._lock = threading.Lock()
        self._done = 0.0
        self._total = total_seconds
        self._counts = n_clips, n_stored
        self._on_progress = on_progress

    def add(self, seconds: float) -> None:
        with self._lock:
            self._done += seconds

    def finish(self) -> None:
        """Everything is done, however the seconds of the parts add up."""
        with self._lock:
            self._done = self._total
        self.report()

    def report(self) -> None:
        if self._on_progress is not None:
            with self._lock:
                done = min(self._done, self._total)
            self._on_progress(Progress(done, self._total, *self._counts))


class _Stopped(Exception):
    """Another thread failed, or the user interrupted."""


@dataclass(frozen=True)
class _Work:
    """Looks at one clip: one thread decodes, the caller's computes."""

    extractor: Extractor
    fps: float
    store: FeatureStore
    threads: int
    meter: _Meter

    def extract(self, clip: Clip, path: Path, duration: float) -> Extracted:
        counted = 0.0

        def watched(chunks: Iterator[Frames]) -> Iterator[Frames]:
            nonlocal counted
            for chunk in chunks:
                if self.meter.stopped.is_set():
                    raise _Stopped
                yield chunk
                times.append(chunk.times_seconds)
                seconds = len(chunk.times_seconds) / self.fps
                counted += seconds
                self.meter.add(seconds)

        times: list[np.ndarray] = []
        reader = FrameReader(
            clip.video,
            fps=self.fps,
            start_seconds=clip.start_seconds,
            end_seconds=clip.end_seconds,
            size=self.extractor.frame_size,
            threads=self.threads,
        )
        try:
            with _ahead(reader) as chunks:
                rows = list(self.extractor.extract(watched(chunks)))
        except DataError as error:
            return Extracted(clip, None, str(error))
        finally:
            # A clip that breaks off, or is a little shorter than stated, is done all the same.
            self.meter.add(duration - counted)
        if not rows:
            return Extracted(clip, None, f"{clip.video}: no frame between {clip.start_seconds} s and its end")
        features = np.concatenate(rows)
        if features.dtype != np.uint8:
            features = features.astype(np.float32, copy=False)
        stored = StoredFeatures(features, np.concatenate(times), reader.damage)
        self.store.write(path, stored)
        # Pictures of a whole corpus do not fit in memory: they stay in the file.
        return Extracted(clip, self.store.read(path) if features.dtype == np.uint8 else stored, path=path)


@contextmanager
def _ahead(reader: FrameReader) -> Iterator[Iterator[Frames]]:
    """The reader's chunks, decoded in a thread of their own up to a few chunks ahead."""
    chunks: queue.Queue[Frames | BaseException | None] = queue.Queue(_AHEAD)
    left = threading.Event()

    def put(item: Frames | BaseException | None) -> None:
        while not left.is_set():
            try:
                chunks.put(item, timeout=_POLL_SECONDS)
            except queue.Full:
                continue
            return

    def decode() -> None:
        try:
            for chunk in reader:
                put(chunk)
                if left.is_set():
                    return
            put(None)
        except BaseException as error:
            put(error)

    def arrived() -> Iterator[Frames]:
        while (item := chunks.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item

    thread = threading.Thread(target=decode, name=f"decode {reader.path.name}", daemon=True)
    thread.start()
    try:
        yield arrived()
    finally:
        left.set()
        thread.join()
