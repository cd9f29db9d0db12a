"""One joint model against two models of a single task each: parameters, stored size and training time.

Usage: python benchmarks/speed/joint.py [--data FOLDER --actions K] [--epochs 20] [--repeats 3] [--out FILE.csv]

FOLDER holds features/ and, where there are labels, groundTruth/; made recordings where it is left out. The three
trainings of a repeat follow each other in one process, so that whatever else the machine does meets all of them; the
processor's seconds are what to compare on a busy machine. Compiled kernels are loaded before the first is timed.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev
from time import perf_counter, process_time

import vasot
from vasot.datasets import Dataset, SyntheticSettings, make_dataset, read_folder
from vasot.training.folder import RunFolder

METHODS = ("vasot", "asot", "vaot")
COLUMNS = ("data", "epochs", "repeat", "method", "parameters", "stored_bytes", "wall_seconds", "processor_seconds")


@dataclass(frozen=True)
class Cost:
    """What one training takes and leaves."""

    parameters: int
    stored_bytes: int
    wall_seconds: float
    processor_seconds: float


def main() -> None:
    arguments = _arguments()
    if arguments.data is None:
        dataset, actions = make_dataset(SyntheticSettings(n_recordings=10, n_actions=7)).dataset, 7
    else:
        dataset, actions = read_folder(arguments.data), arguments.actions
    for method in METHODS:
        _train(dataset, actions, method, epochs=1, seed=0)
    rows = []
    found: dict[str, list[Cost]] = {method: [] for method in METHODS}
    for repeat in range(arguments.repeats):
        for method in METHODS:
            cost = _train(dataset, actions, method, arguments.epochs, seed=repeat)
            found[method].append(cost)
            rows.append(_row(dataset.name, arguments.epochs, repeat, method, cost))
            print(", ".join(f"{name} {value}" for name, value in rows[-1].items()), flush=True)
    _report(found)
    if arguments.out is not None:
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        with arguments.out.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, fieldnames=COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        print(f"wrote {arguments.out}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--actions", type=int, default=7)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


def _train(dataset: Dataset, actions: int, method: str, epochs: int, seed: int) -> Cost:
    with tempfile.TemporaryDirectory() as folder:
        wall, processor = perf_counter(), process_time()
        model = vasot.fit(
            dataset,
            actions=None if method == "vaot" else actions,
            method=method,
            output=Path(folder) / "run",
            epochs=epochs,
            seed=seed,
        )
        wall, processor = perf_counter() - wall, process_time() - processor
        stored = RunFolder(Path(folder) / "run").weights.stat().st_size
    return Cost(sum(value.numel() for value in model.method.parameters()), stored, wall, processor)


def _row(data: str, epochs: int, repeat: int, method: str, cost: Cost) -> dict[str, object]:
    values = (data, epochs, repeat, method, cost.parameters, cost.stored_bytes)
    return dict(zip(COLUMNS, (*values, f"{cost.wall_seconds:.2f}", f"{cost.processor_seconds:.2f}"), strict=True))


def _report(found: dict[str, list[Cost]]) -> None:
    """The joint model as a share of the two others together, by repeat."""
    for name in ("parameters", "stored_bytes", "wall_seconds", "processor_seconds"):
        shares = [
            getattr(joint, name) / (getattr(first, name) + getattr(second, name))
            for joint, first, second in zip(*(found[method] for method in METHODS), strict=True)
        ]
        spread = f" ± {stdev(shares):.2f}" if len(shares) > 1 else ""
        print(f"one joint model takes {mean(shares):.2f}{spread} of the {name} of two single-task models")


if __name__ == "__main__":
    main()
