"""One training for each activity of a data set, in folders beside each other, and the table that holds them together.

``activities.csv`` is written before the first training: it says what the folder is, so that an interrupted series of
trainings can go on where it stood.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from time import perf_counter

from vasot.errors import RunFolderError
from vasot.files import atomic_write
from vasot.training.folder import RunFolder
from vasot.training.model import Model

__all__ = ["ActivityRow", "holds_activities", "read_activities", "train_activities"]

_TABLE = "activities.csv"


@dataclass(frozen=True)
class ActivityRow:
    """One line of the table.

    Attributes:
        activity: its name, which is that of its run's folder, too.
        actions: K of its run; None where the method does not segment.
        recordings: how many it was trained on; None before that.
        seconds: how long reading and training took; None where this is not known.
    """

    activity: str
    actions: int | None = None
    recordings: int | None = None
    seconds: float | None = None


def holds_activities(folder: Path) -> bool:
    """Whether a folder holds runs of several activities, and is no run itself."""
    return (folder / _TABLE).is_file() and not RunFolder(folder).config.is_file()


def read_activities(folder: Path) -> list[ActivityRow]:
    """The table of a folder.

    Raises:
        RunFolderError: there is none, or it was changed into something else.
    """
    try:
        with (folder / _TABLE).open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        return [
            ActivityRow(
                row["activity"],
                int(row["actions"]) if row["actions"] else None,
                int(row["recordings"]) if row["recordings"] else None,
                float(row["seconds"]) if row["seconds"] else None,
            )
            for row in rows
        ]
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise RunFolderError(f"{folder / _TABLE} cannot be read ({error}); train the activities again") from None


def train_activities(
    folder: Path,
    activities: Sequence[str],
    train: Callable[[str, Path, Mapping[str, bool]], Model],
    *,
    resume: bool = False,
    force: bool = False,
) -> dict[str, Model | None]:
    """Train one model for each activity in ``folder/ACTIVITY``; the table is brought up to date after each.

    Args:
        folder: where to write.
        activities: their names, in the order in which they are trained.
        train: called with the activity, the folder of its run, and ``resume`` and ``force`` for it.
        resume: leave finished activities as they are, go on with an interrupted one, begin those that are missing.
        force: train all of them again.

    Returns:
        the models; None for an activity that had been trained before.

    Raises:
        RunFolderError: the folder must not be written, before anything is trained.
    """
    _check(folder, resume=resume, force=force)
    before = {row.activity: row for row in read_activities(folder)} if resume else {}
    rows = {activity: before.get(activity, ActivityRow(activity)) for activity in activities}
    _write(folder, rows.values())
    models: dict[str, Model | None] = {}
    for activity in activities:
        place = RunFolder(folder / activity)
        if resume and place.weights.is_file():
            models[activity] = None
            continue
        begun = perf_counter()
        goes_on = resume and place.checkpoint.is_file()
        model = train(activity, place.path, {"resume": goes_on, "force": force or (resume and not goes_on)})
        models[activity] = model
        rows[activity] = replace(
            rows[activity],
            actions=getattr(model.config.settings, "actions", None),
            recordings=len(model.config.recordings),
            seconds=round(perf_counter() - begun, 1),
        )
        _write(folder, rows.values())
    return models


def _check(folder: Path, *, resume: bool, force: bool) -> None:
    if resume and force:
        raise RunFolderError("--resume goes on with trainings and --force replaces them; give one of them")
    if resume:
        if not holds_activities(folder):
            raise RunFolderError(f"{folder} holds no trainings of activities to resume; leave out --resume")
        return
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    if not folder.is_dir() or not holds_activities(folder):
        raise RunFolderError(f"{folder} exists and holds no trainings of activities; choose another folder with -o")
    if not force:
        raise RunFolderError(
            f"{folder} holds trainings of activities already; go on with --resume, replace them with --force, or "
            "choose another -o"
        )


def _write(folder: Path, rows: Iterable[ActivityRow]) -> None:
    with (
        atomic_write(folder / _TABLE, force=True) as partial,
        partial.open("w", newline="", encoding="utf-8") as file,
    ):
        writer = csv.DictWriter(file, [field.name for field in fields(ActivityRow)])
        writer.writeheader()
        writer.writerows(asdict(row) for row in rows)
