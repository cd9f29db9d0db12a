from __future__ import annotations

from dataclasses import replace
from itertools import pairwise, permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vasot.datasets.folder import read_folder
from vasot.datasets.synthetic import (
    BACKGROUND,
    FrameTruth,
    SyntheticData,
    SyntheticSettings,
    make_dataset,
    slowed,
    with_blocks_swapped,
    with_foreign_frames,
    write_dataset,
)
from vasot.errors import DataError, SettingsError
from vasot.features.precomputed import standardise
from vasot.types import UNMATCHED

PLAIN = SyntheticSettings(order_variation=0.0, omission=0.0, repetition=0.0, background=0.0, speed_variation=0.0)
"""Recordings that all show every step once, in order, at one speed."""


def blocks(truth: FrameTruth) -> list[tuple[int, int, int]]:
    """(step, occurrence, frames) of every stretch, in order of time."""
    keys = list(zip(truth.action.tolist(), truth.occurrence.tolist(), strict=True))
    starts = [0, *(i for i in range(1, len(keys)) if keys[i] != keys[i - 1] or truth.phase[i] < truth.phase[i - 1])]
    return [(*keys[start], end - start) for start, end in pairwise([*starts, len(keys)])]


def orders(data: SyntheticData) -> list[list[int]]:
    return [[step for step, _, _ in blocks(truth) if step != BACKGROUND] for truth in data.truth]


def cosines(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.asarray((x / np.linalg.norm(x, axis=1, keepdims=True)) @ (y / np.linalg.norm(y, axis=1, keepdims=True)).T)


def test_one_seed_makes_one_data_set_and_another_makes_another() -> None:
    first, again, other = (make_dataset(SyntheticSettings(seed=seed)) for seed in (3, 3, 4))
    for x, y in zip(first.dataset.recordings, again.dataset.recordings, strict=True):
        assert np.array_equal(x.track.features, y.track.features)
        assert np.array_equal(x.labels, y.labels)  # type: ignore[arg-type]
    assert first.dataset.tracks[0].features.shape != other.dataset.tracks[0].features.shape


def test_more_recordings_leave_the_first_ones_as_they_are() -> None:
    few, many = (make_dataset(SyntheticSettings(n_recordings=number)) for number in (2, 12))
    assert [track.name for track in many.dataset.tracks][:2] == ["recording_01", "recording_02"]
    for x, y in zip(few.dataset.tracks, many.dataset.tracks, strict=False):
        assert np.array_equal(x.features, y.features)


def test_plain_recordings_show_every_step_once_in_order_at_one_speed() -> None:
    data = make_dataset(PLAIN)
    assert all(blocks(truth) == blocks(data.truth[0]) for truth in data.truth)
    assert [step for step, _, _ in blocks(data.truth[0])] == list(range(6))
    lengths = [length for _, _, length in blocks(data.truth[0])]
    assert sum(lengths) == pytest.approx(6 * 30, abs=3)
    assert 10 <= min(lengths) < max(lengths) <= 90
    assert data.dataset.class_names == tuple(f"step_{number}" for number in range(1, 7))


def test_labels_are_the_steps_after_background() -> None:
    for settings, shift in ((PLAIN, 0), (SyntheticSettings(), 1)):
        data = make_dataset(settings)
        for recording, truth in zip(data.dataset.recordings, data.truth, strict=True):
            assert recording.labels is not None
            assert np.array_equal(recording.labels, truth.action + shift)
    assert data.dataset.class_names[:2] == ("background", "step_1")


def test_order_variation_swaps_neighbours_only() -> None:
    data = make_dataset(replace(PLAIN, order_variation=0.3, n_recordings=40))
    swaps = 0
    for order in orders(data):
        assert sorted(order) == list(range(6))
        assert all(abs(step - position) <= 1 for position, step in enumerate(order))
        swaps += sum(step > position for position, step in enumerate(order))
    # A pair is open to a swap unless the pair before it was swapped: 5 pairs, a little under 0.3 each.
    assert 30 <= swaps <= 70


def test_every_neighbour_is_swapped_when_that_is_certain() -> None:
    assert orders(make_dataset(replace(PLAIN, order_variation=1.0, n_recordings=1))) == [[1, 0, 3, 2, 5, 4]]


def test_omission_leaves_its_share_of_steps_out_and_never_all() -> None:
    counts = [len(order) for order in orders(make_dataset(replace(PLAIN, omission=0.25, n_recordings=60)))]
    assert 4.1 <= sum(counts) / len(counts) <= 4.9
    assert {len(order) for order in orders(make_dataset(replace(PLAIN, omission=1.0)))} == {1}


def test_repetition_shows_steps_again_but_never_next_to_themselves() -> None:
    data = make_dataset(replace(PLAIN, repetition=1.0))
    for order, truth in zip(orders(data), data.truth, strict=True):
        assert sorted(order) == sorted(2 * list(range(6)))
        assert all(step != following for step, following in pairwise(order))
        assert {(step, nth) for step, nth, _ in blocks(truth)} == {(step, nth) for step in range(6) for nth in (0, 1)}
        firsts = {step: truth.occurrence[np.flatnonzero(truth.action == step)[0]] for step in range(6)}
        assert set(firsts.values()) == {0}


@pytest.mark.parametrize("share", [0.1, 0.4, 0.8])
def test_background_makes_its_share_of_every_recording(share: float) -> None:
    for truth in make_dataset(SyntheticSettings(background=share)).truth:
        assert (truth.action == BACKGROUND).mean() == pytest.approx(share, abs=0.01)


def test_background_interrupts_no_step() -> None:
    for truth in make_dataset(SyntheticSettings(background=0.4)).truth:
        steps = [(step, nth) for step, nth, _ in blocks(truth) if step != BACKGROUND]
        assert len(steps) == len(set(steps))


def test_speed_varies_between_recordings_and_between_their_steps() -> None:
    data = make_dataset(replace(PLAIN, speed_variation=0.3, n_recordings=40))
    plain = np.array([length for _, _, length in blocks(make_dataset(PLAIN).truth[0])])
    logs = np.log([[length for _, _, length in blocks(truth)] for truth in data.truth] / plain)
    assert logs.std() == pytest.approx(np.sqrt(2) * 0.3, rel=0.15)
    assert (logs - logs.mean(axis=1, keepdims=True)).std() == pytest.approx(0.3, rel=0.2)


def test_phases_rise_within_every_step() -> None:
    for truth in make_dataset(SyntheticSettings(speed_variation=0.5)).truth:
        assert truth.phase.min() >= 0
        assert truth.phase.max() < 1
        start = 0
        for _, _, length in blocks(truth):
            assert (np.diff(truth.phase[start : start + length]) > 0).all()
            start += length


@given(st.integers(0, 10_000))
def test_true_matches_are_those_of_a_search_frame_by_frame(seed: int) -> None:
    settings = SyntheticSettings(
        n_recordings=2, n_actions=4, n_features=4, mean_frames=4.0, omission=0.3, repetition=0.5, seed=seed
    )
    data = make_dataset(settings)
    x, y = data.truth
    for frame, match in enumerate(data.true_matches(0, 1)):
        candidates = [
            (abs(y.phase[other] - x.phase[frame]), other)
            for other in range(y.action.size)
            if x.action[frame] == y.action[other] != BACKGROUND and x.occurrence[frame] == y.occurrence[other]
        ]
        assert match == (min(candidates)[1] if candidates else UNMATCHED)


def test_a_recording_matches_itself_frame_by_frame_but_for_background() -> None:
    data = make_dataset(SyntheticSettings(repetition=0.5))
    for i, truth in enumerate(data.truth):
        own = np.where(truth.action == BACKGROUND, UNMATCHED, np.arange(truth.action.size))
        assert np.array_equal(data.true_matches(i, i), own)


def test_plain_recordings_match_frame_by_frame() -> None:
    data = make_dataset(PLAIN)
    assert np.array_equal(data.true_matches(0, 1), np.arange(data.dataset.tracks[0].n_frames))


def test_without_offset_and_noise_frames_are_points_of_one_curve_per_step() -> None:
    x, y = make_dataset(replace(PLAIN, offset=0.0, noise=0.0, n_recordings=2)).dataset.tracks
    assert np.array_equal(x.features, y.features)
    steps = np.linalg.norm(np.diff(x.features, axis=0), axis=1)
    # Five borders between six steps; within a step no frame is like the next, and none is far from it.
    assert (steps > 4).sum() == 5
    assert steps.min() > 1e-4
    assert np.median(steps) < 0.5


def test_every_stretch_of_background_is_one_curve_of_its_own() -> None:
    data = make_dataset(SyntheticSettings(background=0.7, offset=0.0, noise=0.0, n_recordings=3))
    middles: list[np.ndarray] = []
    for track, truth in zip(data.dataset.tracks, data.truth, strict=True):
        start = 0
        for step, _, length in blocks(truth):
            stretch = track.features[start : start + length]
            start += length
            if step == BACKGROUND:
                assert np.linalg.norm(np.diff(stretch, axis=0), axis=1).max() < 4
                middles.append(stretch[length // 2])
    likeness = cosines(np.array(middles), np.array(middles))
    assert len(middles) > 6
    assert np.triu(likeness, 1).max() < 0.75


def test_style_is_shared_by_the_frames_of_one_step_of_one_recording_only() -> None:
    plain, styled = (
        make_dataset(replace(PLAIN, n_recordings=2, offset=0.0, noise=0.0, style=style)) for style in (0.0, 0.5)
    )
    shifts: list[np.ndarray] = []
    for before, after, truth in zip(plain.dataset.tracks, styled.dataset.tracks, plain.truth, strict=True):
        moved = after.features - before.features
        for step in range(PLAIN.n_actions):
            of_step = moved[truth.action == step]
            np.testing.assert_allclose(of_step, np.broadcast_to(of_step[0], of_step.shape), atol=1e-5)
            shifts.append(of_step[0])
    distances = [np.linalg.norm(a - b) for i, a in enumerate(shifts) for b in shifts[:i]]
    assert min(distances) > 0.5


def test_offset_is_shared_by_the_frames_of_a_recording_and_noise_is_not() -> None:
    bare, moved, noisy = (
        make_dataset(replace(PLAIN, n_recordings=2, offset=offset, noise=noise)).dataset.tracks
        for offset, noise in ((0.0, 0.0), (0.5, 0.0), (0.0, 0.5))
    )
    for recording in (0, 1):
        shift = moved[recording].features - bare[recording].features
        assert np.abs(shift - shift[0]).max() < 1e-5
        assert shift[0].std() == pytest.approx(0.5, rel=0.5)
        assert (noisy[recording].features - bare[recording].features).std() == pytest.approx(0.5, rel=0.05)
    assert not np.allclose(moved[0].features, moved[1].features)


def test_true_matches_look_alike_and_background_looks_like_nothing_else() -> None:
    data = make_dataset()
    near: list[bool] = []
    for i, j in permutations(range(4), 2):
        x, y = (standardise(data.dataset.tracks[index].features) for index in (i, j))
        likeness = cosines(x, y)
        matches = data.true_matches(i, j)
        matched = matches != UNMATCHED
        assert np.quantile(likeness[matched, matches[matched]], 0.05) > 0.85
        assert np.quantile(likeness[data.truth[i].action == BACKGROUND].max(axis=1), 0.95) < 0.75
        near += (np.abs(likeness.argmax(axis=1) - matches)[matched] <= 3).tolist()
    # Frames of a step are told apart by how far it has gone, most of the time.
    assert 0.85 < np.mean(near) < 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_recordings": 0}, "n_recordings is 0; give a number of at least 1"),
        ({"n_actions": 0}, "n_actions is 0"),
        ({"n_features": 0}, "n_features is 0"),
        ({"mean_frames": 0.5}, "mean_frames is 0.5"),
        ({"omission": 1.5}, "omission is 1.5; give a number from 0 to 1"),
        ({"order_variation": -0.1}, "order_variation is -0.1"),
        ({"repetition": float("nan")}, "repetition is nan"),
        ({"background": 1.0}, "background is 1.0; give a number from 0 to 0.95"),
        ({"speed_variation": 2.0}, "speed_variation is 2.0"),
        ({"noise": -1.0}, "noise is -1.0"),
        ({"offset": float("inf")}, "offset is inf"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_settings_out_of_range_are_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        replace(SyntheticSettings(), **changes)


@pytest.mark.parametrize("background", [0.0, 0.2])
def test_a_written_data_set_is_read_as_it_was(tmp_path: Path, background: float) -> None:
    data = make_dataset(SyntheticSettings(n_recordings=10, n_actions=10, background=background))
    (tmp_path / "made").mkdir()
    write_dataset(data, tmp_path / "made")
    found = read_folder(tmp_path / "made")
    assert found.class_names == data.dataset.class_names
    assert found.warnings == ()
    for x, y in zip(found.recordings, data.dataset.recordings, strict=True):
        assert (x.track.name, x.track.activity) == (y.track.name, y.track.activity)
        assert np.array_equal(x.track.features, y.track.features)
        assert np.array_equal(x.labels, y.labels)  # type: ignore[arg-type]


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    data = make_dataset(replace(PLAIN, n_recordings=1))
    write_dataset(data, tmp_path / "new" / "made")
    (tmp_path / "file").write_text("mine")
    for name in ("new/made", "file"):
        with pytest.raises(DataError, match=f"{name}: exists already; write to a new folder"):
            write_dataset(data, tmp_path / name)
    assert (tmp_path / "file").read_text() == "mine"


def test_a_data_set_that_cannot_be_written_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(DataError, match=r"made: cannot be written \(No space left on device\)"):
        write_dataset(make_dataset(PLAIN), tmp_path / "made")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("factor", [0.3, 0.5, 1.0, 1.5, 2.0, 3.0])
def test_a_slowed_recording_shows_the_same_moments_later(factor: float) -> None:
    times = np.arange(20.0)[:, None]
    copy, matches = slowed(times, factor)
    assert len(copy) == len(matches) == round(20 * factor)
    assert copy.dtype == np.float32
    assert (np.diff(copy[:, 0]) >= 0).all()
    assert np.abs(copy[:, 0] - matches).max() <= 0.5
    assert copy.mean() == pytest.approx(times.mean(), abs=1e-5)


def test_a_recording_slowed_by_one_is_itself() -> None:
    features = np.random.default_rng(0).standard_normal((7, 3)).astype(np.float32)
    copy, matches = slowed(features, 1.0)
    assert np.array_equal(copy, features)
    assert matches.tolist() == list(range(7))


def test_slowing_by_two_shows_every_frame_twice() -> None:
    assert slowed(np.ones((3, 1)), 2.0)[1].tolist() == [0, 0, 1, 1, 2, 2]
    assert slowed(np.ones((1, 2)), 3.0)[1].tolist() == [0, 0, 0]


@pytest.mark.parametrize("factor", [0.0, -1.0, 0.01, float("nan"), float("inf")])
def test_a_factor_that_leaves_no_frame_is_refused(factor: float) -> None:
    with pytest.raises(SettingsError, match="factor is"):
        slowed(np.ones((10, 2)), factor)


def test_swapped_blocks_carry_their_frames_along() -> None:
    features = np.random.default_rng(0).standard_normal((10, 2)).astype(np.float32)
    changed, matches = with_blocks_swapped(features, (1, 3), (5, 9))
    assert matches.tolist() == [0, 5, 6, 7, 8, 3, 4, 1, 2, 9]
    assert np.array_equal(changed, features[matches])


@pytest.mark.parametrize(
    ("first", "second"), [((0, 4), (3, 6)), ((5, 6), (0, 2)), ((0, 2), (8, 11)), ((2, 2), (3, 4)), ((-1, 2), (3, 4))]
)
def test_blocks_that_do_not_follow_each_other_are_refused(first: tuple[int, int], second: tuple[int, int]) -> None:
    with pytest.raises(SettingsError, match="do not follow each other within 10 frames"):
        with_blocks_swapped(np.ones((10, 2)), first, second)


@given(st.integers(1, 40), st.floats(0, 0.9), st.integers(1, 6), st.integers(0, 1000))
def test_splicing_keeps_every_frame_and_adds_the_share(
    n_frames: int, share: float, n_stretches: int, seed: int
) -> None:
    generator = np.random.default_rng(seed)
    features = generator.standard_normal((n_frames, 5)).astype(np.float32)
    changed, matches = with_foreign_frames(features, share, generator, n_stretches)
    own = matches != UNMATCHED
    assert matches[own].tolist() == list(range(n_frames))
    assert np.array_equal(changed[own], features)
    n_foreign = round(n_frames * share / (1 - share))
    assert (~own).sum() == n_foreign
    stretches = int((np.diff(np.concatenate([[False], ~own, [False]]).astype(int)) == 1).sum())
    assert stretches == min(n_stretches, n_foreign, n_frames + 1)


def test_foreign_frames_are_unlike_the_recording_and_of_its_size() -> None:
    features = 7 * make_dataset(PLAIN).dataset.tracks[0].features
    for seed in range(5):
        changed, matches = with_foreign_frames(features, 0.2, np.random.default_rng(seed))
        foreign = changed[matches == UNMATCHED]
        assert cosines(foreign, features).max() < 0.45
        assert np.linalg.norm(foreign, axis=1).mean() == pytest.approx(np.linalg.norm(features, axis=1).mean(), rel=0.3)


def test_splicing_is_fixed_by_its_generator() -> None:
    features = np.ones((20, 3), dtype=np.float32)
    first, again = (with_foreign_frames(features, 0.3, np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(first[0], again[0])
    assert np.array_equal(first[1], again[1])


@pytest.mark.parametrize(("share", "n_stretches"), [(1.0, 1), (-0.1, 1), (float("nan"), 1), (0.2, 0)])
def test_splicing_out_of_range_is_refused(share: float, n_stretches: int) -> None:
    with pytest.raises(SettingsError, match=r"(share|n_stretches) is"):
        with_foreign_frames(np.ones((4, 2)), share, np.random.default_rng(0), n_stretches)
