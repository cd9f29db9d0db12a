"""Two videos in a real browser: whether the follower shows what the path says."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, Route

from made_viewer import CLIP_START, Site, chromium_page
from vasot.decoding.path import follow
from vasot.training.model import fit
from vasot.training.results import RunResults, read_results
from vasot.viewer.times import edges_of, instants_of

MEASURE = (Path(__file__).parent / "measure.js").read_text()
FRAME_SECONDS = 1 / 25
SLACK = 1e-3
EDGES = ("start", "end")

WATCH = """() => document.querySelectorAll("video").forEach((video) => {
    const see = (_, frame) => {
        video.dataset.shown = frame.mediaTime;
        video.requestVideoFrameCallback(see);
    };
    video.requestVideoFrameCallback(see);
    // The picture that is there already is not told of again: another one is sought.
    video.currentTime += 0.2;
})"""

# A follower that is where it is asked to be, and a path that jumps from 1 to 6 within a tenth of a second.
JUMP = """async () => {
    const { Engine } = await import(new URL("static/js/engine.js", document.baseURI));
    const asked = [];
    const player = { lost: false, show() {}, pause() {}, steer: (seconds) => asked.push(seconds) };
    const locate = (seconds) => seconds + 4.9 * Math.min(Math.max((seconds - 1) / 0.1, 0), 1);
    const engine = new Engine(() => {});
    engine.setStage({ start: 0, end: 9, loops: false, leader: null, parts: [{ player, locate, update() {} }] }, 0.7);
    engine.play(1);
    await new Promise((done) => setTimeout(done, 1000));
    engine.pause();
    return asked;
}"""

SHOWN = """async (index) => {
    const video = document.querySelector(`video[src="videos/${index}"]`);
    const rest = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
    for (let tries = 0; tries < 100 && (video.seeking || !video.paused); tries += 1) await rest(50);
    await rest(100);
    return Number(video.dataset.shown);
}"""


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with chromium_page() as page:
        yield page


@pytest.fixture(scope="module")
def rendered(viewer_run: Path, viewer_results: RunResults) -> Iterator[Site]:
    with Site(viewer_run, viewer_results) as site:
        yield site


@pytest.fixture(scope="module")
def pushups(data_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("pushups")
    (folder / "data").mkdir()
    for name in ("wrong_011.mp4", "correct_011.mp4"):
        (folder / "data" / name).symlink_to(data_root / "pushups" / "videos" / name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VASOT_CACHE", str(folder / "cache"))
        fit(folder / "data", output=folder / "run", actions=4, preset="short-clips", epochs=4)
        results = read_results(folder / "run")
    with Site(folder / "run", results) as site:
        yield site


def open_pair(page: Page, site: Site, leader: str, follower: str) -> tuple[int, int]:
    """Show two recordings and wait until they are aligned."""
    x, y = site.recording(leader), site.recording(follower)
    page.goto("about:blank")
    page.goto(f"{site.server.address}#show={x},{y}&lead={x}")
    page.locator("#plans figure").wait_for()
    page.wait_for_function(
        "() => [...document.querySelectorAll('video')].every((video) => video.readyState >= 2 && !video.seeking)"
    )
    page.evaluate(WATCH)
    return x, y


def path_of(site: Site, x: int, y: int) -> Callable[[float], float]:
    """Where the path has recording Y at an instant of X, by way of Python."""
    tracks = [site.server.view.recordings[index].track for index in (x, y)]
    path = site.model.align(*tracks).path
    times_x, times_y = map(instants_of, tracks)
    ends = (float(edges_of(tracks[0])[-1]), float(edges_of(tracks[1])[-1]))
    return lambda seconds: float(follow(path, times_x, times_y, seconds, ends))


def shown_time(page: Page, index: int) -> float:
    """When the frame on the screen appears in its video, once a scrub has settled."""
    return float(page.evaluate(SHOWN, index))


def check_scrubs(page: Page, site: Site, x: int, y: int) -> None:
    """Scrub on both timelines, by pointer and by keyboard, and look at the frames of both videos."""
    path = path_of(site, x, y)
    timelines = page.locator(".timeline")

    def stands_at(timeline: int) -> float:
        return float(timelines.nth(timeline).get_attribute("aria-valuenow") or "nan")

    def click(timeline: int, share: float) -> None:
        box = timelines.nth(timeline).bounding_box()
        assert box is not None
        timelines.nth(timeline).click(position={"x": share * box["width"], "y": 8})

    for timeline, share in ((0, 0.83), (0, 0.31), (1, 0.24), (1, 0.71), (0, 0.52)):
        click(timeline, share)
        leader, follower = stands_at(0), stands_at(1)
        assert follower == pytest.approx(path(leader), abs=0.01)
        assert shown_time(page, x) == pytest.approx(leader, abs=FRAME_SECONDS + SLACK)
        assert shown_time(page, y) == pytest.approx(follower, abs=FRAME_SECONDS + SLACK)
        start, end = (site.ask("api/run").json()["recordings"][(x, y)[timeline]][f"{key}_seconds"] for key in EDGES)
        assert (leader, follower)[timeline] == pytest.approx(start + share * (end - start), abs=0.05)
    timelines.nth(0).press("Home")
    start = stands_at(0)
    for step in range(1, 4):
        timelines.nth(0).press("PageUp")
        # Instants are known exactly here, and so is the frame: the last that has appeared.
        for index, seconds in ((x, start + step), (y, path(start + step))):
            assert seconds - FRAME_SECONDS - SLACK < shown_time(page, index) <= seconds + SLACK


def check_playing(page: Page, x: int, y: int, seconds: float) -> None:
    """Play up to five times: on a machine that does much else a browser leaves pictures out."""
    tried: list[tuple[float, float]] = []
    for attempt in range(5):
        # Time for what else the machine does to end.
        page.wait_for_timeout(2000 * attempt)
        page.locator(".timeline").nth(0).press("Home")
        page.wait_for_function("() => [...document.querySelectorAll('video')].every((video) => !video.seeking)")
        errors = np.array(page.evaluate(MEASURE, [x, y, seconds]))
        if errors.size < 10 * seconds:
            tried.append((float("nan"), float("nan")))
            continue
        tried.append((float(np.median(errors)), float(np.quantile(errors, 0.95))))
        if tried[-1][0] <= 0.05 and tried[-1][1] <= 0.15:
            return
    raise AssertionError(f"median and 95 % of the deviation in seconds (nan: too few pictures): {tried}")


@pytest.mark.parametrize(("leader", "follower"), [("whole", "clip"), ("clip", "whole")])
def test_a_scrub_on_any_timeline_moves_both_videos_to_the_frame_of_the_path(
    page: Page, rendered: Site, leader: str, follower: str
) -> None:
    check_scrubs(page, rendered, *open_pair(page, rendered, leader, follower))


def test_a_follower_is_never_sent_into_the_middle_of_a_jump(page: Page, rendered: Site) -> None:
    open_pair(page, rendered, "whole", "clip")
    asked = np.array(page.evaluate(JUMP))
    assert asked.min() < 0.9, "it plays up to the jump"
    assert asked.max() > 6.1, "it plays on behind the jump"
    assert not ((asked > 1.1) & (asked < 5.6)).any()


@pytest.mark.playback
def test_while_playing_the_follower_shows_the_time_of_the_path(page: Page, rendered: Site) -> None:
    check_playing(page, *open_pair(page, rendered, "whole", "clip"), seconds=5)


@pytest.mark.playback
def test_where_the_path_jumps_the_leader_waits_for_the_follower(page: Page, rendered: Site) -> None:
    def answer(route: Route) -> None:
        pair = rendered.ask(f"api/alignments/{x}/{y}").json()
        frames = np.arange(len(pair["follow"]))
        route.fulfill(json={**pair, "follow": (CLIP_START + 0.04 * frames + 3.0 * (frames >= 25)).tolist()})

    x, y = rendered.recording("whole"), rendered.recording("clip")
    page.route(re.compile(r"/api/alignments/\d+/\d+$"), answer)
    try:
        check_playing(page, *open_pair(page, rendered, "whole", "clip"), seconds=5)
    finally:
        page.unroute_all()


@pytest.mark.data
def test_scrubs_of_real_videos_show_the_frame_of_the_path(page: Page, pushups: Site) -> None:
    check_scrubs(page, pushups, *open_pair(page, pushups, "wrong_011", "correct_011"))


@pytest.mark.playback
@pytest.mark.data
def test_real_videos_are_played_in_step(page: Page, pushups: Site) -> None:
    check_playing(page, *open_pair(page, pushups, "wrong_011", "correct_011"), seconds=5)


def test_the_page_maps_times_as_the_library_does(page: Page, rendered: Site) -> None:
    x, y = open_pair(page, rendered, "whole", "clip")
    instants = np.random.default_rng(0).uniform(-1, 20, 200).tolist()
    found = page.evaluate(
        """async ([x, y, instants]) => {
            const { followTime, leaderTime } = await import(new URL("static/js/path.js", document.baseURI));
            const answer = async (path) => (await fetch(path)).json();
            const { recordings } = await answer("api/run");
            const { times } = await answer(`api/recordings/${x}/times`);
            times.push(recordings[x].end_seconds);
            const { follow } = await answer(`api/alignments/${x}/${y}`);
            const there = instants.map((seconds) => followTime(seconds, times, follow));
            return [there, there.map((seconds) => followTime(leaderTime(seconds, times, follow), times, follow))];
        }""",
        [x, y, instants],
    )
    expected = list(map(path_of(rendered, x, y), instants))
    np.testing.assert_allclose(found[0], expected, atol=1e-5)
    np.testing.assert_allclose(found[1], expected, atol=1e-5)


def test_by_raw_matches_the_follower_goes_where_the_match_is_and_nowhere_without_one(
    page: Page, rendered: Site
) -> None:
    x, y = open_pair(page, rendered, "whole", "clip")
    pair = rendered.ask(f"api/alignments/{x}/{y}").json()
    times_x, times_y = (rendered.ask(f"api/recordings/{index}/times").json()["times"] for index in (x, y))
    page.locator("#follow").select_option("matches")
    follower = page.locator(".panel").nth(1)
    first_unmatched = pair["matches"].index(-1)
    seen = set()
    page.locator(".timeline").nth(0).press("Home")
    for frame in range(first_unmatched + 2):
        match = pair["matches"][frame]
        expected = "nowhere" in (follower.get_attribute("class") or "")
        assert expected == (match < 0), frame
        if match >= 0:
            shown = float(page.locator(".timeline").nth(1).get_attribute("aria-valuenow") or "nan")
            assert shown == pytest.approx(times_y[match], abs=0.35)
        seen.add(match < 0)
        page.locator(".timeline").nth(0).press("ArrowUp")
    assert times_x[1] - times_x[0] == pytest.approx(0.1)
    assert seen == {True, False}
