"""Typed settings: from TOML, keyword arguments and ``key=value`` words to one checked object, and back."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from vasot.errors import SettingsError, nearest

__all__ = ["Settings", "parse_numbers", "parse_toml", "parse_words", "read_toml"]


class Settings(BaseModel):
    """Base of every group of settings: frozen, and an unknown name is an error that names the nearest one."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Check values and make the settings.

        Raises:
            SettingsError: an unknown name (with the nearest known one), or a value that does not fit.
        """
        for name in values:
            if name not in cls.model_fields:
                known = ", ".join(sorted(cls.model_fields))
                raise SettingsError(
                    f"there is no setting '{name}'{nearest(name, cls.model_fields) or '.'} Known: {known}"
                )
        try:
            return cls(**values)
        except ValidationError as error:
            raise SettingsError("; ".join(_sentence(detail) for detail in error.errors())) from None

    def described(self) -> dict[str, tuple[Any, str]]:
        """Every setting's value and what it means, in order."""
        return {name: (getattr(self, name), field.description or "") for name, field in type(self).model_fields.items()}


def parse_words(words: Iterable[str]) -> dict[str, Any]:
    """``key=value`` words of the command line. A value is read as TOML; what is not TOML is taken as text.

    Raises:
        SettingsError: a word without ``=``.

    >>> parse_words(["seed=3", "hidden_sizes=[128, 64]", "exclude=background"])
    {'seed': 3, 'hidden_sizes': [128, 64], 'exclude': 'background'}
    """
    values: dict[str, Any] = {}
    for word in words:
        key, equals, text = word.partition("=")
        if not equals or not key.strip():
            raise SettingsError(f"--set {word}: write it as key=value, for example --set seed=3")
        try:
            values[key.strip()] = tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            values[key.strip()] = text.strip()
    return values


def parse_numbers(text: str, option: str, what: str, examples: str) -> tuple[int, ...]:
    """Read whole numbers from 0, ranges of them and lists of either: increasing, each once.

    Args:
        text: what the user wrote.
        option: where, for error texts.
        what: what a number is, in the singular, for error texts.
        examples: how it is written, for error texts.

    Raises:
        SettingsError: it is none of these, or a range runs backwards.

    >>> parse_numbers("0-2,5", "--seeds", "seed", "write 0-4")
    (0, 1, 2, 5)
    """
    numbers: set[int] = set()
    for part in text.split(","):
        first, dash, last = (word.strip() for word in part.partition("-"))
        if not first.isdecimal() or (dash and not last.isdecimal()):
            raise SettingsError(f"{option} {text}: '{part.strip()}' is no {what}; {examples}")
        start, end = int(first), int(last or first)
        if end < start:
            raise SettingsError(f"{option} {text}: {start} is larger than {end}; write {end}-{start}")
        numbers.update(range(start, end + 1))
    return tuple(sorted(numbers))


def parse_toml(text: str, where: str) -> dict[str, Any]:
    """The values of a TOML text.

    Raises:
        SettingsError: it is not TOML; ``where`` and the line are named.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{where} is not valid TOML: {error}") from None


def read_toml(path: Path) -> dict[str, Any]:
    """The values of a TOML file.

    Raises:
        SettingsError: the file cannot be read, or is not TOML (the line is named).
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from None
    return parse_toml(text, str(path))


def _sentence(detail: Any) -> str:
    name = ".".join(str(part) for part in detail["loc"])
    return f"setting {name} = {detail['input']!r}: {detail['msg'][0].lower()}{detail['msg'][1:]}"
