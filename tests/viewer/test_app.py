from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import av
import matplotlib.image
import numpy as np
import pytest

from made_viewer import CLIP_START, Site
from vasot.training.results import RunResults
from vasot.types import UNMATCHED
from vasot.video.reader import frame_at


@pytest.fixture(scope="module")
def site(viewer_run: Path, viewer_results: RunResults) -> Iterator[Site]:
    with Site(viewer_run, viewer_results) as site:
        yield site


def test_the_run_says_what_there_is(site: Site) -> None:
    run = site.ask("api/run").json()
    assert run["aligns"] is True
    assert run["undo"] is None
    assert [each["name"] for each in run["actions"]] == [f"action_{k}" for k in range(7)]
    assert [each["name"] for each in run["recordings"]] == ["clip", "old", "whole"]
    assert all(each["video"] and each["timed"] for each in run["recordings"])


def test_segments_are_those_of_the_model_and_join_up(site: Site, viewer_results: RunResults) -> None:
    for shown, recording in zip(site.ask("api/run").json()["recordings"], viewer_results.recordings, strict=True):
        assert recording.predicted is not None
        expected = [(each.start_frame, each.end_frame, each.action) for each in recording.predicted.segments()]
        assert [(each["first"], each["end"], each["action"]) for each in shown["segments"]] == expected
        ends = [shown["start_seconds"], *(each["end_seconds"] for each in shown["segments"])]
        assert ends[:-1] == [each["start_seconds"] for each in shown["segments"]]
        assert ends[-1] == shown["end_seconds"]


def test_a_clip_counts_the_seconds_of_its_file(site: Site) -> None:
    index = site.recording("clip")
    assert site.ask("api/run").json()["recordings"][index]["start_seconds"] == CLIP_START
    times = site.ask(f"api/recordings/{index}/times").json()["times"]
    assert times[:2] == [CLIP_START, CLIP_START + 0.1]


def test_an_alignment_is_that_of_the_command_line(site: Site, viewer_results: RunResults) -> None:
    tracks = [each.track for each in viewer_results.recordings]
    expected = viewer_results.model.align(tracks[0], tracks[2])
    answer = site.ask("api/alignments/0/2").json()
    assert answer["matches"] == expected.matches.tolist()
    follow = np.array(answer["follow"])
    assert follow.shape == (tracks[0].n_frames + 1,)
    assert (np.diff(follow) >= 0).all()
    for frame in (0, 17, tracks[0].n_frames - 1):
        on_path = expected.path[expected.path[:, 0] == frame, 1]
        assert tracks[2].times_seconds is not None
        assert follow[frame] == pytest.approx(tracks[2].times_seconds[on_path].mean(), abs=1e-5)


def test_unmatched_stretches_hold_the_unmatched_frames_of_both(site: Site, viewer_results: RunResults) -> None:
    x, y = (viewer_results.recordings[index].track for index in (0, 2))
    alignment = viewer_results.model.align(x, y)
    answer = site.ask("api/alignments/0/2").json()
    sides = ((x, alignment.matches == UNMATCHED, "unmatched_x"), (y, alignment.unmatched_y, "unmatched_y"))
    for track, flags, key in sides:
        assert track.times_seconds is not None
        inside = np.zeros(track.n_frames, dtype=bool)
        for start, end in answer[key]:
            inside |= (track.times_seconds >= start - 1e-6) & (track.times_seconds < end - 1e-6)
        assert flags.any()
        assert (inside == flags).all()


def test_the_plan_is_a_picture_with_its_path_from_lower_left_to_upper_right(site: Site) -> None:
    answer = site.ask("api/alignments/0/0/plan.png")
    assert answer.headers["content-type"] == "image/png"
    picture = matplotlib.image.imread(BytesIO(answer.body))[..., 0]
    size = picture.shape[0]
    rows, columns = np.mgrid[:size, :size] / size
    near = np.abs((1 - rows) - columns) < 0.1
    assert picture[near].mean() < picture[~near].mean() - 0.1


def test_similar_frames_are_the_nearest_by_embedding_of_every_other_recording(
    site: Site, viewer_results: RunResults
) -> None:
    model = viewer_results.model
    tracks = [each.track for each in viewer_results.recordings]
    wanted = model.embed(tracks[0])[30]
    found = site.ask("api/recordings/0/similar?frame=30").json()
    assert {each["recording"] for each in found} == {1, 2}
    for each in found:
        cosines = model.embed(tracks[each["recording"]]) @ wanted
        assert each["frame"] == cosines.argmax()
        assert each["similarity"] == pytest.approx(cosines.max(), abs=1e-5)
        times = tracks[each["recording"]].times_seconds
        assert times is not None
        assert each["seconds"] == times[each["frame"]]
    assert found[0]["similarity"] >= found[1]["similarity"]


@pytest.mark.parametrize("query", ["", "?frame=", "?frame=x", "?frame=-1", "?frame=100000", "?frame=nan", "?frame=inf"])
def test_a_frame_that_does_not_exist_has_nothing_similar(site: Site, query: str) -> None:
    assert site.ask(f"api/recordings/0/similar{query}").status == 404


def test_a_video_comes_in_the_ranges_that_are_asked_for(site: Site) -> None:
    index = site.recording("whole")
    whole = site.ask(f"videos/{index}")
    assert whole.headers["content-type"] == "video/mp4"
    assert whole.headers["accept-ranges"] == "bytes"
    assert av.open(BytesIO(whole.body)).streams.video[0].codec_context.name == "h264"
    part = site.ask(f"videos/{index}", range="bytes=100-299")
    assert part.status == 206
    assert part.body == whole.body[100:300]
    assert part.headers["content-range"] == f"bytes 100-299/{len(whole.body)}"
    assert site.ask(f"videos/{index}", range="bytes=-10").body == whole.body[-10:]
    assert site.ask(f"videos/{index}", range=f"bytes={len(whole.body) + 5}-").status == 416


def test_a_still_shows_the_frame_of_its_instant(site: Site, viewer_results: RunResults) -> None:
    index = site.recording("old")
    answer = site.ask(f"videos/{index}/still.jpg?at=3.2&pixels=60")
    assert answer.headers["content-type"] == "image/jpeg"
    picture = matplotlib.image.imread(BytesIO(answer.body), format="jpeg").astype(float)
    video = viewer_results.recordings[index].video
    assert video is not None
    assert picture.shape[:2] == (60, 80)
    assert np.abs(picture - frame_at(video, 3.2, 60)).mean() < 5
    assert np.abs(picture - frame_at(video, 8.0, 60)).mean() > 5


@pytest.mark.parametrize("query", ["", "?at=x", "?at=-1", "?at=nan", "?at=1&pixels=0", "?at=1&pixels=x"])
def test_a_still_of_no_instant_or_no_size_is_an_error(site: Site, query: str) -> None:
    assert site.ask(f"videos/0/still.jpg{query}").status in (400, 404)


def test_a_video_that_was_moved_away_is_missing_and_the_rest_goes_on(
    viewer_run: Path, viewer_results: RunResults
) -> None:
    with Site(viewer_run, viewer_results) as site:
        index = site.recording("old")
        video = viewer_results.recordings[index].video
        assert video is not None
        away = video.rename(video.with_suffix(".away"))
        try:
            assert site.ask(f"videos/{index}").status == 404
            assert site.ask(f"videos/{index}/still.jpg?at=1").status == 404
            assert site.ask("api/alignments/0/1").status == 200
        finally:
            away.rename(video)
