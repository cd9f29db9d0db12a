from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from vasot.errors import RunFolderError
from vasot.training.corrections import (
    Corrections,
    Stretch,
    load_corrections,
    remove_segments,
    save_actions,
    save_segments,
)
from vasot.training.folder import RunFolder
from vasot.training.names import write_names
from vasot.types import Segmentation, default_action_names

TIMELINE = (Stretch(0, 3, 0), Stretch(3, 5, 2), Stretch(5, 6, 1))


def predicted(name: str = "a") -> Segmentation:
    return Segmentation(name, np.array([0, 0, 1, 1, 2, 2]), np.full(6, 0.5), 3, default_action_names(3))


def test_a_run_without_corrections_keeps_its_predictions(tmp_path: Path) -> None:
    corrected = load_corrections(tmp_path).apply(predicted())
    assert (corrected.labels == predicted().labels).all()
    assert (corrected.confidence == 0.5).all()


def test_what_is_stored_comes_back_and_is_applied_to_its_recording_only(tmp_path: Path) -> None:
    save_segments(tmp_path, "a", TIMELINE, 6, 3)
    save_actions(tmp_path, {2: 1}, {1: "#0072B2"}, 3)
    stored = load_corrections(tmp_path)
    assert stored == Corrections({2: 1}, {1: "#0072B2"}, {"a": TIMELINE})
    assert stored.apply(predicted("a")).labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert stored.apply(predicted("b")).labels.tolist() == [0, 0, 1, 1, 1, 1]


def test_frames_that_a_person_gave_another_action_are_certain_and_the_others_keep_their_confidence() -> None:
    corrected = Corrections({2: 1}, {}, {"a": TIMELINE}).apply(predicted())
    assert corrected.confidence.tolist() == [0.5, 0.5, 1.0, 1.0, 0.5, 1.0]


def test_a_removed_timeline_makes_the_prediction_hold_again(tmp_path: Path) -> None:
    save_segments(tmp_path, "a", TIMELINE, 6, 3)
    remove_segments(tmp_path, "a")
    remove_segments(tmp_path, "a")
    assert load_corrections(tmp_path) == Corrections()


@pytest.mark.parametrize(
    ("stretches", "said"),
    [
        ((), "do not begin at frame 0"),
        ((Stretch(1, 6, 0),), "do not begin at frame 0"),
        ((Stretch(0, 2, 0), Stretch(3, 6, 1)), "ends at frame 2 and the next begins at 3"),
        ((Stretch(0, 3, 0), Stretch(2, 6, 1)), "ends at frame 3 and the next begins at 2"),
        ((Stretch(0, 0, 0), Stretch(0, 6, 1)), "has frames 0 to 0"),
        ((Stretch(0, 6, 3),), "no action 3; the run has 0 to 2"),
        ((Stretch(0, 5, 0),), "end at frame 5, but the recording has 6"),
    ],
)
def test_a_timeline_that_does_not_cover_its_recording_once_is_refused(
    stretches: tuple[Stretch, ...], said: str, tmp_path: Path
) -> None:
    with pytest.raises(RunFolderError, match=said):
        save_segments(tmp_path, "a", stretches, 6, 3)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("merged", "colours", "said"),
    [
        ({0: 0}, {}, "merged itself"),
        ({0: 1, 1: 2}, {}, "merged itself"),
        ({0: 3}, {}, "no action 3; actions are 0 to 2"),
        ({}, {-1: "#000000"}, "no action -1"),
        ({}, {0: "red"}, "write it as #rrggbb"),
    ],
)
def test_actions_that_cannot_be_merged_or_coloured_so_are_refused(
    merged: dict[int, int], colours: dict[int, str], said: str, tmp_path: Path
) -> None:
    with pytest.raises(RunFolderError, match=said):
        save_actions(tmp_path, merged, colours, 3)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["../a", "a/b", "..", "a\\b", ""])
def test_a_name_that_leads_out_of_the_folder_is_refused(name: str, tmp_path: Path) -> None:
    for change in (lambda: save_segments(tmp_path, name, TIMELINE, 6, 3), lambda: remove_segments(tmp_path, name)):
        attempt: Callable[[], object] = change
        with pytest.raises(RunFolderError, match="is not the name of a recording"):
            attempt()


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("segments/a.json", "{"),
        ("segments/a.json", '{"format": "other", "version": 1, "recording": "a", "segments": []}'),
        ("actions.toml", "merged = 3"),
        ("actions.toml", '[merged]\n1 = "x"'),
        ("actions.toml", "[merged]\nx = 1"),
        ("actions.toml", "[other]"),
        ("actions.toml", "[colours]\n1 = 3"),
    ],
)
def test_a_damaged_file_is_named(file: str, text: str, tmp_path: Path) -> None:
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text(text)
    with pytest.raises(RunFolderError) as caught:
        load_corrections(tmp_path)
    assert str(tmp_path / file) in str(caught.value)


def test_corrections_of_a_recording_that_has_another_length_now_are_refused() -> None:
    with pytest.raises(RunFolderError, match="end at frame 6, but the recording has 7"):
        Corrections(segments={"a": TIMELINE}).apply(
            Segmentation("a", np.zeros(7, dtype=np.int64), np.ones(7), 3, default_action_names(3))
        )


def test_clearing_a_run_sets_names_and_corrections_aside(tmp_path: Path) -> None:
    place = RunFolder(tmp_path / "run")
    for number, name in enumerate(("first", "second"), start=1):
        write_names(place.names, {0: name})
        save_segments(place.corrections, "a", TIMELINE, 6, 3)
        place.clear()
        assert not place.names.exists()
        assert not place.corrections.exists()
        aside = place.path / "earlier" / str(number)
        assert name in (aside / "names.toml").read_text()
        assert load_corrections(aside / "corrections").segments == {"a": TIMELINE}
