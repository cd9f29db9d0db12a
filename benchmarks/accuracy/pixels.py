"""Does training from pixels learn? VAOT on descents of push-ups, before and after a short training, on held-out videos.

Usage: python benchmarks/accuracy/pixels.py [--data FOLDER] [--base NAME] [--weights FILE] [--clips N] [--epochs N]
       [--strides 15,1] [--seeds 0,1,2] [--out FILE.csv]

FOLDER is that of the real recordings (VASOT_DATA). A clip is a descent (``top_start`` to ``bottom`` of
``reps_derived.tsv``) of at least 8 frames; every third video is held out, and training sees the first N of the others.
The base network starts from FILE and stays as it is; what comes behind it is trained. Pictures, layers and epochs
are smaller than in the published experiments, so that it takes minutes on a processor.

Beside it stands the other route: the pooled features of the same network as they are (``raw``), and VAOT on them with
the preset ``short-clips``. Kendall's τ is that of every frame of the held-out descents; the loss is the mean over five
draws of pairs and frames of them, the same before and after, and compares only within a route. A stride is how many
frames before a frame its earlier picture lies: near the start of a clip it is the clip's first one, so that with a
stride of 15 (as published) the pair tells how long ago that was, and with 1 it tells motion alone.
"""

from __future__ import annotations

import argparse
import csv
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import process_time
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
from vasot.training.model import prepare
from vasot.training.run import make_method

RATE_HZ = 25.0
FEWEST_FRAMES = 8
DRAWS = 5
WEIGHTS = "squeezenet1_1_imagenet_torchvision_layout_fp32.safetensors"
FEATURES = "squeezenet1_1_imagenet_embedding.onnx"
SETTINGS: dict[str, Any] = {
    "method": "vaot",
    "preset": "pouring",
    "features": "pixels:112",
    "fps": RATE_HZ,
    "freeze": "base",
    "precision": "mixed",
    "context_width": 128,
    "frames_per_clip": 12,
    "learning_rate": 3e-4,
}


@dataclass(frozen=True)
class Descent:
    """A stretch of one video, in frames."""

    video: Path
    start: int
    end: int


def main() -> None:
    arguments = read_arguments()
    training, held_out = split(descents(arguments.data / "pushups"))
    training = training[: arguments.clips]
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        write_clips(training, Path(folder) / "training")
        write_clips(held_out, Path(folder) / "held_out")
        for found in measure(Path(folder), arguments):
            rows.append({"clips": len(training), "held_out": len(held_out), **found})
            print("  ".join(f"{name} {value}" for name, value in rows[-1].items()), flush=True)
    if arguments.out:
        with arguments.out.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("VASOT_DATA", "../shared/data")))
    parser.add_argument("--base", default="squeezenet1_1", help="base network (squeezenet1_1)")
    parser.add_argument("--weights", help="its start: a file, hub:NAME or random (the SqueezeNet of FOLDER/encoders)")
    parser.add_argument("--clips", type=int, help="descents trained on (all)")
    parser.add_argument("--epochs", type=int, default=4, help="of the training from pixels (4)")
    parser.add_argument("--strides", default="15,1", help="frames between a picture and the earlier one (15,1)")
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    arguments.weights = arguments.weights or str(arguments.data / "encoders" / WEIGHTS)
    return arguments


def measure(folder: Path, arguments: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Rows of the features as they are, of training on them, and of training from pixels."""
    encoder = arguments.data / "encoders" / FEATURES
    on_features = {"method": "vaot", "preset": "short-clips", "features": f"onnx:{encoder}", "fps": RATE_HZ}
    from_pixels = {**SETTINGS, "base": arguments.base, "weights": arguments.weights, "epochs": arguments.epochs}
    yield raw(folder, on_features)
    for seed in map(int, arguments.seeds.split(",")):
        for row in before_and_after(folder, {**on_features, "seed": seed}):
            yield {"route": "features", "stride": "", "seed": seed, **row}
        for stride in map(int, arguments.strides.split(",")):
            for row in before_and_after(folder, {**from_pixels, "seed": seed, "context_stride": stride}):
                yield {"route": f"pixels, {arguments.base}", "stride": stride, "seed": seed, **row}


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


def raw(folder: Path, settings: dict[str, Any]) -> dict[str, Any]:
    """τ of the features as they are."""
    config = prepare(folder / "training", **settings)[1]
    found = tau([track.features for track in read_data(folder / "held_out", config.data.reading()).tracks])
    nothing = {"epochs": 0, "stage": "raw", "loss": ""}
    return {"route": "features", "stride": "", "seed": "", **nothing, **found, "cpu_seconds": 0}


def before_and_after(folder: Path, settings: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Held-out loss and τ without and with training."""
    # Pictures and features are in the store afterwards, so that only training is timed.
    config = prepare(folder / "training", **settings)[1]
    held_out = read_data(folder / "held_out", config.data.reading())
    untrained = make_method(config.method, config.settings, config.n_features).eval()
    untrained.load_pretrained()
    yield {"epochs": 0, "stage": "untrained", **score(untrained, held_out), "cpu_seconds": 0}
    begun = process_time()
    model = vasot.fit(folder / "training", **settings)
    spent = process_time() - begun
    about = {"epochs": config.settings.epochs, "stage": "trained"}
    yield {**about, **score(model.method, held_out), "cpu_seconds": round(spent)}


@torch.no_grad()
def score(method: Method, dataset: Dataset) -> dict[str, float]:
    """The loss on draws of frames, and τ of all. A frame's embedding depends on nothing but its own pictures."""
    assert isinstance(method, TransportMethod)
    assert method.alignment is not None
    embeddings = [method.embed_track(track)[0].numpy() for track in dataset.tracks]
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
    return {"loss": round(float(np.mean(losses)), 4), **tau(embeddings)}


def tau(embeddings: Sequence[np.ndarray]) -> dict[str, float]:
    """Mean over all pairs of recordings, both ways, and how many of them have none."""
    pairs = kendalls_tau_parts(embeddings).pairs
    # A recording is no pair with itself.
    undefined = int(np.isnan(pairs).sum()) - len(pairs)
    return {"kendalls_tau": round(float(np.nanmean(pairs)), 4), "undefined": undefined}


if __name__ == "__main__":
    main()
