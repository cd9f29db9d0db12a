"""``vasot view``: look at a run in the browser, play recordings in step, name and correct actions."""

from __future__ import annotations

from typing import Annotated

import typer

from vasot.cli.options import Run
from vasot.wording import counted

__all__ = ["command"]


def command(
    run: Run,
    port: Annotated[
        int, typer.Option("--port", metavar="N", min=0, max=65535, help="Port to listen on; any free one for 0.")
    ] = 0,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page in the browser.")] = True,
) -> None:
    """Play a run's recordings in step in the browser, and name, merge and correct its actions there."""
    from vasot.cli.inputs import read_shown_results
    from vasot.training.folder import RunFolder
    from vasot.training.model import load
    from vasot.viewer.content import RunView
    from vasot.viewer.server import Server, open_browser

    server = Server(RunView(read_shown_results(load(run)), RunFolder(run)), port)
    typer.echo(
        f"{counted(len(server.view.recordings), 'recording')} of {run}, shown on this machine only; Ctrl-C ends it:"
    )
    typer.echo(server.address)
    if browser:
        open_browser(server.address)
    server.run()
