"""Training on a machine that does much else: how long `vasot fit` takes, and how long where threads wait as usual.

Usage: python benchmarks/speed/busy.py [--busy 0,4] [--repeats 3] [--epochs 6] [--out FILE.csv]

Ten made recordings are trained on in a process of its own, beside as many other processes that never rest. Threads of
GNU OpenMP wait awake for 300,000 turns of a loop where nothing says otherwise ("usual"); `vasot` lets them sleep after
10,000 ("brief"). Both follow each other in every repeat; the ratio is of the best of each.
"""

from __future__ import annotations

import argparse
import csv
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vasot.datasets import SyntheticSettings, make_dataset
from vasot.datasets.synthetic import write_dataset

COLUMNS = ("busy_processes", "repeat", "waiting", "seconds")
# What GNU OpenMP does by itself, in turns of its waiting loop.
USUAL = "300000"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--busy", default="0,4", help="how many processes run beside it")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "busy.csv")
    arguments = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        write_dataset(make_dataset(SyntheticSettings(n_recordings=10, n_actions=7)), data)
        # Compiles what is compiled once.
        train(data, 1, usual=False)
        for count in map(int, arguments.busy.split(",")):
            with busy(count):
                for repeat in range(arguments.repeats):
                    for waiting in ("usual", "brief"):
                        seconds = train(data, arguments.epochs, usual=waiting == "usual")
                        rows.append(dict(zip(COLUMNS, (count, repeat, waiting, seconds), strict=True)))
                        print("  ".join(f"{name} {value}" for name, value in rows[-1].items()), flush=True)
            usual, brief = (
                min(row["seconds"] for row in rows if row["waiting"] == waiting and row["busy_processes"] == count)
                for waiting in ("usual", "brief")
            )
            print(f"beside {count} busy processes: usual {usual:.1f} s, brief {brief:.1f} s, ratio {usual / brief:.2f}")
    with arguments.out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def train(data: Path, epochs: int, *, usual: bool) -> float:
    """Seconds of training, as the command prints them."""
    kept = {name: value for name, value in os.environ.items() if name not in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")}
    words = ["fit", data, "--actions", "7", "--set", f"epochs={epochs}", "-o", data.parent / "run", "--force"]
    said = subprocess.run(
        [sys.executable, "-m", "vasot", *map(str, words)],
        env=kept | ({"GOMP_SPINCOUNT": USUAL} if usual else {}),
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    found = re.search(r"trained in ([\d.]+) s", said)
    assert found is not None, said
    return float(found[1])


@contextmanager
def busy(count: int) -> Iterator[None]:
    """Other processes that never rest, of sessions of their own, as those of other users are."""
    others = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"], start_new_session=True) for _ in range(count)
    ]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


if __name__ == "__main__":
    main()
