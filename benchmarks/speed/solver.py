"""How fast the solver is: seconds, memory and growth per size, beside POT and a convolution, in one run.

    python benchmarks/speed/solver.py                      every size
    python benchmarks/speed/solver.py --quick              small sizes, a minute
    python benchmarks/speed/solver.py --sizes 512,1024 --pot-up-to 512 --conv-up-to 512 --out solver.csv

Every line is measured in a process of its own, so that its peak memory is its own and compiled code is loaded, not
made. Ours is the best of three; POT and the convolution run once.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import os
import platform
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
BALANCED = (128, 256, 512, 1024, 2048, 4096)
PARTIAL = ((256, 12), (2048, 19), (10_000, 19))
QUICK = (128, 256)
N_OUTER = 25
ALPHA, EPSILON, RHO, RADIUS = 0.3, 0.07, 0.2, 0.04
COLUMNS = {
    "kind": 9, "n": 6, "m": 5, "seconds": 8, "ns_per_cell": 11, "peak_mib": 8, "iterations": 10,
    "conv_seconds": 12, "conv_ratio": 10, "pot_seconds": 11, "pot_ratio": 9, "our_seconds_to_pot": 18,
    "our_objective": 13, "pot_objective": 13,
}  # fmt: skip


def main() -> None:
    options = arguments()
    facts = machine()
    print("  ".join(f"{name}: {value}" for name, value in facts.items()))
    print(f"{N_OUTER} outer iterations, float32; alpha {ALPHA}, epsilon {EPSILON}, rho {RHO}, radius {RADIUS}\n")
    print(" ".join(f"{name:>{width}}" for name, width in COLUMNS.items()))
    rows = []
    tasks = [("balanced", n, n) for n in options.sizes] + [("partial", n, k) for n, k in options.partial]
    for kind, n, m in tasks:
        row = measured(kind, n, m, options)
        rows.append(row)
        print(" ".join(f"{shown(row.get(name)):>{width}}" for name, width in COLUMNS.items()), flush=True)
    print_growth(rows)
    if options.out:
        write_csv(options.out, rows, facts)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--sizes", type=numbers, help="N = M of the balanced problems, such as 128,1024")
    parser.add_argument("--quick", action="store_true", help="small sizes only")
    parser.add_argument("--no-partial", action="store_true", help="leave out the segmentation problems")
    parser.add_argument("--pot-up-to", type=int, default=1024, help="largest size for POT (a minute or more at 1024)")
    parser.add_argument("--conv-up-to", type=int, default=1024, help="largest size for the convolution")
    parser.add_argument("--out", type=Path, help="CSV file; a bare name goes to benchmarks/speed/results/")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(in_process(**json.loads(options.one))))
        sys.exit()
    options.sizes = options.sizes or (QUICK if options.quick else BALANCED)
    options.partial = () if options.no_partial else PARTIAL[:1] if options.quick else PARTIAL
    return options


def numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(","))


def measured(kind: str, n: int, m: int, options: argparse.Namespace) -> dict[str, Any]:
    """One line of the table."""
    size = {"kind": kind, "n": n, "m": m}
    ours = in_subprocess(what="ours", **size)
    row = {**size, **ours, "ns_per_cell": 1e9 * ours["seconds"] / (n * m)}
    if kind == "balanced" and n <= options.conv_up_to:
        row["conv_seconds"] = in_subprocess(what="conv", **size)["seconds"]
        row["conv_ratio"] = row["conv_seconds"] / row["seconds"]
    if kind == "balanced" and n <= options.pot_up_to:
        row |= in_subprocess(what="pot", **size)
        row["pot_ratio"] = row["pot_seconds"] / row["our_seconds_to_pot"]
    return row


def in_subprocess(**task: Any) -> dict[str, Any]:
    command = [sys.executable, __file__, "--one", json.dumps(task)]
    environment = {**os.environ, **{f"POT_BACKEND_DISABLE_{name}": "1" for name in ("CUPY", "JAX", "TENSORFLOW")}}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        sys.exit(f"{task} failed:\n{done.stderr}")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def in_process(what: str, kind: str, n: int, m: int) -> dict[str, Any]:
    if what == "ours":
        return time_ours(kind, n, m)
    return time_convolution(n) if what == "conv" else time_pot(n)


def made_problem(kind: str, n: int, m: int, *, double: bool = False) -> Any:
    """Two recordings of the same eight steps (balanced), or one and its m actions (partial)."""
    import torch

    from vasot.transport import (
        Band,
        ComplementBand,
        FusedGWProblem,
        Marginal,
        OffDiagonal,
        cosine_cost,
        temporal_prior,
    )

    random = torch.Generator().manual_seed(0)
    steps = m if kind == "partial" else 8
    centres = torch.randn(steps, 40, generator=random)
    x = centres[torch.arange(n) * steps // n] + 0.5 * torch.randn(n, 40, generator=random)
    y = (
        centres
        if kind == "partial"
        else centres[torch.arange(m) * steps // m] + 0.5 * torch.randn(m, 40, generator=random)
    )
    lengths_x, lengths_y = torch.tensor([n]), torch.tensor([m])
    dtype = torch.float64 if double else torch.float32
    cost = cosine_cost(x[None], y[None]) + temporal_prior(lengths_x, lengths_y, n, m, RHO)
    return FusedGWProblem(
        cost.to(dtype),
        Band.from_radius(lengths_x, RADIUS),
        OffDiagonal.of_size(m) if kind == "partial" else ComplementBand.from_radius(lengths_y, RADIUS),
        Marginal.uniform(lengths_x, n, dtype=dtype),
        Marginal.uniform(lengths_y, m, penalty=0.1 if kind == "partial" else None, dtype=dtype),
        ALPHA,
        EPSILON,
    )


def time_ours(kind: str, n: int, m: int) -> dict[str, Any]:
    from vasot.transport import MirrorDescent

    # A tolerance that is never met: all iterations are made.
    solver = MirrorDescent(n_outer=N_OUTER, plan_tolerance=1e-30, gentle_steps=0)
    # The smallest problems that run the code this one will: freed memory is used again, and must not hide the peak.
    solver(made_problem(kind, 512, 256) if n * m >= 512 * 256 else made_problem(kind, 30, 8))
    problem = made_problem(kind, n, m)
    before = reset_peak()
    times = []
    for _ in range(3):
        start = time.perf_counter()
        solution = solver(problem)
        times.append(time.perf_counter() - start)
    return {"seconds": min(times), "peak_mib": peak_mib_above(before), "iterations": int(solution.n_iters)}


def time_pot(n: int) -> dict[str, Any]:
    """POT by its own tolerance, then ours with as few iterations as reach the same objective (float64 both)."""
    import warnings

    import ot
    import torch

    from vasot.transport import MirrorDescent

    problem = made_problem("balanced", n, n, double=True)
    cost, p, q = (part[0].numpy() for part in (problem.cost, problem.marginal_x.weights, problem.marginal_y.weights))
    cx, cy = (structure.dense()[0].numpy() for structure in (problem.structure_x, problem.structure_y))
    start = time.perf_counter()
    with warnings.catch_warnings():
        # Its inner sweeps end at their own limit, and it says so each time.
        warnings.simplefilter("ignore")
        plan = ot.gromov.entropic_fused_gromov_wasserstein(
            cost, -cx / 4, cy, p, q, loss_fun="square_loss", symmetric=True, alpha=ALPHA, epsilon=EPSILON,
            solver="PGD", tol=1e-7, max_iter=200,
        )  # fmt: skip
    seconds = time.perf_counter() - start
    # Its columns are off by up to a percent; only a plan that meets both marginals has an objective to compare.
    target = float(problem.value(torch.from_numpy(projected(plan, p, q))[None]))
    MirrorDescent(n_outer=2)(made_problem("balanced", 400, 400, double=True))
    for n_outer in (10, 15, 25, 50, 100, 200):
        start = time.perf_counter()
        reached = float(MirrorDescent(n_outer=n_outer)(problem).objective.total)
        ours = time.perf_counter() - start
        if reached <= target + 1e-6 * abs(target):
            break
    return {"pot_seconds": seconds, "our_seconds_to_pot": ours, "our_objective": reached, "pot_objective": target}


def projected(plan: Any, p: Any, q: Any) -> Any:
    for _ in range(5000):
        plan = plan * (p / plan.sum(1))[:, None]
        columns = plan.sum(0)
        if abs(columns / q - 1).max() < 1e-9:
            break
        plan = plan * (q / columns)
    return plan


def time_convolution(n: int) -> dict[str, Any]:
    """Both products as convolutions with explicit kernels, and one log-domain sweep per outer iteration."""
    import torch

    problem = made_problem("balanced", n, n)
    cost, p, q = problem.cost[0], problem.marginal_x.weights[0], problem.marginal_y.weights[0]
    half = max(1, int(n * RADIUS + 1e-9))
    band = torch.full((2 * half + 1,), 1 / RADIUS)
    band[half] = 0
    complement = torch.ones(2 * n + 2 * half + 1)
    middle = n + half
    complement[middle - half : middle + half + 1] = 0
    complement[middle] = 1

    def along_rows(x: torch.Tensor, kernel: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.conv1d(x[:, None], kernel[None, None], padding=len(kernel) // 2)[:, 0]

    start = time.perf_counter()
    plan, log_p, log_q = p[:, None] * q, p.log(), q.log()
    b = torch.zeros(n)
    for _ in range(N_OUTER):
        gradient = (1 - ALPHA) * cost + ALPHA * along_rows(along_rows(plan, complement).T, band).T
        log_kernel = -gradient / EPSILON
        a = log_p - torch.logsumexp(log_kernel + b, 1)
        b = log_q - torch.logsumexp(log_kernel + a[:, None], 0)
        plan = (log_kernel + a[:, None] + b).exp()
    return {"seconds": time.perf_counter() - start}


def resident_mib(name: str) -> float:
    """``VmRSS``, what this process holds now, or ``VmHWM``, the most since the mark was reset."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024


def reset_peak() -> float:
    """Set the high-water mark to what is held now, so that start-up and compiling do not count; NaN off Linux."""
    mark = Path("/proc/self/clear_refs")
    if not mark.exists():
        return float("nan")
    mark.write_text("5")
    return resident_mib("VmRSS")


def peak_mib_above(before: float) -> float:
    return before if math.isnan(before) else resident_mib("VmHWM") - before


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
        "cores": os.cpu_count(),
        "torch": torch.__version__,
        "python": platform.python_version(),
    }


def print_growth(rows: list[dict[str, Any]]) -> None:
    balanced = [row for row in rows if row["kind"] == "balanced"]
    for smaller, larger in pairwise(balanced):
        cells = larger["n"] ** 2 / smaller["n"] ** 2
        grew = larger["seconds"] / smaller["seconds"]
        print(f"{smaller['n']} -> {larger['n']}: {cells:.3g} times the cells, {grew:.3g} times the seconds")


def shown(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


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
