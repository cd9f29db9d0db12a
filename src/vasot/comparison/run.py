"""Running experiments on the data at hand: which cases there are, which are done, and doing the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from vasot.comparison.experiment import Experiment
from vasot.comparison.measures import ALIGNMENT, SEGMENTATION, TRIVIAL, Measured, measure, measure_trivial
from vasot.comparison.sources import SOURCES
from vasot.comparison.store import Case, Store, content_of
from vasot.datasets.base import Dataset
from vasot.methods import METHODS
from vasot.methods.base import Method

__all__ = ["Line", "Plan", "Progress", "Work", "make_plan", "run_plan"]


@dataclass(frozen=True, eq=False)
class Line:
    """One line of a table on one data set: an experiment, or a trivial prediction, and its case.

    Attributes:
        title: what it is called.
        data: name of the data set.
        experiment: None for a trivial prediction.
        value: of the swept setting; None where nothing is swept.
        case: None where it cannot be run, for the reason in ``absence``.
        seeds: with which it is run.
        absence: why it is not run; empty where it is.
    """

    title: str
    data: str
    experiment: Experiment | None
    value: float | None
    case: Case | None
    seeds: tuple[int, ...]
    absence: str = ""


@dataclass(frozen=True, eq=False)
class Work:
    """One measurement."""

    case: Case
    seed: int


@dataclass(frozen=True, eq=False)
class Plan:
    """All lines, by table, and the recordings they need."""

    tables: dict[str, list[Line]]
    datasets: dict[str, Dataset]

    def work(self, store: Store) -> list[Work]:
        """Measurements that are not done, each once, whichever tables ask for it."""
        found: dict[tuple[str, int], Work] = {}
        for lines in self.tables.values():
            for line in lines:
                for seed in line.seeds if line.case is not None else ():
                    assert line.case is not None
                    if store.find(line.case, seed) is None:
                        found.setdefault((line.case.key(), seed), Work(line.case, seed))
        return list(found.values())

    def cases(self) -> list[Case]:
        """Every case of the plan."""
        return [line.case for lines in self.tables.values() for line in lines if line.case is not None]


@dataclass(frozen=True)
class Progress:
    """How far a run is: measurements done and in all, what is being measured, and the seconds that remain."""

    n_done: int
    n_all: int
    what: str
    remaining_seconds: float | None


def make_plan(experiments: Sequence[Experiment], root: Path, seeds: Sequence[int]) -> Plan:
    """Read the data sets that are at hand and lay out every table.

    Raises:
        VasotError: a data set that is there cannot be used.
    """
    datasets: dict[str, Dataset] = {}
    contents: dict[str, str] = {}
    for name in dict.fromkeys(name for each in experiments if each.is_available for name in each.data):
        if SOURCES[name].is_present(root):
            datasets[name] = SOURCES[name].load(root)
            contents[name] = content_of(datasets[name])
    tables: dict[str, list[Line]] = {}
    for each in experiments:
        lines = tables.setdefault(each.table, [])
        for data in each.data:
            lines += _lines(each, data, contents.get(data), datasets.get(data), seeds)
    for table, lines in tables.items():
        wanted = [each for each in experiments if each.table == table]
        tables[table] = _trivial_lines(wanted, contents, datasets, seeds) + lines
    return Plan(tables, datasets)


def run_plan(plan: Plan, store: Store, on_progress: Callable[[Progress], None]) -> int:
    """Do what is not done, in the plan's order, and return how much that was.

    Raises:
        KeyboardInterrupt: the user interrupted it; what was measured is kept.
        VasotError: a measurement failed.
    """
    works = plan.work(store)
    begun = perf_counter()
    for number, work in enumerate(works):
        left = (perf_counter() - begun) / number * (len(works) - number) if number else None
        on_progress(Progress(number, len(works), _in_words(work), left))
        store.add(work.case, work.seed, _measure(work, plan.datasets[work.case.data]))
    if works:
        on_progress(Progress(len(works), len(works), "", 0.0))
    return len(works)


def _measure(work: Work, dataset: Dataset) -> Measured:
    source = SOURCES[work.case.data]
    if work.case.method in TRIVIAL:
        return measure_trivial(dataset, source, work.case.method, work.seed)
    return measure(dataset, source, work.case.method, work.case.settings, work.seed)


def _lines(
    experiment: Experiment, data: str, content: str | None, dataset: Dataset | None, seeds: Sequence[int]
) -> list[Line]:
    source = SOURCES[data]
    if not experiment.is_available:
        return [Line(experiment.title, data, experiment, None, None, (), "not implemented here")]
    lines = []
    for change in experiment.changes():
        value = next(iter(change.values()), None)
        title = experiment.title if value is None else f"{experiment.title}, {experiment.swept} {value:g}"
        if dataset is None or content is None:
            where = f"{source.title} is not at hand"
            lines.append(Line(title, data, experiment, value, None, (), where))
            continue
        kind: type[Method] = METHODS[experiment.method]
        defaults = Experiment.of({**_BARE, "method": experiment.method}).resolved(data, {})
        case = Case(
            experiment.method,
            data,
            content,
            _actions(data, dataset) if "actions" in kind.Config.model_fields else {},
            source.excluded_of(dataset),
            experiment.resolved(data, change),
            defaults,
        )
        lines.append(Line(title, data, experiment, value, case, tuple(seeds[: experiment.seeds])))
    return lines


_BARE = {"table": "", "title": "", "data": ("made",), "metrics": ("mof",)}


TITLES = {
    "one_label": "one label",
    "equal_parts": "equal parts",
    "kmeans": "K-Means",
    "time_alone": "relative time alone",
    "features_alone": "features as they are",
}
"""What tables call the trivial predictions."""


def _trivial_lines(
    experiments: Iterable[Experiment], contents: dict[str, str], datasets: dict[str, Dataset], seeds: Sequence[int]
) -> list[Line]:
    """The trivial predictions on every data set at hand that a table has rows for; a table of curves has none."""
    rows = [each for each in experiments if each.swept is None and each.is_available]
    metrics = {metric for each in rows for metric in each.metrics}
    names: list[str] = ["one_label", "equal_parts", "kmeans"] if metrics & set(SEGMENTATION) else []
    names += ["time_alone", "features_alone"] if metrics & set(ALIGNMENT) else []
    most = max((len(seeds[: each.seeds]) for each in rows), default=0)
    # Nothing about the first two is random; the others depend on the seed at least by the division of recordings.
    count = {"one_label": 1, "equal_parts": 1}
    return [
        Line(
            TITLES[name],
            data,
            None,
            None,
            _trivial_case(name, data, contents[data], datasets[data]),
            tuple(seeds[: count.get(name, most)]),
        )
        for name in names
        for data in dict.fromkeys(data for each in rows for data in each.data if data in datasets)
    ]


def _trivial_case(name: str, data: str, content: str, dataset: Dataset) -> Case:
    return Case(name, data, content, _actions(data, dataset), SOURCES[data].excluded_of(dataset), {})


def _actions(data: str, dataset: Dataset) -> dict[str, int]:
    activities = dict.fromkeys(track.activity for track in dataset.tracks)
    return {activity: SOURCES[data].actions_of(activity) for activity in activities}


def _in_words(work: Work) -> str:
    settings = f" {work.case.differing}" if work.case.differing else ""
    return f"{work.case.method}{settings} on {work.case.data}, seed {work.seed}"
