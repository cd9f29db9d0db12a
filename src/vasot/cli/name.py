"""``vasot name``: give actions names that every later output uses."""

from __future__ import annotations

from typing import Annotated

import typer

from vasot.cli.options import Run

__all__ = ["command"]


def command(
    run: Run,
    action: Annotated[
        int | None, typer.Argument(metavar="[ACTION]", help="Index of the action.", show_default=False)
    ] = None,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="What to call it.", show_default=False)] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Take the action's name away.")] = False,
) -> None:
    """Give an action a name, or list the names; outputs made from then on use it."""
    from vasot.errors import SettingsError
    from vasot.training.folder import RunFolder
    from vasot.training.names import check_name, read_names, write_names

    place = RunFolder(run)
    settings = place.read_config().settings
    n_actions = getattr(settings, "actions", None)
    if n_actions is None:
        raise SettingsError("this run's method does not segment, so that it has no actions to name")
    names = read_names(place.names)
    if action is None:
        for index in range(n_actions):
            typer.echo(f"{index}  {names.get(index, '(no name)')}")
        return
    if (name is None) != remove:
        raise SettingsError(f"give a name for action {action}, or --remove, and not both")
    if name is None:
        if action not in names:
            raise SettingsError(f"action {action} has no name to remove")
        del names[action]
    else:
        check_name(action, name, n_actions, names)
        names[action] = name
    write_names(place.names, names)
    typer.echo(f"action {action} is called {names.get(action, action)}; written to {place.names}")
