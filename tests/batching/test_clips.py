from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vasot.batching.clips import ClipBatch, Clips, join_clips, pad_clips, sample_uniform
from vasot.errors import SettingsError


@given(st.integers(1, 300), st.integers(1, 300), st.integers(0, 5))
def test_sampled_frames_are_real_distinct_and_in_order_of_time(n_frames: int, n_samples: int, seed: int) -> None:
    drawn = sample_uniform(n_frames, n_samples, np.random.default_rng(seed))
    assert len(drawn) == min(n_frames, n_samples)
    assert drawn.min() >= 0
    assert drawn.max() < n_frames
    assert (np.diff(drawn) > 0).all()


@given(st.integers(2, 400), st.integers(1, 60))
def test_one_frame_is_drawn_of_each_equal_stretch(n_frames: int, n_samples: int) -> None:
    drawn = sample_uniform(n_frames, n_samples, np.random.default_rng(0))
    if n_samples < n_frames:
        edges = np.arange(n_samples + 1) * n_frames // n_samples
        assert (np.searchsorted(edges, drawn, side="right") - 1).tolist() == list(range(n_samples))


def test_every_frame_is_drawn_about_as_often_as_the_others() -> None:
    generator = np.random.default_rng(0)
    counts = np.bincount(np.concatenate([sample_uniform(12, 4, generator) for _ in range(3000)]), minlength=12)
    assert abs(counts - 1000).max() < 150


def test_a_short_recording_is_taken_whole() -> None:
    assert sample_uniform(5, 5, np.random.default_rng(0)).tolist() == [0, 1, 2, 3, 4]
    assert sample_uniform(1, 256, np.random.default_rng(0)).tolist() == [0]


def test_frames_are_drawn_anew_each_time_and_the_same_for_the_same_seed() -> None:
    generator = np.random.default_rng(3)
    one, two = (sample_uniform(1000, 20, generator) for _ in range(2))
    assert (one != two).any()
    assert (one == sample_uniform(1000, 20, np.random.default_rng(3))).all()


def test_no_sample_at_all_is_refused() -> None:
    with pytest.raises(SettingsError, match="frames_per_clip is 0"):
        sample_uniform(5, 0, np.random.default_rng(0))


def test_clips_are_padded_with_zeros_at_the_end() -> None:
    clips = pad_clips([np.full((2, 3), 1.0, np.float32), np.full((4, 3), 2.0, np.float32)])
    assert clips.lengths.tolist() == [2, 4]
    assert clips.features.shape == (2, 4, 3)
    assert (clips.features[0, :2] == 1).all()
    assert (clips.features[0, 2:] == 0).all()
    assert (clips.features[1] == 2).all()


def test_joined_clips_stand_one_behind_the_other() -> None:
    x = pad_clips([np.full((2, 3), 1.0, np.float32)])
    y = pad_clips([np.full((5, 3), 2.0, np.float32)])
    for a, b in ((x, y), (y, x)):
        joined = join_clips(a, b)
        assert joined.lengths.tolist() == [*a.lengths.tolist(), *b.lengths.tolist()]
        for row, length, source in zip(joined.features, joined.lengths, (a, b), strict=True):
            assert torch.equal(row[:length], source.features[0, :length])
            assert (row[length:] == 0).all()


def test_a_batch_moves_as_a_whole() -> None:
    clips = Clips(torch.zeros(1, 2, 3), torch.tensor([2]))
    moved = ClipBatch(clips, clips).to(torch.device("meta"))
    assert moved.y is not None
    assert {part.device.type for part in (moved.x.features, moved.x.lengths, moved.y.features)} == {"meta"}
    assert ClipBatch(clips).to(torch.device("meta")).y is None
