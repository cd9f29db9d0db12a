"""The server of the viewer: on this machine only, at an address that carries a random token."""

from __future__ import annotations

import os
import secrets
import socket
import sys
import threading
import webbrowser

import uvicorn

from vasot.errors import SettingsError
from vasot.viewer.app import make_app
from vasot.viewer.content import RunView

__all__ = ["Server", "open_browser"]

_HOST = "127.0.0.1"

_TOKEN_BYTES = 32

_SHUTDOWN_SECONDS = 1
"""How long videos that are being sent may hold up the end."""


class Server:
    """Serves one run; its port is taken when it is made, so that the address holds from then on.

    Args:
        view: what is shown.
        port: where to listen; any free port for 0.

    Raises:
        SettingsError: the port is in use, or not allowed.
    """

    def __init__(self, view: RunView, port: int = 0) -> None:
        self.view = view
        self._socket = _listen(port)
        self.port: int = self._socket.getsockname()[1]
        self.token = secrets.token_urlsafe(_TOKEN_BYTES)
        config = uvicorn.Config(
            make_app(view, self.token, self.port),
            log_level="warning",
            # It would show the token.
            access_log=False,
            server_header=False,
            lifespan="off",
            timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
        )
        self._server = uvicorn.Server(config)

    @property
    def address(self) -> str:
        """The address to open, with the token."""
        return f"http://{_HOST}:{self.port}/{self.token}/"

    def run(self) -> None:
        """Serve until interrupted, or until :meth:`stop`."""
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self._socket.close()

    def stop(self) -> None:
        """End :meth:`run`, from any thread."""
        self._server.should_exit = True


def open_browser(address: str) -> bool:
    """Open an address in the user's browser, and wait for nothing; False where there is no screen to open it on."""
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        # What would open is a browser for text, in this very terminal.
        return False
    threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
    return True


def _listen(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if sys.platform != "win32":
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((_HOST, port))
        listening.listen()
    except OSError as error:
        listening.close()
        raise SettingsError(f"port {port} cannot be used ({error.strerror}); give another with --port") from error
    return listening
