"""The addresses of the viewer: the page, its JSON, and the videos and pictures of the run."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from vasot.errors import DataError, VasotError
from vasot.viewer.content import RunView
from vasot.viewer.guard import Guard
from vasot.viewer.stills import MOST_PIXELS, jpeg_at

__all__ = ["make_app"]

_STATIC = Path(__file__).parent / "static"

_MOST_BYTES = 1 << 16
"""Of what a page sends: a change is a few numbers and a name."""

_TYPES = {".mp4": "video/mp4", ".m4v": "video/mp4", ".mov": "video/mp4", ".webm": "video/webm", ".ogv": "video/ogg"}
"""What browsers may play. The contents of a ``.mov`` are those of an ``.mp4``, by which name more browsers take it."""

_KEPT = {"cache-control": "private, max-age=3600"}


class _Change(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Name(_Change):
    name: str | None


class _Colour(_Change):
    colour: str | None


class _Merge(_Change):
    into: int | None


class _Border(_Change):
    border: int
    to: int


class _Relabel(_Change):
    start: int
    end: int
    action: int


class _Nothing(_Change):
    pass


def make_app(view: RunView, token: str, port: int) -> ASGIApp:
    """The viewer of a run as an application: every address begins with the token."""
    routes = [*_reading_routes(view), *_changing_routes(view), Mount("/static", StaticFiles(directory=_STATIC))]
    app = Starlette(routes=routes, exception_handlers={VasotError: _tell, ValidationError: _tell})
    return Guard(app, token, port)


def _reading_routes(view: RunView) -> list[BaseRoute]:
    def page(request: Request) -> Response:
        # Addresses within the page are relative to this one, so that they carry the token.
        if not request.url.path.endswith("/"):
            return RedirectResponse(request.url.path + "/", 307)
        return FileResponse(_STATIC / "index.html")

    def run(_: Request) -> Response:
        return JSONResponse(view.to_json())

    def times(request: Request) -> Response:
        return JSONResponse(view.times_json(request.path_params["index"]))

    def similar(request: Request) -> Response:
        frame = int(_number(request, "frame"))
        return JSONResponse(view.similar_json(request.path_params["index"], frame))

    def alignment(request: Request) -> Response:
        return JSONResponse(view.pairs.align(*_pair(view, request)).to_json())

    def plan(request: Request) -> Response:
        return Response(view.pairs.align(*_pair(view, request)).plan, media_type="image/png", headers=_KEPT)

    def video(request: Request) -> Response:
        file = _video(view, request)
        return FileResponse(file, media_type=_TYPES.get(file.suffix.lower(), "application/octet-stream"), headers=_KEPT)

    def still(request: Request) -> Response:
        pixels = int(_number(request, "pixels")) if "pixels" in request.query_params else MOST_PIXELS
        data = jpeg_at(_video(view, request), _number(request, "at"), pixels)
        return Response(data, media_type="image/jpeg", headers=_KEPT)

    return [
        Route("/", page),
        Route("/api/run", run),
        Route("/api/recordings/{index:int}/times", times),
        Route("/api/recordings/{index:int}/similar", similar),
        Route("/api/alignments/{x:int}/{y:int}", alignment),
        Route("/api/alignments/{x:int}/{y:int}/plan.png", plan),
        Route("/videos/{index:int}", video),
        Route("/videos/{index:int}/still.jpg", still),
    ]


def _changing_routes(view: RunView) -> list[BaseRoute]:
    edits = view.edits
    changes: dict[str, tuple[type[_Change], Callable[[int, Any], None]]] = {
        "actions/{index:int}/name": (_Name, lambda action, to: edits.name(action, to.name)),
        "actions/{index:int}/colour": (_Colour, lambda action, to: edits.colour(action, to.colour)),
        "actions/{index:int}/merge": (_Merge, lambda action, to: edits.merge(action, to.into)),
        "recordings/{index:int}/border": (
            _Border,
            lambda index, to: edits.move_border(view.segmented(index), to.border, to.to),
        ),
        "recordings/{index:int}/action": (
            _Relabel,
            lambda index, to: edits.relabel(view.segmented(index), to.start, to.end, to.action),
        ),
        "recordings/{index:int}/reset": (_Nothing, lambda index, _: edits.reset(view.segmented(index))),
        "undo": (_Nothing, lambda _, __: edits.undo()),
    }
    return [
        Route(f"/api/{path}", _changing(view, model, change), methods=["POST"])
        for path, (model, change) in changes.items()
    ]


def _changing(view: RunView, model: type[_Change], change: Callable[[int, Any], None]) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        if request.headers.get("content-type") != "application/json":
            return JSONResponse({"error": "send JSON"}, 415)
        if not 0 < int(request.headers.get("content-length", 0)) <= _MOST_BYTES:
            return JSONResponse({"error": f"send at most {_MOST_BYTES} bytes, and say how many"}, 413)
        values = model.model_validate_json(await request.body())
        await run_in_threadpool(change, request.path_params.get("index", 0), values)
        return JSONResponse(await run_in_threadpool(view.to_json))

    return endpoint


def _pair(view: RunView, request: Request) -> tuple[int, int]:
    x, y = request.path_params["x"], request.path_params["y"]
    view.recording(x), view.recording(y)
    return x, y


def _video(view: RunView, request: Request) -> Path:
    recording = view.recording(request.path_params["index"])
    if recording.video is None or not recording.video.is_file():
        raise DataError(f"'{recording.name}' has no video")
    return recording.video


def _number(request: Request, name: str) -> float:
    try:
        value = float(request.query_params[name])
    except (KeyError, ValueError):
        value = math.nan
    if not math.isfinite(value):
        raise DataError(f"the address needs a number: ?{name}=1")
    return value


def _tell(_: Request, error: Exception) -> Response:
    """What was asked for does not exist or does not fit; the text says why."""
    text = "what was sent does not fit" if isinstance(error, ValidationError) else str(error)
    return JSONResponse({"error": text}, 404 if isinstance(error, DataError) else 400)
