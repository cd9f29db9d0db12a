"""The folder of a demo: where its parts lie, and which files a later demo may remove."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from vasot.errors import DataError, RunFolderError
from vasot.files import atomic_write

__all__ = ["DemoFolder"]


class DemoFolder:
    """Where a demo writes. ``made.txt`` lists its files, and nothing that it does not list is ever removed.

    The run is not listed: ``fit`` knows by itself what belongs to a run, and what may be replaced.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.data = path / "data"
        self.run = path / "run"
        self.outputs = path / "outputs"
        self.pictures = path / "pictures"

    @property
    def made(self) -> Path:
        """The list of the files that a demo made, relative to the folder, one per line."""
        return self.path / "made.txt"

    def make_room(self, force: bool) -> None:
        """Refuse a folder that is in use; with force remove the files of an earlier demo, and no others.

        Raises:
            RunFolderError: the folder holds something, and is no demo or is not to be replaced; or it holds files
                beside an earlier demo's that a new one would need the place of.
        """
        from vasot.training.folder import RunFolder

        above = next(each for each in (self.path.absolute(), *self.path.absolute().parents) if each.exists())
        if not above.is_dir():
            raise RunFolderError(f"{self.path} cannot be made: {above} is a file; choose another folder with -o")
        if above != self.path.absolute() or not any(self.path.iterdir()):
            return
        if not self.made.is_file():
            raise RunFolderError(f"{self.path} holds something that no demo made; choose another folder with -o")
        if not force:
            raise RunFolderError(f"{self.path} holds a demo; replace it with --force, or choose another folder with -o")
        RunFolder(self.run).check(force=True, resume=False)
        listed = self._listed()
        if foreign := [file for file in self._files(self.data) if file not in listed]:
            raise RunFolderError(
                f"{foreign[0]} was not made by the demo, which writes {self.data} anew; "
                "move it elsewhere, or choose another folder with -o"
            )
        for file in listed:
            file.unlink(missing_ok=True)
        for part in (self.data, self.outputs, self.pictures):
            _remove_empty(part)

    @contextmanager
    def recorded(self) -> Iterator[None]:
        """List what the body writes, also where it is interrupted."""
        before = set(self._all_files())
        self._write(())
        try:
            yield
        finally:
            self._write(sorted(set(self._all_files()) - before))

    def _write(self, files: Sequence[Path]) -> None:
        lines = "".join(f"{file.relative_to(self.path).as_posix()}\n" for file in files)
        with atomic_write(self.made, force=True) as partial:
            partial.write_text(lines, encoding="utf-8")

    def _listed(self) -> list[Path]:
        """The files of the list that lie in the parts of this folder, links to elsewhere followed."""
        try:
            names = self.made.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(f"{self.made}: cannot be read; choose another folder with -o") from error
        parts = [part.resolve() for part in (self.data, self.outputs, self.pictures)]
        home = self.path.resolve()
        return [
            self.path / name
            for name in names
            if any((self.path / name).resolve().is_relative_to(part) and part.is_relative_to(home) for part in parts)
        ]

    def _all_files(self) -> Iterator[Path]:
        for part in (self.data, self.outputs, self.pictures):
            yield from self._files(part)

    def _files(self, part: Path) -> Iterator[Path]:
        return (path for path in part.rglob("*") if not path.is_dir() or path.is_symlink())


def _remove_empty(folder: Path) -> None:
    """Remove folders that hold nothing, from the innermost out."""
    if not folder.is_dir() or folder.is_symlink():
        return
    for inner in list(folder.iterdir()):
        _remove_empty(inner)
    if not any(folder.iterdir()):
        folder.rmdir()
