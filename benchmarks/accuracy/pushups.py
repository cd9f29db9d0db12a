"""Alignment of real push-ups and golf swings: embeddings against raw features, videos held out.

Usage: python benchmarks/accuracy/pushups.py [--data ROOT] [--tasks descents,repetitions,golf] [--features motion,FILE]
       [--methods raw,vaot,vasot] [--seeds 0,1,2,3,4] [--folds 0,1,2] [--out FOLDER]

ROOT holds pushups, golf_swings and encoders; the variable VASOT_DATA names it where --data does not. Every third
push-up video is held out with all of its clips, and a fold says which third; the two labelled golf swings are too few
for that and are scored on themselves ("same-set"). Clips are cut by ``clips.csv`` in a temporary folder of links and
sampled at the videos' own 25 frames per second. Raw features are standardised per clip, as the methods take them.
Results join those that FOLDER's tables already hold, in place of those of the same features, method, fold and seed.
"""

from __future__ import annotations

import argparse
import csv
import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import process_time
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
    phase_boundaries,
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
METRICS = (
    "acc@0.1",
    "acc@0.5",
    "acc@1.0",
    "progress",
    "progress_usual",
    "progress_share",
    "tau",
    "ap@5",
    "ap@10",
    "ap@15",
)
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
    """Print and keep the tables that are asked for."""
    arguments = _arguments()
    encoder = arguments.data / "encoders" / SQUEEZENET
    for task in arguments.tasks.split(","):
        for kind in arguments.features.split(","):
            spec = f"onnx:{encoder}" if kind == "squeezenet" else kind
            with tempfile.TemporaryDirectory() as folder:
                dataset = read_task(arguments.data, task, spec, Path(folder))
            for fold in arguments.folds.split(",") if task != "golf" else ("",):
                parts = split(dataset, fold)
                print(f"{task}, {kind}, {_said(parts, fold)}", flush=True)
                for method in arguments.methods.split(","):
                    facts = {"task": task, "features": kind, "method": method, "protocol": parts.protocol, "fold": fold}
                    for row in _rows(method, parts, [int(seed) for seed in arguments.seeds.split(",")]):
                        if arguments.out is not None:
                            _join(arguments.out / FILES[task], {**facts, **row})


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("VASOT_DATA", "../shared/data")))
    parser.add_argument("--tasks", default="descents,repetitions,golf")
    parser.add_argument("--features", default="motion,squeezenet", help="motion, squeezenet, or what --features takes")
    parser.add_argument("--methods", default="raw,vaot,vasot")
    parser.add_argument("--seeds", default="0,1,2,3,4", help="one training for each; raw features have none")
    parser.add_argument("--folds", default="0,1,2", help="which thirds of the videos are held out, one after another")
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


def read_task(data: Path, task: str, spec: str, folder: Path) -> Dataset:
    """The clips of a task with features ``spec``, cut in ``folder``, which is empty and not needed afterwards."""
    if task == "golf":
        link_golf(data / "golf_swings", folder)
    else:
        link_pushups(data / "pushups", folder, "bottom" if task == "descents" else "top_end")
    return read_corpus(find_clips(folder), make_extractor(spec), Reading(spec, FPS))


def split(dataset: Dataset, fold: str) -> Parts:
    """Hold out the clips of every third video, from the ``fold``-th on; none where ``fold`` is empty."""
    recordings = list(dataset.recordings)
    if not fold:
        return Parts(recordings, recordings, "same-set")
    videos = sorted({_video(each) for each in recordings})
    held_out = set(videos[int(fold) :: 3])
    return Parts(
        [each for each in recordings if _video(each) not in held_out],
        [each for each in recordings if _video(each) in held_out],
        "videos held out",
    )


def _said(parts: Parts, fold: str) -> str:
    which = f"fold {fold}, " if fold else ""
    return f"{which}{parts.protocol}: {len(parts.training)} clips to train on, {len(parts.scored)} scored"


def _video(recording: Recording) -> str:
    return recording.track.source.name if recording.track.source is not None else recording.track.name


def _rows(method: str, parts: Parts, seeds: Sequence[int]) -> Iterator[dict[str, str]]:
    """Scores of every seed as text, and a printed line of all of them."""
    training, scored = known_phases(parts.training), known_phases(parts.scored)
    found = []
    for seed in seeds if method != "raw" else (0,):
        begun = process_time()
        seen, unseen = _raw(parts) if method == "raw" else _learned(parts, method, seed)
        seconds = process_time() - begun
        found.append({**scores(seen, training, unseen, scored), "fit_cpu_seconds": seconds})
        yield {"seed": str(seed), **{name: f"{value:.2f}" for name, value in found[-1].items()}}
    columns = {name: [each[name] for each in found] for name in (*METRICS, "fit_cpu_seconds")}
    cells = (
        f"{name} {np.mean(values):5.1f} ±{np.std(values, ddof=1) if len(values) > 1 else 0:4.1f}"
        for name, values in columns.items()
    )
    print(f"  {method:<6}" + "  ".join(cells), flush=True)


def _raw(parts: Parts) -> tuple[Tables, Tables]:
    seen, unseen = ([standardise(each.track.features) for each in part] for part in (parts.training, parts.scored))
    return seen, unseen


def _learned(parts: Parts, method: str, seed: int) -> tuple[Tables, Tables]:
    actions = {"actions": PHASES} if method == "vasot" else {}
    model = vasot.fit(Dataset("clips", tuple(parts.training)), method=method, seed=seed, **actions, **SETTINGS)
    seen, unseen = (
        [model.method.embed_track(each.track)[0].numpy() for each in part] for part in (parts.training, parts.scored)
    )
    return seen, unseen


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
        "progress_usual": _progress(training, phases, scored, truth, _usual(phases)),
        "progress_share": _progress(training, whole[0], scored, whole[1], [0]),
        "tau": float(np.nanmean(tau)) if np.isfinite(tau).any() else None,
        **{f"ap@{k}": precision_at_k(scored, truth, k) for k in (5, 10, 15)},
    }
    percent = {name: float("nan") if value is None else 100 * value for name, value in found.items()}
    return {**percent, "tau_undefined": float(undefined)}


def _progress(
    training: Tables, phases: Tables, scored: Tables, truth: Tables, boundaries: Sequence[int]
) -> float | None:
    return defined(progress_parts(training, phases, scored, truth, boundaries=boundaries))


def _usual(phases: Tables) -> list[int]:
    """Boundaries that at least half of the clips have: a regression on the few clips of a rare phase says little."""
    shown = {phase: np.mean([(labels == phase).any() for labels in phases]) for phase in phase_boundaries(phases)}
    return [phase for phase, share in shown.items() if share >= 0.5]


def known_phases(part: Sequence[Recording]) -> Tables:
    """The phase of every frame, clip by clip."""
    return [each.labels for each in part if each.labels is not None]


def _join(path: Path, row: dict[str, str]) -> None:
    """Put a row into a table, in place of that of the same features, method, fold and seed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    found = {_order(row): row}
    if path.exists():
        with path.open(encoding="utf-8") as file:
            found = {_order(each): each for each in csv.DictReader(file)} | found
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(row), lineterminator="\n")
        writer.writeheader()
        writer.writerows(each for _, each in sorted(found.items()))


def _order(row: dict[str, str]) -> tuple[str, ...]:
    return tuple(row[name] for name in ("task", "features", "method", "fold", "seed"))


if __name__ == "__main__":
    main()
