"""Whether single frames, or frames in their temporal context, tell the way down of a push-up from the way up.

Usage: python benchmarks/accuracy/down_or_up.py [--data ROOT] [--out FOLDER]

Frames of whole repetitions that are labelled "descending" or "ascending", nothing else; classifiers are fitted on the
clips of two thirds of the videos and scored on the last third, for each of the three thirds (``pushups.py``, whose
clips and features these are). ``neighbour`` is the share of frames whose nearest frame of another held-out clip goes
the same way: what Kendall's tau of a whole repetition rests on.
"""

from __future__ import annotations

import argparse
import csv
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from pushups import SQUEEZENET, Tables, known_phases, read_task, split
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from vasot.datasets import Dataset
from vasot.features.precomputed import standardise
from vasot.features.windows import windows
from vasot.metrics.alignment import phase_classification, precision_at_k

FRAMES_AWAY = 4
"""0.16 s, at 25 frames per second."""

MOTION_CELLS = 16
MOTION_DIRECTIONS = 8


def main() -> None:
    """Print the table, and keep it where a folder is given."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("VASOT_DATA", "../shared/data")))
    parser.add_argument("--out", type=Path, help="folder for the table")
    arguments = parser.parse_args()
    rows: list[dict[str, str]] = []
    specs = {"squeezenet": f"onnx:{arguments.data / 'encoders' / SQUEEZENET}", "motion": "motion"}
    for kind, spec in specs.items():
        with tempfile.TemporaryDirectory() as folder:
            dataset = read_task(arguments.data, "repetitions", spec, Path(folder))
        for name, view in VIEWS[kind].items():
            rows += _report(dataset, name, view)
    if arguments.out is not None:
        with (arguments.out / "down_or_up.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


def _alone(track: np.ndarray) -> np.ndarray:
    return standardise(track)


def _with_context(track: np.ndarray) -> np.ndarray:
    """Every frame between the one before and the one after it, ``FRAMES_AWAY`` away, side by side."""
    length = 2 * FRAMES_AWAY + 1
    kept = [np.concatenate(window[::FRAMES_AWAY]) for _, window in windows(standardise(track), length, 1)]
    return np.stack(kept)


def _edges(track: np.ndarray) -> np.ndarray:
    return standardise(track[:, : MOTION_CELLS * MOTION_DIRECTIONS])


def _flow(track: np.ndarray) -> np.ndarray:
    return standardise(track[:, MOTION_CELLS * MOTION_DIRECTIONS :])


VIEWS: dict[str, dict[str, Callable[[np.ndarray], np.ndarray]]] = {
    "squeezenet": {"squeezenet": _alone, "squeezenet, three frames": _with_context},
    "motion": {"motion": _alone, "motion, edges only": _edges, "motion, flow only": _flow},
}


def _report(dataset: Dataset, name: str, view: Callable[[np.ndarray], np.ndarray]) -> list[dict[str, str]]:
    ways = [dataset.class_names.index(each) for each in ("descending", "ascending")]
    rows = []
    for fold in "012":
        parts = split(dataset, fold)
        training, scored = ([view(each.track.features) for each in part] for part in (parts.training, parts.scored))
        phases, truth = (
            [np.where(np.isin(labels, ways), labels, -1) for labels in known_phases(part)]
            for part in (parts.training, parts.scored)
        )
        row = {"features": name, "fold": fold, **_scores(training, phases, scored, truth)}
        print("  ".join(f"{key} {value}" for key, value in row.items()), flush=True)
        rows.append(row)
    return rows


def _scores(training: Tables, phases: Tables, scored: Tables, truth: Tables) -> dict[str, str]:
    (x, y), (others, right) = _together(training, phases), _together(scored, truth)
    commoner = np.bincount(right).max() / right.size
    linear = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=500)).fit(x, y).score(others, right)
    found = {
        "commoner": commoner,
        "linear": linear,
        "svm": phase_classification(training, phases, scored, truth),
        "neighbour": precision_at_k(scored, truth, 1),
    }
    return {
        "frames": str(right.size),
        **{key: f"{100 * value:.1f}" if value is not None else "" for key, value in found.items()},
    }


def _together(tables: Tables, phases: Tables) -> tuple[np.ndarray, np.ndarray]:
    labels = np.concatenate(phases)
    return np.concatenate(tables)[labels >= 0], labels[labels >= 0]


if __name__ == "__main__":
    main()
