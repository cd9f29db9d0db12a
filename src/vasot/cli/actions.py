"""``vasot fit --actions 4-12``: look for the number of actions, then train with it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from vasot.wording import counted, format_minutes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from vasot.datasets.base import Dataset
    from vasot.metrics.stability import ActionChoice, CountRow
    from vasot.selection.search import SearchPlan
    from vasot.training.checkup import Checkup
    from vasot.training.model import Model

__all__ = ["search_and_report"]


def search_and_report(
    data: Path, output: Path, console: Console, counts: Sequence[int], arguments: dict[str, Any]
) -> tuple[Model, Dataset]:
    """Search, write ``actions.csv`` and ``actions.png``, print the table and the recommendation, and train with it."""
    from vasot.cli.progress import CountProgress, ExtractionProgress
    from vasot.export.tables import write_actions_csv
    from vasot.report.actions import save_actions
    from vasot.selection.search import choose_actions

    seen: list[Dataset] = []

    def say(text: str) -> None:
        console.print(text, highlight=False, markup=False, soft_wrap=True)

    def show_check(checkup: Checkup) -> None:
        for finding in checkup.findings:
            say(f"note: {finding.text}")

    def show_plan(plan: SearchPlan) -> None:
        seen.append(plan.dataset)
        for line in _plan_as_text(plan, output):
            say(line)

    def show_choice(choice: ActionChoice) -> None:
        fits.stop()
        write_actions_csv(choice, output / "actions.csv", force=True)
        save_actions(choice, output / "actions.png", force=True)
        for line in [*_table(choice.rows), *_verdict(choice, seen[0])]:
            say(line)
        say(f"the table is in {output / 'actions.csv'}, its picture is {output / 'actions.png'}")
        say(f"training with {choice.recommended} actions")

    with ExtractionProgress(console) as extraction, CountProgress(console, "search", "fit") as fits:
        _, model = choose_actions(
            data,
            counts,
            output=output,
            console=console,
            on_check=show_check,
            on_progress=extraction.show,
            on_plan=show_plan,
            on_fit=lambda done: fits.show(done.n_done, done.n_fits, done.remaining_seconds),
            on_choice=show_choice,
            **arguments,
        )
    return model, seen[0]


def _plan_as_text(plan: SearchPlan, output: Path) -> list[str]:
    dataset = plan.dataset
    lines = [
        f"{dataset.name}: {counted(len(dataset.recordings), 'recording')}, {dataset.n_features} features per frame, "
        + ("labels that the search does not look at" if dataset.has_labels else "no labels"),
        f"method {plan.config.method}, {', '.join(map(str, plan.counts))} actions, "
        f"{counted(plan.config.settings.epochs, 'epoch')}; writes {output}",
    ]
    if not plan.halved:
        lines.append("note: too few recordings to train on halves of them; stability is that between seeds alone")
    kept = f", {plan.n_kept} of them done before" if plan.n_kept else ""
    if plan.n_kept < plan.n_fits:
        kept += f": about {format_minutes(plan.minutes)} on this machine, {plan.workers} at a time"
    lines.append(f"{plan.n_fits} fits{kept}; an interrupted search goes on with --resume")
    return lines


def _table(rows: Sequence[CountRow]) -> list[str]:
    timed = all(row.median_seconds is not None for row in rows)
    halved = all(row.halves is not None for row in rows)
    unit = "seconds" if timed else "frames"
    head = f"{'K':>3}  {'score':>6}  {'10..90 %':>12}  {'wins':>5}  {'seeds':>6}"
    head += f"  {'halves':>6}" if halved else ""
    lines = [f"{head}  {'used':>4}  {'segments':>8}  {unit:>7}  {'order':>5}  unused"]
    for row in rows:
        line = f"{row.n_actions:>3}  {row.score:>6.2f}  {row.low:>5.2f}..{row.high:<5.2f}  {row.wins:>5.0%}"
        line += f"  {row.seeds.gain:>6.2f}"
        line += f"  {row.halves.gain:>6.2f}" if halved and row.halves is not None else ""
        length = f"{row.median_seconds:.1f}" if timed else f"{row.median_frames:.0f}"
        line += f"  {row.used:>4}  {row.segments_per_recording:>8.1f}  {length:>7}  {row.usual_successor:>5.0%}"
        lines.append(f"{line}  {' '.join(map(str, row.unused))}".rstrip())
    return lines


def _verdict(choice: ActionChoice, dataset: Dataset) -> list[str]:
    row = choice.row
    text = f"recommended: {choice.recommended} actions, {choice.sureness}; it wins {row.wins:.0%} of the draws"
    others = [str(count) for count in choice.as_good if count != choice.recommended]
    if others:
        text += f", and {', '.join(others)} cannot be told from it"
    lines = [text]
    if choice.nothing_found:
        lines.append(
            "note: no number of actions is found again beyond what the course of time explains; do not rely on this"
        )
    if choice.recommended in (choice.rows[0].n_actions, choice.rows[-1].n_actions):
        lines.append("note: the recommended number lies at the end of the range; a wider range can be tried (--resume)")
    labels = {int(label) for each in dataset.recordings if each.labels is not None for label in set(each.labels)}
    if labels:
        lines.append(f"the labels, which the search has not looked at, have {counted(len(labels), 'class', 'classes')}")
    return lines
