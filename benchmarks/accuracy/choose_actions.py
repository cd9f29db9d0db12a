"""The number of actions that a search recommends, beside the annotated one: three real sets, and made recordings.

Usage: python benchmarks/accuracy/choose_actions.py [--work FOLDER] [--sets NAMES] [--full] [--out FILE.csv]

ROOT is as for real_sets.py. FOLDER keeps the fits, so that the program goes on where it was stopped. Trainings are
short, as each task says; --full takes the default settings of the method instead. The method is asot.
"""

from __future__ import annotations

import argparse
import csv
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vasot.datasets import Dataset, read_folder
from vasot.datasets.synthetic import SyntheticSettings, make_dataset
from vasot.metrics.stability import ActionChoice, CountRow
from vasot.selection.search import choose_actions


@dataclass(frozen=True)
class Task:
    """A data set, what is tried, the number of annotated classes, and the settings of a short training."""

    name: str
    counts: tuple[int, ...]
    annotated: int
    short: dict[str, Any]
    made: dict[str, Any] = field(default_factory=dict)
    note: str = ""

    def dataset(self, root: Path) -> Dataset:
        if not self.made:
            return read_folder(root / self.name)
        fixed = {"n_recordings": 8, "mean_frames": 25.0, "background": 0.0, "style": 0.3, "noise": 0.5}
        return make_dataset(SyntheticSettings(n_actions=self.annotated, **fixed, **self.made)).dataset


TASKS = (
    Task("made_4", tuple(range(2, 9)), 4, {"epochs": 10, "frames_per_clip": 64}, {"seed": 3}),
    Task("made_5", tuple(range(2, 13)), 5, {"epochs": 12, "frames_per_clip": 64}, {"seed": 1}),
    Task("made_8", tuple(range(2, 13)), 8, {"epochs": 12, "frames_per_clip": 64}, {"seed": 2}),
    Task("breakfast_coffee", tuple(range(2, 13)), 7, {"epochs": 12, "frames_per_clip": 128}),
    Task("utkinect", (3, 5, 7, 10, 12, 15, 20), 10, {"epochs": 8, "frames_per_clip": 96}, note="and background"),
    Task("salads50_mid", (6, 12, 18, 24), 18, {"epochs": 5, "frames_per_clip": 64}),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("VASOT_DATA", "../shared/data")))
    parser.add_argument("--work", type=Path, default=Path("runs/choose_actions"))
    parser.add_argument("--sets", default=",".join(task.name for task in TASKS))
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    rows: list[dict[str, Any]] = []
    print(f"{'set':<18}{'annotated':>9}  {'recommended':>11}  sureness     as good", flush=True)
    for task in [task for task in TASKS if task.name in arguments.sets.split(",")]:
        place = arguments.work / task.name
        choice, _ = choose_actions(
            task.dataset(arguments.data),
            task.counts,
            output=place,
            method="asot",
            resume=(place / "actions" / "search.toml").is_file(),
            **({} if arguments.full else task.short),
        )
        others = ", ".join(map(str, choice.as_good))
        note = f" ({task.note})" if task.note else ""
        print(
            f"{task.name:<18}{task.annotated:>9}  {choice.recommended:>11}  {choice.sureness:<11}  {others}{note}",
            flush=True,
        )
        rows += [_as_row(task, choice, row) for row in choice.rows]
    if arguments.out is not None:
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        with arguments.out.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        print(f"wrote {arguments.out}")


def _as_row(task: Task, choice: ActionChoice, row: CountRow) -> dict[str, Any]:
    """One number of actions, with the scores that were tried beside the one used: plain and relative agreement."""
    parts = [row.seeds, *([] if row.halves is None else [row.halves])]
    observed = sum(part.observed for part in parts) / len(parts)
    relative = sum(part.gain / (1 - part.by_time) for part in parts) / len(parts)
    return {
        "set": task.name,
        "annotated": task.annotated,
        "recommended": choice.recommended,
        "sureness": choice.sureness,
        "actions": row.n_actions,
        **{name: f"{getattr(row, name):.4f}" for name in ("score", "low", "high", "wins")},
        "seeds_gain": f"{row.seeds.gain:.4f}",
        "halves_gain": "" if row.halves is None else f"{row.halves.gain:.4f}",
        "observed": f"{observed:.4f}",
        "relative_gain": f"{relative:.4f}",
        "used": row.used,
        "segments_per_recording": f"{row.segments_per_recording:.2f}",
        "median_frames": f"{row.median_frames:.1f}",
        "usual_successor": f"{row.usual_successor:.4f}",
    }


if __name__ == "__main__":
    main()
