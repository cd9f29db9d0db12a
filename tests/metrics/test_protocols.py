"""Protocols: who is fitted on whom, scores by fold, F1 as published, and intervals over videos."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from scipy.special import betainc

from vasot.errors import DataError, SettingsError
from vasot.metrics.alignment import phase_classification, progress
from vasot.metrics.embeddings import ALIGNMENT_KEYS, score_embeddings
from vasot.metrics.intervals import Interval, bootstrap, draw_videos
from vasot.metrics.parts import ByPair, ByVideo, Ratio, defined
from vasot.metrics.protocols import HELD_OUT, PAPER, find_protocol, folds
from vasot.metrics.segmentation import (
    class_recall,
    edit_score,
    f1,
    f1_at_overlap,
    f1_ceiling,
    f1_reference,
    miou,
    mof,
)
from vasot.metrics.segmentation_parts import segmentation_parts

METRICS: dict[str, Callable[..., float]] = {
    "mof": mof,
    "f1": f1,
    "miou": miou,
    "class_recall": class_recall,
    "f1@10": partial(f1_at_overlap, overlap=0.10),
    "f1@25": partial(f1_at_overlap, overlap=0.25),
    "f1@50": partial(f1_at_overlap, overlap=0.50),
    "edit": edit_score,
}

REFERENCE = tomllib.loads((Path(__file__).parents[1] / "golden" / "f1_reference.toml").read_text(encoding="utf-8"))

NAMES = [f"video {index}" for index in range(7)]


def made(n_videos: int = 5) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Embeddings that know nothing but which video they are of and, by it, its phases."""
    generator = np.random.default_rng(1)
    phases = [np.repeat(generator.permutation(3), generator.integers(3, 7, 3)) for _ in range(n_videos)]
    tracks = [np.eye(3 * n_videos)[3 * v + labels] for v, labels in enumerate(phases)]
    return tracks, phases


def resampled(parts: ByVideo, chosen: list[int]) -> float:
    return float(parts.values(np.bincount(chosen, minlength=parts.n_videos)[None].astype(float))[0])


def test_held_out_never_fits_on_what_it_scores_and_scores_every_video_once() -> None:
    divided = folds(HELD_OUT, NAMES, seed=3)
    assert len(divided) == 5
    assert all(not set(fitted) & set(scored) for fitted, scored in divided)
    assert sorted(video for _, scored in divided for video in scored) == list(range(7))
    assert folds(HELD_OUT, NAMES, seed=3) == divided
    assert folds(HELD_OUT, NAMES, seed=4) != divided


def test_a_split_is_kept_and_one_video_cannot_be_held_out() -> None:
    ((fitted, scored),) = folds(HELD_OUT, NAMES, 0, [(NAMES[:4], NAMES[4:])])
    assert (sorted(fitted), scored) == ([0, 1, 2, 3], [4, 5, 6])
    assert folds(HELD_OUT, ["alone"], 0) == []
    with pytest.raises(DataError, match="'video 3' on both sides"):
        folds(HELD_OUT, NAMES, 0, [(NAMES[:4], NAMES[3:])])


def test_an_unknown_protocol_is_told_with_the_nearest() -> None:
    assert find_protocol("held-out") is HELD_OUT
    with pytest.raises(SettingsError, match="did you mean 'held-out'"):
        find_protocol("heldout")


def test_embeddings_that_only_know_their_video_pass_the_paper_protocol_alone() -> None:
    tracks, phases = made()
    names = NAMES[: len(tracks)]
    same = score_embeddings(tracks, phases, folds(PAPER, names, 0))
    apart = score_embeddings(tracks, phases, folds(HELD_OUT, names, 0))
    assert tuple(same) == tuple(apart) == ALIGNMENT_KEYS
    first, second = defined(same["acc@1.0"]), defined(apart["acc@1.0"])
    assert first is not None
    assert second is not None
    assert first > second + 0.2
    assert defined(same["acc@1.0"]) == phase_classification(tracks, phases, tracks, phases)
    assert defined(same["progress"]) == pytest.approx(progress(tracks, phases, tracks, phases))


def test_a_single_video_has_nothing_to_fit_nor_to_compare_with() -> None:
    tracks, phases = made(1)
    assert {defined(parts) for parts in score_embeddings(tracks, phases, []).values()} == {None}


def test_a_split_scores_its_own_videos_only() -> None:
    tracks, phases = made()
    names = NAMES[: len(tracks)]
    parts = score_embeddings(tracks, phases, folds(HELD_OUT, names, 0, [(names[:3], names[3:])]))
    accuracy = parts["acc@1.0"]
    assert isinstance(accuracy, Ratio)
    assert accuracy.below.tolist() == [0, 0, 0, phases[3].size, phases[4].size]
    assert parts["tau"].n_videos == parts["ap@5"].n_videos == 2


def test_reference_f1_joins_videos_and_draws_one_frame_too_far() -> None:
    generator = np.random.default_rng(0)
    labels = np.array([0, 0, 1, 1])
    # Three segments, not four; of the frames drawn for them 2/3, 4/5 and all are right.
    hits = betainc(8, 8, [2 / 3, 4 / 5, 1.0]).sum()
    found = [f1_reference([labels, 1 - labels], [labels, 1 - labels], generator) for _ in range(50)]
    assert np.mean(found) == pytest.approx(2 * hits / (3 + 2 * 2), abs=0.01)
    # Each segment is one frame long, so half of the draws fall on the next one, which is wrong: about half the hits.
    single = [np.array([0, 1] * 50)]
    assert f1_reference(single, single, generator) == pytest.approx(2 * 50.5 / (100 + 2), abs=0.03)


@pytest.mark.parametrize("name", REFERENCE)
def test_reference_f1_is_what_was_worked_out_by_hand(name: str) -> None:
    case = REFERENCE[name]
    predicted, truth = (
        [np.array([int(digit) for digit in text]) for text in case[which]] for which in ("predicted", "truth")
    )
    exclude = case.get("exclude", ())
    found = [f1_reference(predicted, truth, np.random.default_rng(seed), exclude=exclude) for seed in range(200)]
    assert np.mean(found) == pytest.approx(case["mean"], abs=case["spread"] / 10 + 1e-12)
    assert (max(found) > min(found)) == (case["spread"] > 0)
    assert f1(predicted, truth, exclude=exclude) == pytest.approx(case["exact"])


def test_segmentation_parts_are_the_metrics_and_those_of_any_drawing() -> None:
    generator = np.random.default_rng(2)
    truth = [np.repeat(generator.permutation(4)[:3], generator.integers(2, 8, 3)) for _ in range(4)]
    classes = [np.where(generator.random(labels.size) < 0.7, labels, 3) for labels in truth]
    parts = segmentation_parts(classes, truth, exclude=(2,))
    for chosen in ([0, 1, 2, 3], [0, 0, 3, 1], [2, 2, 2, 2]):
        drawn = [classes[i] for i in chosen], [truth[i] for i in chosen]
        expected = {name: metric(*drawn, exclude=(2,)) for name, metric in METRICS.items()}
        expected["f1_ceiling"] = f1_ceiling(drawn[1], exclude=(2,))
        assert {name: resampled(each, chosen) for name, each in parts.items()} == pytest.approx(expected)
        assert expected["mof"] < 1


def test_perfect_labels_have_parts_of_a_perfect_score() -> None:
    truth = [np.array([0, 0, 1, 1]), np.array([1, 0, 0])]
    parts = segmentation_parts(truth, truth)
    values = {name: defined(part) for name, part in parts.items()}
    assert values == dict.fromkeys(values, 1.0)


def test_an_interval_holds_the_middle_of_the_draws_and_repeats_with_its_seed() -> None:
    parts = Ratio(np.array([1.0, 5.0, 9.0, 7.0]), np.full(4, 10.0))
    found = bootstrap([parts], seed=0)
    drawn = parts.values(draw_videos(4, np.random.default_rng(0)))
    assert found == Interval(float(np.quantile(drawn, 0.025)), float(np.quantile(drawn, 0.975)), 0.0)
    assert bootstrap([parts], seed=0) == found
    assert found is not None
    assert found.low < 0.55 < found.high


def test_draws_without_a_value_are_counted_and_a_single_video_has_no_interval() -> None:
    half = bootstrap([Ratio(np.array([1.0, 0.0]), np.array([1.0, 0.0]))], seed=0)
    assert half is not None
    assert (half.low, half.high) == (1.0, 1.0)
    assert half.undefined == pytest.approx(0.25, abs=0.05)
    assert bootstrap([Ratio(np.ones(1), np.ones(1))], seed=0) is None
    assert bootstrap([ByPair(np.full((3, 3), np.nan))], seed=0) is None
    with pytest.raises(SettingsError, match="at least one video"):
        draw_videos(0, np.random.default_rng(0))


def test_a_pair_of_a_video_with_itself_never_counts() -> None:
    pairs = ByPair(np.array([[np.nan, 0.5], [0.25, np.nan]]))
    assert resampled(pairs, [0, 1]) == 0.375
    assert np.isnan(resampled(pairs, [0, 0]))
