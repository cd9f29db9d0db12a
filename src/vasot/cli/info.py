"""``vasot info``: what is installed and which devices can be used."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Any

import typer

from vasot import __version__

__all__ = ["OPTIONAL_PARTS", "OptionalPart", "command", "describe_devices", "describe_optional_parts"]

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


OPTIONAL_PARTS = (OptionalPart("tensorboard", "tensorboard", "training curves in the browser"),)
"""Every extra of ``pyproject.toml`` that users may want."""


def command(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Print versions, devices and optional parts."""
    facts: dict[str, Any] = {
        "versions": _versions(),
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


def describe_optional_parts() -> list[dict[str, str | None]]:
    """List the optional parts with the installed version, None where absent, and the command that installs each."""
    return [
        {**asdict(part), "version": _installed(part.distribution), "install": part.install} for part in OPTIONAL_PARTS
    ]


def _versions() -> dict[str, str | None]:
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
