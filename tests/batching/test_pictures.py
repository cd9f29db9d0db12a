from __future__ import annotations

import numpy as np

from vasot.batching.pictures import FramesInContext, earlier_frames, jitter_and_flip

SIDE = 32


def test_the_stride_counts_frames_of_the_video_whatever_was_sampled() -> None:
    # 15 frames of 25 per second are 0.6 s: 6 frames of 10 per second, 3 of 5 per second.
    for fps, back in ((10, 6), (5, 3)):
        found = earlier_frames(20, 15, 7 + np.arange(20) / fps, 25.0)
        assert found.tolist() == np.maximum(np.arange(20) - back, 0).tolist()


def test_between_two_samples_the_last_one_up_to_the_instant_is_taken() -> None:
    assert earlier_frames(6, 15, np.arange(6) / 10, 60.0).tolist() == [0, 0, 0, 0, 1, 2]


def test_each_row_is_the_earlier_picture_and_the_frame() -> None:
    pixels = np.repeat(np.arange(5, dtype=np.uint8)[:, None], 3, axis=1)
    rows = FramesInContext(pixels, earlier_frames(5, 2, None, None))[np.array([1, 4])]
    assert rows.tolist() == [[0, 0, 0, 1, 1, 1], [2, 2, 2, 4, 4, 4]]


def test_one_decision_of_colour_and_side_holds_for_all_pictures_of_a_clip() -> None:
    picture = np.random.default_rng(0).integers(0, 256, 3 * SIDE * SIDE, dtype=np.uint8)
    rows = np.tile(picture, (4, 2))
    seen = set()
    for seed in range(8):
        changed = jitter_and_flip(rows, SIDE, np.random.default_rng(seed)).reshape(-1, picture.size)
        assert (changed == changed[0]).all()
        seen.add(changed[0].tobytes())
    assert len(seen) == 8


def test_about_half_of_the_clips_are_turned_over() -> None:
    ramp = np.broadcast_to(np.linspace(60, 190, SIDE)[None, :, None], (SIDE, SIDE, 3)).astype(np.uint8)
    rising = 0
    for seed in range(40):
        row = jitter_and_flip(ramp.reshape(1, -1), SIDE, np.random.default_rng(seed)).reshape(SIDE, SIDE, 3)
        rising += int(row[0, -1, 0] > row[0, 0, 0])
    assert 10 <= rising <= 30
