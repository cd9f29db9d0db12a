"""A whole evaluation: golden cases, scopes, activities, exclusion, trivial predictions, real recordings."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vasot.errors import DataError, SettingsError
from vasot.metrics.evaluation import SegmentationReport, score_segmentation, trivial_scores
from vasot.metrics.trivial import equal_parts
from vasot.types import Track

GOLDEN = tomllib.loads((Path(__file__).parents[1] / "golden" / "segmentation_metrics.toml").read_text(encoding="utf-8"))
METRICS = ("mof", "f1", "f1_ceiling", "miou", "class_recall", "f1@10", "f1@25", "f1@50", "edit")


def digits(text: str) -> np.ndarray:
    return np.array([int(digit) for digit in text])


def score(predicted: list[str], truth: list[str], n_actions: int, **settings: Any) -> SegmentationReport:
    return score_segmentation(
        [digits(text) for text in predicted], [digits(text) for text in truth], n_actions=n_actions, **settings
    )


def track(features: np.ndarray, name: str = "one", activity: str = "all") -> Track:
    return Track(name=name, features=features.astype(np.float32), activity=activity)


@pytest.mark.parametrize("name", GOLDEN)
def test_the_cases_worked_out_by_hand(name: str) -> None:
    case = GOLDEN[name]
    report = score(
        case["predicted"],
        case["truth"],
        case["actions"],
        exclude=case.get("exclude", ()),
        scope=case.get("scope", "dataset"),
    )
    assert report.matchings[0] == tuple(case["matching"])
    assert report.scores.to_dict() == pytest.approx({metric: case[metric] for metric in METRICS}, abs=1e-12)


@pytest.mark.parametrize("scope", ["dataset", "video"])
@pytest.mark.parametrize("numbers", ["0123", "3120"])
def test_permuted_labels_of_a_perfect_segmentation_are_perfect(numbers: str, scope: str) -> None:
    truth = ["00112233", "33001122"]
    predicted = ["".join(numbers[int(digit)] for digit in text) for text in truth]
    scores = score(predicted, truth, 4, scope=scope).scores.to_dict()
    assert scores == dict.fromkeys(METRICS, 1.0)


def test_one_matching_for_the_set_is_one_for_every_video() -> None:
    report = score(["0011", "1100"], ["0011", "0001"], 2)
    assert report.matchings[0] == report.matchings[1]
    assert [scores.mof for scores in report.videos if scores] == [1.0, 0.25]
    apart = score(["0011", "1100"], ["0011", "0001"], 2, scope="video")
    assert apart.matchings == ((0, 1), (1, 0))
    assert [scores.mof for scores in apart.videos if scores] == [1.0, 0.75]
    assert apart.scores.mof == pytest.approx((1.0 + 0.75) / 2)


def test_scope_video_counts_videos_alike_and_scope_dataset_counts_frames_alike() -> None:
    predicted, truth = ["0000000001", "0"], ["0000000000", "0"]
    assert score(predicted, truth, 2).scores.mof == pytest.approx(10 / 11)
    assert score(predicted, truth, 2, scope="video").scores.mof == pytest.approx((9 / 10 + 1) / 2)


def test_scope_video_counts_videos_alike_whatever_their_activity() -> None:
    predicted, truth = ["0011", "0011", "0000"], ["0011", "0011", "0011"]
    report = score(predicted, truth, 2, scope="video", activities=["tea", "tea", "salad"])
    assert report.scores.mof == pytest.approx((1 + 1 + 0.5) / 3)
    assert [scores.mof for scores in report.activities.values() if scores] == [1.0, 0.5]


def test_activities_are_matched_and_scored_apart_and_averaged() -> None:
    predicted, truth = ["0011", "0011", "11"], ["0011", "1110", "00"]
    report = score(predicted, truth, 2, activities=["tea", "salad", "salad"])
    assert report.matchings == ((0, 1), (1, 0), (1, 0))
    tea, salad = report.activities["tea"], report.activities["salad"]
    assert tea is not None
    assert salad is not None
    assert tea.to_dict() == score(predicted[:1], truth[:1], 2).scores.to_dict()
    assert salad.to_dict() == score(predicted[1:], truth[1:], 2).scores.to_dict()
    for metric in METRICS:
        both = tea.to_dict()[metric], salad.to_dict()[metric]
        assert report.scores.to_dict()[metric] == pytest.approx(sum(both) / 2)
    assert report.scores.mof == pytest.approx((1 + 5 / 6) / 2)


def test_excluded_frames_leave_before_matching() -> None:
    # With class 9, action 0 would be class 9 and class 1 would go unfound.
    report = score(["0000000011"], ["9999991100"], 2, exclude=[9])
    assert report.matchings == ((1, 0),)
    assert report.scores.mof == 1.0
    assert report.exclude == (9,)
    assert report.n_classes == 2
    kept = score(["0000000011"], ["9999991100"], 2)
    assert kept.matchings == ((9, 0),)
    assert kept.scores.mof == pytest.approx(8 / 10)
    assert kept.n_classes == 3


@pytest.mark.parametrize("scope", ["dataset", "video"])
def test_videos_and_activities_without_a_scored_frame_are_counted_and_left_out(scope: str) -> None:
    predicted, truth = ["0011", "000", "00"], ["0011", "999", "99"]
    report = score(predicted, truth, 2, exclude={9}, scope=scope, activities=["tea", "tea", "salad"])
    assert report.n_undefined == 2
    assert report.n_videos == 3
    assert report.videos[1] is None
    assert report.videos[2] is None
    assert report.activities["salad"] is None
    assert report.matchings[2] is None
    assert report.scores.to_dict() == dict.fromkeys(METRICS, 1.0)
    plain = json.loads(json.dumps(report.to_dict()))
    assert plain["n_undefined"] == 2
    assert plain["activities"]["salad"] is None
    assert plain["videos"][2] == {"name": "2", "activity": "salad", "scores": None, "matching": None}


def test_the_report_is_plain_json_with_the_metrics_at_the_top() -> None:
    report = score(["0011", "01"], ["0011", "00"], 3, exclude={7}, names=["first", "second"])
    plain = json.loads(json.dumps(report.to_dict()))
    assert tuple(plain)[: len(METRICS)] == METRICS
    assert {name: plain[name] for name in METRICS} == report.scores.to_dict()
    assert plain["scope"] == "dataset"
    assert (plain["n_actions"], plain["n_classes"], plain["n_videos"], plain["n_undefined"]) == (3, 2, 2, 0)
    assert plain["exclude"] == [7]
    assert plain["videos"][1]["name"] == "second"
    assert plain["videos"][1]["scores"]["mof"] == 0.5
    assert plain["videos"][1]["matching"] == [0, 1, -1]
    assert plain["activities"]["all"]["mof"] == pytest.approx(5 / 6)


def test_labels_stored_in_eight_bits_score_the_same() -> None:
    predicted, truth = digits("01230123"), digits("11223344")
    wide = score_segmentation([predicted], [truth], n_actions=4)
    narrow = score_segmentation([predicted.astype(np.int8)], [truth.astype(np.int8)], n_actions=4)
    assert narrow.to_dict() == wide.to_dict()


@pytest.mark.parametrize(
    ("predicted", "truth", "settings", "error", "text"),
    [
        (["00"], ["99"], {"exclude": [9]}, DataError, r"no frame is left to score.*\[9\]"),
        ([], [], {}, DataError, "there are no recordings to score"),
        (["00"], ["00", "00"], {}, DataError, "1 predictions for 2 recordings"),
        (["00"], ["00"], {"names": ["a", "b"]}, DataError, "2 names for 1 recording"),
        (["00"], ["00"], {"activities": []}, DataError, "0 activities for 1 recording"),
        (["00"], ["000"], {"names": ["pour"]}, DataError, "recording 'pour': 2 predicted and 3 true labels"),
        (["02"], ["00"], {}, DataError, r"recording '0': predicted actions reach 0\.\.2, but n_actions is 2"),
        (["00"], ["00"], {"scope": "activity"}, SettingsError, "scope is 'activity'; it is one of: dataset, video"),
    ],
)
def test_what_cannot_be_scored_is_refused(
    predicted: list[str], truth: list[str], settings: dict[str, Any], error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        score(predicted, truth, 2, **settings)


def test_no_actions_at_all_is_refused() -> None:
    with pytest.raises(SettingsError, match="n_actions is 0"):
        score(["0"], ["0"], 0)


def test_an_action_out_of_range_on_an_excluded_frame_is_refused_too() -> None:
    with pytest.raises(DataError, match=r"reach 0\.\.5"):
        score(["05"], ["09"], 2, exclude={9})


def test_trivial_predictions_stand_under_fixed_names() -> None:
    truth = [digits("000111222")]
    reports = trivial_scores([track(np.eye(3)[truth[0]])], truth, 3, 0)
    assert list(reports) == ["one_label", "equal_parts", "kmeans"]
    assert reports["equal_parts"].scores.to_dict() == dict.fromkeys(METRICS, 1.0)
    assert reports["kmeans"].scores.to_dict() == dict.fromkeys(METRICS, 1.0)
    assert reports["one_label"].scores.mof == pytest.approx(1 / 3)
    assert reports["one_label"].scores.miou == pytest.approx(1 / 9)


def test_equal_parts_are_cut_over_all_frames_before_any_are_excluded() -> None:
    truth = [digits("99990011")]
    report = trivial_scores([track(np.eye(8))], truth, 2, 0, exclude={9})["equal_parts"]
    # The border falls at frame 4, so both classes lie in the second part.
    assert report.scores.mof == 0.5


def test_kmeans_clusters_each_activity_on_its_own() -> None:
    # Standardised, the three values of the first lie at -1.2, 0, 1.2 and those of the second at -0.72, -0.70, 1.41.
    values = [np.repeat([1, 2, 3], 4), np.repeat([1, 2, 101], 4)]
    truth = [np.repeat([0, 1, 2], 4)] * 2
    tracks = [track(column[:, None], name) for column, name in zip(values, "ab", strict=True)]
    report = trivial_scores(tracks, truth, 3, 0, activities=["tea", "salad"])["kmeans"]
    assert report.names == ("a", "b")
    assert report.scores.mof == 1.0
    assert trivial_scores(tracks, truth, 3, 0)["kmeans"].scores.mof < 1.0


def test_trivial_predictions_need_labels_that_fit_the_recordings() -> None:
    with pytest.raises(DataError, match="recording 'one': 3 predicted and 2 true labels"):
        trivial_scores([track(np.eye(3))], [digits("01")], 2, 0)


def read_labels(folder: Path) -> tuple[list[np.ndarray], dict[str, int]]:
    """Class of every frame of the recordings in the order of their names, and the number of each class name."""
    mapping = (line.split() for line in (folder / "mapping" / "mapping.txt").read_text().splitlines() if line)
    number = {name: int(index) for index, name in mapping}
    files = sorted((folder / "groundTruth").iterdir())
    return [np.array([number[name] for name in file.read_text().split()]) for file in files], number


@pytest.mark.data
@pytest.mark.parametrize(
    ("folder", "n_parts", "exclude", "mean_over_frames", "mean_iou"),
    [
        ("breakfast_coffee", 7, [], 0.424, 0.336),
        ("utkinect", 10, ["background"], 0.587, 0.395),
        ("utkinect", 1, [], 0.590, 0.054),
        ("salads50_mid", 18, [], 0.201, 0.111),
    ],
)
def test_equal_parts_of_real_recordings_score_what_another_program_measured(
    data_root: Path, folder: str, n_parts: int, exclude: list[str], mean_over_frames: float, mean_iou: float
) -> None:
    truth, number = read_labels(data_root / folder)
    report = score_segmentation(
        [equal_parts(labels.size, n_parts) for labels in truth],
        truth,
        n_actions=n_parts,
        exclude={number[name] for name in exclude},
    )
    assert report.scores.mof == pytest.approx(mean_over_frames, abs=0.0005)
    assert report.scores.miou == pytest.approx(mean_iou, abs=0.0005)


@pytest.mark.data
@pytest.mark.slow
def test_kmeans_on_real_recordings_scores_what_another_program_measured(data_root: Path) -> None:
    truth, _ = read_labels(data_root / "salads50_mid")
    files = sorted((data_root / "salads50_mid" / "features").glob("*.npy"))
    tracks = [track(np.load(file), file.stem) for file in files]
    scores = trivial_scores(tracks, truth, 18, 0)["kmeans"].scores
    assert scores.mof == pytest.approx(0.545, abs=0.02)
    assert scores.miou == pytest.approx(0.355, abs=0.02)
