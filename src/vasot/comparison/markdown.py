"""The tables of a comparison as Markdown, ours beside the paper's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from vasot.comparison.measures import PROTOCOL
from vasot.comparison.run import Line, Plan
from vasot.comparison.sources import SOURCES
from vasot.comparison.store import Store
from vasot.comparison.summary import Summary, mean_difference, summarise, summarise_sets
from vasot.comparison.sweeps import sweeps
from vasot.metrics.scoring import MOST_FRAMES

__all__ = ["to_markdown"]

_HEAD = f"""In percent. Ours: mean ± standard deviation over seeds. *paper*: as printed there, of its own data and
protocol. Labels are used for scoring only. Segments: one matching of actions to classes per activity.
Embeddings: protocol {PROTOCOL.name}, every frame of up to {MOST_FRAMES:,} per activity, evenly fewer of more. Read `f1`
against its ceiling.
What was not measured here is left empty, with the reason.
"""


def to_markdown(plan: Plan, store: Store) -> str:
    """All tables of a plan, each data set on its own, then their mean and the differences from the reference row."""
    parts = ["# Comparison\n", _HEAD]
    for table, lines in plan.tables.items():
        parts.append(f"## {table}\n")
        metrics = _metrics(lines)
        for data in dict.fromkeys(line.data for line in lines):
            parts.append(_of_data(data, [line for line in lines if line.data == data], metrics, store))
        parts += [text for text in (_of_all(lines, metrics, store), _against(lines, metrics, store)) if text]
        notes = (note for line in lines if line.experiment for note in line.experiment.note.splitlines())
        parts += [f"{note}\n" for note in dict.fromkeys(notes)]
    return "\n".join(parts)


def _of_data(data: str, lines: Sequence[Line], metrics: Sequence[str], store: Store) -> str:
    source = SOURCES[data]
    with_paper = [metric for metric in metrics if any(_paper(line, metric) is not None for line in lines)]
    columns = [name for metric in metrics for name in ((metric, "paper") if metric in with_paper else (metric,))]
    rows = []
    for line in lines:
        cells = []
        for metric in metrics:
            found = summarise(line, store, metric)
            cells.append(_in_words(found))
            if metric in with_paper:
                paper = _paper(line, metric)
                cells.append("" if paper is None else f"{paper:g}")
        rows.append([line.title, _state(line, store), *cells])
    ceiling = _ceiling(lines, store) if "f1" in metrics else ""
    facts = "; ".join(part for part in (source.note, ceiling) if part)
    title = f"### {source.title}\n\n" + (f"{facts[0].upper()}{facts[1:]}.\n\n" if facts else "")
    pictures = [f"![{each.experiment.title}, {each.setting}]({each.picture})\n" for each in sweeps(lines, store)]
    return title + "\n".join([_table(["", "seeds", *columns], rows), *pictures])


def _of_all(lines: Sequence[Line], metrics: Sequence[str], store: Store) -> str:
    """The mean over the data sets that every measured row was measured on, and the best trivial row by metric."""
    rows = _rows(lines)
    complete = {
        title: [summarise_sets(row, store, metric) for metric in metrics]
        for title, row in rows.items()
        if all(line.case is not None for line in row)
    }
    sets = {line.data for row in complete for line in rows[row]}
    if len(sets) < 2 or not all({line.data for line in rows[title]} == sets for title in complete):
        return ""
    body = [
        [title, str(max((found.n_seeds for found in cells if found), default=0))]
        + [_in_words(found, interval=True) for found in cells]
        for title, cells in complete.items()
    ]
    trivial = {title for title in complete if any(line.experiment is None for line in rows[title])}
    text = f"### Mean of the {len(sets)} sets\n\n" + _table(
        ["mean ± deviation [95 % interval]", "seeds", *metrics], body
    )
    if trivial:
        best = [_best([complete[title][index] for title in trivial]) for index in range(len(metrics))]
        each = [_best_of_each(lines, store, metric) for metric in metrics]
        text += "\n" + _table(
            ["trivial predictions", *metrics],
            [["the best on average", *best], ["the best of every set, by its labels", *each]],
        )
    return text


def _against(lines: Sequence[Line], metrics: Sequence[str], store: Store) -> str:
    """Every row against the reference row, by data set and seed."""
    rows = _rows(lines)
    reference = next(
        (t for t, row in rows.items() if any(e and e.reference for e in (x.experiment for x in row))), None
    )
    if reference is None:
        return ""
    body = []
    for title, row in rows.items():
        found = [mean_difference(row, rows[reference], store, metric) for metric in metrics]
        if title == reference or not any(found):
            continue
        cells = ["" if d is None else f"{d.mean:+.1f} [{d.low:+.1f}, {d.high:+.1f}]" for d in found]
        marked = [f"**{cell}**" if d is not None and d.is_clear else cell for cell, d in zip(cells, found, strict=True)]
        body.append([title, *marked])
    if not body:
        return ""
    head = (
        f"### Difference from *{reference}*\n\nIn points, paired by data set and seed, with 95 % bootstrap intervals "
        "over these pairs; bold where 0 lies outside.\n\n"
    )
    return head + _table(["", *metrics], body)


def _rows(lines: Iterable[Line]) -> dict[str, list[Line]]:
    """Lines of one title, on all data sets."""
    rows: dict[str, list[Line]] = {}
    for line in lines:
        rows.setdefault(line.title, []).append(line)
    return rows


def _metrics(lines: Sequence[Line]) -> list[str]:
    return list(dict.fromkeys(metric for line in lines if line.experiment for metric in line.experiment.metrics))


def _paper(line: Line, metric: str) -> float | None:
    return None if line.experiment is None else line.experiment.paper.get(line.data, {}).get(metric)


def _state(line: Line, store: Store) -> str:
    """With how many seeds it was run, or why it was not."""
    if line.case is None:
        return line.absence
    done = sum(store.find(line.case, seed) is not None for seed in line.seeds)
    return str(done) if done == len(line.seeds) else f"{done} of {len(line.seeds)}"


def _ceiling(lines: Sequence[Line], store: Store) -> str:
    found = [summary for line in lines if (summary := summarise(line, store, "f1_ceiling")) is not None]
    return f"ceiling of `f1`: {found[0].mean:.1f}" if found else ""


def _best(found: Sequence[Summary | None]) -> str:
    means = [summary.mean for summary in found if summary is not None]
    return f"{max(means):.1f}" if means else ""


def _best_of_each(lines: Sequence[Line], store: Store, metric: str) -> str:
    """The mean of what the best trivial prediction of every data set reaches: chosen with the labels in hand."""
    best: dict[str, float] = {}
    for line in lines:
        if line.experiment is None and (found := summarise(line, store, metric)) is not None:
            best[line.data] = max(best.get(line.data, found.mean), found.mean)
    return f"{sum(best.values()) / len(best):.1f}" if set(best) == {line.data for line in lines} else ""


def _in_words(found: Summary | None, interval: bool = False) -> str:
    if found is None:
        return ""
    text = f"{found.mean:.1f}" if found.deviation is None else f"{found.mean:.1f} ± {found.deviation:.1f}"
    if interval and found.low is not None and found.high is not None:
        text += f" [{found.low:.1f}, {found.high:.1f}]"
    return text


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    return "\n".join([*head, *("| " + " | ".join(row) + " |" for row in rows)]) + "\n"
