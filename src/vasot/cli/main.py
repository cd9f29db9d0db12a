"""The ``vasot`` command: the verbs, the global options, and how errors end."""

from __future__ import annotations

import traceback
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from vasot import __version__
from vasot.cli import (
    align,
    check,
    compare,
    demo,
    deviate,
    evaluate,
    export,
    fit,
    how_far,
    import_truth,
    info,
    name,
    presets,
    report,
    segment,
    sync,
    transfer,
    view,
)
from vasot.cli.threads import wait_briefly
from vasot.errors import VasotError

__all__ = ["app", "main"]

_DEBUG = "--debug"


class _Verbs(TyperGroup):
    """The verbs; a user's mistake ends with one line on standard error and exit code 2."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Accept ``--debug`` behind the verb as well: it is added at the end of a command that just failed."""
        end = args.index("--") if "--" in args else len(args)
        options = args[:end]
        if _DEBUG in options:
            options = [_DEBUG, *(option for option in options if option != _DEBUG)]
        return super().parse_args(ctx, options + args[end:])

    def invoke(self, ctx: Any) -> Any:
        """Run the verb; the exit code of an interrupt is 130, as in a shell."""
        try:
            return super().invoke(ctx)
        except VasotError as error:
            if ctx.params["debug"]:
                traceback.print_exception(error)
            typer.echo(f"error: {' '.join(str(error).splitlines())}", err=True)
            raise typer.Exit(2) from error
        except KeyboardInterrupt as interrupt:
            typer.echo("interrupted", err=True)
            raise typer.Exit(130) from interrupt


app = typer.Typer(
    name="vasot",
    cls=_Verbs,
    help="Align recordings of the same activity and cut them into actions, without labels.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"vasot {__version__}")
        raise typer.Exit


@app.callback()
def _global_options(
    debug: Annotated[bool, typer.Option(_DEBUG, help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version and exit.")
    ] = False,
) -> None:
    """Declare the options that stand before the verb; the group and a callback read them."""


for _verb, _module in {
    "check": check,
    "fit": fit,
    "segment": segment,
    "align": align,
    "sync": sync,
    "transfer": transfer,
    "deviate": deviate,
    "progress": how_far,
    "evaluate": evaluate,
    "report": report,
    "compare": compare,
    "export": export,
    "import": import_truth,
    "name": name,
    "view": view,
    "presets": presets,
    "info": info,
    "demo": demo,
}.items():
    app.command(_verb)(_module.command)


def main() -> None:
    """Run the command line and exit."""
    # Verbs import what has threads only when they are called.
    wait_briefly()
    app()
