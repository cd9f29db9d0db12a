from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import Field

from vasot.config import Settings, parse_toml, parse_words, read_toml
from vasot.errors import SettingsError


class Oven(Settings):
    degrees: float = Field(default=180.0, gt=0, description="how hot")
    minutes: int = 20
    shelves: tuple[int, ...] = (2,)
    name: str = ""


def test_values_become_typed_settings_and_the_rest_keeps_its_default() -> None:
    oven = Oven.of({"degrees": 200, "shelves": [1, 3]})
    assert (oven.degrees, oven.minutes, oven.shelves) == (200.0, 20, (1, 3))


def test_an_unknown_name_is_an_error_that_names_the_nearest_one() -> None:
    with pytest.raises(SettingsError, match="no setting 'degree'; did you mean 'degrees'\\? Known: degrees, minutes"):
        Oven.of({"degree": 200})


def test_an_unknown_name_without_a_near_one_lists_what_is_known() -> None:
    with pytest.raises(SettingsError, match=r"no setting 'zzz'\. Known: degrees, minutes, name, shelves"):
        Oven.of({"zzz": 1})


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"degrees": 0}, "setting degrees = 0: input should be greater than 0"),
        ({"degrees": float("nan")}, "setting degrees = nan"),
        ({"degrees": float("inf")}, "setting degrees = inf"),
        ({"minutes": "long"}, "setting minutes = 'long'"),
        ({"minutes": 2.5}, "setting minutes = 2.5"),
        ({"shelves": [1, "top"]}, "setting shelves.1 = 'top'"),
    ],
)
def test_a_value_that_does_not_fit_is_named_with_the_reason(values: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        Oven.of(values)


def test_every_value_that_does_not_fit_is_told_at_once() -> None:
    with pytest.raises(SettingsError, match=r"setting degrees = -1.*; setting minutes = 'long'"):
        Oven.of({"degrees": -1, "minutes": "long"})


def test_settings_cannot_be_changed_afterwards() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Oven().degrees = 1.0


def test_described_gives_every_value_with_its_meaning_in_order() -> None:
    assert next(iter(Oven().described().items())) == ("degrees", (180.0, "how hot"))
    assert list(Oven().described()) == ["degrees", "minutes", "shelves", "name"]


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("k=3", 3),
        ("k=1e-3", 1e-3),
        ("k=true", True),
        ("k=[1, 2]", [1, 2]),
        ("k='3'", "3"),
        ("k=half", "half"),
        ("k=a,b c", "a,b c"),
        ("k=a=b", "a=b"),
        (" k = x ", "x"),
        ("k=", ""),
    ],
)
def test_a_word_is_read_as_toml_or_else_as_text(word: str, value: object) -> None:
    assert parse_words([word]) == {"k": value}


@pytest.mark.parametrize("word", ["seed", "=3", " =3"])
def test_a_word_without_a_key_or_a_value_is_refused(word: str) -> None:
    with pytest.raises(SettingsError, match="write it as key=value"):
        parse_words([word])


def test_of_two_words_with_one_key_the_last_counts() -> None:
    assert parse_words(["k=1", "k=2"]) == {"k": 2}


def test_broken_toml_names_the_place_and_the_line() -> None:
    with pytest.raises(SettingsError, match=r"preset x is not valid TOML: .*line 2"):
        parse_toml("a = 1\nb = = 2\n", "preset x")


def test_a_toml_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('[run]\nname = "é"\n', encoding="utf-8")
    assert read_toml(tmp_path / "a.toml") == {"run": {"name": "é"}}


def test_a_toml_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes(b'a = "\xe9"')
    for name in ("latin.toml", "absent.toml"):
        with pytest.raises(SettingsError, match=f"{name} cannot be read"):
            read_toml(tmp_path / name)
