"""``vasot info``: what is installed and which devices can be used, or what a run is made of."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vasot import __version__
from vasot.wording import counted, format_bytes

if TYPE_CHECKING:
    from vasot.training.folder import DataSettings

__all__ = [
    "OPTIONAL_PARTS",
    "OptionalPart",
    "command",
    "describe_devices",
    "describe_optional_parts",
    "describe_run",
    "installed_versions",
]

_PACKAGES = ("torch", "lightning", "numpy", "numba", "scikit-learn")


@dataclass(frozen=True)
class OptionalPart:
    """An extra of the package, the distribution that shows it is installed, and what it is for."""

    extra: str
    distribution: str
    purpose: str

    @property
    def install(self) -> str:
        """The command that installs it."""
        return f"pip install 'vasot[{self.extra}]'"


OPTIONAL_PARTS = (
    OptionalPart("hub", "transformers", "any image or video model of the Hugging Face hub: --features hub:NAME"),
    OptionalPart("onnx", "onnxruntime", "any image model as an ONNX file: --features onnx:FILE"),
    OptionalPart("parquet", "pyarrow", "segments and alignments as Parquet files: vasot export --format parquet"),
    OptionalPart("tensorboard", "tensorboard", "training curves in the browser"),
)
"""Every extra of ``pyproject.toml`` that users may want."""


def command(
    run: Annotated[
        Path | None, typer.Argument(metavar="[RUN]", help="A run to describe instead of this installation.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Print versions, devices and optional parts; or what a run is, and what its features take on disk."""
    if run is not None:
        about = describe_run(run)
        typer.echo(json.dumps(about, indent=2) if as_json else _run_as_text(about))
        return
    facts: dict[str, Any] = {
        "versions": installed_versions(),
        "devices": describe_devices(),
        "optional_parts": describe_optional_parts(),
    }
    typer.echo(json.dumps(facts, indent=2) if as_json else _as_text(facts))


def describe_devices() -> list[dict[str, Any]]:
    """List the devices torch can compute on, by the name to pass to torch; memory in GiB."""
    import torch

    devices: list[dict[str, Any]] = [
        {"device": "cpu", "name": platform.processor() or platform.machine(), "threads": torch.get_num_threads()}
    ]
    for index in range(torch.cuda.device_count()):
        properties = torch.cuda.get_device_properties(index)
        memory = round(properties.total_memory / 2**30, 1)
        devices.append({"device": f"cuda:{index}", "name": properties.name, "memory_gib": memory})
    if torch.backends.mps.is_available():
        devices.append({"device": "mps", "name": "Apple GPU"})
    return devices


def describe_run(folder: Path) -> dict[str, Any]:
    """What a run is made of, and how much of the feature store its recordings take.

    Raises:
        RunFolderError: the folder holds no run.
    """
    from vasot.features.store import default_store
    from vasot.training.folder import RunFolder

    place = RunFolder(folder)
    config = place.read_config()
    store = default_store()
    about: dict[str, Any] = {
        "run": str(folder),
        "method": config.method,
        "trained": place.weights.is_file(),
        "recordings": len(config.recordings),
        "data": config.data.data,
        "features": config.data.features,
        "features_per_frame": config.n_features,
        "size_bytes": sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()),
    }
    if (tried := _actions_tried(folder / "actions.csv")) is not None:
        about["actions_tried"] = tried
    if config.data.features != "precomputed":
        stored = _stored(config.data)
        about |= {
            "fps": config.data.fps,
            "store": str(store.root),
            "store_bytes": store.size_bytes(),
            "stored_recordings": None if stored is None else len(stored),
            "stored_bytes": None if stored is None else sum(stored),
        }
    return about


def describe_optional_parts() -> list[dict[str, str | None]]:
    """List the optional parts with the installed version, None where absent, and the command that installs each."""
    return [
        {**asdict(part), "version": _installed(part.distribution), "install": part.install} for part in OPTIONAL_PARTS
    ]


def _actions_tried(table: Path) -> list[int] | None:
    """Numbers of actions that a search tried before this run was trained; None where there was no search."""
    import csv

    if not table.is_file():
        return None
    with table.open(newline="", encoding="utf-8") as file:
        return [int(row["actions"]) for row in csv.DictReader(file)]


def _stored(data: DataSettings) -> list[int] | None:
    """Bytes of each recording's entry in the store; None where the videos or the extractor are no longer there."""
    from vasot.datasets.recordings import find_corpus
    from vasot.errors import VasotError
    from vasot.features.names import make_extractor

    reading = data.reading()
    try:
        identity = make_extractor(data.features).identity()
        clips = [each.clip for each in find_corpus(data.data, reading).clips if each.fault is None]
    except VasotError:
        return None
    paths = [reading.store.path(clip, reading.fps, identity) for clip in clips]
    return [path.stat().st_size for path in paths if path.is_file()]


def _run_as_text(about: Mapping[str, Any]) -> str:
    lines = [
        f"{about['run']}: method {about['method']}, " + ("trained" if about["trained"] else "training did not end"),
        f"recordings    {about['recordings']} of {about['data']}",
        f"features      {about['features']}, {about['features_per_frame']} per frame",
        f"size          {format_bytes(about['size_bytes'])}",
    ]
    if "actions_tried" in about:
        tried = ", ".join(map(str, about["actions_tried"]))
        lines.append(f"actions       chosen among {tried}; see {about['run']}/actions.csv and actions.png")
    if "store" in about:
        known = about["stored_recordings"] is not None
        stored = counted(about["stored_recordings"], "recording") if known else ""
        own = f"{stored}, {format_bytes(about['stored_bytes'])}" if known else "unknown"
        lines.append(f"stored        {own}; {about['store']} keeps {format_bytes(about['store_bytes'])} in all")
    return "\n".join(lines)


def installed_versions() -> dict[str, str | None]:
    """Versions of vasot, Python and what it is built on; None for a package that is not installed."""
    own = {"vasot": __version__, "python": platform.python_version()}
    return {**own, **{package: _installed(package) for package in _PACKAGES}}


def _installed(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def _as_text(facts: Mapping[str, Any]) -> str:
    lines = [f"{name:<14}{number or 'not installed'}" for name, number in facts["versions"].items()]
    lines += ["", "Devices"]
    for entry in facts["devices"]:
        amount = f", {entry['threads']} threads" if "threads" in entry else ""
        amount += f", {entry['memory_gib']} GiB" if "memory_gib" in entry else ""
        lines.append(f"  {entry['device']:<12}{entry['name']}{amount}")
    lines += ["", "Optional parts"]
    for part in facts["optional_parts"]:
        state = part["version"] or f"absent; to install it: {part['install']}"
        lines.append(f"  {part['extra']:<12}{part['purpose']}: {state}")
    return "\n".join(lines)
