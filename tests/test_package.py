from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import jaxtyping
import numpy as np
import pytest

import vasot
from vasot.errors import DataError
from vasot.types import Segmentation, Track

ROOT = Path(__file__).parents[1]
MODULES = sorted((ROOT / "src" / "vasot").rglob("*.py"))
HEAVY = ("lightning", "matplotlib", "numba", "scipy", "sklearn", "torch")
UNCHECKED = (
    "vasot.__main__",
    "vasot.cli",
    "vasot.errors",
    "vasot.registry",
    "vasot.transport.kernels",
    "vasot.wording",
)
"""Modules and packages that take no arrays, or, like the kernels, cannot be wrapped."""


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT / "src").with_suffix("").parts).removesuffix(".__init__")


def heavy_imports_of(statements: str) -> list[str]:
    script = f"{statements}\nimport sys\nprint(*[name for name in {HEAVY!r} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return run.stdout.splitlines()[-1].split()


def test_the_check_for_heavy_imports_sees_one() -> None:
    assert heavy_imports_of("import scipy") == ["scipy"]


def test_importing_the_package_imports_nothing_heavy() -> None:
    assert heavy_imports_of("import vasot") == []


def test_help_of_every_verb_imports_nothing_heavy() -> None:
    script = """
from typer.testing import CliRunner
from vasot.cli.main import app
verbs = [None, *(command.name for command in app.registered_commands)]
for verb in verbs:
    result = CliRunner().invoke(app, [verb, "--help"] if verb else ["--help"])
    assert result.exit_code == 0, result.output
    assert "Usage" in result.output
assert len(verbs) > 1
"""
    assert heavy_imports_of(script) == []


def test_an_unknown_name_is_an_attribute_error_that_names_it() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'segmnt'"):
        _ = vasot.segmnt  # type: ignore[attr-defined]


def test_the_public_names_and_the_version_are_listed() -> None:
    assert dir(vasot) == sorted([*vasot.__all__, "__version__"])


def test_every_optional_extra_but_the_developers_is_described_by_info() -> None:
    from vasot.cli.info import OPTIONAL_PARTS

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert {part.extra for part in OPTIONAL_PARTS} == set(project["optional-dependencies"]) - {"dev"}


def test_every_declared_dependency_is_pinned_in_the_tested_set() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = sum(project["optional-dependencies"].values(), project["dependencies"])
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pinned = [line.split("==")[0] for line in lines if line and not line.startswith("#")]
    assert sorted(pinned) == sorted(set(pinned))
    assert {name.split(">")[0] for name in declared} <= set(pinned)


@pytest.mark.parametrize("path", [path for path in MODULES if not path.name.startswith("__")], ids=module_name)
def test_every_module_lists_its_public_names(path: Path) -> None:
    assigned = [node.targets for node in ast.parse(path.read_text()).body if isinstance(node, ast.Assign)]
    assert any(isinstance(name, ast.Name) and name.id == "__all__" for targets in assigned for name in targets)


@pytest.mark.parametrize("path", [path for path in MODULES if path.name != "__init__.py"], ids=module_name)
def test_every_module_is_shape_checked_or_left_out_on_purpose(path: Path, shape_checked: tuple[str, ...]) -> None:
    name = module_name(path)
    lists = [entry for entry in (*shape_checked, *UNCHECKED) if f"{name}.".startswith(f"{entry}.")]
    assert len(lists) == 1, f"add {name} to SHAPE_CHECKED in tests/conftest.py"


def test_an_array_of_the_wrong_kind_is_caught_when_a_value_is_made() -> None:
    with pytest.raises(jaxtyping.TypeCheckError, match="labels"):
        Segmentation("a", np.zeros(3), np.zeros(3), 1, ("walk",))


def test_arrays_that_share_a_dimension_must_agree_on_it() -> None:
    times = np.arange(3.0)
    with pytest.raises(jaxtyping.TypeCheckError, match="times_seconds"):
        Segmentation("a", np.zeros(2, int), np.zeros(2), 1, ("walk",), times)


@pytest.mark.usefixtures("shapes_unchecked")
def test_without_shape_checks_the_module_reports_a_wrong_shape_itself() -> None:
    with pytest.raises(DataError, match="expected one of each per frame"):
        Segmentation("a", np.zeros((2, 2), int), np.zeros(3), 1, ("walk",))


def test_checked_values_stay_frozen() -> None:
    track = Track("a", np.zeros((3, 2), np.float32))
    with pytest.raises(AttributeError, match="cannot assign"):
        track.name = "b"  # type: ignore[misc]
