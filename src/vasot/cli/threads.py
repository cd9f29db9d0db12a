"""How threads wait that have nothing to do."""

from __future__ import annotations

import os
from collections.abc import MutableMapping

__all__ = ["wait_briefly"]

_TURNS = "10000"
"""Turns of the waiting loop, some hundredths of a millisecond: longer than between two loops of the solver, and far
shorter than another program keeps a core."""


def wait_briefly(environment: MutableMapping[str, str] = os.environ) -> None:
    """Let a thread that waits for others go to sleep soon; call it before torch or numba are imported.

    GNU OpenMP's threads wait awake, on the core that others could use. Where more wants to run than there are cores,
    the one that is waited for is often not running at all: beside four busy programs on two cores training took 1.6
    times as long on made recordings (``benchmarks/speed/busy.py``), and 13 times on 85 short videos. What the user has
    set is kept.
    """
    if "OMP_WAIT_POLICY" not in environment:
        environment.setdefault("GOMP_SPINCOUNT", _TURNS)
