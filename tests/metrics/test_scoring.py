"""Evaluating a model: figures, protocols, what is left out, pairs, and strict JSON."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
from jaxtyping import Float

from vasot.datasets.base import Dataset, Recording
from vasot.errors import DataError, SettingsError
from vasot.metrics.correspondence import phase_agreement
from vasot.metrics.embeddings import ALIGNMENT_KEYS
from vasot.metrics.evaluation import score_segmentation
from vasot.metrics.pairs import choose_pairs, score_pairs
from vasot.metrics.parts import defined
from vasot.metrics.results import SEGMENTATION_KEYS, Evaluation
from vasot.metrics.scoring import evaluate
from vasot.metrics.segmentation import f1_reference
from vasot.metrics.segmentation_parts import report_parts
from vasot.types import Alignment, Segmentation, Track, default_action_names

KEYS = (
    *("acc@0.1", "acc@0.5", "acc@1.0", "progress", "tau", "ap@5", "ap@10", "ap@15"),
    *("mof", "f1", "f1_ceiling", "miou", "f1@10", "f1@25", "f1@50", "edit"),
)
CLASSES = ("background", "cut", "stir", "pour")


@dataclass
class Told:
    """A model whose actions are the first feature and whose embeddings are all; it notes what it aligned."""

    tasks: Collection[str] = ("segment", "align")
    aligned: list[tuple[str, int, str]] = field(default_factory=list)

    @property
    def method_name(self) -> str:
        return "told"

    @property
    def action_names(self) -> tuple[str, ...]:
        return default_action_names(4)

    def embed(self, source: Track, /) -> Float[np.ndarray, "t e"]:
        return source.features

    def segment(self, source: Track, /) -> Segmentation:
        labels = source.features[:, 0].astype(np.int64)
        return Segmentation(source.name, labels, np.ones(labels.size), 4, self.action_names)

    def align(self, a: Track, b: Track, /) -> Alignment:
        self.aligned.append((a.name, a.n_frames, b.name))
        n, m = a.n_frames, b.n_frames
        matches = np.where(np.arange(n) % 3 == 2, -1, np.arange(n) % m)
        return Alignment(a.name, b.name, matches, np.ones(n), np.zeros((0, 2), int), np.ones((n, m)), np.zeros(m, bool))


def recording(name: str, seed: int, activity: str = "tea", *, labelled: bool = True) -> Recording:
    """Three phases in any order, actions that are right for three frames of four."""
    generator = np.random.default_rng(seed)
    truth = np.repeat(generator.permutation(4)[:3], generator.integers(6, 12, 3))
    actions = np.where(generator.random(truth.size) < 0.75, truth, 0)
    features = np.stack([actions, generator.normal(size=truth.size) + truth], axis=1)
    return Recording(Track(name, features.astype(np.float32), activity=activity), truth if labelled else None)


def kitchen(n: int = 5, **more: Recording) -> Dataset:
    recordings = {f"r{index}": recording(f"r{index}", index) for index in range(n)} | more
    return Dataset("kitchen", tuple(recordings.values()), CLASSES)


def strict(found: Evaluation) -> dict[str, Any]:
    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    return dict(json.loads(found.to_json(), parse_constant=refuse))


def test_a_report_holds_every_metric_its_interval_and_the_protocol() -> None:
    found = evaluate(Told(), kitchen(), exclude=("background",), seed=3, stride=2)
    report = strict(found)
    for key in KEYS:
        interval = report["intervals"][key]
        assert interval["low"] <= report[key] <= interval["high"]
    assert not report["reasons"]
    asked = {"name": "held-out", "scope": "dataset", "n_actions": 4, "seed": 3, "stride": 2, "split": None}
    asked |= {"folds": {"tea": 5}, "excluded": ["background"], "n_recordings": 5, "n_unlabelled": 0}
    assert {name: report["protocol"][name] for name in asked} == asked
    assert set(report["trivial"]) == {"one_label", "equal_parts", "kmeans"}
    assert report["trivial_embeddings"]["time"]["tau"] == pytest.approx(1, abs=0.01)
    assert evaluate(Told(), kitchen(), exclude=("background",), seed=3, stride=2).to_json() == found.to_json()


@pytest.mark.parametrize("scope", ["dataset", "video"])
def test_segmentation_figures_are_those_of_score_segmentation_whose_parts_have_the_same_mean(scope: str) -> None:
    data = kitchen(4, x=recording("x", 9, "coffee"), y=recording("y", 10, "coffee"))
    truth = [each.labels for each in data.recordings if each.labels is not None]
    predicted = [Told().segment(track).labels for track in data.tracks]
    activities = [track.activity for track in data.tracks]
    expected = score_segmentation(predicted, truth, n_actions=4, activities=activities, exclude=(0,), scope=scope)
    found = evaluate(Told(), data, exclude=("background",), scope=scope, n_pairs=0)
    assert {key: found.values[key] for key in SEGMENTATION_KEYS} == expected.scores.to_dict()
    groups = report_parts(expected, predicted, truth)
    means = {key: np.mean([defined(parts[key]) for parts in groups]) for key in SEGMENTATION_KEYS}
    assert means == pytest.approx(expected.scores.to_dict())


def test_alignment_figures_are_means_over_activities() -> None:
    data = kitchen(3, x=recording("x", 9, "coffee"), y=recording("y", 10, "coffee"))
    found = evaluate(Told(), data)
    alone = [
        evaluate(Told(), Dataset(name, tuple(r for r in data.recordings if r.track.activity == name), CLASSES))
        for name in ("tea", "coffee")
    ]
    for key in ALIGNMENT_KEYS:
        assert found.values[key] == pytest.approx(np.mean([each.figures[key].value for each in alone]))
        assert [found.activities[name][key] for name in ("tea", "coffee")] == [each.values[key] for each in alone]


def test_the_paper_protocol_draws_f1_as_published_without_an_interval() -> None:
    data = kitchen()
    truth = [each.labels for each in data.recordings if each.labels is not None]
    found = evaluate(Told(), data, protocol="paper", seed=2, n_pairs=0)
    generators = np.random.default_rng(2), np.random.default_rng(2)
    predicted = [Told().segment(track).labels for track in data.tracks]
    assert found.segmentation is not None
    assert found.segmentation.matchings[0] == (0, 1, 2, 3)
    assert found.figures["f1"].value == f1_reference(predicted, truth, generators[0])
    assert found.figures["f1_ceiling"].value == f1_reference(truth, truth, generators[1])
    assert found.figures["f1"].interval is None
    held_out = evaluate(Told(), data, seed=2, n_pairs=0)
    assert held_out.figures["f1"].value != found.figures["f1"].value
    assert held_out.figures["mof"] == found.figures["mof"]


def test_a_method_without_actions_has_no_segmentation_metrics_and_says_so() -> None:
    report = strict(evaluate(Told(tasks=("align",)), kitchen()))
    assert {report[key] for key in SEGMENTATION_KEYS} == {None}
    assert {report["reasons"][key] for key in SEGMENTATION_KEYS} == {"method 'told' does not segment"}
    assert report["protocol"]["n_actions"] is None
    assert report["acc@1.0"] > 0.5
    assert evaluate(Told(tasks=("segment",)), kitchen()).pairs is None


def test_a_single_recording_has_nothing_held_out_and_no_interval() -> None:
    report = strict(evaluate(Told(), kitchen(1)))
    assert {report[key] for key in ALIGNMENT_KEYS} == {None}
    assert {report["reasons"][key] for key in ALIGNMENT_KEYS} == {"it takes two labelled recordings of one activity"}
    assert set(report["intervals"].values()) == {None}
    assert report["phase_agreement"] is None
    paper = strict(evaluate(Told(), kitchen(1), protocol="paper"))
    assert paper["acc@1.0"] > 0.5
    assert paper["tau"] is None


def test_recordings_without_labels_or_scored_frames_are_left_out_and_counted() -> None:
    blank = Recording(Track("blank", np.zeros((9, 2), np.float32), activity="tea"), np.zeros(9, int))
    data = kitchen(3, new=recording("new", 8, labelled=False), blank=blank)
    found = evaluate(Told(), data, exclude=("background",), n_pairs=0)
    assert (found.conditions.n_recordings, found.conditions.n_unlabelled) == (4, 1)
    assert found.conditions.undefined["recordings"] == 1
    # All frames of the blank recording are the same, so it has no order, nor has any other's order in it.
    assert found.conditions.undefined["tau_pairs"] == 6
    with pytest.raises(DataError, match="1 of 1 recording without ground truth"):
        evaluate(Told(), Dataset("new", (recording("new", 8, labelled=False),), CLASSES))
    with pytest.raises(DataError, match="no frame is left to score"):
        evaluate(Told(tasks=("align",)), Dataset("blank", (blank,), CLASSES), exclude=("background",))


def test_a_split_scores_its_own_recordings_and_refuses_what_does_not_fit() -> None:
    data = kitchen()
    found = evaluate(Told(), data, split=(["r0", "r1", "r2"], ["r3", "r4"]))
    assert found.conditions.split == (3, 2)
    assert found.conditions.folds == {"tea": 1}
    other = evaluate(Told(), data, split=(["r3", "r4"], ["r0", "r1", "r2"]))
    assert other.values["acc@1.0"] != found.values["acc@1.0"]
    for split, said in (((["r0"], ["r9"]), "'r9'"), (([], ["r1"]), "no recording to fit"), ((["r0"], []), "to score")):
        with pytest.raises(DataError, match=said):
            evaluate(Told(), data, split=split)
    with pytest.raises(SettingsError, match="leave out the split"):
        evaluate(Told(), data, protocol="paper", split=(["r0"], ["r1"]))


def test_held_out_divides_as_the_authors_of_the_data_do_and_says_so() -> None:
    halves = (["r0", "r1", "r2"], ["r3", "r4"])
    data = replace(kitchen(), splits=(halves, halves[::-1]))
    found = evaluate(Told(), data)
    assert (found.conditions.folds, found.conditions.own_split, found.conditions.split) == ({"tea": 2}, ("tea",), None)
    assert strict(found)["protocol"]["own_split"] == ["tea"]
    alone = evaluate(Told(), replace(data, splits=(halves,)))
    assert alone.values == evaluate(Told(), kitchen(), split=halves).values
    assert alone.values["acc@1.0"] != evaluate(Told(), kitchen()).values["acc@1.0"]
    # A split that is named comes first, and the protocol that fits on all knows none.
    assert evaluate(Told(), data, split=halves).values == alone.values
    assert evaluate(Told(), data, split=halves).conditions.own_split == ()
    assert evaluate(Told(), data, protocol="paper").values == evaluate(Told(), kitchen(), protocol="paper").values


def test_folds_of_the_authors_without_recordings_on_both_sides_are_passed_over() -> None:
    tea = {f"tea{index}": recording(f"tea{index}", 10 + index, "green tea") for index in range(3)}
    data = kitchen(4, **tea)
    names = [track.name for track in data.tracks]
    everything_else = [name for name in names if name != "r3"]
    found = evaluate(Told(), replace(data, splits=((everything_else, ["r3"]), (names, ["another recording"]))))
    assert found.conditions.own_split == ("tea",)
    assert found.conditions.folds == {"tea": 1, "green tea": 3}
    assert found.activities["green tea"] == evaluate(Told(), data).activities["green tea"]


def test_wrong_settings_are_told_before_any_work() -> None:
    for words, said in (
        ({"protocol": "peper"}, "did you mean 'paper'"),
        ({"scope": "film"}, "scope is 'film'"),
        ({"exclude": ("backgrund",)}, "did you mean 'background'"),
        ({"stride": 0}, "stride is 0"),
        ({"n_pairs": -1}, "n_pairs is -1"),
    ):
        with pytest.raises(SettingsError, match=said):
            evaluate(Told(), kitchen(2), **words)


def test_the_stride_follows_the_length_and_thins_what_is_aligned(monkeypatch: pytest.MonkeyPatch) -> None:
    data, model = kitchen(3), Told()
    total = sum(track.n_frames for track in data.tracks)
    monkeypatch.setattr("vasot.metrics.scoring.MOST_FRAMES", total // 2)
    found = evaluate(model, data, n_pairs=4)
    assert found.conditions.stride == 2 + total % 2
    lengths = {track.name: len(track.features[:: found.conditions.stride]) for track in data.tracks}
    assert all(n == lengths[name] for name, n, _ in model.aligned)
    assert len(model.aligned) == 4


def test_pairs_are_different_ordered_and_all_where_there_are_few() -> None:
    assert choose_pairs(3, 6, 0) == [(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)]
    chosen = choose_pairs(9, 20, 1)
    assert len(set(chosen)) == 20
    assert all(i != j and 0 <= i < 9 and 0 <= j < 9 for i, j in chosen)
    assert choose_pairs(9, 20, 1) == chosen
    assert choose_pairs(1, 5, 0) == choose_pairs(4, 0, 0) == []
    with pytest.raises(SettingsError, match="number of pairs is -1"):
        choose_pairs(3, -1, 0)


def test_pairs_agree_as_each_does_alone_beside_relative_time() -> None:
    phases = [np.array([0, 0, 1, 1]), np.array([0, 1]), np.array([1, 1, 0])]
    matches = {(i, j): np.arange(phases[i].size) % phases[j].size for i, j in choose_pairs(3, 6, 0)}
    matches[0, 1] = np.full(4, -1)
    found = score_pairs({"tea": phases}, lambda _, i, j: matches[i, j], 6, 0)
    assert found is not None
    alone = [phase_agreement(each, phases[i], phases[j]) for (i, j), each in matches.items()]
    assert found.value == pytest.approx(np.mean([value for value in alone if value is not None]))
    assert (found.n_pairs, found.n_undefined) == (6, 1)
    assert found.matched == pytest.approx(5 / 6)
    # By relative time both ways between the first two: 1 and 1; between the first and the third, that is 0011 and 110,
    # each way's matches show 1110 and 011: 1/4 and 1/3; between the second and the third 10 and 011: 0 and 1/3.
    assert found.by_time == pytest.approx((1 + 1 + 1 / 4 + 1 / 3 + 0 + 1 / 3) / 6)
