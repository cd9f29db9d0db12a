from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from made_videos import number_of, write_video
from vasot.metrics.consistency import Ring
from vasot.report.charts import histogram, stacked_paths
from vasot.report.graph import transition_graph
from vasot.report.key_frames import Moment, take_pictures, typical_moments
from vasot.report.match_rows import match_rows
from vasot.report.palette import Style, action_style, run_styles
from vasot.report.recordings import ReportedRecording
from vasot.report.strips import timeline_strips
from vasot.types import UNMATCHED, Alignment, Segmentation, Track


def segmentation(labels: np.ndarray, name: str = "a", step_seconds: float | None = 0.1) -> Segmentation:
    times = None if step_seconds is None else step_seconds * np.arange(labels.size)
    return Segmentation(name, labels, np.ones(labels.size), 3, ("lift", "lower", "rest"), times)


def test_the_typical_frame_is_the_one_nearest_to_the_mean_embedding() -> None:
    labels = np.repeat([0, 1], 5)
    angles = np.deg2rad([0, 10, 20, 40, 80, 180, 182, 183, 190, 200])
    embedding = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    moments = typical_moments([segmentation(labels, step_seconds=0.5)], lambda _: embedding)
    assert moments == {0: (Moment(0, 2, 1.0),), 1: (Moment(0, 8, 4.0),)}


def test_frames_that_are_not_sure_do_not_move_what_is_typical() -> None:
    angles = np.deg2rad([0, 1, 2, 90, 91, 92])
    embedding = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    sure = np.array([1, 1, 1, 0.01, 0.01, 0.01])
    unsure = Segmentation("a", np.zeros(6, int), sure, 1, ("lift",), np.arange(6.0))
    ((moment,),) = typical_moments([unsure], lambda _: embedding).values()
    assert moment.frame <= 2


def test_few_recordings_are_embedded_and_the_unusually_long_are_not() -> None:
    lengths = [30, 31, 29, 300, 32, 28, 33, 27, 2]
    asked: list[int] = []

    def embed(index: int) -> np.ndarray:
        asked.append(index)
        return np.ones((lengths[index], 2))

    typical_moments([segmentation(np.zeros(length, int)) for length in lengths], embed)
    assert sorted(asked) == [0, 1, 2, 4, 5, 6]
    asked.clear()
    wanted = [index in (3, 8) for index in range(9)]
    moments = typical_moments([segmentation(np.zeros(length, int)) for length in lengths], embed, wanted)
    assert asked == [3, 8]
    assert {moment.recording for moment in moments[0]} == {3, 8}


def test_pictures_are_taken_at_the_moments_and_a_broken_video_is_passed_over(tmp_path: Path) -> None:
    good = [write_video(tmp_path / f"{name}.mp4", 100) for name in "ab"]
    broken = tmp_path / "c.mp4"
    broken.write_text("no video")
    wanted = {
        "step": [Moment(2, 0, 0.4), Moment(0, 0, 1.0), Moment(3, 0, 1.0), Moment(1, 0, 2.0)],
        "other": [Moment(2, 0, 0.0)],
    }
    chosen, pictures = take_pictures(wanted, [*good, broken, None], 32, 2)
    assert chosen == {"step": (Moment(0, 0, 1.0), Moment(1, 0, 2.0)), "other": ()}
    assert [number_of(pictures.images[moment]) for moment in chosen["step"]] == [25, 50]
    assert list(pictures.unreadable) == [broken]
    assert "is no video" in pictures.unreadable[broken]


def test_moments_that_correspond_are_shown_at_the_times_of_thinned_frames(tmp_path: Path) -> None:
    videos = [write_video(tmp_path / f"{name}.mp4", 100) for name in "ab"]
    times = 0.04 * np.arange(100)
    tracks = [Track(name, np.zeros((100, 1), np.float32), times) for name in "ab"]
    # Every second frame of one and every fourth of the other was aligned; the last quarter has no counterpart.
    matches = np.where(np.arange(50) < 37, np.arange(50) // 2, UNMATCHED)
    plan = np.ones((50, 25))
    alignment = Alignment("a", "b", matches, np.ones(50), np.zeros((1, 2), int), plan, np.zeros(25, bool))
    recordings = [ReportedRecording(track, None, None, video) for track, video in zip(tracks, videos, strict=True)]
    (row,), unreadable = match_rows([Ring((0, 1), (2, 4), (alignment,))], recordings, 32)
    assert unreadable == {}
    # Frames 6, 18, 31 and 43 of the 50.
    assert [above.caption for above, _ in row.columns] == ["0:00.5", "0:01.4", "0:02.5", "0:03.4"]
    assert [below.caption for _, below in row.columns] == ["0:00.5", "0:01.4", "0:02.4", "no counterpart"]
    assert row.columns[3][1].uri == ""


def test_a_strip_has_each_segment_where_it_lies() -> None:
    late = segmentation(np.array([0, 0, 1, 2]))
    late = Segmentation("late", late.labels, late.confidence, 3, late.action_names, 5 + 0.5 * np.arange(4))
    strips = timeline_strips([segmentation(np.repeat([0, 1], [10, 30])), late])
    first, second = strips.strips
    assert [bar.action for bar in first.bars] == [0, 1]
    np.testing.assert_allclose([(bar.left, bar.width) for bar in first.bars], [(0, 25), (25, 75)])
    # In the scale of the longest, which lasts 4 s; from the recording's own beginning on.
    places = [(bar.left, bar.width) for bar in second.bars]
    np.testing.assert_allclose(places, [(0, 25), (25, 12.5), (37.5, 12.5)])
    assert second.share == pytest.approx(0.5)
    assert first.bars[1].title == "lower: 0:01.0 to 0:04.0"
    assert second.bars[0].title == "lift: 0:05.0 to 0:06.0"
    assert second.spoken == "late, 0:02.0: lift, lower, rest"
    assert strips.longest == "0:04.0"


def test_without_a_rate_strips_count_frames() -> None:
    (strip,) = timeline_strips([segmentation(np.array([0, 0, 1]), step_seconds=None)]).strips
    assert [bar.title for bar in strip.bars] == ["lift: frames 0 to 1", "lower: frames 2 to 2"]
    assert strip.length == "3 frames"


def test_very_many_segments_lose_their_texts_and_then_whole_recordings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vasot.report.strips._MOST_TITLED", 300)
    monkeypatch.setattr("vasot.report.strips._MOST_BARS", 800)
    busy = segmentation(np.arange(10) % 2)
    some, many = timeline_strips([busy] * 31), timeline_strips([busy] * 90)
    assert not some.titled
    assert {bar.title for bar in some.strips[0].bars} == {""}
    assert some.left_out == 0
    assert len(many.strips) == 80
    assert many.left_out == 10
    assert timeline_strips([busy] * 30).titled


def test_arcs_carry_shares_and_rare_changes_are_counted_not_drawn() -> None:
    transitions = np.zeros((4, 4), int)
    transitions[0, 1], transitions[0, 2], transitions[1, 0], transitions[1, 2] = 97, 2, 60, 20
    graph = transition_graph(transitions, [0, 1, 2])
    drawn = {(arc.source, arc.target): (arc.share, arc.backward) for arc in graph.arcs}
    assert drawn == {
        (0, 1): (pytest.approx(97 / 99), False),
        (1, 0): (0.75, True),
        (1, 2): (0.25, False),
    }
    assert graph.not_drawn == 2
    widths = {(arc.source, arc.target): arc.width for arc in graph.arcs}
    assert widths[0, 1] > widths[1, 0] > widths[1, 2]
    assert [node.action for node in graph.nodes] == [0, 1, 2]


def test_every_arc_stays_inside_the_drawing() -> None:
    graph = transition_graph(np.ones((12, 12), int) - np.eye(12, dtype=int), range(12))
    for arc in graph.arcs:
        numbers = [float(word) for word in arc.path.translate(str.maketrans("MCV", "   ")).split()]
        if "C" in arc.path:
            # A cubic curve whose inner points share an x reaches three quarters of the way to it.
            edge, reach = numbers[0], numbers[2]
            assert 0 <= edge + 0.75 * (reach - edge) <= graph.width
            assert min(numbers[1::2]) >= 0
            assert max(numbers[1::2]) <= graph.height


def test_a_histogram_counts_every_length_once() -> None:
    lengths = np.random.default_rng(0).gamma(3.0, 1.0, 500)
    drawn = histogram(lengths)
    counts = [height * drawn.most / 100 for _, _, height in drawn.bars]
    assert sum(counts) == pytest.approx(500)
    assert drawn.median == pytest.approx(np.median(lengths))
    assert drawn.low < drawn.median < drawn.high < drawn.longest == lengths.max()


def test_stacked_areas_fill_the_chart_without_gaps() -> None:
    lower, upper = np.array([0.25, 1.0]), np.array([0.75, 0.0])
    first, second = stacked_paths([lower, upper])
    assert first == "M0 100L0 75L100 0L100 100Z"
    assert second == "M0 75L0 0L100 0L100 0Z"


def test_colours_of_people_come_before_the_grey_of_a_background() -> None:
    styles = run_styles(("background", "lift", "SIL"), {2: "#102030"})
    assert styles == (Style("#D9D9D9"), action_style(1), Style("#102030"))


@pytest.mark.parametrize("action", [0, 24, 48, 72])
def test_a_look_in_a_page_holds_its_colour(action: int) -> None:
    style = action_style(action)
    assert style.css_background.endswith(style.colour)
    assert ("gradient" in style.css_background) == bool(style.hatch)
