"""Whether a line is one that Tillstream's command line takes."""

from __future__ import annotations

from collections.abc import Sequence

import typer
from typer.core import TyperCommand, TyperGroup

from app.cli import cli


def resolved(words: Sequence[str]) -> tuple[TyperCommand | TyperGroup, list[str]]:
    """The command that a line names, and what follows its name. Fails if there is no such command."""
    command, rest = typer.main.get_command(cli), list(words)
    while isinstance(command, TyperGroup) and rest and not rest[0].startswith("-"):
        assert rest[0] in command.commands, f"no command '{rest[0]}'"
        command = command.commands[rest.pop(0)]
    assert isinstance(command, TyperCommand | TyperGroup)
    return command, rest


def parse(line: Sequence[str]) -> None:
    """Parse the line without running anything. Raises click's UsageError if there is no such option."""
    command, rest = resolved(line)
    command.make_context("tillstream", rest)
