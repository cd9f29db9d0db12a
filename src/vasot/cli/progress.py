"""What is seen of long work while it is done."""

from __future__ import annotations

from time import perf_counter
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from vasot.wording import counted, format_bytes, format_minutes

if TYPE_CHECKING:
    from rich.console import Console

    from vasot.features.extraction import Progress

__all__ = ["CountProgress", "ExtractionProgress"]

_LINE_SECONDS = 30.0
"""How often a line is printed where there is no terminal."""


class ExtractionProgress:
    """One bar over all videos with the time that remains; now and then a line where there is no terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bar: Any = None
        self._task: Any = None
        self._begun = self._told = perf_counter()
        self._finished = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def show(self, progress: Progress) -> None:
        """Show how far the extraction is; the first call says what the store held already, the last one the size."""
        if self._finished:
            return
        if progress.n_stored == progress.n_clips:
            self._say(f"features of {counted(progress.n_clips, 'recording')} extracted before{self._kept()}")
            self._finished = True
            return
        if progress.done_seconds >= progress.total_seconds:
            self._stop()
            speed = progress.total_seconds / max(perf_counter() - self._begun, 1e-9)
            new = counted(progress.n_clips - progress.n_stored, "recording")
            self._say(f"features of {new} extracted, {speed:.0f} times faster than they play{self._kept()}")
            self._finished = True
            return
        self._update(progress)

    def _update(self, progress: Progress) -> None:
        if not self._console.is_terminal:
            if perf_counter() - self._told > _LINE_SECONDS:
                self._told = perf_counter()
                self._say(f"features: {progress.done_seconds:.0f} of {progress.total_seconds:.0f} seconds of video")
            return
        if self._bar is None:
            from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
            from rich.progress import Progress as Bar

            columns = (TextColumn("features"), BarColumn(), TaskProgressColumn(), TextColumn("of the video"))
            self._bar = Bar(*columns, TimeRemainingColumn(), console=self._console)
            self._bar.start()
            self._task = self._bar.add_task("features", total=progress.total_seconds)
        self._bar.update(self._task, completed=progress.done_seconds)

    def _kept(self) -> str:
        from vasot.features.store import default_store

        store = default_store()
        return f"; {store.root} keeps {format_bytes(store.size_bytes())} of features"

    def _say(self, text: str) -> None:
        self._console.print(text, highlight=False, markup=False, soft_wrap=True)

    def _stop(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


class CountProgress:
    """One bar over many pieces of work with the time that remains; now and then a line where there is no terminal.

    Args:
        console: where it is shown.
        work: what the whole is called.
        piece: what one piece is called, in the singular.
    """

    def __init__(self, console: Console, work: str, piece: str) -> None:
        self._console = console
        self._work = work
        self._piece = piece
        self._bar: Any = None
        self._task: Any = None
        self._told = perf_counter()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def show(self, n_done: int, n_all: int, remaining_seconds: float | None, now: str = "") -> None:
        """Show how far the work is, and what is being done now."""
        left = f"about {format_minutes(remaining_seconds / 60)} left" if remaining_seconds else ""
        if not self._console.is_terminal:
            if perf_counter() - self._told > _LINE_SECONDS and left:
                self._told = perf_counter()
                text = f"{self._piece} {n_done} of {n_all}, {left}" + (f": {now}" if now else "")
                self._console.print(text, highlight=False, markup=False, soft_wrap=True)
            return
        if self._bar is None:
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

            columns = (TextColumn(self._work), BarColumn(), MofNCompleteColumn(), TextColumn(f"{self._piece}s"))
            said = (TextColumn("{task.fields[left]}"), TextColumn("{task.fields[now]}", markup=False))
            self._bar = Progress(*columns, *said, console=self._console)
            self._bar.start()
            self._task = self._bar.add_task(self._work, total=n_all, left="", now="")
        self._bar.update(self._task, completed=n_done, left=left, now=now)

    def stop(self) -> None:
        """Take the bar down."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
