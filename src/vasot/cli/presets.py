"""``vasot presets``: the settings of the published experiments."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = ["command"]


def command(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Preset to print; all names where it is left out.")
    ] = None,
) -> None:
    """List the presets, or print one as TOML."""
    from vasot.methods.presets import preset_names, preset_text

    typer.echo("\n".join(preset_names()) if name is None else preset_text(name).rstrip())
