"""Planted deviations, found: precision and recall of `vasot deviate` on made recordings whose answer is known.

Usage: python benchmarks/accuracy/deviations.py [--seeds 10,11,12,13,14] [--per-kind 8] [--references 5]
       [--out FILE.csv]

For every seed an activity of 6 steps is made (`vasot.datasets.synthetic`, 32 features, 15 % background). The model is
trained on 16 recordings with the default variation: steps exchanged (10 %), left out (5 %), repeated (5 %), speeds that
scatter by 25 % between recordings and again between steps. References are 5 others, with all steps in order and speeds
that scatter by 10 % and 10 %. The recordings tested are of the references' kind, with one deviation planted in each
(`vasot.datasets.planted`), and as many without any. With --references 1 the spread is learned from the training
recordings.

A reported deviation is right where its kind is that of the plant and the frames it names show a changed step (of a
missing one: the frames of the reference; of foreign frames: them). Precision is the share of all reported ones of a
kind that are right, whatever was planted; recall the share of the plants of a kind for which a right one is reported.
Settings and thresholds were chosen on seeds 0 to 4; seeds 5 to 9 were scored before the last change of them.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

import vasot
from vasot.datasets import BACKGROUND, FrameTruth, SyntheticSettings, make_dataset
from vasot.datasets.planted import PLANTS, Planted, plant
from vasot.deviations.collect import make_standard
from vasot.deviations.findings import KINDS, Deviation
from vasot.training.model import Model
from vasot.training.results import RecordingResult
from vasot.types import Track

N_TRAINING, N_STEPS = 16, 6
CLEAN = {"order_variation": 0.0, "omission": 0.0, "repetition": 0.0, "speed_variation": 0.1}
TRAINING: dict[str, Any] = {
    "epochs": 20,
    "learning_rate": 2e-3,
    "clips_per_step": 4,
    "frames_per_clip": 128,
    # Steps differ in length by up to three times; the default would draw them towards equal shares.
    "action_penalty": 0.03,
}
CERTAINTIES = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


@dataclass(frozen=True, eq=False)
class Case:
    """A recording to test, what was planted in it, and what was found."""

    seed: int
    planted: Planted | None
    found: tuple[Deviation, ...]
    right: tuple[bool, ...]
    score: float

    @property
    def kind(self) -> str:
        return "none" if self.planted is None else self.planted.kind


def main() -> None:
    """Print and keep the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="10,11,12,13,14")
    parser.add_argument("--per-kind", type=int, default=8, help="recordings per kind of plant and seed")
    parser.add_argument("--references", type=int, default=5)
    parser.add_argument("--out", type=Path, help="the table, one line per kind and one for recordings without a plant")
    arguments = parser.parse_args()
    cases: list[Case] = []
    for seed in map(int, arguments.seeds.split(",")):
        cases += cases_of(seed, arguments.per_kind, arguments.references)
        print(f"seed {seed}: {len(cases)} recordings so far", flush=True)
    rows = [
        dict(references=arguments.references, seeds=arguments.seeds.replace(",", " "), **row) for row in table(cases)
    ]
    for row in rows:
        print("  ".join(f"{name} {value}" for name, value in row.items()))
    for low, high, n, share in certainties(cases):
        print(f"confidence {low:.1f} to {high:.1f}: {n} reported, {share:.3f} right")
    if arguments.out is not None:
        keep(arguments.out, rows)


def cases_of(seed: int, per_kind: int, n_references: int) -> Iterator[Case]:
    """Train on one activity and hold every tested recording against the references."""
    n_tested = per_kind * (len(PLANTS) + 1)
    varied = SyntheticSettings(n_recordings=N_TRAINING, n_actions=N_STEPS, seed=seed)
    training = make_dataset(varied).dataset
    made = make_dataset(replace(varied, n_recordings=N_TRAINING + n_references + n_tested, **CLEAN))
    model = vasot.fit(training, actions=N_STEPS, seed=seed, **TRAINING)
    tracks = [each.track for each in made.dataset.recordings[N_TRAINING:]]
    truths = made.truth[N_TRAINING:]
    standard = make_standard(
        model,
        [result(model, track) for track in tracks[:n_references]],
        [result(model, track) for track in training.tracks] if n_references == 1 else [],
    )
    known = {track.name: truth for track, truth in zip(tracks[:n_references], truths[:n_references], strict=True)}
    generator = np.random.default_rng(1000 + seed)
    for number, (track, truth) in enumerate(zip(tracks[n_references:], truths[n_references:], strict=True)):
        kind = (None, *PLANTS)[number % (len(PLANTS) + 1)]
        planted = None if kind is None else plant(kind, track.features, truth, generator)
        tested = track if planted is None else Track(track.name, planted.features)
        held = standard.hold(result(model, tested))
        right = tuple(is_right(each, planted, known) for each in held.deviations)
        yield Case(seed, planted, held.deviations, right, held.score)


def result(model: Model, track: Track) -> RecordingResult:
    segmentation = model.segment(track)
    return RecordingResult(track, segmentation, segmentation)


def is_right(found: Deviation, planted: Planted | None, references: dict[str, FrameTruth]) -> bool:
    """Whether a deviation is what was planted."""
    if planted is None or found.kind != planted.kind:
        return False
    if found.kind == "missing":
        action = references[found.there.recording].action[found.there.start_frame : found.there.end_frame]
        return most(action) in planted.steps
    frames = slice(found.here.start_frame, found.here.end_frame)
    if found.kind == "unmatched":
        inside = np.zeros(planted.action.size, dtype=bool)
        inside[slice(*planted.stretch)] = True
        return bool(inside[frames].mean() > 0.5)
    return most(planted.action[frames]) in planted.steps


def most(action: np.ndarray) -> int:
    """The step that most of some frames show."""
    own = action[action != BACKGROUND]
    return int(np.bincount(own).argmax()) if own.size else BACKGROUND


def table(cases: Sequence[Case]) -> Iterator[dict[str, Any]]:
    """One row per kind, and one for recordings in which nothing was planted."""
    for kind in KINDS:
        plants = [case for case in cases if case.kind == kind]
        reported = [
            right for case in cases for each, right in zip(case.found, case.right, strict=True) if each.kind == kind
        ]
        found = sum(any(case.right) for case in plants)
        yield {
            "kind": kind,
            "planted": len(plants),
            "found": found,
            "reported": len(reported),
            "right": sum(reported),
            "recall": f"{found / len(plants):.3f}" if plants else "",
            "precision": f"{sum(reported) / len(reported):.3f}" if reported else "",
            "false_in_clean": sum(each.kind == kind for case in cases if case.planted is None for each in case.found),
        }


def certainties(cases: Sequence[Case]) -> Iterator[tuple[float, float, int, float]]:
    """How many of the reported deviations of each confidence are right."""
    told = [(each.confidence, right) for case in cases for each, right in zip(case.found, case.right, strict=True)]
    for low, high in pairwise(CERTAINTIES):
        within = [right for sure, right in told if low <= sure < high or (high == 1 and sure >= 1)]
        if within:
            yield low, high, len(within), float(np.mean(within))


def keep(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Put rows into the table, in place of those of the same number of references and seeds."""
    order = ("references", "seeds", "kind")
    known: dict[tuple[str, ...], dict[str, Any]] = {}
    if path.exists():
        with path.open(encoding="utf-8") as file:
            known = {tuple(row[name] for name in order): row for row in csv.DictReader(file)}
    known |= {tuple(str(row[name]) for name in order): row for row in rows}
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(known.values())


if __name__ == "__main__":
    main()
