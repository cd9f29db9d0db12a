"""Do wrong push-ups deviate more from correct ones than other correct ones do? The area under the curve.

Usage: python benchmarks/accuracy/deviations_pushups.py [--data ROOT] [--features motion] [--fps 25] [--folds 0,1,2]
       [--seeds 0,1,2] [--out FILE.csv]

ROOT holds `pushups`; the variable VASOT_DATA names it where --data does not. Of the videos `correct_*` every third one,
from the fold-th on, is a reference; the model is trained on the other two thirds and on all `wrong_*`, without labels,
and these are held against the references. The area is the chance that a `wrong_*` has the larger number than a
remaining `correct_*`: 0.5 is chance. Its interval comes from drawing the tested videos anew, of either kind, 2000
times. Nothing was chosen by these figures.
"""

from __future__ import annotations

import argparse
import csv
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

import vasot
from vasot.datasets import Dataset
from vasot.datasets.reading import Reading
from vasot.datasets.recordings import read_data
from vasot.deviations.collect import make_standard
from vasot.training.results import RecordingResult

N_DRAWS = 2000
ACTIONS = 4
MEASURES = ("score", "unlikeness", "n_deviations", "length")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("VASOT_DATA", "../shared/data")))
    parser.add_argument("--features", default="motion")
    parser.add_argument("--fps", type=float, default=25.0)
    parser.add_argument("--folds", default="0,1,2")
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    dataset = read_data(arguments.data / "pushups" / "videos", Reading(arguments.features, arguments.fps))
    rows = [
        {"features": arguments.features, "fps": f"{arguments.fps:g}", "fold": str(fold), "seed": str(seed), **row}
        for fold in map(int, arguments.folds.split(","))
        for seed in map(int, arguments.seeds.split(","))
        for row in areas(dataset, fold, seed)
    ]
    if arguments.out is not None:
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        with arguments.out.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


def areas(dataset: Dataset, fold: int, seed: int) -> Iterator[dict[str, str]]:
    """The area under the curve of every measure, for one choice of references and one training."""
    correct = [each for each in dataset.recordings if each.track.name.startswith("correct")]
    references = correct[fold::3]
    chosen = {each.track.name for each in references}
    others = tuple(each for each in dataset.recordings if each.track.name not in chosen)
    model = vasot.fit(Dataset("pushups", others), actions=ACTIONS, preset="short-clips", seed=seed)

    results = {}
    for each in dataset.recordings:
        segmentation = model.segment(each.track)
        results[each.track.name] = RecordingResult(each.track, segmentation, segmentation)
    standard = make_standard(model, [results[each.track.name] for each in references])
    held = [standard.hold(results[each.track.name]) for each in others]
    wrong = np.array([each.recorded.name.startswith("wrong") for each in held])
    numbers = {
        "score": [each.score for each in held],
        "unlikeness": [each.unlikeness for each in held],
        "n_deviations": [len(each.deviations) for each in held],
        "length": [each.recorded.timeline.length for each in held],
    }
    for measure in MEASURES:
        values = np.array(numbers[measure], dtype=np.float64)
        low, high = interval(wrong, values, seed)
        area = float(roc_auc_score(wrong, values))
        print(f"fold {fold}, seed {seed}, {measure}: {area:.3f} ({low:.3f} to {high:.3f})", flush=True)
        yield {
            "references": str(len(references)),
            "correct": str(int((~wrong).sum())),
            "wrong": str(int(wrong.sum())),
            "measure": measure,
            "auc": f"{area:.4f}",
            "low": f"{low:.4f}",
            "high": f"{high:.4f}",
        }


def interval(wrong: np.ndarray, values: np.ndarray, seed: int) -> tuple[float, float]:
    """The middle 95 % of the area over draws of the videos of either kind."""
    generator = np.random.default_rng(seed)
    kinds = [np.flatnonzero(wrong), np.flatnonzero(~wrong)]
    drawn = []
    for _ in range(N_DRAWS):
        chosen = np.concatenate([generator.choice(kind, kind.size) for kind in kinds])
        drawn.append(roc_auc_score(wrong[chosen], values[chosen]))
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(low), float(high)


if __name__ == "__main__":
    main()
