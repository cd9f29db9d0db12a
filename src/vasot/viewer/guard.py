"""Who may ask the viewer anything: only pages that it served itself, by an address that nobody can guess.

The token is the first part of every path, so that no cookie goes to other servers of this machine, and a page that does
not know it can ask for nothing.
"""

from __future__ import annotations

import secrets

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["HEADERS", "Guard"]

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
"""Sent with every answer: the page loads nothing from elsewhere, and no other page may embed or read it."""

_WITHOUT_TOKEN = "Not without the token: open the address that vasot view printed.\n"


class Guard:
    """Refuses what does not come from the viewer's own page; an ASGI application around another one.

    Args:
        app: what answers the requests that are let through; its paths begin behind the token.
        token: the secret first part of every path.
        port: where the server listens: a request for another host is one of a page that renamed itself to this machine.
    """

    def __init__(self, app: ASGIApp, token: str, port: int) -> None:
        self._app = app
        self._token = token.encode()
        self._root = f"/{token}"
        self._hosts = frozenset(f"{name}:{port}" for name in ("127.0.0.1", "localhost"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                # Pages and answers change with the run; only videos and pictures say otherwise.
                headers.setdefault("cache-control", "no-store")
            await send(message)

        refusal = self._refusal(scope)
        if refusal is not None:
            await PlainTextResponse(refusal, 403)(scope, receive, send_guarded)
            return
        await self._app({**scope, "root_path": scope.get("root_path", "") + self._root}, receive, send_guarded)

    def _refusal(self, scope: Scope) -> str | None:
        """Why a request is refused; None where it is not."""
        headers = Headers(scope=scope)
        if headers.get("host", "") not in self._hosts:
            return "Asked for under a foreign name: open the address that vasot view printed.\n"
        if any(origin.removeprefix("http://") not in self._hosts for origin in headers.getlist("origin")):
            return "Asked by a page of another site.\n"
        given = scope["path"].split("/", 2)[1] if scope["path"].startswith("/") else ""
        return None if secrets.compare_digest(given.encode(), self._token) else _WITHOUT_TOKEN
