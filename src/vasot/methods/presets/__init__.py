"""Named groups of settings: those of the published experiments, one commented TOML file each."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from vasot.config import parse_toml
from vasot.errors import SettingsError, nearest

__all__ = ["preset", "preset_names", "preset_text"]


def preset_names() -> list[str]:
    """Names of all presets, sorted."""
    return sorted(entry.name.removesuffix(".toml") for entry in files(__name__).iterdir() if _is_toml(entry.name))


def preset_text(name: str) -> str:
    """The preset's file, comments included.

    Raises:
        SettingsError: no preset of that name.
    """
    known = preset_names()
    if name not in known:
        raise SettingsError(f"there is no preset '{name}'{nearest(name, known) or '.'} Known: {', '.join(known)}")
    return (files(__name__) / f"{name}.toml").read_text(encoding="utf-8")


def preset(name: str) -> dict[str, Any]:
    """The preset's values.

    >>> preset("50salads-mid")["action_penalty"]
    0.15
    """
    return parse_toml(preset_text(name), f"preset {name}")


def _is_toml(file_name: str) -> bool:
    return file_name.endswith(".toml")
