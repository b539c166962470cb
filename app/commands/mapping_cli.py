"""The options of ``tillstream mapping``. Each command imports what it runs when it runs; see mapping.py."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from app.commands.running import load_settings

mapping = typer.Typer(
    help="The documents that say what goes where: list them, and try one on a sample.", no_args_is_help=True
)


class Direction(StrEnum):
    """Which mapping of a flow."""

    IN = "in"
    OUT = "out"


@mapping.command("list")
def show() -> None:
    """List the flows with their mappings and rules, the mappings and the tables, your own among them."""
    settings = load_settings()
    from app.commands import mapping as command  # noqa: PLC0415

    raise typer.Exit(command.show(settings))


@mapping.command("test")
def try_one(
    flow: Annotated[str, typer.Argument(help="Flow, as `tillstream mapping list` names it.")],
    sample: Annotated[Path, typer.Argument(help="JSON file: the entity as its system tells it; canonical for `out`.")],
    direction: Annotated[
        Direction | None,
        typer.Option(help="Out of the source's shape, or into the target's; else what the flow begins with."),
    ] = None,
    context: Annotated[
        Path | None, typer.Option(help="JSON file: what the stage knows besides; else that of a shop with one store.")
    ] = None,
) -> None:
    """Run a flow's mapping on a sample: its output, what every rule did, and the validation rules that do not hold.

    Nothing is read from a system or written to one. Exit 1 if a rule cannot be carried out, or would hold the entity.
    """
    settings = load_settings()
    from app.commands import mapping as command  # noqa: PLC0415

    raise typer.Exit(command.try_one(settings, flow, direction.value if direction else None, sample, context))
