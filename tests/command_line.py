"""Whether a line is one that Tillstream's command line takes."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from app.cli import cli


def parse(line: Sequence[str]) -> None:
    """Parse the line without running anything. Raises click's UsageError if there is no such command or option."""
    command = typer.main.get_command(cli)
    context = command.make_context("tillstream", list(line))
    while hasattr(command, "get_command"):
        first, *rest = [*context._protected_args, *context.args]
        command = command.get_command(context, first)
        assert command is not None, f"no command '{first}'"
        context = command.make_context(first, rest, parent=context)
