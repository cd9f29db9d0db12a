"""Where the files of a data set lie, and what its recordings are called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from vasot.errors import DataError

__all__ = ["Source", "distinct_names", "files_below", "refuse_twins"]


@dataclass(frozen=True)
class Source:
    """An array file, where it lies below the folder that was given (without ending), and its activity."""

    file: Path
    place: PurePath
    activity: str


def files_below(folder: Path, above: frozenset[Path] = frozenset()) -> Iterator[Path]:
    """Files in a folder and its sub-folders, linked ones too, in order of name, without hidden ones."""
    here = folder.resolve()
    if here in above:
        return
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise DataError(f"{folder}: cannot be read ({error.strerror}); allow reading this folder") from error
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from files_below(entry, above | {here})
        else:
            yield entry


def refuse_twins(sources: Sequence[Source]) -> None:
    """Refuse ``P03.npy`` beside ``P03.txt``: nothing says which of the two is meant."""
    first: dict[PurePath, Path] = {}
    for source in sources:
        twin = first.setdefault(source.place, source.file)
        if twin != source.file:
            raise DataError(f"{twin} and {source.file} both stand for one recording; remove or rename one of them")


def distinct_names(places: Sequence[PurePath]) -> list[str]:
    """The last part of every path, and for those that would share a name as many parts before it as it takes."""
    depths = [1] * len(places)
    while True:
        names = ["__".join(place.parts[-depth:]) for place, depth in zip(places, depths, strict=True)]
        counts = Counter(names)
        deeper = [
            min(depth + (counts[name] > 1), len(place.parts))
            for name, depth, place in zip(names, depths, places, strict=True)
        ]
        if deeper == depths:
            return names
        depths = deeper
