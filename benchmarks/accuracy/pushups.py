"""Alignment of real push-ups and golf swings: embeddings against raw features, videos held out.

Usage: python benchmarks/accuracy/pushups.py [--data ROOT] [--tasks descents,repetitions,golf] [--features motion,FILE]
       [--methods raw,vaot,vasot] [--seeds 5] [--fold 0] [--out FOLDER]

ROOT holds pushups, golf_swings and encoders; the variable VASOT_DATA names it where --data does not. Every third
push-up video is held out with all of its clips; the two labelled golf swings are too few for that and are scored on
themselves ("same-set"). Clips are cut by ``clips.csv`` in a temporary folder of links and sampled at the videos' own 25
frames per second. Raw features are standardised per clip, as the methods take them.
"""

from __future__ import annotations

import argparse
import csv
import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

import vasot
from vasot.datasets import Dataset, Recording
from vasot.datasets.reading import Reading
from vasot.datasets.videos import find_clips, read_corpus
from vasot.features.names import make_extractor
from vasot.features.precomputed import standardise
from vasot.metrics.alignment import (
    kendalls_tau_parts,
    phase_classification,
    precision_at_k,
    progress,
    progress_parts,
)
from vasot.metrics.parts import defined

FPS = 25.0
SHORTEST_FRAMES = 8
PHASES = 4
SQUEEZENET = "squeezenet1_1_imagenet_embedding.onnx"
METRICS = ("acc@0.1", "acc@0.5", "acc@1.0", "progress", "progress_share", "tau", "ap@5", "ap@10", "ap@15")
FILES = {"descents": "pushups.csv", "repetitions": "pushups_repetitions.csv", "golf": "golf.csv"}
SETTINGS: dict[str, Any] = {"preset": "short-clips"}

Tables = list[np.ndarray]


@dataclass(frozen=True)
class Parts:
    """Clips to train on and clips to score on; the same ones where there are too few to hold any out."""

    training: list[Recording]
    scored: list[Recording]
    protocol: str


def main() -> None:
    arguments = _arguments()
    encoder = arguments.data / "encoders" / SQUEEZENET
    for task in arguments.tasks.split(","):
        rows: list[dict[str, Any]] = []
        for kind in arguments.features.split(","):
            spec = f"onnx:{encoder}" if kind == "squeezenet" else kind
            with tempfile.TemporaryDirectory() as folder:
                parts = _parts(_dataset(arguments.data, task, spec, Path(folder)), task, arguments.fold)
            print(f"{task}, {kind}: {len(parts.training)} clips to train on, {len(parts.scored)} scored", flush=True)
            for method in arguments.methods.split(","):
                rows += _report(task, kind, method, parts, arguments.seeds)
        if arguments.out is not None:
            _write(arguments.out / FILES[task], rows)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("VASOT_DATA", "../shared/data")))
    parser.add_argument("--tasks", default="descents,repetitions,golf")
    parser.add_argument("--features", default="motion,squeezenet", help="motion, squeezenet, or what --features takes")
    parser.add_argument("--methods", default="raw,vaot,vasot")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--fold", type=int, choices=(0, 1, 2), default=0, help="which third of the videos is held out")
    parser.add_argument("--out", type=Path, help="folder for the tables")
    return parser.parse_args()


def link_pushups(source: Path, folder: Path, end: str) -> None:
    """A folder of links to the videos, with a ``clips.csv`` that cuts them from ``top_start`` to ``end``."""
    (folder / "videos").mkdir()
    for name in ("groundTruth", "mapping"):
        (folder / name).symlink_to(source.resolve() / name)
    with (source / "reps_derived.tsv").open(encoding="utf-8") as file:
        found = list(csv.DictReader(file, delimiter="\t"))
    lines: list[tuple[str, str, str, str]] = []
    numbers: Counter[str] = Counter()
    for each in found:
        begin = int(each["top_start"])
        if int(each["bottom"]) - begin < SHORTEST_FRAMES:
            continue
        name = each["name"]
        numbers[name] += 1
        if numbers[name] == 1:
            (folder / "videos" / f"{name}.mp4").symlink_to(source.resolve() / "videos" / f"{name}.mp4")
        start, stop = f"{begin / FPS:.2f}", f"{int(each[end]) / FPS:.2f}"
        lines.append((f"{name}.mp4", start, stop, f"{name}_{numbers[name]}"))
    with (folder / "videos" / "clips.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("video", "start_seconds", "end_seconds", "name"), *lines])


def link_golf(source: Path, folder: Path) -> None:
    """A folder of links to the two labelled swings."""
    (folder / "videos").mkdir()
    for name in ("groundTruth", "mapping"):
        (folder / name).symlink_to(source.resolve() / name)
    for name in ("swing1.mp4", "swing2.mp4"):
        (folder / "videos" / name).symlink_to(source.resolve() / "videos" / name)


def _dataset(data: Path, task: str, spec: str, folder: Path) -> Dataset:
    if task == "golf":
        link_golf(data / "golf_swings", folder)
    else:
        link_pushups(data / "pushups", folder, "bottom" if task == "descents" else "top_end")
    return read_corpus(find_clips(folder), make_extractor(spec), Reading(spec, FPS))


def _parts(dataset: Dataset, task: str, fold: int) -> Parts:
    recordings = list(dataset.recordings)
    if task == "golf":
        return Parts(recordings, recordings, "same-set")
    videos = sorted({_video(each) for each in recordings})
    held_out = set(videos[fold::3])
    return Parts(
        [each for each in recordings if _video(each) not in held_out],
        [each for each in recordings if _video(each) in held_out],
        "videos held out",
    )


def _video(recording: Recording) -> str:
    return recording.track.source.name if recording.track.source is not None else recording.track.name


def _embedded(parts: Parts, method: str, seeds: int) -> Iterator[tuple[Tables, Tables, float]]:
    """Embeddings of both parts and the seconds that training took, for every seed."""
    if method == "raw":
        yield *([standardise(each.track.features) for each in part] for part in (parts.training, parts.scored)), 0.0
        return
    actions = {"actions": PHASES} if method == "vasot" else {}
    for seed in range(seeds):
        begun = perf_counter()
        model = vasot.fit(Dataset("clips", tuple(parts.training)), method=method, seed=seed, **actions, **SETTINGS)
        seconds = perf_counter() - begun
        made = [
            [model.method.embed_track(each.track)[0].numpy() for each in part]
            for part in (parts.training, parts.scored)
        ]
        yield made[0], made[1], seconds


def scores(training: Tables, phases: Tables, scored: Tables, truth: Tables) -> dict[str, float]:
    """All metrics in percent; NaN where one is undefined. ``tau_undefined`` counts pairs."""
    tau = kendalls_tau_parts(scored).pairs
    undefined = int(np.isnan(tau).sum()) - len(scored)
    # The fraction of the clip done is progress towards its end: one phase, whose last frame is the clip's.
    whole = [[np.zeros(len(each), dtype=np.int64) for each in part] for part in (training, scored)]
    found: dict[str, float | None] = {
        **{
            f"acc@{fraction:.1f}": phase_classification(training, phases, scored, truth, fraction=fraction)
            for fraction in (0.1, 0.5, 1.0)
        },
        "progress": progress(training, phases, scored, truth),
        "progress_share": _share_done(training, whole[0], scored, whole[1]),
        "tau": float(np.nanmean(tau)) if np.isfinite(tau).any() else None,
        **{f"ap@{k}": precision_at_k(scored, truth, k) for k in (5, 10, 15)},
    }
    percent = {name: float("nan") if value is None else 100 * value for name, value in found.items()}
    return {**percent, "tau_undefined": float(undefined)}


def _share_done(training: Tables, phases: Tables, scored: Tables, truth: Tables) -> float | None:
    return defined(progress_parts(training, phases, scored, truth, boundaries=(0,)))


def _report(task: str, kind: str, method: str, parts: Parts, seeds: int) -> list[dict[str, Any]]:
    """Print one line of the table and return its rows, one per seed."""
    labels = [_labels(part) for part in (parts.training, parts.scored)]
    found = []
    for training, scored, seconds in _embedded(parts, method, seeds):
        found.append({**scores(training, labels[0], scored, labels[1]), "fit_seconds": seconds})
    cells = (
        f"{name} {np.mean(values):5.1f} ±{np.std(values, ddof=1) if len(values) > 1 else 0:4.1f}"
        for name, values in ((name, [each[name] for each in found]) for name in (*METRICS, "fit_seconds"))
    )
    print(f"  {kind:<11}{method:<6}" + "  ".join(cells), flush=True)
    facts = {"task": task, "features": kind, "method": method, "protocol": parts.protocol}
    return [
        {**facts, "seed": seed, **{name: f"{value:.2f}" for name, value in each.items()}}
        for seed, each in enumerate(found)
    ]


def _labels(part: Sequence[Recording]) -> Tables:
    return [each.labels for each in part if each.labels is not None]


def _write(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = list(rows)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(f"wrote {path}")


if __name__ == "__main__":
    main()
