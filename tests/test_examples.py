from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples"
TESTED = ("fit_made_data.py", "own_loss.py", "transport_solver.py")


def printed_by(name: str) -> str:
    """What an example prints; it is run as a user runs it, warnings being errors."""
    paths = [str(ROOT / "src"), *filter(None, [os.environ.get("PYTHONPATH")])]
    # One thread: on a shared machine many small products are slower with several.
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / name)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def number(pattern: str, text: str) -> float:
    """The number that the pattern's group finds."""
    found = re.search(pattern, text)
    assert found is not None, f"{pattern!r} is not in:\n{text}"
    return float(found[1])


def test_every_example_is_tested() -> None:
    assert sorted(path.name for path in EXAMPLES.glob("*.py")) == sorted(TESTED)


@pytest.mark.slow
def test_fitting_made_data_finds_its_actions_and_its_moments() -> None:
    text = printed_by("fit_made_data.py")
    ours, equal, one = (number(rf"{name}: ([\d.]+) % of", text) for name in ("vasot", "equal_parts", "one_label"))
    assert ours > equal > one
    compared, frames = number(r"alignment: (\d+) of", text), number(r"of (\d+) frames compared", text)
    assert compared > frames / 2
    assert number(r"median error (\d+) frames", text) <= 3
    borders = re.findall(r"frames (\d+) to (\d+): action", text)
    assert borders[0][0] == "0"
    assert borders[-1][1] == f"{frames:.0f}"


@pytest.mark.slow
def test_the_solver_alone_finds_the_slowed_path_and_the_foreign_frames() -> None:
    text = printed_by("transport_solver.py")
    assert "all 1 converged" in text
    assert number(r"miss their marginal by (\S+)", text) < 1e-7
    found, foreign = number(r"found: (\d+) of", text), number(r"found: \d+ of (\d+)", text)
    assert found == foreign > 0
    wrongly, own = number(r"called foreign: (\d+) of", text), number(r"called foreign: \d+ of (\d+)", text)
    assert wrongly < 0.1 * own
    assert number(r"three frames of the truth: ([\d.]+) %", text) > 85


@pytest.mark.slow
def test_plans_teach_a_loss_of_ones_own() -> None:
    text = printed_by("own_loss.py")
    assert number(r"after: ([\d.]+) %", text) > number(r"before: ([\d.]+) %", text) + 10
