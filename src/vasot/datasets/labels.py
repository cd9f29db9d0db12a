"""Ground truth beside recordings: one class name per frame, and the mapping that numbers the classes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vasot.datasets.layout import Source, files_below
from vasot.errors import DataError, nearest
from vasot.wording import counted, listing

__all__ = [
    "UNLABELLED",
    "Truth",
    "class_index",
    "class_names",
    "mapping_file",
    "read_mapping",
    "read_truth",
    "read_truths",
    "truth_candidates",
]

UNLABELLED = "unlabelled"
"""The class of frames that nobody annotated: never scored, and known without being listed in a mapping."""


@dataclass(frozen=True)
class Truth:
    """A ground-truth file and the class name of each frame."""

    file: Path
    names: tuple[str, ...]


def read_truths(
    folder: Path, sources: Sequence[Source], names: Sequence[str], warnings: list[str], *, all_sources: bool = True
) -> list[Truth | None]:
    """The ground truth of each source, None where there is none; what does not pair up goes to ``warnings``.

    Where the sources are a choice of what lies in the data set, ground truth of others is no fault.
    """
    if not folder.is_dir():
        return [None] * len(sources)
    files = set(files_below(folder))
    truths: list[Truth | None] = []
    used: set[Path] = set()
    for source, name in zip(sources, names, strict=True):
        candidates = set(truth_candidates(folder, str(source.place), name)) & files
        if len(candidates) > 1:
            both = " and ".join(str(file) for file in sorted(candidates))
            raise DataError(f"{both} are both ground truth of '{name}'; remove one of them")
        used |= candidates
        truths.append(read_truth(candidates.pop()) if candidates else None)
    labelled = sum(truth is not None for truth in truths)
    if labelled < len(sources):
        warnings.append(f"{labelled} of {counted(len(sources), 'recording')} with ground truth")
    unused = sorted(str(file.relative_to(folder)) for file in files - used) if all_sources else []
    if unused:
        warnings.append(f"{counted(len(unused), 'ground-truth file')} of no recording: {listing(unused)}")
    return truths


def truth_candidates(folder: Path, place: str, name: str) -> list[Path]:
    """Where the ground truth of a recording may lie: called after its place in the data set, or after its name."""
    return list(dict.fromkeys(folder / f"{stem}{ending}" for stem in (place, name) for ending in ("", ".txt")))


def read_truth(file: Path) -> Truth:
    """Read one file of class names, one per line; blank lines may stand at its end only.

    Raises:
        DataError: the file is empty, unreadable, or a line within it is blank.
    """
    names = [line.strip() for line in _text_of(file).splitlines()]
    while names and not names[-1]:
        names.pop()
    if not names:
        raise DataError(f"{file}: is empty; write one class name per frame")
    if "" in names:
        raise DataError(f"{file}: line {names.index('') + 1} is blank; write one class name for every frame")
    return Truth(file, tuple(names))


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DataError(f"{file}: cannot be read ({error.strerror}); check that it is a file you may read") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{file}: is not a text file; save it as UTF-8 text") from error


def mapping_file(folder: Path, name: str = "mapping.txt") -> Path:
    """Where the mapping of a data set lies: in ``mapping/``, or beside it as some sets are published."""
    beside = folder / name
    return beside if beside.is_file() and not (folder / "mapping" / name).is_file() else folder / "mapping" / name


def class_names(mapping: Path, truths: Sequence[Truth]) -> tuple[str, ...]:
    """Class names in order of index: as the mapping says, else sorted (by value where all are whole numbers)."""
    return class_index(mapping, truths)[0]


def class_index(
    mapping: Path, truths: Sequence[Truth], *, merge: bool = False
) -> tuple[tuple[str, ...], dict[str, int]]:
    """Class names as :func:`class_names`, and the index of every name that ground truth may hold.

    Args:
        mapping: file of lines ``id name``; sorted names are taken where there is none.
        truths: the ground truth to index; without any there are no classes.
        merge: names of one id are one class, called after what their first words have in common.

    Raises:
        DataError: the mapping cannot be used, or does not list a name of the ground truth.
    """
    if not truths:
        return (), {}
    if not mapping.is_file():
        collected = {name for truth in truths for name in truth.names}
        numeric = all(name.isdecimal() for name in collected)
        names = tuple(sorted(collected, key=lambda name: (int(name) if numeric else 0, name)))
        return names, {name: index for index, name in enumerate(names)}
    groups = _read_groups(mapping, merge)
    if not any(UNLABELLED in group for group in groups) and any(UNLABELLED in truth.names for truth in truths):
        groups.append([UNLABELLED])
    index = {name: number for number, group in enumerate(groups) for name in group}
    for truth in truths:
        _refuse_unknown(truth, tuple(index), mapping)
    return tuple(_joint_name(group) for group in groups), index


def _joint_name(names: Sequence[str]) -> str:
    """A name for classes that are scored as one.

    >>> _joint_name(["cut_tomato", "cut_cheese"]), _joint_name(["add_salt", "stir"]), _joint_name(["peel_cucumber"])
    ('cut', 'add_salt+stir', 'peel_cucumber')
    """
    if len(names) == 1:
        return names[0]
    words = [name.split("_") for name in names]
    shared = next((depth for depth, parts in enumerate(zip(*words, strict=False)) if len(set(parts)) > 1), 0)
    return "_".join(words[0][:shared]) or "+".join(names)


def read_mapping(file: Path) -> tuple[str, ...]:
    """Class names of a mapping's lines of ``id name``, in order of id; a name may hold spaces.

    Raises:
        DataError: a line is not of that form, or an id or a name is there twice.
    """
    return tuple(name for (name,) in _read_groups(file))


def _read_groups(file: Path, merge: bool = False) -> list[list[str]]:
    """The names of every id, in order of id; several of one id only where they may be merged."""
    by_id: dict[int, list[str]] = {}
    seen: set[str] = set()
    for number, line in enumerate(_text_of(file).splitlines(), start=1):
        words = line.strip().split(maxsplit=1)
        if not words:
            continue
        where = f"{file}: line {number}"
        if len(words) < 2 or not re.fullmatch(r"-?\d+", words[0]):
            raise DataError(f"{where} is '{line.strip()}'; write a whole number, a space and a class name")
        key, name = int(words[0]), words[1]
        if key in by_id and not merge:
            raise DataError(f"{where} gives id {key} to '{name}', but '{by_id[key][0]}' has it; give each its own")
        if name in seen:
            raise DataError(f"{where} lists '{name}' a second time; remove one of the two lines")
        seen.add(name)
        by_id.setdefault(key, []).append(name)
    if not by_id:
        raise DataError(f"{file}: is empty; write one line 'id name' per class, or remove the file")
    return [by_id[key] for key in sorted(by_id)]


def _refuse_unknown(truth: Truth, known: Sequence[str], mapping: Path) -> None:
    classes = set(known)
    for number, name in enumerate(truth.names, start=1):
        if name not in classes:
            hint = nearest(name, known) or "; add it there, or correct it"
            raise DataError(f"{truth.file}: line {number} is '{name}', which {mapping} does not list{hint}")
