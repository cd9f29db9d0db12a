from __future__ import annotations

import base64
import re
from collections.abc import Collection
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np
import pytest

from made_videos import number_of, write_video
from vasot.datasets.base import Dataset, Recording
from vasot.decoding.path import monotone_path
from vasot.report.recordings import ReportedRecording
from vasot.report.run_report import RunFacts, gather, render
from vasot.types import Alignment, Segmentation, Track

FACTS = RunFacts(run="runs/mine", data="my/videos", expected=(), losses=(3.0, 2.0, 1.5))


class Told:
    """A model that says what it was told: feature 0 is the action, and moments correspond by relative time."""

    method_name = "told"

    def __init__(
        self, names: tuple[str, ...] = ("lift", "lower", "rest"), tasks: Collection[str] = ("align", "segment")
    ):
        self.tasks = frozenset(tasks)
        self.action_names = names if "segment" in tasks else ()

    def embed(self, source: Track, /) -> np.ndarray:
        return np.asarray(np.eye(len(self.action_names))[source.features[:, 0].astype(int)])

    def segment(self, source: Track, /) -> Segmentation:
        labels = source.features[:, 0].astype(int)
        return Segmentation(
            source.name,
            labels,
            np.full(labels.size, 0.9),
            len(self.action_names),
            self.action_names,
            source.times_seconds,
        )

    def align(self, a: Track, b: Track, /) -> Alignment:
        matches = np.arange(a.n_frames) * b.n_frames // a.n_frames
        plan = np.zeros((a.n_frames, b.n_frames))
        plan[np.arange(a.n_frames), matches] = 1 / a.n_frames
        ones = np.ones(a.n_frames)
        return Alignment(a.name, b.name, matches, ones, monotone_path(plan), plan, np.zeros(b.n_frames, bool))


def recording(
    model: Told, labels: list[int], name: str, video: Path | None = None, rate_hz: float | None = 10.0
) -> ReportedRecording:
    features = np.array(labels, np.float32)[:, None]
    track = Track(name, features, None if rate_hz is None else np.arange(len(labels)) / rate_hz)
    found = model.segment(track) if "segment" in model.tasks else None
    return ReportedRecording(track, found, found, video)


def page(
    model: Told, recordings: list[ReportedRecording], facts: RunFacts = FACTS, dataset: Dataset | None = None
) -> str:
    return render(gather(model, recordings, facts, dataset))


class Outline(HTMLParser):
    """Headings, pictures, bars and targets of links of a page; refuses a tag that is closed in the wrong place."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.headings: list[str] = []
        self.pictures: list[dict[str, str | None]] = []
        self.bars: list[dict[str, str | None]] = []
        self.words: list[str] = []
        self.ids: set[str | None] = set()
        self.links: set[str] = set()
        self.unnamed = 0
        self._open: list[str] = []
        self.feed(html)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids.add(given.get("id"))
        self.unnamed += given.get("role") == "img" and not given.get("aria-label")
        self.unnamed += tag == "img" and not given.get("alt")
        if tag == "img":
            self.pictures.append(given)
        if tag == "b":
            self.bars.append(given)
        if tag == "a":
            self.links.add((given["href"] or "").removeprefix("#"))
        if tag in ("h1", "h2", "h3"):
            self.headings.append("")
        if tag not in ("meta", "img", "input", "br"):
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Shapes of drawings, which close themselves."""

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] != "style":
            self.words.append(data)
        if {"h1", "h2", "h3"} & set(self._open[-2:]):
            self.headings[-1] += data

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def shown_number(picture: dict[str, str | None]) -> int:
    data = base64.b64decode((picture["src"] or "").split(",")[1])
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
    assert image is not None
    return number_of(image)


def test_a_page_answers_its_questions_in_order_and_every_drawing_has_words() -> None:
    model = Told()
    outline = Outline(page(model, [recording(model, [0] * 5 + [1] * 5, name) for name in "abc"]))
    assert outline.headings[0] == "What was learned from 3 recordings"
    questions = [heading for heading in outline.headings if heading.endswith("?")]
    assert questions == [
        "When does what happen?",
        "What are the actions?",
        "What follows what?",
        "How well do the alignments fit together?",
        "How was it made?",
    ]
    assert outline.unnamed == 0
    assert outline.links <= outline.ids
    assert "cut 3.0 s of recordings into actions" in outline.text
    assert "of the 3 actions it was to look for, 2 occur" in outline.text
    assert "Never used: action 2 (rest)." in outline.text
    assert "This run was trained on arrays of features, so that there are no pictures." in outline.text
    assert "Of 100 moments, 100 have a counterpart" in outline.text


def test_key_frames_are_the_frames_at_the_typical_moments_of_three_videos(tmp_path: Path) -> None:
    model = Told(("lift", "lower"))
    # Sampled at 10 Hz of 25: the first of equally typical frames is the first of its action.
    recordings = [
        recording(model, [0] * (10 + extra) + [1] * 10, name, write_video(tmp_path / f"{name}.mp4", 80))
        for extra, name in enumerate("abcd")
    ]
    outline = Outline(page(model, recordings))
    by_name = {str(picture["alt"]): shown_number(picture) for picture in outline.pictures}
    keys = {alt: number for alt, number in by_name.items() if alt.startswith("l")}
    assert len(keys) == 6
    for alt, number in keys.items():
        action, name, at = re.fullmatch(r"(lift|lower) in (.) at 0:0(.*)", alt).groups()  # type: ignore[union-attr]
        expected = 0.0 if action == "lift" else 1.0 + 0.1 * "abcd".index(name)
        assert float(at) == pytest.approx(expected)
        assert number == int(25 * expected + 0.01)
    below = [picture for picture in outline.pictures if str(picture["alt"]).startswith("frame in ")]
    assert len(below) == 16


def test_a_video_that_is_gone_is_told_and_the_others_stand_in(tmp_path: Path) -> None:
    model = Told(("lift",))
    videos = [write_video(tmp_path / f"{name}.mp4", 30) for name in "abcd"]
    recordings = [recording(model, [0] * 10, video.stem, video) for video in videos]
    videos[1].unlink()
    videos[2].write_bytes(videos[2].read_bytes()[:100])
    outline = Outline(page(model, recordings))
    assert "No pictures could be taken from: " in outline.text
    assert f"{videos[1]}: there is no such file" in outline.text
    assert f"{videos[2]}: is no video that can be read" in outline.text
    assert {str(picture["alt"])[8] for picture in outline.pictures if str(picture["alt"]).startswith("lift")} == {
        "a",
        "d",
    }


def test_names_and_file_names_cannot_become_code() -> None:
    evil = '"><script>alert(1)</script>'
    model = Told((evil, "b", "c"))
    html = page(model, [recording(model, [0, 0, 1], evil), recording(model, [0, 1, 1], "b")])
    assert "<script" not in html
    assert evil in Outline(html).text


def test_what_people_corrected_is_shown_and_scores_are_of_the_predictions() -> None:
    model = Told()
    labels = [0, 0, 0, 1, 1, 1]
    as_said = [recording(model, labels, name) for name in "ab"]
    corrected = [
        replace(each, segmentation=replace(each.predicted, labels=np.array([2] * 6)))  # type: ignore[type-var]
        for each in as_said
    ]
    truth = Dataset("d", tuple(Recording(each.track, np.array(labels)) for each in as_said), ("up", "down"))
    facts = replace(FACTS, colours={2: "#123456"}, merged={1: 2}, n_corrected=2)
    html = page(model, corrected, facts, truth)
    outline = Outline(html)
    assert "2 timelines changed; action 1 is now part of 2" in outline.text
    assert ".a2 { background: #123456" in html
    assert {bar["title"] for bar in outline.bars} == {"rest: 0:00.0 to 0:00.6"}
    assert "Never used: action 0 (lift)." in outline.text
    (line,) = re.findall(r"this run ([\d. ]+)the same", outline.text)
    assert line.split()[0] == "100.0"
    assert "Taken for: lift = up, lower = down, rest = nothing." in outline.text


def test_scores_stand_beside_predictions_that_need_no_training() -> None:
    model = Told(("lift", "lower"))
    recordings = [recording(model, [0] * 8 + [1] * 2, name) for name in "ab"]
    truth = Dataset("d", tuple(Recording(each.track, np.repeat([0, 1], 5)) for each in recordings), ("up", "down"))
    text = Outline(page(model, recordings, dataset=truth)).text
    rows = {
        name: re.findall(rf"{name} ([\d.]+)", text)[0]
        for name in ("this run", "the same label everywhere", "equal parts", "K-Means of the features")
    }
    # Seven frames of ten are right, and the truth is equal parts. A single feature, standardised, is 0 everywhere.
    assert rows == {
        "this run": "70.0",
        "the same label everywhere": "50.0",
        "equal parts": "100.0",
        "K-Means of the features": "50.0",
    }


def test_very_many_labelled_frames_are_scored_without_clustering(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vasot.report.label_scores._MOST_CLUSTERED", 19)
    model = Told()
    recordings = [recording(model, [0] * 8 + [1] * 2, name) for name in "ab"]
    truth = Dataset("d", tuple(Recording(each.track, np.repeat([0, 1], 5)) for each in recordings), ("up", "down"))
    text = Outline(page(model, recordings, dataset=truth)).text
    assert "this run 70.0" in text
    assert "equal parts" in text
    assert "K-Means" not in text


def test_labels_that_cannot_be_scored_are_told_and_the_page_is_made() -> None:
    model = Told()
    recordings = [recording(model, [0, 1], name) for name in "ab"]
    truth = Dataset("d", tuple(Recording(each.track, np.zeros(2, int)) for each in recordings), ("up",))
    text = Outline(page(model, recordings, replace(FACTS, exclude=("up",)), truth)).text
    assert "Not scored here: d: no frame is left to score" in text


def test_a_method_that_only_aligns_has_no_actions_on_its_page() -> None:
    model = Told(tasks=("align",))
    outline = Outline(page(model, [recording(model, [0] * 8, name) for name in "ab"]))
    assert "It does not cut them into actions" in outline.text
    assert [heading for heading in outline.headings if heading.endswith("?")] == [
        "How well do the alignments fit together?",
        "How was it made?",
    ]


def test_a_method_that_only_segments_has_no_alignments_on_its_page() -> None:
    model = Told(tasks=("segment",))
    outline = Outline(page(model, [recording(model, [0, 1], "a", rate_hz=None)]))
    assert "How well do the alignments fit together?" not in outline.headings
    assert "cut 2 frames of recordings" in outline.text


def test_recordings_that_are_no_longer_there_are_named() -> None:
    model = Told()
    text = Outline(page(model, [recording(model, [0, 1], "a")], replace(FACTS, expected=("a", "gone_1")))).text
    assert "1 recording that the run was trained on could not be read again and is not on this page: gone_1." in text


def test_a_thousand_recordings_of_thirty_segments_fit_in_five_megabytes() -> None:
    model = Told(tuple(f"action_{index}" for index in range(30)))
    generator = np.random.default_rng(0)
    recordings = [
        recording(model, generator.permutation(30)[:6].repeat(10).tolist(), f"a_recording_with_a_name_{index}")
        for index in range(1000)
    ]
    html = page(model, recordings)
    assert len(Outline(html).bars) == 6000
    per_bar = len(html[html.index('class="strips"') : html.index('id="actions"')]) / 6000
    assert len(html) + 24_000 * per_bar < 5_000_000
