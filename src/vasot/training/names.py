"""Names that people give to actions: ``names.toml`` in the run folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import tomlkit

from vasot.config import read_toml
from vasot.errors import SettingsError
from vasot.files import atomic_write
from vasot.types import default_action_names

__all__ = ["apply_names", "check_name", "read_names", "write_names"]


def read_names(path: Path) -> dict[int, str]:
    """Action index -> name; empty where there is no file.

    Raises:
        SettingsError: the file is not a table ``[names]`` of ``index = "name"``.
    """
    if not path.is_file():
        return {}
    table = read_toml(path).get("names", {})
    fits = isinstance(table, dict) and all(key.isdecimal() and isinstance(name, str) for key, name in table.items())
    if not fits:
        raise SettingsError(f'{path}: write a part [names] with lines like 3 = "tighten screw"')
    names = {int(key): name for key, name in table.items()}
    if len(set(names.values())) < len(names):
        raise SettingsError(f"{path}: two actions have one name; give each its own")
    return names


def write_names(path: Path, names: Mapping[int, str]) -> None:
    """Replace the file; a file that fails to be written leaves the old one as it was."""
    document = tomlkit.document()
    document.add(tomlkit.comment("Names of actions; every output made from now on uses them."))
    document["names"] = {str(action): names[action] for action in sorted(names)}
    with atomic_write(path, force=True) as partial:
        partial.write_text(tomlkit.dumps(document), encoding="utf-8")


def apply_names(default: tuple[str, ...], names: Mapping[int, str]) -> tuple[str, ...]:
    """The names of all actions, those that were given in place of the default ones."""
    return tuple(names.get(action, name) for action, name in enumerate(default))


def check_name(action: int, name: str, n_actions: int, names: Mapping[int, str]) -> None:
    """Refuse a name that could not be stored or told from another.

    Raises:
        SettingsError: there is no such action, or the name is empty, has a line break, or belongs to another action.
    """
    if not 0 <= action < n_actions:
        raise SettingsError(f"there is no action {action}; the run has actions 0 to {n_actions - 1}")
    if not name.strip() or len(name.splitlines()) != 1:
        raise SettingsError("a name is one line of text that is not empty")
    for other, its in enumerate(apply_names(default_action_names(n_actions), names)):
        if its == name and other != action:
            raise SettingsError(f"action {other} is called '{name}' already; give each action its own name")
