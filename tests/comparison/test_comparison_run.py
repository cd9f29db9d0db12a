from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import numpy as np
import pytest

import vasot
from made_data import tiny_data
from tiny_experiments import QUICK, row, tiny_source, two_activities, use_tiny_data
from vasot.comparison import run
from vasot.comparison.measures import ALIGNMENT, SEGMENTATION, Measured, measure, measure_trivial
from vasot.comparison.run import TITLES, Progress, make_plan, run_plan
from vasot.comparison.sources import SOURCES, repetitions
from vasot.comparison.store import Store
from vasot.errors import DataError
from vasot.metrics.evaluation import trivial_scores
from vasot.metrics.scoring import evaluate


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    use_tiny_data(monkeypatch)


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is measured, without training anything."""
    names: list[str] = []

    def pretend(work: run.Work, _dataset: object) -> Measured:
        names.append(f"{work.case.method} {work.case.settings.get('alpha')} {work.seed}")
        return Measured(dict.fromkeys((*SEGMENTATION, *ALIGNMENT), 0.5))

    monkeypatch.setattr(run, "_measure", pretend)
    return names


def nothing(_progress: Progress) -> None:
    pass


def test_a_method_is_scored_as_by_an_evaluation() -> None:
    dataset = tiny_data().dataset
    settings = {**QUICK, "starts": 1, "start_rounds": 0}
    begun = perf_counter()
    found = measure(dataset, tiny_source(), "vasot", settings, 3)
    assert 0 < found.fit_seconds < perf_counter() - begun
    model = vasot.fit(dataset, actions=3, seed=3, **settings)
    expected = evaluate(model, dataset, exclude=["background"], seed=3, n_pairs=0).values
    assert found.scores == {name: expected[name] for name in (*SEGMENTATION, *ALIGNMENT)}
    assert None not in found.scores.values()


def test_embeddings_are_scored_on_the_division_of_the_authors() -> None:
    dataset = tiny_data().dataset
    names = [track.name for track in dataset.tracks]
    divided = replace(dataset, splits=((names[1:], names[:1]),))
    by_seed, by_split = (
        [measure_trivial(each, tiny_source(), "features_alone", seed).scores["progress"] for seed in (0, 1)]
        for each in (dataset, divided)
    )
    assert by_seed[0] != by_seed[1]
    assert by_split[0] == pytest.approx(by_split[1])
    assert by_split[0] != pytest.approx(by_seed[0])


def test_a_method_has_scores_of_its_tasks_only() -> None:
    dataset = tiny_data().dataset
    for method, without in (("vaot", SEGMENTATION), ("asot", ALIGNMENT)):
        scores = measure(dataset, tiny_source(), method, QUICK, 0).scores
        assert {name for name, value in scores.items() if value is None} == set(without)


def test_trivial_predictions_are_those_of_the_evaluation() -> None:
    dataset = tiny_data().dataset
    truth = [each.labels for each in dataset.recordings if each.labels is not None]
    expected = trivial_scores(dataset.tracks, truth, 3, 2, exclude=[0])
    for name, report in expected.items():
        scores = measure_trivial(dataset, tiny_source(), name, 2).scores
        assert {key: scores[key] for key in SEGMENTATION} == report.scores.to_dict()


def test_relative_time_alone_keeps_the_order_and_features_alone_need_no_labels() -> None:
    dataset = tiny_data().dataset
    assert measure_trivial(dataset, tiny_source(), "time_alone", 0).scores["tau"] == pytest.approx(1.0, abs=0.02)
    scores = measure_trivial(dataset, tiny_source(), "features_alone", 0).scores
    assert scores["mof"] is None
    assert scores["ap@5"] is not None


def test_every_activity_is_trained_and_matched_on_its_own() -> None:
    dataset = two_activities()
    source = tiny_source(dataset, actions={"tea": 3, "coffee": 2})
    found = measure(dataset, source, "vasot", QUICK, 0).scores
    parts = []
    for activity in ("tea", "coffee"):
        recordings = tuple(each for each in dataset.recordings if each.track.activity == activity)
        part = type(dataset)("part", recordings, dataset.class_names)
        parts.append(measure(part, tiny_source(part, actions=source.actions_of(activity)), "vasot", QUICK, 0).scores)
    for name in ("mof", "miou", "ap@5", "tau"):
        assert found[name] == pytest.approx(np.mean([part[name] for part in parts]))


def test_an_activity_without_a_number_of_actions_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no activity 'tea'"):
        tiny_source(two_activities(), actions={"milk": 3}).load(tmp_path)


@pytest.mark.usefixtures("hears_interrupts")
def test_an_interrupted_comparison_goes_on_and_measures_nothing_twice(tmp_path: Path, measured: list[str]) -> None:
    plan = make_plan([row(), row("another", settings={"alpha": 0.0})], tmp_path, (0, 1))
    seen: list[Progress] = []

    def interrupt(progress: Progress) -> None:
        seen.append(progress)
        if progress.n_done == 4:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        run_plan(plan, Store(tmp_path), interrupt)
    assert len(measured) == 4
    assert seen[0].remaining_seconds is None
    assert seen[1].remaining_seconds is not None
    n_left = run_plan(plan, Store(tmp_path), nothing)
    assert len(measured) == len(set(measured)) == 4 + n_left
    assert run_plan(plan, Store(tmp_path), nothing) == 0


def test_a_case_of_two_tables_is_measured_once(tmp_path: Path, measured: list[str]) -> None:
    plan = make_plan([row(), row(table="Another table", metrics=("f1",))], tmp_path, (0,))
    run_plan(plan, Store(tmp_path), nothing)
    assert [name for name in measured if name.startswith("vasot")] == ["vasot 0.3 0"]
    assert len(plan.tables) == 2


def test_a_setting_given_as_it_is_by_default_is_the_same_case(tmp_path: Path, measured: list[str]) -> None:
    plan = make_plan([row(), row("again", settings={"alpha": 0.3})], tmp_path, (0,))
    run_plan(plan, Store(tmp_path), nothing)
    assert measured.count("vasot 0.3 0") == 1


def test_data_that_is_absent_is_told_and_nothing_is_run_on_it(tmp_path: Path) -> None:
    plan = make_plan([row(data=("gtea",)), row("TCC", method="tcc", settings={}, data=("gtea",))], tmp_path, (0,))
    assert [line.absence for line in plan.tables["A table"]] == ["Tiny data is not at hand", "not implemented here"]
    assert plan.work(Store(tmp_path)) == []


def test_data_that_is_there_is_run_on(tmp_path: Path) -> None:
    (tmp_path / "gtea").mkdir()
    plan = make_plan([row(data=("gtea",))], tmp_path, (0,))
    assert {line.data for line in plan.tables["A table"] if line.case is not None} == {"gtea"}


def test_every_table_of_segments_has_the_trivial_predictions(tmp_path: Path) -> None:
    plan = make_plan([row(), row(table="Embeddings", metrics=("ap@5",)), row(table="Curve", sweep={"radius": [0.1]})],
                     tmp_path, (0, 1))  # fmt: skip
    trivial = {table: [line.title for line in lines if line.experiment is None] for table, lines in plan.tables.items()}
    assert trivial == {"A table": list(TITLES.values()), "Embeddings": list(TITLES.values())[3:], "Curve": []}


def test_a_row_may_ask_for_fewer_seeds(tmp_path: Path) -> None:
    plan = make_plan([row(seeds=1)], tmp_path, (5, 6, 7))
    assert {line.seeds for line in plan.tables["A table"]} == {(5,)}


def test_a_curve_has_a_line_for_every_value(tmp_path: Path) -> None:
    lines = make_plan([row(sweep={"radius": [0.1, 0.2]})], tmp_path, (0,)).tables["A table"]
    assert [(line.title, line.value) for line in lines] == [("a row, radius 0.1", 0.1), ("a row, radius 0.2", 0.2)]
    assert [line.case.settings["radius"] for line in lines if line.case] == [0.1, 0.2]


@pytest.mark.data
@pytest.mark.parametrize("name", ["breakfast_coffee", "utkinect", "utkinect_background", "salads50_mid", "mocap6"])
def test_the_sets_at_hand_have_as_many_classes_as_actions_asked_for(data_root: Path, name: str) -> None:
    source = SOURCES[name]
    dataset = source.load(data_root)
    labels = {int(label) for each in dataset.recordings if each.labels is not None for label in each.labels}
    scored = labels - {dataset.class_names.index(each) for each in source.exclude}
    # K of Breakfast is the published one: these five recordings show five of the seven classes.
    assert len(scored) == (5 if name == "breakfast_coffee" else source.actions_of("all"))


@pytest.mark.data
def test_push_ups_are_cut_into_their_repetitions(tmp_path: Path, data_root: Path) -> None:
    whole, folder = data_root / "pushups", tmp_path / "pushups"
    lines = (whole / "reps_derived.tsv").read_text().splitlines()
    kept = [line for line in lines[1:] if line.startswith("correct_052\t")]
    (folder / "videos").mkdir(parents=True)
    for part in ("groundTruth", "mapping"):
        (folder / part).symlink_to(whole / part)
    for video in (whole / "videos").glob("correct_052.*"):
        (folder / "videos" / video.name).symlink_to(video)
    (folder / "reps_derived.tsv").write_text("\n".join([lines[0], *kept]) + "\n")
    dataset = repetitions(folder)
    lengths = [int(last) - int(start) + 1 for _, start, _, last in (line.split("\t") for line in kept)]
    assert [each.track.n_frames for each in dataset.recordings] == lengths
    assert [each.track.name for each in dataset.recordings] == ["correct_052_1", "correct_052_2"]
    truth = (whole / "groundTruth" / "correct_052").read_text().split()
    start = int(kept[1].split("\t")[1])
    labels = dataset.recordings[1].labels
    assert labels is not None
    assert [dataset.class_names[label] for label in labels] == truth[start : start + lengths[1]]
