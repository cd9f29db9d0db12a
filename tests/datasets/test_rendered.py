"""Rendered videos: the same for a seed, with truth that agrees with the frames, in a folder that is read as any."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from vasot.datasets.happenings import BACKGROUND, true_matches
from vasot.datasets.rendered import CLASS_NAMES, RenderSettings, plan_videos, write_videos
from vasot.datasets.scene import HEIGHT, STEPS, WIDTH, Distractor, Look, Work, draw_bench, tool_point
from vasot.datasets.videos import find_clips
from vasot.errors import DataError, SettingsError
from vasot.types import UNMATCHED
from vasot.video.reader import FrameReader

QUICK = RenderSettings(n_videos=2, mean_seconds=0.4, rate_hz=10.0)


def test_a_seed_fixes_every_pixel_and_another_changes_them() -> None:
    first, again, other = (list(plan_videos(replace(QUICK, seed=seed))[0].frames()) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert len(first) != len(other) or not np.array_equal(first, other)


def test_a_video_stays_the_same_when_more_are_asked_for() -> None:
    few, many = (plan_videos(RenderSettings(n_videos=n)) for n in (2, 5))
    for one, same in zip(few, many, strict=False):
        np.testing.assert_array_equal(one.truth.action, same.truth.action)
        assert (one.look, one.distractors) == (same.look, same.distractors)


def test_orders_vary_and_steps_are_repeated_and_left_out() -> None:
    steps = [video.steps for video in plan_videos(RenderSettings(n_videos=40))]
    assert any(len(set(each)) < len(STEPS) for each in steps)
    assert any(len(set(each)) < len(each) for each in steps)
    complete = [each for each in steps if sorted(each) == sorted(STEPS)]
    assert STEPS in complete
    assert any(each != STEPS for each in complete)


def test_every_stretch_of_background_has_a_distractor_of_its_own() -> None:
    video = plan_videos(RenderSettings(n_videos=1, seed=2))[0]
    begins, number = video._stretches()
    assert number.max() + 1 == len(video.distractors) == len(set(video.distractors))
    assert int((begins & (video.truth.action == BACKGROUND)).sum()) == len(video.distractors)


def test_background_has_no_counterpart_and_steps_that_both_show_have() -> None:
    x, y = (video.truth for video in plan_videos(RenderSettings(n_videos=2, omission=0, repetition=0)))
    matches = true_matches(x, y)
    np.testing.assert_array_equal(matches == UNMATCHED, x.action == BACKGROUND)
    matched = matches != UNMATCHED
    np.testing.assert_array_equal(y.action[matches[matched]], x.action[matched])
    assert np.abs(y.phase[matches[matched]] - x.phase[matched]).max() < 0.05


@pytest.mark.parametrize("step", STEPS)
def test_the_tool_is_drawn_where_it_is_said_to_be(step: str) -> None:
    bench = draw_bench(Look(), Work()).astype(int)
    for phase, seconds in ((0.3, 0.1), (0.5, 0.4), (0.8, 0.9)):
        image = draw_bench(Look(), Work(), step=step, phase=phase, seconds=seconds)
        right, down = (round(value) for value in tool_point(step, phase, seconds))
        changed = np.abs(image - bench).sum(axis=2) > 60
        assert changed[down - 8 : down + 9, right - 8 : right + 9].any()
        # A tool and a hand, not the whole picture.
        assert changed.mean() < 0.3


@pytest.mark.parametrize("step", STEPS)
def test_the_hand_comes_from_below_and_leaves_again(step: str) -> None:
    first, middle, last = (tool_point(step, phase, 0.0)[1] for phase in (0.0, 0.5, 1.0))
    assert min(first, last) > middle + 100


def test_work_once_done_stays_done() -> None:
    work = Work()
    work.advance("paint", 0.9)
    work.advance("paint", 0.2)
    assert work.done["paint"] == 1.0
    before, after = draw_bench(Look(), Work()), draw_bench(Look(), work)
    assert not np.array_equal(before, after)


@pytest.mark.parametrize("seed", range(6))
def test_a_distractor_crosses_the_picture_and_is_gone_at_its_ends(seed: int) -> None:
    thing = Distractor.random(np.random.default_rng(seed))
    bench = draw_bench(Look(), Work())
    middle = draw_bench(Look(), Work(), distractor=thing, phase=0.5)
    assert (middle != bench).any(axis=2).mean() > 0.01


def test_the_folder_is_read_like_a_users_own(tmp_path: Path) -> None:
    videos = plan_videos(QUICK)
    write_videos(videos, tmp_path / "data")
    corpus = find_clips(tmp_path / "data")
    assert corpus.class_names == CLASS_NAMES
    assert not corpus.warnings
    for video, found in zip(videos, corpus.clips, strict=True):
        assert found.clip.name == video.name
        assert found.info is not None
        assert (found.info.n_frames, found.info.codec) == (video.n_frames, "h264")
        assert found.truth is not None
        assert list(found.truth.names) == [CLASS_NAMES[action + 1] for action in video.truth.action]


def test_decoded_frames_are_those_that_were_drawn(tmp_path: Path) -> None:
    video = plan_videos(replace(QUICK, noise=0.0))[0]
    write_videos([video], tmp_path / "data")
    chunks = list(FrameReader(tmp_path / "data" / "videos" / f"{video.name}.mp4", fps=10.0))
    decoded = np.concatenate([chunk.images for chunk in chunks])
    drawn = np.array(list(video.frames()))
    assert decoded.shape == drawn.shape == (video.n_frames, HEIGHT, WIDTH, 3)
    # Closer to the frame drawn for it than to one half a second away.
    own = np.abs(decoded.astype(int) - drawn).mean()
    assert own < 5
    assert own < np.abs(decoded.astype(int) - np.roll(drawn, 5, axis=0)).mean() / 1.5


def test_a_folder_in_use_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "kept.txt").write_text("mine")
    with pytest.raises(DataError, match="exists already"):
        write_videos(plan_videos(QUICK), tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["kept.txt"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("n_videos", 0), ("background", 0.99), ("omission", 1.5), ("noise", -1), ("rate_hz", float("nan"))],
)
def test_settings_out_of_range_are_refused_by_name(name: str, value: float) -> None:
    with pytest.raises(SettingsError, match=name):
        replace(QUICK, **{name: value})  # type: ignore[arg-type]
