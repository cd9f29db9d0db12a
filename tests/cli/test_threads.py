from __future__ import annotations

import subprocess
import sys

import pytest

from vasot.cli.threads import wait_briefly

SEEN = """
import os, sys
from vasot.cli import main as module
module.app = lambda: print(os.environ.get("GOMP_SPINCOUNT"), "torch" in sys.modules, "numba" in sys.modules)
module.main()
"""


def test_the_command_says_how_threads_wait_before_they_are_there() -> None:
    said = subprocess.run([sys.executable, "-c", SEEN], env={}, capture_output=True, text=True, check=True).stdout
    assert said.split() == ["10000", "False", "False"]


@pytest.mark.parametrize("name", ["GOMP_SPINCOUNT", "OMP_WAIT_POLICY"])
def test_what_the_user_has_set_stays(name: str) -> None:
    environment = {name: "7"}
    wait_briefly(environment)
    assert environment == {name: "7"}
