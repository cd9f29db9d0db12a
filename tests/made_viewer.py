"""A run of rendered videos for the viewer: one is a clip, one of a kind that browsers do not play."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from fractions import Fraction
from http.client import HTTPConnection
from pathlib import Path
from threading import Thread
from typing import Any, Self

import av
import pytest
from av.video.stream import VideoStream
from playwright.sync_api import Page, expect, sync_playwright

from vasot.datasets.rendered import RenderSettings, plan_videos, write_videos
from vasot.training.folder import RunFolder
from vasot.training.model import fit
from vasot.training.results import RunResults, read_results
from vasot.viewer.content import RunView
from vasot.viewer.server import Server

RENDERED = RenderSettings(n_videos=2, mean_seconds=1.2, rate_hz=25.0, background=0.1, omission=0, repetition=0, seed=4)
TRAINING: dict[str, Any] = {
    "epochs": 6,
    "frames_per_clip": 48,
    "radius": 0.06,
    "hidden_sizes": [32],
    "starts": 1,
    "start_rounds": 0,
}
CLIP_START = 1.0


def to_avi(video: Path, target: Path) -> None:
    """The same pictures as MPEG-4 part 2, which Chromium does not play."""
    with av.open(str(video)) as source, av.open(str(target), "w") as container:
        stream = container.add_stream("mpeg4", rate=Fraction(25))
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for number, frame in enumerate(source.decode(video=0)):
            small = frame.reformat(160, 120, "yuv420p")
            small.pts, small.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(small))
        container.mux(stream.encode(None))


def make_run(folder: Path) -> Path:
    """Render, write an AVI and a table of clips, and train for a few seconds."""
    data = folder / "data"
    write_videos(plan_videos(RENDERED), data)
    shutil.rmtree(data / "groundTruth")
    to_avi(data / "videos" / "bench_1.mp4", data / "videos" / "old.avi")
    rows = ["bench_1.mp4,,,whole", f"bench_2.mp4,{CLIP_START},,clip", "old.avi,,,old"]
    (data / "videos" / "clips.csv").write_text("video,start_seconds,end_seconds,name\n" + "\n".join(rows) + "\n")
    fit(data, actions=7, output=folder / "run", **TRAINING)
    return folder / "run"


@dataclass(frozen=True)
class Answer:
    """What a server answered."""

    status: int
    headers: Message
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Site:
    """A viewer that serves in a thread of its own; a context manager. ``results`` may be those of a copy of the run."""

    def __init__(self, run: Path, results: RunResults | None = None) -> None:
        results = results or read_results(run)
        self.run = run
        self.model = results.model
        self.server = Server(RunView(results, RunFolder(run)))
        self._thread = Thread(target=self.server.run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.stop()
        self._thread.join()

    def ask(self, path: str, body: object = None, token: str | None = None, **headers: str) -> Answer:
        """Send one request, the path as it is, behind the token; a body is posted as JSON."""
        connection = HTTPConnection("127.0.0.1", self.server.port)
        try:
            data = None if body is None else json.dumps(body)
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            if data is not None:
                sent.setdefault("content-type", "application/json")
            place = f"/{self.server.token if token is None else token}/{path}"
            connection.request("GET" if data is None else "POST", place, data, sent)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def recording(self, name: str) -> int:
        """The index of a recording."""
        names = [each["name"] for each in self.ask("api/run").json()["recordings"]]
        return names.index(name)


@contextmanager
def chromium_page(width: int = 1280, **options: Any) -> Iterator[Page]:
    """A page of a real browser that fails where the page reports an error; the test is skipped without a browser."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    executable = next((path for path in map(shutil.which, names) if path is not None), None)
    if executable is None:
        pytest.skip("no Chromium on the PATH; scripts/install-browser.sh installs it")
    with sync_playwright() as playwright:
        # Containers and root have no sandbox, and the page is our own.
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": width, "height": 900}, **options)
        # On a machine that does much else a browser may stand still for seconds.
        page.set_default_timeout(60_000)
        expect.set_options(timeout=30_000)
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        # What the server refuses is told on the page; the browser writes that down as well.
        page.on("console", lambda each: wrong.append(each.text) if "Content Security Policy" in each.text else None)
        yield page
        browser.close()
    assert wrong == [], wrong
