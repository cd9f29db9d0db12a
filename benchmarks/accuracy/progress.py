"""Is `vasot progress` right? Its error on made recordings whose progress is known, beside two guesses by the clock.

Usage: python benchmarks/accuracy/progress.py [--seeds 10,11,12] [--tested 12] [--out FILE.csv]

Activities, training and its 16 recordings are those of deviations.py. The tested recordings are others with the same
variation: steps exchanged (10 %), left out (5 %), repeated (5 %), speeds that scatter by 25 % and 25 %, and 15 % of
background.
Known is how much of the usual time of the recording's own steps is over: a step counts as long as it usually lasts,
from its first to its last frame evenly, and background counts nothing. Errors are absolute differences in percent of
the whole, mean over frames and recordings. `clock_mean` guesses the elapsed time by the mean length of the training
recordings (100 % at most), `clock_own` by the recording's own length, which is known only afterwards. `half` is the
error at the last frame of a recording that was cut off in its middle: what it would be worth while one is made.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import vasot
from deviations import N_STEPS, N_TRAINING, TRAINING
from vasot.datasets import BACKGROUND, FrameTruth, SyntheticSettings, make_dataset
from vasot.deviations.progress import progress_of
from vasot.training.model import Model
from vasot.types import Track


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="10,11,12")
    parser.add_argument("--tested", type=int, default=12, help="recordings per seed")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    rows = []
    for seed in map(int, arguments.seeds.split(",")):
        found = list(errors(seed, arguments.tested))
        row = {"seed": str(seed), "recordings": str(len(found))}
        row |= {name: f"{np.mean([each[name] for each in found]):.2f}" for name in found[0]}
        print("  ".join(f"{name} {value}" for name, value in row.items()), flush=True)
        rows.append(row)
    means = {name: f"{np.mean([float(row[name]) for row in rows]):.2f}" for name in rows[0] if name != "seed"}
    print("  ".join(f"{name} {value}" for name, value in means.items()))
    if arguments.out is not None:
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        with arguments.out.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


def errors(seed: int, n_tested: int) -> Iterator[dict[str, float]]:
    """Errors in percent, recording by recording."""
    made = make_dataset(SyntheticSettings(n_recordings=N_TRAINING + n_tested, n_actions=N_STEPS, seed=seed))
    recordings = made.dataset.recordings
    training = type(made.dataset)("training", recordings[:N_TRAINING], made.dataset.class_names)
    model = vasot.fit(training, actions=N_STEPS, seed=seed, **TRAINING)
    usual = usual_lengths(made.truth[:N_TRAINING])
    mean_length = float(np.mean([track.n_frames for track in training.tracks]))
    for recording, truth in zip(recordings[N_TRAINING:], made.truth[N_TRAINING:], strict=True):
        known = known_progress(truth, usual)
        elapsed = np.arange(known.size) + 0.5
        half = known.size // 2
        cut = Track(recording.track.name, recording.track.features[:half])
        yield {
            "vasot": error(estimated(model, recording.track, training.tracks), known),
            "clock_mean": error(np.minimum(elapsed / mean_length, 1), known),
            "clock_own": error(elapsed / known.size, known),
            "half": error(estimated(model, cut, training.tracks)[-1:], known[half - 1 : half]),
            "half_clock_mean": error(np.minimum(elapsed / mean_length, 1)[half - 1 : half], known[half - 1 : half]),
        }


def estimated(model: Model, track: Track, others: tuple[Track, ...]) -> np.ndarray:
    return progress_of([model.align(track, other) for other in others]).fraction


def usual_lengths(truths: tuple[FrameTruth, ...]) -> np.ndarray:
    """The mean length of an occurrence of each step."""
    lengths = np.full((len(truths), N_STEPS), np.nan)
    for row, truth in zip(lengths, truths, strict=True):
        for step in range(N_STEPS):
            if (shown := truth.action == step).any():
                row[step] = shown.sum() / (1 + truth.occurrence[shown].max())
    return np.asarray(np.nanmean(lengths, axis=0))


def known_progress(truth: FrameTruth, usual: np.ndarray) -> np.ndarray:
    """The share of the usual time of a recording's own steps that is over in the middle of every frame."""
    own = truth.action != BACKGROUND
    work = np.zeros(truth.action.size)
    for step, nth in set(zip(truth.action[own].tolist(), truth.occurrence[own].tolist(), strict=True)):
        here = (truth.action == step) & (truth.occurrence == nth)
        work[here] = usual[step] / here.sum()
    return (np.cumsum(work) - work / 2) / work.sum()


def error(guess: np.ndarray, known: np.ndarray) -> float:
    return 100 * float(np.abs(guess - known).mean())


if __name__ == "__main__":
    main()
