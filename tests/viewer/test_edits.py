from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from made_viewer import Site
from vasot.training.results import RunResults, read_results

PREDICTED = ("segments", "model.safetensors", "config.toml")


@pytest.fixture
def site(viewer_run: Path, viewer_results: RunResults, tmp_path: Path) -> Iterator[Site]:
    run = tmp_path / "run"
    shutil.copytree(viewer_run, run, ignore=shutil.ignore_patterns("checkpoints"))
    with Site(run, viewer_results) as site:
        yield site


def borders(site: Site, index: int = 0) -> list[int]:
    return [each["first"] for each in site.ask("api/run").json()["recordings"][index]["segments"]]


def actions(site: Site, index: int = 0) -> list[int]:
    return [each["action"] for each in site.ask("api/run").json()["recordings"][index]["segments"]]


def contents(run: Path) -> dict[str, bytes]:
    files = [file for part in PREDICTED for file in [run / part, *(run / part).rglob("*")] if file.is_file()]
    return {str(file.relative_to(run)): file.read_bytes() for file in files}


def test_changes_lie_beside_the_predictions_and_are_there_after_a_restart(site: Site) -> None:
    before = contents(site.run)
    first = borders(site)[1]
    assert site.ask("api/actions/2/name", {"name": "tighten screw"}).status == 200
    assert site.ask("api/actions/2/colour", {"colour": "#123456"}).status == 200
    assert site.ask("api/actions/3/merge", {"into": 2}).status == 200
    assert site.ask("api/recordings/0/border", {"border": first, "to": first + 2}).status == 200
    assert contents(site.run) == before
    with Site(site.run) as again:
        run = again.ask("api/run").json()
    assert run == {**site.ask("api/run").json(), "undo": None}
    assert run["actions"][2] == {**run["actions"][2], "name": "tighten screw", "colour": "#123456"}
    assert run["recordings"][0]["segments"][1]["first"] == first + 2
    assert 3 not in {each["action"] for recording in run["recordings"] for each in recording["segments"]}
    corrected = read_results(site.run).recordings[0].segmentation
    assert corrected is not None
    assert [each.start_frame for each in corrected.segments()] == [
        each["first"] for each in run["recordings"][0]["segments"]
    ]


def test_a_border_moves_and_keeps_a_frame_of_both_its_segments(site: Site) -> None:
    before = borders(site)
    left, border, right = before[1:4]
    for to in (left + 1, right - 1):
        assert site.ask("api/recordings/0/border", {"border": borders(site)[2], "to": to}).status == 200
        assert borders(site) == [*before[:2], to, *before[3:]]
    for to in (left, right, -1, 10_000):
        answer = site.ask("api/recordings/0/border", {"border": right - 1, "to": to})
        assert answer.status == 400
        assert f"{left + 1} to {right - 1}" in answer.json()["error"]
    assert site.ask("api/recordings/0/border", {"border": border, "to": border + 1}).status == 400
    assert site.ask("api/recordings/0/border", {"border": 0, "to": 1}).status == 400


def test_frames_get_another_action_and_the_recording_its_prediction_back(site: Site) -> None:
    before = borders(site), actions(site)
    body = {"start": before[0][1], "end": before[0][2], "action": 6}
    run = site.ask("api/recordings/0/action", body).json()
    assert run["recordings"][0]["corrected"]
    assert actions(site)[1] == 6
    assert not site.ask("api/recordings/0/reset", {}).json()["recordings"][0]["corrected"]
    assert (borders(site), actions(site)) == before


@pytest.mark.parametrize("body", [(-1, 5, 0), (5, 5, 0), (5, 4, 0), (0, 10_000, 0), (0, 5, 7), (0, 5, -1)])
def test_frames_or_actions_that_do_not_exist_are_refused(site: Site, body: tuple[int, int, int]) -> None:
    answer = site.ask("api/recordings/0/action", dict(zip(("start", "end", "action"), body, strict=True)))
    assert answer.status == 400
    assert not (site.run / "corrections").exists()


def test_a_merge_is_taken_back_whole_whatever_was_corrected_meanwhile(site: Site) -> None:
    before = actions(site)
    site.ask("api/actions/1/merge", {"into": 0})
    merged = actions(site)
    assert 1 not in merged
    border = borders(site)[1]
    assert site.ask("api/recordings/0/border", {"border": border, "to": border + 1}).status == 200
    site.ask("api/actions/1/merge", {"into": None})
    assert actions(site) == before


def test_what_was_merged_into_an_action_goes_along_when_that_is_merged(site: Site) -> None:
    site.ask("api/actions/1/merge", {"into": 0})
    run = site.ask("api/actions/0/merge", {"into": 2}).json()
    assert [each["merged"] for each in run["actions"]][:3] == [2, 2, None]
    run = site.ask("api/actions/3/merge", {"into": 0}).json()
    assert run["actions"][3]["merged"] == 2
    for action, into in ((2, 3), (2, 0), (4, 4), (4, 9), (9, 4)):
        assert site.ask(f"api/actions/{action}/merge", {"into": into}).status == 400
    assert site.ask("api/run").json() == run


def test_names_and_colours_are_checked_and_taken_away(site: Site) -> None:
    assert site.ask("api/actions/0/name", {"name": "action_1"}).status == 400
    assert site.ask("api/actions/0/name", {"name": "two\nlines"}).status == 400
    assert site.ask("api/actions/9/name", {"name": "x"}).status == 400
    assert site.ask("api/actions/0/colour", {"colour": "red"}).status == 400
    usual = site.ask("api/run").json()["actions"][0]
    site.ask("api/actions/0/name", {"name": "saw"})
    site.ask("api/actions/0/colour", {"colour": "#ABCDEF"})
    site.ask("api/actions/0/name", {"name": None})
    assert site.ask("api/actions/0/colour", {"colour": None}).json()["actions"][0] == usual


def test_every_change_is_undone_in_turn(site: Site) -> None:
    states = [site.ask("api/run").json()]
    border = borders(site)[1]
    for path, body in (
        ("actions/0/name", {"name": "saw"}),
        ("actions/0/colour", {"colour": "#123456"}),
        ("recordings/0/border", {"border": border, "to": border + 1}),
        ("recordings/0/action", {"start": 0, "end": 3, "action": 5}),
        ("actions/1/merge", {"into": 0}),
        ("recordings/0/reset", {}),
    ):
        answer = site.ask(f"api/{path}", body)
        assert answer.status == 200, path
        assert answer.json() != states[-1]
        states.append(answer.json())
    for state in reversed(states[:-1]):
        assert site.ask("api/undo", {}).json() == state
    assert site.ask("api/undo", {}).status == 400


def test_a_name_given_on_the_command_line_meanwhile_is_shown(site: Site) -> None:
    (site.run / "names.toml").write_text('[names]\n0 = "from elsewhere"\n')
    assert site.ask("api/run").json()["actions"][0]["name"] == "from elsewhere"


def test_a_corrections_file_that_cannot_be_read_is_named_not_overwritten(site: Site) -> None:
    file = site.run / "corrections" / "actions.toml"
    file.parent.mkdir()
    file.write_text("[merged]\n0 = 0\n")
    for answer in (site.ask("api/run"), site.ask("api/actions/1/merge", {"into": 0})):
        assert answer.status == 400
        assert "actions.toml" in answer.json()["error"]
    assert file.read_text() == "[merged]\n0 = 0\n"
