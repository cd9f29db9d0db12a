"""Segmentation accuracy on three real sets: five seeds, one matching over each set, trivial predictions beside it.

Usage: python benchmarks/accuracy/real_sets.py [--data ROOT] [--seeds 5] [--rows default,published] [--out FILE.csv]

ROOT holds breakfast_coffee, utkinect and salads50_mid in the layout of features/, groundTruth/, mapping/; the variable
VASOT_DATA names it where --data does not. salads50_mid's features are scores of a *supervised* frame classifier.
"""

from __future__ import annotations

import argparse
import csv
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

import vasot
from vasot.datasets import Dataset, read_folder
from vasot.metrics.evaluation import SegmentationReport, score_segmentation, trivial_scores


@dataclass(frozen=True)
class Task:
    """A data set, its number of actions, what is left out of scoring, and the published settings used for it."""

    folder: str
    actions: int
    exclude: tuple[str, ...]
    published: dict[str, Any]


TASKS = (
    Task("breakfast_coffee", 7, (), {"preset": "breakfast"}),
    Task(
        "utkinect",
        10,
        ("background",),
        {"epochs": 30, "temporal_prior": 0.15, "action_penalty": 0.11, "radius": 0.04, "alpha": 0.3},
    ),
    Task("salads50_mid", 18, (), {"preset": "50salads-mid"}),
)

# MoF, F1, mIoU in percent of the published program, trained as published, seeds 0 to 2; its F1 is its own.
REFERENCE = {
    "vasot": {
        "breakfast_coffee": (49.0, 44.0, 28.7),
        "utkinect": (49.8, 42.2, 29.2),
        "salads50_mid": (55.3, 42.3, 32.4),
    },
    "asot": {
        "breakfast_coffee": (48.8, 45.2, 28.2),
        "utkinect": (48.2, 40.4, 27.5),
        "salads50_mid": (53.4, 41.8, 31.6),
    },
}
METRICS = ("mof", "f1", "miou", "class_recall")


def main() -> None:
    arguments = _arguments()
    rows: list[dict[str, Any]] = []
    datasets = {task.folder: read_folder(arguments.data / task.folder) for task in TASKS}
    for name in ("one_label", "equal_parts", "kmeans"):
        scored = {task.folder: _trivial(datasets[task.folder], task, name, arguments.seeds) for task in TASKS}
        rows += _report(name, "trivial", scored)
    for method in arguments.methods.split(","):
        for kind in arguments.rows.split(","):
            scored = {}
            for task in TASKS:
                settings = task.published if kind == "published" else {}
                scored[task.folder] = list(_trained(datasets[task.folder], task, method, settings, arguments.seeds))
            rows += _report(method, kind, scored)
        for task in TASKS:
            print(f"    reference {method} on {task.folder}: " + _line(np.array(REFERENCE[method][task.folder])))
    if arguments.out is not None:
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        with arguments.out.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        print(f"wrote {arguments.out}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("VASOT_DATA", "../shared/data")))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--rows", default="published,default")
    parser.add_argument("--methods", default="asot,vasot")
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


def _truth(dataset: Dataset) -> list[Any]:
    return [recording.labels for recording in dataset.recordings if recording.labels is not None]


def _trained(
    dataset: Dataset, task: Task, method: str, settings: dict[str, Any], seeds: int
) -> Iterator[tuple[SegmentationReport, float]]:
    excluded = [dataset.class_names.index(name) for name in task.exclude]
    for seed in range(seeds):
        begun = perf_counter()
        model = vasot.fit(dataset, actions=task.actions, method=method, seed=seed, **settings)
        seconds = perf_counter() - begun
        predicted = [model.segment(track).labels for track in dataset.tracks]
        yield score_segmentation(predicted, _truth(dataset), n_actions=task.actions, exclude=excluded), seconds


def _trivial(dataset: Dataset, task: Task, name: str, seeds: int) -> list[tuple[SegmentationReport, float]]:
    excluded = [dataset.class_names.index(label) for label in task.exclude]
    found = []
    for seed in range(seeds if name == "kmeans" else 1):
        reports = trivial_scores(dataset.tracks, _truth(dataset), task.actions, seed, exclude=excluded)
        found.append((reports[name], 0.0))
    return found


def _report(method: str, kind: str, scored: dict[str, list[tuple[SegmentationReport, float]]]) -> list[dict[str, Any]]:
    """Print one block of the table and return its rows, one per set and seed."""
    rows = []
    means = []
    for folder, results in scored.items():
        values = np.array([[100 * report.scores.to_dict()[key] for key in METRICS] for report, _ in results])
        seconds = float(np.mean([taken for _, taken in results]))
        means.append(values.mean(0))
        spread = values.std(0, ddof=1) if len(values) > 1 else np.zeros(len(METRICS))
        print(f"{method:<12}{kind:<11}{folder:<18}{_line(values.mean(0), spread)}  {seconds:6.1f} s", flush=True)
        rows += [
            {
                "method": method,
                "settings": kind,
                "set": folder,
                "seed": seed,
                **{key: f"{value:.2f}" for key, value in zip(METRICS, row, strict=True)},
                "fit_seconds": f"{results[seed][1]:.1f}",
            }
            for seed, row in enumerate(values)
        ]
    print(f"{method:<12}{kind:<11}{'mean of the sets':<18}{_line(np.mean(means, axis=0))}", flush=True)
    return rows


def _line(values: np.ndarray, spread: np.ndarray | None = None) -> str:
    parts = []
    for index, (key, value) in enumerate(zip(METRICS, values, strict=False)):
        deviation = f" ±{spread[index]:4.1f}" if spread is not None else ""
        parts.append(f"{key} {value:5.1f}{deviation}")
    return "  ".join(parts)


if __name__ == "__main__":
    main()
