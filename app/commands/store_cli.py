"""The options of ``tillstream store``."""

from __future__ import annotations

import typer

from app.commands.running import load_settings, run_to_end

store = typer.Typer(help="PostgreSQL, where the durable facts are.", no_args_is_help=True)


@store.callback()
def _group() -> None:
    """Without it a group of one command would be that command."""


@store.command("migrate")
def migrate() -> None:
    """Bring the store to this version's tables, before the roles are started; each would do so itself.

    The version before this one goes on working on them: migrations only add.
    """
    from app.commands import migrate as command  # noqa: PLC0415

    raise typer.Exit(run_to_end(command.bring_up_to_date(load_settings())))
