from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from made_deviations import N_ACTIONS, USUAL, deviations, references, timeline
from made_videos import write_video
from vasot.deviations.findings import score_of
from vasot.deviations.held import Held, Outcome, Recorded, Unit
from vasot.deviations.norm import Norm
from vasot.report.deviations import deviations_page


def outcome(names: tuple[str, ...], video: Path | None = None, rate_hz: float | None = 10.0) -> Outcome:
    known = references()
    norm = Norm.of(known, known, N_ACTIONS)
    found = deviations((*USUAL[:2], USUAL[3]), known)

    def recorded(name: str) -> Recorded:
        shown = next((each for each in known if each.name == name), timeline(name, (*USUAL[:2], USUAL[3])))
        times = None if rate_hz is None else np.arange(shown.n_frames) / rate_hz
        return Recorded(shown, times, video)

    held = Held(recorded("take"), tuple(found), score_of(found, norm), 0.25)
    unit: Unit = "frames" if rate_hz is None else "seconds"
    return Outcome(tuple(recorded(each.name) for each in known), norm, (held,), names, unit)


NAMES = ("saw", "hammer <b>", "screw", "paint", "wipe")


def test_the_page_says_what_deviates_in_names_and_times() -> None:
    page = deviations_page(outcome(NAMES))

    assert "screw is missing (usually " in page
    assert "5.0 s, confidence" in page
    assert "In the reference: reference_0, " in page


def test_frames_are_told_where_no_rate_is_known() -> None:
    assert "frame 50, confidence" in deviations_page(outcome(NAMES, rate_hz=None))


def test_a_name_is_text_and_never_markup() -> None:
    assert "hammer <b>" not in deviations_page(outcome(NAMES))
    assert "hammer &lt;b&gt;" in deviations_page(outcome(NAMES))


def test_the_frames_of_both_recordings_are_on_the_page(tmp_path: Path) -> None:
    video = tmp_path / "take.mp4"
    write_video(video, 90, time_base=Fraction(1, 10))

    assert deviations_page(outcome(NAMES)).count("<img") == 0
    assert deviations_page(outcome(NAMES, video)).count("<img") == 2


def test_a_video_that_is_gone_is_told_and_the_rest_is_there(tmp_path: Path) -> None:
    page = deviations_page(outcome(NAMES, tmp_path / "gone.mp4"))

    assert "gone.mp4" in page
    assert "screw is missing" in page


def test_colours_that_people_gave_are_used() -> None:
    assert "#123456" in deviations_page(outcome(NAMES), {2: "#123456"})


def test_a_recording_without_deviations_says_so() -> None:
    found = outcome(NAMES)
    clean = replace(found, held=(replace(found.held[0], deviations=(), score=0.0),))

    assert "Nothing deviates." in deviations_page(clean)


@pytest.mark.parametrize("rate_hz", [None, 10.0])
def test_the_page_needs_no_network(rate_hz: float | None) -> None:
    page = deviations_page(outcome(NAMES, rate_hz=rate_hz))

    assert "http" not in page.replace("http-equiv", "")
    assert "<script" not in page
