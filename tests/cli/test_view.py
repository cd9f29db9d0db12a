from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from typer.testing import CliRunner

from vasot.cli.main import app
from vasot.viewer.server import open_browser

ADDRESS = re.compile(r"^(http://127\.0\.0\.1:\d+/)([\w-]{43})/$", re.MULTILINE)


@contextmanager
def viewing(run: Path) -> Iterator[tuple[subprocess.Popen[str], re.Match[str]]]:
    """``vasot view`` in a process of its own, and the address that it printed."""
    command = [sys.executable, "-m", "vasot", "view", str(run), "--no-browser"]
    environment = {**os.environ, "VASOT_CACHE": str(run.parent / "cache")}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                if match := ADDRESS.match(line):
                    yield process, match
                    break
            else:
                raise AssertionError("no line holds an address and nothing else")
        finally:
            process.kill()


def test_the_address_stands_on_a_line_and_ctrl_c_ends_the_server(viewer_run: Path) -> None:
    with viewing(viewer_run) as (process, address):
        with urlopen(address[0]) as page:
            assert b"<title>vasot</title>" in page.read()
        with pytest.raises(HTTPError, match="403"):
            urlopen(address[1])
        # A browser that keeps a video open does not hold up the end.
        with urlopen(f"{address[0]}videos/0") as video:
            video.read(1)
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=20) in (0, 130)
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()


def test_a_port_in_use_is_told_in_one_line(viewer_run: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        result = CliRunner().invoke(app, ["view", str(viewer_run), "--no-browser", "--port", port])
    assert result.exit_code == 2
    assert f"port {port} cannot be used" in result.stderr
    assert "--port" in result.stderr


def test_a_folder_that_is_no_run_is_told_in_one_line(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["view", str(tmp_path)])
    assert result.exit_code == 2
    assert "is not a run of vasot" in result.stderr


def test_the_browser_is_opened_where_there_is_a_screen_only(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: Queue[str] = Queue()
    monkeypatch.setattr(webbrowser, "open", opened.put)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert not open_browser("http://127.0.0.1:1/")
    monkeypatch.setenv("DISPLAY", ":0")
    assert open_browser("http://127.0.0.1:2/")
    assert opened.get(timeout=5) == "http://127.0.0.1:2/"
