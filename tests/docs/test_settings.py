from __future__ import annotations

import re
from pathlib import Path

import pytest
import tomlkit

from vasot.config import Settings
from vasot.methods import METHODS
from vasot.methods.presets import preset_names
from vasot.training.folder import DataSettings

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "settings.md"
BUILTIN = ("asot", "vaot", "vasot")
ROW = re.compile(r"^\| `(\w+)` \| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)

Row = tuple[str, str, str]


def documented() -> dict[str, Row]:
    """Name -> default, methods and meaning, as the page says."""
    return {name: (default, readers, meaning) for name, default, readers, meaning in ROW.findall(PAGE.read_text())}


def default_text(group: type[Settings], name: str) -> str:
    """A default as one would write it behind ``--set name=``."""
    field = group.model_fields[name]
    if field.is_required():
        return "none, must be given"
    if field.default is None:
        return "not known"
    value = list(field.default) if isinstance(field.default, tuple) else field.default
    return f"`{tomlkit.item(value).as_string()}`"


def readers(name: str) -> str:
    """The methods that read a setting, as a table cell."""
    found = [method for method in BUILTIN if name in METHODS[method].Config.model_fields]
    return "all" if len(found) == len(BUILTIN) else ", ".join(found)


def in_code() -> dict[str, Row | None]:
    """The same from the code; the settings of the data are described on the page alone."""
    rows: dict[str, Row | None] = {}
    for method in BUILTIN:
        config: type[Settings] = METHODS[method].Config
        for name, field in config.model_fields.items():
            rows[name] = (default_text(config, name), readers(name), field.description or "")
    return rows


def test_the_page_lists_every_setting_of_every_method_as_it_is() -> None:
    page, code = documented(), in_code()
    assert {name: row for name, row in page.items() if name not in DataSettings.model_fields} == code


def test_the_page_lists_every_setting_of_the_data_with_its_default() -> None:
    page = documented()
    written = {name: row[0] for name, row in page.items() if name in DataSettings.model_fields}
    # Where the data lies is an argument, never a setting one gives.
    expected = {name: default_text(DataSettings, name) for name in DataSettings.model_fields if name != "data"}
    assert written == expected


@pytest.mark.parametrize("name", preset_names())
def test_the_page_names_every_preset(name: str) -> None:
    assert f"`{name}`" in PAGE.read_text()
