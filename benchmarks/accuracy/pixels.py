"""Does training from pixels learn? VAOT on descents of push-ups, before and after a short training, on held-out videos.

Usage: python benchmarks/accuracy/pixels.py [--data FOLDER] [--clips N] [--epochs N] [--seeds 0,1] [--out FILE.csv]

FOLDER is that of the real recordings (VASOT_DATA). A clip is a descent (``top_start`` to ``bottom`` of
``reps_derived.tsv``) of at least 8 frames; every third video is held out, and training sees the first N of the others.
The ResNet starts from random weights and stays as it is; what comes behind it is trained. Pictures, layers and epochs
are smaller than in the published experiments, so that it takes minutes on a processor. Kendall's τ is that of every
frame of the held-out descents; the loss is the mean over five draws of pairs and frames of them, the same before and
after.
"""

from __future__ import annotations

import argparse
import csv
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import torch

import vasot
from vasot.batching.pairs import EpochBatches
from vasot.datasets.base import Dataset
from vasot.datasets.recordings import read_data
from vasot.methods.base import Method
from vasot.methods.transport import TransportMethod
from vasot.metrics.alignment import kendalls_tau_parts
from vasot.training.run import make_method

RATE_HZ = 25.0
FEWEST_FRAMES = 8
DRAWS = 5
SETTINGS: dict[str, Any] = {
    "method": "vaot",
    "preset": "pouring",
    "features": "pixels:112",
    "fps": RATE_HZ,
    "freeze": "base",
    "precision": "mixed",
    "context_width": 128,
    "frames_per_clip": 8,
    "learning_rate": 3e-4,
}


@dataclass(frozen=True)
class Descent:
    """A stretch of one video, in frames."""

    video: Path
    start: int
    end: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("VASOT_DATA", "../shared/data")))
    parser.add_argument("--clips", type=int, default=16, help="descents trained on (16)")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--seeds", default="0")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    training, held_out = split(descents(arguments.data / "pushups"))
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        write_clips(training[: arguments.clips], Path(folder) / "training")
        write_clips(held_out, Path(folder) / "held_out")
        for seed in map(int, arguments.seeds.split(",")):
            found = measure(Path(folder), seed, arguments.epochs)
            rows += [{"clips": len(training[: arguments.clips]), "held_out": len(held_out), **row} for row in found]
    print("  ".join(f"{name:>9}" for name in rows[0]))
    for row in rows:
        print("  ".join(f"{value:>{max(9, len(name))}}" for name, value in row.items()))
    if arguments.out:
        with arguments.out.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


def descents(root: Path) -> list[Descent]:
    """The first long enough descent of every video, in order of name."""
    found: dict[str, Descent] = {}
    with (root / "reps_derived.tsv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            start, end = int(row["top_start"]), int(row["bottom"]) + 1
            if end - start >= FEWEST_FRAMES:
                found.setdefault(row["name"], Descent(root / "videos" / f"{row['name']}.mp4", start, end))
    return [found[name] for name in sorted(found)]


def split(found: list[Descent]) -> tuple[list[Descent], list[Descent]]:
    """Those to train on, spread over all, and those held out: every third video."""
    rest = [each for index, each in enumerate(found) if index % 3 != 2]
    order = np.random.default_rng(0).permutation(len(rest))
    return [rest[index] for index in order], found[2::3]


def write_clips(found: list[Descent], folder: Path) -> None:
    folder.mkdir()
    with (folder / "clips.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["video", "start_seconds", "end_seconds"])
        for each in found:
            writer.writerow([each.video.resolve(), each.start / RATE_HZ, each.end / RATE_HZ])


def measure(folder: Path, seed: int, epochs: int) -> list[dict[str, Any]]:
    """Held-out loss and τ before and after training."""
    begun = perf_counter()
    model = vasot.fit(folder / "training", seed=seed, epochs=epochs, **SETTINGS)
    seconds = perf_counter() - begun
    config = model.config
    held_out = read_data(folder / "held_out", config.data.reading())
    untrained = make_method(config.method, config.settings, config.n_features).eval()
    rows = []
    for stage, method, spent in (("untrained", untrained, 0.0), ("trained", model.method, seconds)):
        scores = score(method, held_out)
        about = {"seed": seed, "epochs": epochs if spent else 0, "stage": stage}
        rows.append({**about, **scores, "seconds": round(spent)})
    return rows


@torch.no_grad()
def score(method: Method, dataset: Dataset) -> dict[str, float]:
    """τ of all frames; and the loss on draws of them. A frame's embedding depends on nothing but its own pictures."""
    assert isinstance(method, TransportMethod)
    assert method.alignment is not None
    embeddings = [method.embed_track(track)[0].numpy() for track in dataset.tracks]
    pairs = kendalls_tau_parts(embeddings).pairs
    batches = EpochBatches(
        embeddings,
        [track.activity for track in dataset.tracks],
        paired=True,
        frames_per_clip=method.settings.frames_per_clip,
        clips_per_step=len(embeddings),
        generator=np.random.default_rng(0),
    )
    losses = []
    for _ in range(DRAWS):
        for x, y in ((batch.x, batch.y) for batch in batches):
            assert y is not None
            losses += method.alignment.loss(x, y, x.features, y.features).tolist()
    return {
        "loss": round(float(np.mean(losses)), 4),
        "kendalls_tau": round(float(np.nanmean(pairs)), 4),
        # A recording is no pair with itself.
        "undefined": int(np.isnan(pairs).sum()) - len(pairs),
    }


if __name__ == "__main__":
    main()
