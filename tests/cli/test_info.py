from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from vasot import __version__
from vasot.cli import info
from vasot.cli.main import app
from vasot.errors import SettingsError, VasotError


@pytest.fixture
def runner() -> CliRunner:
    return CliRunner()


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    """Exceptions appended here are raised by ``vasot info``."""
    errors: list[BaseException] = []

    def raise_error() -> list[dict[str, object]]:
        raise errors[0]

    monkeypatch.setattr(info, "describe_devices", raise_error)
    return errors


def test_json_is_one_object_with_the_versions_that_are_imported(runner: CliRunner) -> None:
    result = runner.invoke(app, ["info", "--json"])
    versions = json.loads(result.stdout)["versions"]
    assert result.exit_code == 0
    assert versions["vasot"] == __version__
    assert versions["numpy"] == np.__version__
    assert versions["torch"].split("+")[0] == str(torch.__version__).split("+")[0]


def test_text_names_every_version_device_and_optional_part(runner: CliRunner) -> None:
    facts = json.loads(runner.invoke(app, ["info", "--json"]).stdout)
    text = runner.invoke(app, ["info"]).stdout
    for name, number in facts["versions"].items():
        assert f"{name:<14}{number}" in text
    assert f"{torch.get_num_threads()} threads" in text
    assert all(part["purpose"] in text for part in facts["optional_parts"])


def test_an_absent_optional_part_shows_the_command_that_installs_it(
    runner: CliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = info.OptionalPart("flying", "no-such-distribution", "recordings from the air")
    monkeypatch.setattr(info, "OPTIONAL_PARTS", (part,))
    assert info.describe_optional_parts()[0]["version"] is None
    assert "recordings from the air: absent; to install it: pip install 'vasot[flying]'" in (
        runner.invoke(app, ["info"]).stdout
    )


def test_every_gpu_is_listed_with_its_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(
        torch.cuda,
        "get_device_properties",
        lambda index: SimpleNamespace(name=f"Model {index}", total_memory=(index + 1) * 2**30),
    )
    gpus = [entry for entry in info.describe_devices() if str(entry["device"]).startswith("cuda")]
    assert gpus == [
        {"device": "cuda:0", "name": "Model 0", "memory_gib": 1.0},
        {"device": "cuda:1", "name": "Model 1", "memory_gib": 2.0},
    ]


def test_a_users_mistake_ends_with_one_line_and_code_2(runner: CliRunner, failing: list[BaseException]) -> None:
    failing.append(SettingsError("radius is -1;\nuse a value in (0, 1] " + 30 * "and more "))
    result = runner.invoke(app, ["info"])
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr == "error: radius is -1; use a value in (0, 1] " + 30 * "and more " + "\n"


@pytest.mark.parametrize("arguments", [["--debug", "info"], ["info", "--debug"], ["info", "--debug", "--json"]])
def test_debug_shows_the_traceback_on_either_side_of_the_verb(
    runner: CliRunner, failing: list[BaseException], arguments: list[str]
) -> None:
    failing.append(VasotError("no"))
    result = runner.invoke(app, arguments)
    assert result.exit_code == 2
    assert "Traceback" in result.stderr
    assert "in raise_error" in result.stderr
    assert result.stderr.endswith("error: no\n")


def test_behind_a_double_dash_debug_is_an_argument(runner: CliRunner, failing: list[BaseException]) -> None:
    failing.append(VasotError("no"))
    result = runner.invoke(app, ["info", "--", "--debug"])
    assert result.exit_code == 2
    assert "Traceback" not in result.stderr
    assert "--debug is not a run of vasot" in result.stderr


def test_an_interrupt_ends_with_one_line_and_code_130(runner: CliRunner, failing: list[BaseException]) -> None:
    failing.append(KeyboardInterrupt())
    result = runner.invoke(app, ["info"])
    assert result.exit_code == 130
    assert result.stderr == "interrupted\n"


def test_an_unexpected_exception_is_not_swallowed(runner: CliRunner, failing: list[BaseException]) -> None:
    failing.append(RuntimeError("a fault in the program"))
    result = runner.invoke(app, ["info"])
    assert isinstance(result.exception, RuntimeError)


def test_a_misspelt_verb_is_a_usage_error(runner: CliRunner) -> None:
    result = runner.invoke(app, ["infos"])
    assert result.exit_code == 2
    assert "infos" in result.stderr


def test_version_prints_the_version_and_stops(runner: CliRunner) -> None:
    result = runner.invoke(app, ["--version"])
    assert (result.exit_code, result.stdout) == (0, f"vasot {__version__}\n")
