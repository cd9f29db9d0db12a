"""How right labels are that an alignment carries from one recording to another, on labelled recordings.

Usage: python benchmarks/accuracy/transfer.py [--data ROOT] [--sets breakfast_coffee,utkinect,...] [--seeds 0,1,2]
       [--out FILE.csv]

ROOT holds the sets in the layout of features/, groundTruth/ and mapping/; the variable VASOT_DATA names it where --data
does not. A run is trained on all recordings of a set without their labels. Then the segments of every recording's
ground truth are carried to every other one (400 pairs drawn where there are more), and each frame there is compared
with its own truth; a frame that no segment was carried to counts as wrong. Columns, in percent of the frames, means
over pairs:

  by_time    borders at the same share of the recording: no alignment at all
  transfer   borders along the monotone path, as ``vasot transfer`` carries them
  by_mass    every frame has the class to whose frames most of its mass goes: no segments, and jumps are allowed
  kept, kept_right
             of ``transfer --unmatched leave-out``: frames that have a label, and how many of these are right

and the share of pairs in which transfer is better than by_time. salads50_mid and gtea have features that are scores of
a *supervised* classifier. pushup_repetitions are single push-ups cut out of the videos, with motion features.
"""

from __future__ import annotations

import argparse
import csv
import os
import tempfile
from collections.abc import Iterator
from itertools import pairwise, permutations
from pathlib import Path
from typing import Any

import numpy as np
from pushups import read_task

import vasot
from vasot.annotations.notes import Note
from vasot.datasets import Dataset, Recording, read_folder
from vasot.export.transferred import carry_notes, keep_chosen
from vasot.types import Alignment

SETTINGS: dict[str, dict[str, Any]] = {
    "breakfast_coffee": {"actions": 7, "preset": "breakfast"},
    "utkinect": {"actions": 10, "epochs": 30, "temporal_prior": 0.15, "radius": 0.04, "alpha": 0.3},
    "gtea": {"actions": 11},
    "salads50_mid": {"actions": 18, "preset": "50salads-mid"},
    "pushup_repetitions": {"actions": 4, "preset": "short-clips"},
}
MEASURES = ("by_time", "transfer", "by_mass", "kept", "kept_right", "better")


def main() -> None:
    arguments = _arguments()
    rows = []
    for name in arguments.sets.split(","):
        dataset = _read(arguments.data, name)
        for seed in map(int, arguments.seeds.split(",")):
            rows.append(_measured(dataset, name, seed, arguments.most_pairs))
            print("  ".join(f"{key} {value}" for key, value in rows[-1].items()), flush=True)
    if arguments.out is not None:
        with arguments.out.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        print(f"wrote {arguments.out}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("VASOT_DATA", "../shared/data")))
    parser.add_argument("--sets", default=",".join(SETTINGS))
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--most-pairs", type=int, default=400, help="pairs per set, drawn with seed 0 beyond that")
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


def _read(data: Path, name: str) -> Dataset:
    if name != "pushup_repetitions":
        return read_folder(data / name)
    with tempfile.TemporaryDirectory() as folder:
        return read_task(data, "repetitions", "motion", Path(folder))


def _measured(dataset: Dataset, name: str, seed: int, most_pairs: int) -> dict[str, Any]:
    model = vasot.fit(dataset, seed=seed, **SETTINGS[name])
    results = [
        _pair(model.align(x.track, y.track), x.labels, y.labels)
        for x, y in _pairs(dataset, most_pairs)
        if x.labels is not None and y.labels is not None
    ]
    means = 100 * np.nanmean(np.array(results), axis=0)
    return {
        "set": name,
        "seed": seed,
        "pairs": len(results),
        **{key: f"{value:.1f}" for key, value in zip(MEASURES, means, strict=True)},
    }


def _pairs(dataset: Dataset, most: int) -> list[tuple[Recording, Recording]]:
    pairs = list(permutations(dataset.recordings, 2))
    if len(pairs) <= most:
        return pairs
    chosen = np.random.default_rng(0).choice(len(pairs), most, replace=False)
    return [pairs[index] for index in sorted(chosen)]


def _pair(alignment: Alignment, truth_x: np.ndarray, truth_y: np.ndarray) -> tuple[float, ...]:
    """The measures of one pair; a frame of an array lasts one unit of time."""
    n, m = truth_x.size, truth_y.size
    timed = Alignment(
        *("x", "y", alignment.matches, alignment.confidence, alignment.path, alignment.plan, alignment.unmatched_y),
        np.arange(float(n)),
        np.arange(float(m)),
    )
    spans = list(_segments(truth_x))
    carried = carry_notes([Note(start, end, str(label)) for start, end, label in spans], timed, (float(n), float(m)))
    by_time = _painted([(start / n * m, end / n * m, label) for start, end, label in spans], m)
    transferred, kept = (
        _painted([(each.carried.start_seconds, each.carried.end_seconds, int(each.note.text)) for each in some], m)
        for some in (carried, keep_chosen(carried, "leave-out"))
    )
    classes = np.unique(truth_x)
    mass = np.stack([alignment.plan[truth_x == label].sum(axis=0) for label in classes])
    right = [float((found == truth_y).mean()) for found in (by_time, transferred, classes[mass.argmax(axis=0)])]
    labelled = kept >= 0
    kept_right = float((kept == truth_y)[labelled].mean()) if labelled.any() else np.nan
    return (*right, float(labelled.mean()), kept_right, float(right[1] > right[0]))


def _segments(labels: np.ndarray) -> Iterator[tuple[float, float, int]]:
    borders = [0, *(np.flatnonzero(np.diff(labels)) + 1).tolist(), labels.size]
    for start, end in pairwise(borders):
        yield float(start), float(end), int(labels[start])


def _painted(spans: list[tuple[float, float, int]], n_frames: int) -> np.ndarray:
    """The label of each frame, by the segment that its middle lies in; -1 where there is none."""
    middles, labels = np.arange(n_frames) + 0.5, np.full(n_frames, -1)
    for start, end, label in spans:
        labels[(middles >= start) & (middles < end)] = label
    return labels


if __name__ == "__main__":
    main()
