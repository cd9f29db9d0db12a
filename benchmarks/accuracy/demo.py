"""The scores of the demo over seeds, which change its videos and the training: what `vasot demo` prints, as a table.

Usage: python benchmarks/accuracy/demo.py [--seeds 0,1,2] [--work FOLDER] [--out FILE.csv]

FOLDER gets one demo per seed, in place of earlier ones. Required of the mean over seeds: MoF at least 0.80,
Kendall's tau of pairs with one order at least 0.90, F1 of unmatched frames at least 0.7. The program ends
with exit code 1 where one of them is missed. Of the trivial predictions, MoF, F1 and mIoU are kept.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Mapping
from pathlib import Path
from statistics import mean

from vasot.cli.demo import DemoScores, run_demo
from vasot.datasets.rendered import RenderSettings

REQUIRED = {"mof": 0.80, "tau": 0.90, "unmatched_f1": 0.70}

Row = dict[str, int | float | None]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--work", type=Path, default=Path("runs/demo_seeds"))
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "demo.csv")
    arguments = parser.parse_args()
    rows = [
        as_row(seed, run_demo(arguments.work / str(seed), RenderSettings(seed=seed), force=True))
        for seed in map(int, arguments.seeds.split(","))
    ]
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    with arguments.out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: _as_text(value) for name, value in row.items()} for row in rows)
    print(f"\nwrote {arguments.out}")
    reached = [show(name, least, [row[name] for row in rows]) for name, least in REQUIRED.items()]
    sys.exit(0 if all(reached) else 1)


def as_row(seed: int, scores: DemoScores) -> Row:
    """The figures of one seed, as fractions and seconds; None where there is nothing to score."""
    alignments, unmatched = scores.alignments, scores.alignments.unmatched
    return {
        "seed": seed,
        **_segment_scores("", scores.segments.scores.to_dict()),
        "tau": alignments.order,
        "monotone_pairs": alignments.n_monotone,
        "unmatched_precision": unmatched.precision,
        "unmatched_recall": unmatched.recall,
        "unmatched_f1": unmatched.f1,
        **{f"within_{limit:g}": share for limit, share in alignments.within.items()},
        "seconds": alignments.median_seconds,
        **{
            name: value
            for method, figures in scores.trivial.items()
            for name, value in _segment_scores(f"{method}_", figures).items()
        },
    }


def show(name: str, least: float, values: list[int | float | None]) -> bool:
    """Print the mean over seeds beside what is required, and return whether it is reached."""
    known = [value for value in values if value is not None]
    average = mean(known) if known else 0.0
    reached = len(known) == len(values) and average >= least
    print(f"{name:<14}{average:.3f}  required {least:.2f}  {'reached' if reached else 'missed'}")
    return reached


def _segment_scores(prefix: str, figures: Mapping[str, float]) -> Row:
    return {f"{prefix}{name}": figures[name] for name in ("mof", "f1", "miou")}


def _as_text(value: int | float | None) -> str:
    return "" if value is None else f"{value:.4f}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
