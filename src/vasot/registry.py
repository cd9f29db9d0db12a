"""Named parts (methods, data sets, exporters): imported when asked for, found by name, extendable by entry points."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from importlib.metadata import entry_points
from typing import Any

from vasot.errors import SettingsError, nearest

__all__ = ["Registry"]


class Registry(Mapping[str, Any]):
    """Names mapped to objects that are imported on first use.

    Args:
        kind: what the names stand for, in the singular, for error texts (``"method"``).
        group: entry-point group through which other packages add names (``"vasot.methods"``).
        builtin: name -> ``"module:attribute"``.

    >>> kinds = Registry("counter", "vasot.no_such_group", {"counter": "collections:Counter"})
    >>> kinds["counter"]("aab")["a"]
    2
    >>> kinds["countr"]
    Traceback (most recent call last):
    vasot.errors.SettingsError: there is no counter named 'countr'; did you mean 'counter'? Known: counter
    """

    def __init__(self, kind: str, group: str, builtin: Mapping[str, str]) -> None:
        self.kind = kind
        self._group = group
        self._builtin = dict(builtin)
        self._targets: dict[str, str] | None = None

    def _load(self) -> dict[str, str]:
        if self._targets is None:
            found = {point.name: point.value for point in entry_points(group=self._group)}
            self._targets = {**found, **self._builtin}
        return self._targets

    def __getitem__(self, name: str) -> Any:
        targets = self._load()
        if name not in targets:
            known = ", ".join(sorted(targets))
            hint = nearest(name, targets).removesuffix("?")
            mark = "? " if hint else ". "
            raise SettingsError(f"there is no {self.kind} named '{name}'{hint}{mark}Known: {known}")
        module, _, attribute = targets[name].partition(":")
        return getattr(importlib.import_module(module), attribute)

    def __contains__(self, name: object) -> bool:
        return name in self._load()

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._load()))

    def __len__(self) -> int:
        return len(self._load())
