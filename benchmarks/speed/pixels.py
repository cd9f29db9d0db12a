"""How fast training from pixels is and what memory it takes: frames per second of a step, per base and way of freezing.

    python benchmarks/speed/pixels.py                                 CPU, and CUDA where there is one
    python benchmarks/speed/pixels.py --side 112 --frames 8 --steps 1 --out pixels.csv

A step is one pair of clips: forward, transport, backward and Adam, as ``vasot fit --preset pouring`` takes it, on
random pictures. Each line is measured in a process of its own, whose peak memory is that of the line: of the process
on a CPU, of torch's allocations on CUDA. The first step is not counted; the best of the others is. On a machine that
others use as well, frames per second of processor time are the ones to compare.
"""

from __future__ import annotations

import argparse
import csv
import json
import platform
import resource
import subprocess
import sys
from itertools import product
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

RESULTS = Path(__file__).parent / "results"
WAYS = [
    {"freeze": "base", "recompute": False, "precision": "float32"},
    {"freeze": "norm", "recompute": False, "precision": "float32"},
    {"freeze": "none", "recompute": False, "precision": "float32"},
    {"freeze": "none", "recompute": True, "precision": "float32"},
    {"freeze": "none", "recompute": False, "precision": "mixed"},
]
COLUMNS = ("device", "base", "freeze", "recompute", "precision", "side", "frames", "seconds", "cpu_seconds",
           "frames_per_second", "frames_per_cpu_second", "peak_mib")  # fmt: skip


def main() -> None:
    options = arguments()
    import torch

    devices = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
    rows = []
    for device in devices:
        for base, way in product(options.bases.split(","), WAYS):
            if base == "squeezenet1_1" and way["freeze"] == "norm":
                # Without batch norms it is the same as freezing nothing.
                continue
            shared = {"device": device, "side": options.side, "frames": options.frames, "steps": options.steps}
            rows.append(in_subprocess(**shared, base=base, **way))
            print("  ".join(f"{name} {rows[-1][name]}" for name in COLUMNS), flush=True)
    if options.out:
        path = options.out if options.out.parent != Path() else RESULTS / options.out
        facts = {"processor": platform.processor() or platform.machine(), "torch": torch.__version__}
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, fieldnames=[*COLUMNS, *facts], lineterminator="\n")
            writer.writeheader()
            writer.writerows([{**row, **facts} for row in rows])


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--bases", default="resnet50,squeezenet1_1", help="base networks (resnet50,squeezenet1_1)")
    parser.add_argument("--side", type=int, default=224, help="of the pictures (224)")
    parser.add_argument("--frames", type=int, default=20, help="frames of a clip (20)")
    parser.add_argument("--steps", type=int, default=2, help="steps timed; the best counts (2)")
    parser.add_argument("--out", type=Path, help="CSV file; a bare name goes to benchmarks/speed/results/")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(**json.loads(options.one))))
        sys.exit()
    return options


def in_subprocess(**task: Any) -> dict[str, Any]:
    command = [sys.executable, __file__, "--one", json.dumps(task)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{task} failed:\n{done.stderr}")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def measure(device: str, side: int, frames: int, steps: int, **way: Any) -> dict[str, Any]:
    """One line: a step that warms up, then the others."""
    import numpy as np
    import torch

    from vasot.batching.clips import ClipBatch, pad_clips
    from vasot.methods.presets import preset
    from vasot.methods.vaot import VAOT
    from vasot.training.run import make_method

    known = VAOT.Config.model_fields
    values = {name: value for name, value in preset("pouring").items() if name in known}
    settings = VAOT.Config.of({**values, **way, "frames_per_clip": frames})
    method = make_method("vaot", settings, 3 * side * side).to(device).train()
    optimiser = torch.optim.Adam(method.parameters(), lr=1e-5)
    generator = np.random.default_rng(0)
    batch = ClipBatch(*(pad_clips([method.noise(frames, generator)]) for _ in range(2))).to(torch.device(device))
    best, spent = float("inf"), float("inf")
    for step in range(steps + 1):
        begun, used = perf_counter(), process_time()
        optimiser.zero_grad()
        method.loss(batch)["loss"].backward()
        optimiser.step()
        if device == "cuda":
            torch.cuda.synchronize()
        if step:
            best, spent = min(best, perf_counter() - begun), min(spent, process_time() - used)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024**2 if sys.platform == "darwin" else 1024)
    if device == "cuda":
        peak = torch.cuda.max_memory_allocated() / 2**20
    return {
        "device": device, **way, "side": side, "frames": frames, "seconds": round(best, 3),
        "cpu_seconds": round(spent, 3), "frames_per_second": round(2 * frames / best, 2),
        "frames_per_cpu_second": round(2 * frames / spent, 2), "peak_mib": round(peak),
    }  # fmt: skip


if __name__ == "__main__":
    main()
