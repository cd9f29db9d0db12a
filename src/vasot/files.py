"""Files and folders that appear whole or not at all, and are not overwritten unasked."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from vasot.errors import DataError, RunFolderError, VasotError

__all__ = ["atomic_folder", "atomic_write", "refuse_existing"]


def refuse_existing(paths: Iterable[Path], force: bool = False) -> None:
    """Refuse, before any work is done, to write files of which some exist already; ``force`` allows it.

    Raises:
        RunFolderError: names the first of the files that exist, and how many do.
    """
    present = [] if force else [path for path in paths if path.exists() or path.is_symlink()]
    if present:
        others = f" (and {len(present) - 1} more of the files to write)" if len(present) > 1 else ""
        raise RunFolderError(f"{present[0]} exists already{others}; use --force to overwrite, or write elsewhere")


@contextmanager
def atomic_write(path: Path, force: bool = False) -> Iterator[Path]:
    """Give the body a temporary path to write, which becomes ``path`` once the body is done.

    The temporary file lies in the same folder, so that the last step is one renaming, and ends in the same suffix, by
    which many writers choose a format. A body that fails leaves ``path`` as it was. Missing folders are made.

    Raises:
        RunFolderError: ``path`` exists and ``force`` is not given.
        VasotError: the file cannot be written: no permission, no space, a folder of that name.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with atomic_write(Path(folder) / "a.txt") as partial:
    ...         _ = partial.write_text("all of it")
    ...     [file.name for file in Path(folder).iterdir()]
    ['a.txt']
    """
    refuse_existing([path], force)
    partial = path.with_name(f".{path.stem[:100]}.{secrets.token_hex(4)}.partial{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _cannot_write(path, error) from error
    try:
        yield partial
        # Somebody else may have written it while the body ran.
        refuse_existing([path], force)
        partial.replace(path)
    except OSError as error:
        # The body may also read files; only an error about this one is told as such.
        if error.filename not in (None, str(partial), partial):
            raise
        raise _cannot_write(path, error) from error
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def atomic_folder(folder: Path) -> Iterator[Path]:
    """Give the body a temporary folder to fill, which becomes ``folder`` once the body is done; an empty one may exist.

    Raises:
        DataError: the folder exists and holds something, or cannot be written.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as home:
    ...     with atomic_folder(Path(home) / "data") as partial:
    ...         (partial / "features").mkdir()
    ...     [str(path.relative_to(home)) for path in Path(home).rglob("*")]
    ['data', 'data/features']
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DataError(f"{folder}: exists already; write to a new folder, or remove this one first")
    partial = folder.absolute().with_name(f".{folder.absolute().name}.{secrets.token_hex(4)}.partial")
    try:
        partial.mkdir(parents=True)
        yield partial
        if folder.exists():
            folder.rmdir()
        partial.rename(folder)
    except OSError as error:
        raise DataError(f"{folder}: cannot be written ({error.strerror or error}); write elsewhere") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _cannot_write(path: Path, error: OSError) -> VasotError:
    return VasotError(f"cannot write {path}: {error.strerror or error}; free the place or write elsewhere")
