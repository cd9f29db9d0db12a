"""Results of a comparison in its folder: what was measured, written whole after every measurement, never twice.

``results.csv`` has one line per case and seed; ``cases.json`` says what each case is. A case measured by an earlier
version counts as the same where its settings are the same, and settings that did not exist then have their default.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from vasot import __version__
from vasot.comparison.measures import METRICS, Measured
from vasot.datasets.base import Dataset
from vasot.errors import DataError
from vasot.files import atomic_write

__all__ = ["Case", "Store", "content_of"]

_COLUMNS = ("case", "method", "data", "settings", "seed", *METRICS, "fit_seconds", "vasot")


@dataclass(frozen=True, eq=False)
class Case:
    """What is measured, up to the seed.

    Attributes:
        method: a method, or a trivial prediction.
        data: name of the data set.
        content: what the data set holds (:func:`content_of`), so that other recordings are another case.
        actions: K, by activity.
        exclude: classes left out of scoring.
        settings: all of the method's, but for K and the seed; empty for a trivial prediction.
        defaults: their default values.
    """

    method: str
    data: str
    content: str
    actions: Mapping[str, int]
    exclude: tuple[str, ...]
    settings: Mapping[str, Any]
    defaults: Mapping[str, Any] = field(default_factory=dict)

    @property
    def differing(self) -> str:
        """The settings that are not the defaults, in words."""
        changed = {name: value for name, value in self.settings.items() if value != self.defaults.get(name)}
        return " ".join(f"{name}={json.dumps(value, separators=(',', ':'))}" for name, value in changed.items())

    def described(self) -> dict[str, Any]:
        """Plain values that say what the case is."""
        return {
            "method": self.method,
            "data": self.data,
            "content": self.content,
            "actions": dict(self.actions),
            "exclude": list(self.exclude),
            "settings": dict(self.settings),
        }

    def key(self) -> str:
        """A short name that follows from all of it."""
        return _digest(json.dumps(self.described(), sort_keys=True).encode())

    def is_same(self, described: Mapping[str, Any]) -> bool:
        """Whether this is the case that an earlier version described."""
        before, now = dict(described), self.described()
        old, new = before.pop("settings"), now.pop("settings")
        unknown_then = {name: value for name, value in new.items() if name not in old}
        return (
            before == now
            and all(new.get(name) == value for name, value in old.items())
            and all(value == self.defaults.get(name) for name, value in unknown_then.items())
        )


class Store:
    """The results of a folder, by case and seed."""

    def __init__(self, folder: Path) -> None:
        self.table = folder / "results.csv"
        self._cases_file = folder / "cases.json"
        self._cases: dict[str, dict[str, Any]] = {}
        self._rows: dict[tuple[str, int], dict[str, str]] = {}
        self._load()

    def find(self, case: Case, seed: int) -> Measured | None:
        """What was measured, None where nothing was."""
        row = self._rows.get((self._key(case), seed))
        return None if row is None else _measured(row)

    def add(self, case: Case, seed: int, measured: Measured) -> None:
        """Keep a measurement; both files are replaced at once, so that an interruption leaves the ones before."""
        # Another process may have written meanwhile: its rows stay.
        self._load()
        key = self._key(case)
        self._cases.setdefault(key, case.described())
        self._rows[key, seed] = {
            "case": key,
            "method": case.method,
            "data": case.data,
            "settings": case.differing,
            "seed": str(seed),
            **{name: "" if (value := measured.scores[name]) is None else f"{100 * value:.3f}" for name in METRICS},
            "fit_seconds": f"{measured.fit_seconds:.1f}",
            "vasot": __version__,
        }
        self.save()

    def measured(self) -> Iterator[tuple[Mapping[str, Any], list[Measured]]]:
        """Every case, as :meth:`Case.described` describes it, with what was measured of it for one seed or more."""
        for key in sorted({key for key, _ in self._rows}):
            rows = [row for (of, _), row in sorted(self._rows.items()) if of == key]
            yield self._cases[key], [_measured(row) for row in rows]

    def forget(self, cases: Collection[Case]) -> None:
        """Drop what was measured of these cases."""
        keys = {self._key(case) for case in cases}
        self._rows = {(key, seed): row for (key, seed), row in self._rows.items() if key not in keys}
        if self.table.exists():
            self.save()

    def _key(self, case: Case) -> str:
        key = case.key()
        if key in self._cases:
            return key
        return next((name for name, described in self._cases.items() if case.is_same(described)), key)

    def _load(self) -> None:
        if not self.table.exists():
            return
        try:
            with self.table.open(newline="", encoding="utf-8") as file:
                reader = csv.DictReader(file)
                if tuple(reader.fieldnames or ()) != _COLUMNS:
                    raise DataError(
                        f"{self.table} is no table of vasot compare, or of another version; write elsewhere"
                    )
                rows = {(row["case"], int(row["seed"])): row for row in reader}
            self._cases |= json.loads(self._cases_file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise DataError(
                f"{self.table} and cases.json beside it cannot be read ({error}); write elsewhere"
            ) from None
        self._rows |= rows

    def save(self) -> None:
        """Write both files, even where nothing was measured yet."""
        with atomic_write(self._cases_file, force=True) as partial:
            lines = [f"  {json.dumps(key)}: {json.dumps(self._cases[key])}" for key in sorted(self._cases)]
            partial.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
        with atomic_write(self.table, force=True) as partial, partial.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, fieldnames=_COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(
                sorted(
                    self._rows.values(),
                    key=lambda row: (row["data"], row["method"], row["settings"], row["case"], int(row["seed"])),
                )
            )


def _measured(row: Mapping[str, str]) -> Measured:
    scores = {name: float(row[name]) / 100 if row[name] else None for name in METRICS}
    return Measured(scores, float(row["fit_seconds"]))


def content_of(dataset: Dataset) -> str:
    """A digest of features, labels, names and activities of a data set's recordings."""
    parts = []
    for recording in dataset.recordings:
        track = recording.track
        names = json.dumps([track.name, track.activity]).encode()
        labels = b"" if recording.labels is None else recording.labels.astype(np.int64).tobytes()
        parts.append(_digest(names + np.ascontiguousarray(track.features).tobytes() + labels).encode())
    return _digest(b"".join(parts))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]
