"""How fast features come: seconds of video per second of work, from file to vectors, on one core and on all.

    python benchmarks/speed/features.py                       motion and a small made hub model, on made videos
    python benchmarks/speed/features.py --videos FOLDER --onnx FILE --hub NAME --out features.csv

Decoding is part of it: every video is read from its file at ten frames per second, and nothing is taken from a store.
Each line is measured in a process of its own, in turns, so that a busy moment does not fall on one of them; the best
counts. On one core the process is held to one, with one thread. Where others use the machine at the same time, the last
column tells more: seconds of video per second that a processor spent on them, all threads together.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
FPS = 10.0
THREADS = ("MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
COLUMNS = {
    "features": 44, "cores": 5, "videos": 6, "size": 9, "video_seconds": 13, "seconds": 8, "times_real_time": 15,
    "cpu_seconds": 11, "video_per_cpu_second": 20,
}  # fmt: skip


def main() -> None:
    options = arguments()
    facts = machine()
    print("  ".join(f"{name}: {value}" for name, value in facts.items()))
    with tempfile.TemporaryDirectory() as folder:
        videos = options.videos or made_videos(Path(folder) / "videos")
        specs = ["motion"]
        specs += [f"onnx:{options.onnx}"] if options.onnx else []
        specs += [f"hub:{options.hub or made_model(Path(folder) / 'dinov2, as small, random')}"]
        cores = [1] if (os.cpu_count() or 1) == 1 else [1, os.cpu_count() or 1]
        tasks = [
            {"spec": spec, "videos": str(videos), "most": options.most, "cores": count}
            for spec in specs
            for count in cores
        ]
        best: dict[int, dict[str, Any]] = {}
        for _ in range(options.repeats):
            for number, task in enumerate(tasks):
                row = in_subprocess(**task)
                if number not in best or row["seconds"] < best[number]["seconds"]:
                    best[number] = row
        rows = [best[number] for number in range(len(tasks))]
    print(f"\nbest of {options.repeats}; {FPS:g} frames per second")
    print(" ".join(f"{name:>{width}}" for name, width in COLUMNS.items()))
    for row in rows:
        print(" ".join(f"{shown(row[name]):>{width}}" for name, width in COLUMNS.items()))
    if options.out:
        write_csv(options.out, rows, facts)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--videos", type=Path, help="folder of videos; made ones of 640 x 480 otherwise")
    parser.add_argument("--most", type=int, default=12, help="videos looked at (12)")
    parser.add_argument("--onnx", type=Path, help="an image model as an ONNX file; left out otherwise")
    parser.add_argument("--hub", help="a model's folder or name; DINOv2 small with random weights otherwise")
    parser.add_argument("--repeats", type=int, default=3, help="how often each line is measured (3)")
    parser.add_argument("--out", type=Path, help="CSV file; a bare name goes to benchmarks/speed/results/")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(**json.loads(options.one))))
        sys.exit()
    return options


def in_subprocess(**task: Any) -> dict[str, Any]:
    count = str(task["cores"])
    environment = {**os.environ, **dict.fromkeys(THREADS, count), "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    command = [sys.executable, __file__, "--one", json.dumps(task)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        sys.exit(f"{task} failed:\n{done.stderr}")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def measure(spec: str, videos: str, most: int, cores: int) -> dict[str, Any]:
    """One line: the videos once, after a first one that pays for loading."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])
    import cv2

    cv2.setNumThreads(cores)

    from vasot.datasets.videos import find_clips
    from vasot.features.extraction import extract_clips
    from vasot.features.names import make_extractor
    from vasot.features.store import FeatureStore

    found = [each for each in find_clips(Path(videos)).clips if each.info is not None and each.fault is None][:most]
    durations = [each.duration_seconds for each in found]
    clips = [each.clip for each in found]
    extractor = make_extractor(spec)
    with tempfile.TemporaryDirectory() as folder:
        extract_clips(
            clips[:1], extractor, fps=FPS, store=FeatureStore(Path(folder) / "first"), durations=durations[:1]
        )
        store = FeatureStore(Path(folder) / "store")
        begun, spent = time.perf_counter(), time.process_time()
        results = extract_clips(clips, extractor, fps=FPS, store=store, durations=durations, workers=cores)
        seconds, spent = time.perf_counter() - begun, time.process_time() - spent
    if failed := [each.failure for each in results if each.stored is None]:
        sys.exit(f"{failed[0]}")
    sizes = sorted({f"{each.info.width}x{each.info.height}" for each in found if each.info is not None})
    kind, _, rest = spec.partition(":")
    return {
        "features": f"{kind}:{Path(rest).name}" if rest else kind,
        "cores": cores,
        "videos": len(clips),
        "size": sizes[0] if len(sizes) == 1 else "mixed",
        "video_seconds": sum(durations),
        "seconds": seconds,
        "times_real_time": sum(durations) / seconds,
        "cpu_seconds": spent,
        "video_per_cpu_second": sum(durations) / spent,
    }


def made_videos(folder: Path) -> Path:
    """Four videos of ten seconds at 25 frames per second: textures that slide in different directions."""
    import av
    import cv2
    import numpy as np

    folder.mkdir(parents=True)
    for number in range(4):
        noise = np.random.default_rng(number).uniform(0, 255, (960, 1280, 3)).astype(np.float32)
        smooth = cv2.GaussianBlur(noise, (0, 0), 6)
        texture = np.clip((smooth - smooth.mean()) * 12 + 128, 0, 255).astype(np.uint8)
        with av.open(str(folder / f"{number}.mp4"), "w") as container:
            stream = container.add_stream("libx264", rate=25)
            stream.width, stream.height, stream.pix_fmt = 640, 480, "yuv420p"
            for step in range(250):
                top, left = step * number % 480, step * (3 - number) % 640
                part = np.ascontiguousarray(texture[top : top + 480, left : left + 640])
                container.mux(stream.encode(av.VideoFrame.from_ndarray(part, format="rgb24")))
            container.mux(stream.encode(None))
    return folder


def made_model(folder: Path) -> Path:
    """DINOv2 in its small size (22 million weights), with random ones: they take as long as trained ones."""
    import torch
    from transformers import Dinov2Config, Dinov2Model
    from transformers.utils import logging

    logging.disable_progress_bar()
    torch.manual_seed(0)
    config = Dinov2Config(hidden_size=384, num_attention_heads=6, image_size=518, patch_size=14)
    Dinov2Model(config).save_pretrained(folder)
    processor = {
        "image_processor_type": "BitImageProcessor",
        "size": {"shortest_edge": 256},
        "crop_size": {"height": 224, "width": 224},
        "resample": 3,
    }
    (folder / "preprocessor_config.json").write_text(json.dumps(processor))
    return folder


def machine() -> dict[str, Any]:
    import torch

    name = platform.processor() or platform.machine()
    information = Path("/proc/cpuinfo")
    if information.exists():
        models = [
            line.partition(":")[2].strip() for line in information.read_text().splitlines() if "model name" in line
        ]
        name = models[0] if models else name
    return {
        "processor": name,
        "cores_in_all": os.cpu_count(),
        "torch": torch.__version__,
        "python": platform.python_version(),
    }


def shown(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def write_csv(path: Path, rows: list[dict[str, Any]], facts: dict[str, Any]) -> None:
    path = RESULTS / path if path.parent == Path() else path
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, [*COLUMNS, *facts])
        writer.writeheader()
        writer.writerows([{**row, **facts} for row in rows])
    print(f"wrote {path}")


if __name__ == "__main__":
    main()
