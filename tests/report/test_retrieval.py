from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.image import imread

from made_videos import number_of, write_video
from vasot.errors import DataError
from vasot.report import retrieval
from vasot.report.retrieval import Answer, Searched, find_answers, plot_marks, save_retrieval
from vasot.report.stills import StillRow, plot_stills
from vasot.types import Track

CLASSES = ("up", "down", "idle")
UP_DOWN = np.repeat([0, 1], [4, 6])


def searched(
    name: str, angles: list[float], truth: np.ndarray = UP_DOWN, video: Path | None = None, activity: str = "all"
) -> Searched:
    """A recording at 10 Hz whose embeddings lie on the unit circle."""
    radians = np.deg2rad(angles)
    embedding = np.stack([np.cos(radians), np.sin(radians)], axis=1)
    track = Track(name, np.zeros((len(angles), 1), np.float32), np.arange(len(angles)) / 10, activity)
    return Searched(track, embedding, truth, np.where(truth == 2, -1, truth), video)


def corpus(videos: Sequence[Path | None] = (None, None, None)) -> list[Searched]:
    """Three recordings: the query's, one with the same course, and one whose frames lie a quarter turn further."""
    angles = [10.0 * frame for frame in range(10)]
    return [
        searched("a", angles, video=videos[0]),
        searched("b", [angle + 1 for angle in angles], video=videos[1]),
        searched("c", [angle + 50 for angle in angles], video=videos[2]),
    ]


def test_the_nearest_frame_of_each_other_recording_is_found_nearest_first() -> None:
    every = corpus()
    for answer in find_answers(every, n_found=5):
        index, frame = answer.query
        target = every[index].embedding[frame]
        others = [place for place in range(3) if place != index]
        distances = {place: np.linalg.norm(every[place].embedding - target, axis=1) for place in others}
        expected = sorted(others, key=lambda place: distances[place].min())
        assert [found for found, _ in answer.found] == expected
        assert [at for _, at in answer.found] == [int(distances[place].argmin()) for place in expected]


def test_a_query_is_the_middle_of_the_longest_stretch_of_each_phase() -> None:
    truth = np.array([0, 1, 1, 1, 2, 0, 0, 0, 0, 0])
    both = [searched(name, [float(frame) for frame in range(10)], truth) for name in "ab"]
    assert [answer.query[1] for answer in find_answers(both)] == [7, 2]


def test_frames_without_a_phase_are_neither_asked_nor_found() -> None:
    truth = np.repeat([2, 0], 5)
    both = [searched(name, [0.0] * 10, truth) for name in "ab"]
    (answer,) = find_answers(both)
    assert truth[answer.query[1]] == 0
    assert [truth[frame] for _, frame in answer.found] == [0]


def test_other_activities_are_not_searched() -> None:
    angles = [0.0] * 10
    apart = [searched("a", angles), searched("b", angles, activity="other"), searched("c", angles)]
    assert {index for answer in find_answers(apart) for index, _ in answer.found} <= {0, 2}
    assert find_answers(apart[:2]) == []


def test_the_draw_follows_the_seed_and_keeps_to_the_limits() -> None:
    truth = np.arange(10)
    every = [searched(str(index), [float(frame) for frame in range(10)], truth % 9) for index in range(9)]
    answers = find_answers(every, n_found=3, n_queries=4, seed=2)
    assert len(answers) == 4
    assert {len(answer.found) for answer in answers} == {3}
    assert answers == find_answers(every, n_found=3, n_queries=4, seed=2)


def test_pictures_show_the_frames_found_and_marks_say_right_and_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    videos = [write_video(tmp_path / f"{name}.mp4", 30) for name in "abc"]
    drawn: list[StillRow] = []

    def keep(rows: list[StillRow], title: str) -> Axes:
        drawn.extend(rows)
        return plot_stills(rows, title)

    monkeypatch.setattr(retrieval, "plot_stills", keep)
    answers = [Answer((0, 2), ((1, 2), (2, 5)))]
    assert save_retrieval(corpus(videos), answers, CLASSES, tmp_path / "r.png") == []
    (row,) = drawn
    assert [still.caption for still in row.stills] == ["? 0.2 s: up", "✓ 0.2 s: up", "✗ 0.5 s: down"]
    images = [still.image for still in row.stills]
    assert [number_of(image) for image in images if image is not None] == [5, 5, 12]
    colours = [still.style.colour for still in row.stills if still.style is not None]
    assert len(set(colours)) == 3
    assert imread(tmp_path / "r.png").std() > 0.05


def test_arrays_get_marks_on_their_true_phases_and_that_is_said(tmp_path: Path) -> None:
    every = corpus()
    answers = [Answer((0, 2), ((1, 2), (2, 5)))]
    (note,) = save_retrieval(every, answers, CLASSES, tmp_path / "r.png")
    assert "have no pictures" in note
    ax = plot_marks(every, answers, CLASSES)
    marks = {(text.get_text(), round(text.get_position()[0], 3), text.get_position()[1]) for text in ax.texts}
    assert {("?", 0.25, 0), ("✓", 0.25, 1), ("✗", 0.55, 2)} <= marks
    assert [label.get_text() for label in ax.get_yticklabels()] == ["query: a", "b", "c"]


def test_videos_that_cannot_be_read_are_told_and_their_places_stay_empty(tmp_path: Path) -> None:
    videos = [write_video(tmp_path / f"{name}.mp4", 30) for name in "abc"]
    videos[1].write_text("no video")
    (note,) = save_retrieval(corpus(videos), [Answer((0, 2), ((1, 2), (2, 5)))], CLASSES, tmp_path / "r.png")
    assert "b.mp4: is no video" in note
    for video in videos:
        video.unlink()
    notes = save_retrieval(corpus(videos), [Answer((0, 2), ((1, 2),))], CLASSES, tmp_path / "s.png")
    assert len(notes) == 2
    assert (tmp_path / "s.png").is_file()


def test_nothing_to_look_for_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no activity has two recordings"):
        save_retrieval(corpus(), [], CLASSES, tmp_path / "r.png")
