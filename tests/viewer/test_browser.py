"""The page in a real browser: what keys and controls do, what a reload keeps, and whether everybody can use it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from made_data import tiny, tiny_data
from made_viewer import Site, chromium_page
from vasot.training.model import fit
from vasot.training.results import RunResults

CONTROLS = {
    "button",
    "checkbox",
    "combobox",
    "slider",
    "textbox",
    "searchbox",
    "link",
    "ColorWell",
    "DisclosureTriangle",
}


@pytest.fixture(scope="module")
def browser_page() -> Iterator[Page]:
    with chromium_page() as page:
        yield page


@pytest.fixture
def site(viewer_run: Path, viewer_results: RunResults, tmp_path: Path) -> Iterator[Site]:
    run = tmp_path / "run"
    shutil.copytree(viewer_run, run, ignore=shutil.ignore_patterns("checkpoints"))
    with Site(run, viewer_results) as site:
        yield site


@pytest.fixture
def page(browser_page: Page, site: Site) -> Page:
    """The page with two recordings that play; the first leads."""
    whole, clip = site.recording("whole"), site.recording("clip")
    visit(browser_page, site, f"#show={whole},{clip}&lead={whole}")
    browser_page.locator("#plans figure").wait_for()
    return browser_page


def visit(page: Page, site: Site, place: str = "") -> None:
    page.goto("about:blank")
    page.goto(site.server.address + place)
    page.locator(".panel").first.wait_for()


def leader(page: Page) -> Locator:
    return page.locator(".panel.leads .timeline")


def stands_at(timeline: Locator) -> float:
    return float(timeline.get_attribute("aria-valuenow") or "nan")


def test_keys_play_stop_step_and_shuttle(page: Page) -> None:
    play = page.locator("#play")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert stands_at(leader(page)) == pytest.approx(2 / 25, abs=1e-3)
    page.keyboard.press("ArrowLeft")
    assert stands_at(leader(page)) == pytest.approx(1 / 25, abs=1e-3)
    page.keyboard.press("Shift+ArrowRight")
    assert stands_at(leader(page)) == pytest.approx(1 + 1 / 25, abs=1e-3)
    page.keyboard.press("Space")
    expect(play).to_have_text("Pause")
    page.wait_for_function("() => Number(document.querySelector('.leads .timeline').ariaValueNow) > 1.4")
    page.keyboard.press("Space")
    expect(play).to_have_text("Play")
    page.keyboard.press("l")
    page.keyboard.press("l")
    assert page.evaluate("document.querySelector('.leads video').playbackRate") == 2
    page.keyboard.press("k")
    expect(play).to_have_text("Play")
    before = stands_at(leader(page))
    page.keyboard.press("j")
    page.wait_for_function(f"() => Number(document.querySelector('.leads .timeline').ariaValueNow) < {before - 0.3}")
    page.keyboard.press("k")
    leader(page).press("End")
    at_end = stands_at(leader(page))
    page.keyboard.press("Space")
    page.wait_for_function(f"() => Number(document.querySelector('.leads .timeline').ariaValueNow) < {at_end - 1}")


def test_a_digit_goes_to_the_next_segment_of_that_action_and_around(page: Page, site: Site) -> None:
    recording = site.ask("api/run").json()["recordings"][site.recording("whole")]
    action = recording["segments"][2]["action"]
    starts = [each["start_seconds"] for each in recording["segments"] if each["action"] == action]
    for start in [*starts, starts[0]]:
        page.keyboard.press(f"Digit{action + 1}")
        assert stands_at(leader(page)) == pytest.approx(start, abs=1e-3)
        assert f"action_{action}" in (leader(page).get_attribute("aria-valuetext") or "")


def test_keys_flip_switches_and_mean_nothing_while_somebody_types(page: Page) -> None:
    expect(page.locator("#plans figure")).to_have_count(1)
    page.keyboard.press("p")
    expect(page.locator("#plans figure")).to_have_count(0)
    page.keyboard.press("m")
    expect(page.locator("#follow")).to_have_value("matches")
    assert page.locator(".void").count() > 0
    page.keyboard.press("u")
    expect(page.locator(".void")).to_have_count(0)
    page.get_by_label("Find").press_sequentially("p m?")
    expect(page.locator("#plans figure")).to_have_count(0)
    expect(page.locator("#help")).to_be_hidden()
    leader(page).press("?")
    expect(page.locator("#help")).to_be_visible()
    expect(page.locator("#help kbd", has_text="Space")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#help")).to_be_hidden()


def test_names_merges_and_colours_are_shown_after_a_reload_and_undone(page: Page, site: Site) -> None:
    page.get_by_label("Name of action 0").fill("saw wood")
    page.get_by_label("Name of action 0").press("Enter")
    expect(page.locator("#message")).to_have_text("Saved in the run folder.")
    page.get_by_label("Colour of saw wood").evaluate(
        "(field) => { field.value = '#123456'; field.dispatchEvent(new Event('change')); }"
    )
    expect(page.get_by_label("Usual colour of saw wood")).to_be_visible()
    page.get_by_label("Make action_1 part of").select_option("in saw wood")
    expect(page.locator(".segment", has_text="action_1")).to_have_count(0)
    page.reload()
    block = page.locator(".panel.leads .segment", has_text="saw wood").first
    expect(block).to_have_css("background-color", "rgb(18, 52, 86)")
    expect(page.locator(".segment", has_text="action_1")).to_have_count(0)
    run = site.ask("api/run").json()
    assert (run["actions"][0]["name"], run["actions"][1]["merged"]) == ("saw wood", 0)
    for _ in range(3):
        page.get_by_role("button", name=re.compile("^Undo .+")).click()
        expect(page.locator("#message")).to_have_text("Saved in the run folder.")
        page.locator("#message").evaluate("(message) => { message.textContent = ''; }")
    expect(page.locator("#undo")).to_be_disabled()
    expect(page.locator(".segment", has_text="saw wood")).to_have_count(0)
    assert page.locator(".segment", has_text="action_1").count() > 0


def test_a_name_that_cannot_be_stored_is_told_and_the_old_one_stands(page: Page) -> None:
    page.get_by_label("Name of action 0").fill("action_1")
    page.get_by_label("Name of action 0").press("Enter")
    expect(page.locator("#message.error")).to_contain_text("action 1 is called 'action_1' already")
    expect(page.get_by_label("Name of action 0")).to_have_value("action_0")


def test_a_border_is_moved_by_keys_and_by_dragging(page: Page, site: Site) -> None:
    index = site.recording("whole")

    def borders() -> list[int]:
        return [each["first"] for each in site.ask("api/run").json()["recordings"][index]["segments"]]

    before = borders()
    page.keyboard.press("e")
    handles = page.locator(".panel.leads .handle")
    expect(handles).to_have_count(len(before) - 1)
    handles.nth(1).focus()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    times = site.ask(f"api/recordings/{index}/times").json()["times"]
    assert stands_at(leader(page)) == pytest.approx(times[before[2] - 3], abs=1e-3)
    expect(page.locator("#message")).to_have_text("Saved in the run folder.")
    assert borders() == [*before[:2], before[2] - 3, *before[3:]]
    expect(handles.nth(1)).to_be_focused()
    handles.nth(0).scroll_into_view_if_needed()
    box, line = handles.nth(0).bounding_box(), leader(page).bounding_box()
    assert box is not None
    assert line is not None
    page.mouse.move(box["x"] + 7, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + 7 + 2 * line["width"] / len(times), box["y"] + 10, steps=3)
    with page.expect_response("**/border"):
        page.mouse.up()
    assert borders()[1] == pytest.approx(before[1] + 2, abs=1)
    assert borders()[1] > before[1]
    page.get_by_label("Reset all changes of whole").click()
    expect(page.get_by_label("Reset all changes of whole")).to_be_disabled()
    assert borders() == before


def test_the_segment_at_the_present_moment_gets_another_action_whole_or_from_there_on(page: Page, site: Site) -> None:
    index = site.recording("whole")
    page.keyboard.press("e")
    leader(page).press("Home")
    first = site.ask("api/run").json()["recordings"][index]["segments"][0]
    page.get_by_label("This segment is of whole").select_option("action_6")
    expect(page.locator("#message")).to_have_text("Saved in the run folder.")
    segments = site.ask("api/run").json()["recordings"][index]["segments"]
    assert (segments[0]["end"], segments[0]["action"]) == (first["end"], 6)
    for _ in range(4):
        leader(page).press("ArrowUp")
    with page.expect_response("**/action"):
        page.get_by_label("From here on it is of whole").select_option("action_2")
    segments = site.ask("api/run").json()["recordings"][index]["segments"]
    assert [(each["first"], each["end"], each["action"]) for each in segments[:2]] == [(0, 4, 6), (4, first["end"], 2)]


def test_all_takes_of_an_action_play_next_to_each_other_again_and_again(page: Page, site: Site) -> None:
    recordings = site.ask("api/run").json()["recordings"]
    action = recordings[0]["segments"][1]["action"]
    takes = [
        (index, each["start_seconds"], each["end_seconds"])
        for index, recording in enumerate(recordings)
        for each in recording["segments"]
        if each["action"] == action
    ]
    page.keyboard.press(f"Shift+Digit{action + 1}")
    expect(page.locator(".panel")).to_have_count(len(takes))
    expect(page.locator("#play")).to_have_text("Pause")
    turns, last = 0, 0.0
    for _ in range(60):
        places = page.evaluate("[...document.querySelectorAll('.timeline')].map((each) => Number(each.ariaValueNow))")
        for place, (_, start, end) in zip(places, takes, strict=True):
            assert start - 1e-3 <= place <= end
        shares = [(place - start) / (end - start) for place, (_, start, end) in zip(places, takes, strict=True)]
        assert np.ptp(shares) < 0.05
        turns += shares[0] < last - 0.3
        last = shares[0]
        if turns == 2:
            break
        page.wait_for_timeout(60)
    assert turns == 2
    shown = page.evaluate("[...document.querySelectorAll('video')].map((video) => [video.src, video.currentTime])")
    for source, seconds in shown:
        assert any(source.endswith(f"/{index}") and start - 0.1 <= seconds <= end + 0.1 for index, start, end in takes)
    page.keyboard.press("Escape")
    expect(page.locator(".panel")).to_have_count(2)


def test_similar_frames_of_all_other_recordings_are_listed_and_lead_there(page: Page, site: Site) -> None:
    leader(page).press("PageUp")
    page.get_by_label("Frames similar to this one of whole").click()
    entries = page.locator(".similar button")
    expect(entries).to_have_count(2)
    found = site.ask(f"api/recordings/{site.recording('whole')}/similar?frame=10").json()
    for entry, each in zip(entries.all(), found, strict=True):
        expect(entry).to_contain_text(f"{each['seconds']:.2f} s")
        picture = entry.locator("img")
        picture.scroll_into_view_if_needed()
        page.wait_for_function("(image) => image.complete && image.naturalWidth > 0", arg=picture.element_handle())
    entries.nth(1).click()
    expect(page.locator(".panel.leads h2")).to_have_text(
        site.ask("api/run").json()["recordings"][found[1]["recording"]]["name"]
    )
    assert stands_at(leader(page)) == pytest.approx(found[1]["seconds"], abs=1e-3)


def test_a_video_that_the_browser_cannot_play_says_so_and_shows_stills_in_step(browser_page: Page, site: Site) -> None:
    page = browser_page
    whole, old = site.recording("whole"), site.recording("old")
    visit(page, site, f"#show={whole},{old}&lead={whole}")
    panel = page.locator(".panel").nth(1)
    expect(panel.locator(".note")).to_contain_text("cannot play the video")
    page.locator("#plans figure").wait_for()
    leader(page).press("PageUp")
    stands = stands_at(panel.locator(".timeline"))
    assert stands > 0.5

    def still_at() -> float:
        source = re.search(r"still\.jpg\?at=([0-9.]+)", panel.locator("img").get_attribute("src") or "")
        return float(source.group(1)) if source else float("nan")

    # A still comes when the one before it is there.
    for _ in range(100):
        if still_at() == pytest.approx(stands, abs=2e-3):
            break
        page.wait_for_timeout(100)
    assert still_at() == pytest.approx(stands, abs=2e-3)
    panel.get_by_text("Lead").click()
    expect(page.locator(".panel.leads h2")).to_have_text("old")
    page.locator("#plans figure").wait_for()
    page.locator("#play").click()
    page.wait_for_function("() => Number(document.querySelector('.leads .timeline').ariaValueNow) > 0.5")


def test_a_run_of_features_shows_timelines_and_plans_and_its_clock_plays(browser_page: Page, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    for track in tiny_data(3).dataset.tracks:
        np.save(tmp_path / "data" / f"{track.name}.npy", track.features)
    fit(tmp_path / "data", output=tmp_path / "run", **tiny())
    with Site(tmp_path / "run") as site:
        visit(browser_page, site)
        page = browser_page
        page.locator("#plans figure").wait_for()
        expect(page.locator("video, .picture img")).to_have_count(0)
        assert page.locator(".segment").count() > 2
        page.wait_for_function("() => document.querySelector('.map img').naturalWidth > 5")
        expect(leader(page)).to_have_attribute("aria-valuetext", re.compile("^frame 0, "))
        page.keyboard.press("ArrowRight")
        expect(leader(page)).to_have_attribute("aria-valuetext", re.compile("^frame 1, "))
        before = page.locator(".point").bounding_box()
        page.keyboard.press("Space")
        expect(leader(page)).to_have_attribute("aria-valuetext", re.compile(r"^frame \d\d, "))
        page.keyboard.press("Space")
        assert page.locator(".point").bounding_box() != before


@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_fits_its_width_and_every_control_has_a_name(width: int, page: Page) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    try:
        page.keyboard.press("e")
        page.locator(".handle").first.wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") == width
        page.get_by_text("Similar frames", exact=True).click()
        client = page.context.new_cdp_session(page)
        nodes = client.send("Accessibility.getFullAXTree")["nodes"]
        shown = [node for node in nodes if not node["ignored"] and node.get("role", {}).get("value") in CONTROLS]
        assert len(shown) > 30
        assert {node["role"]["value"] for node in shown} >= {"button", "checkbox", "combobox", "slider", "textbox"}
        assert [node["role"]["value"] for node in shown if not node.get("name", {}).get("value", "").strip()] == []
        for slider in page.locator("[role=slider]").all():
            low, now, high = (float(slider.get_attribute(f"aria-value{end}") or "nan") for end in ("min", "now", "max"))
            assert low <= now <= high
            assert slider.get_attribute("aria-valuetext")
    finally:
        page.set_viewport_size({"width": 1280, "height": 900})


def test_with_tab_alone_every_control_is_reached_and_seen(page: Page) -> None:
    wanted = page.evaluate(
        """() => [...document.querySelectorAll('button, input, select, summary, a, [tabindex="0"]')]
            .filter((each) => each.checkVisibility() && !each.disabled && !each.closest('dialog')).length"""
    )
    page.evaluate("document.activeElement.blur()")
    seen = set()
    for _ in range(wanted + 5):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            """() => {
                const all = [...document.querySelectorAll('*')];
                const style = getComputedStyle(document.activeElement);
                return [all.indexOf(document.activeElement), document.activeElement.tagName, style.outlineStyle];
            }"""
        )
        if focused[1] == "BODY":
            break
        assert focused[2] != "none", focused
        seen.add(focused[0])
    assert len(seen) >= wanted


def test_recordings_are_found_by_name_and_shown_and_closed(page: Page, site: Site) -> None:
    page.get_by_label("Find").fill("OLD")
    boxes = page.locator("#recordings input")
    expect(boxes).to_have_count(1)
    boxes.first.check()
    expect(page.locator(".panel")).to_have_count(3)
    page.locator("#plans figure").nth(1).wait_for()
    page.get_by_label("Close clip").click()
    expect(page.locator(".panel h2")).to_have_text(["whole", "old"])
    assert page.url.endswith(f"#show={site.recording('whole')},{site.recording('old')}&lead={site.recording('whole')}")
    page.reload()
    expect(page.locator(".panel h2")).to_have_text(["whole", "old"])


def test_an_ended_viewer_is_told(page: Page, site: Site) -> None:
    site.server.stop()
    page.wait_for_timeout(1500)
    page.get_by_label("Name of action 0").fill("late")
    page.get_by_label("Name of action 0").press("Enter")
    expect(page.locator("#message.error")).to_contain_text("Start it again with vasot view")
