"""What commands share on the command line. It imports what it needs when it runs, so that help comes at once."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from datetime import datetime

    from app.settings import Settings


def load_settings() -> Settings:
    """The settings. Raises SettingsError, which tells every one that is wrong."""
    from app.settings import Settings  # noqa: PLC0415

    return Settings.load()


def run_to_end(work: Coroutine[Any, Any, int]) -> int:
    """Run a command that ends; what Kafka's client would log, the command tells itself."""
    import logging  # noqa: PLC0415

    import uvloop  # noqa: PLC0415

    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


def given_reason(reason: str) -> str:
    """A reason that says something. Raises BadParameter if it is blank."""
    if not reason.strip():
        raise typer.BadParameter("say why, for whoever asks later", param_hint="--reason")
    return reason.strip()


def given_moment(since: str) -> datetime:
    """A time, or an age. Raises BadParameter if it is neither."""
    from app.commands.dead_letters import moment  # noqa: PLC0415

    try:
        return moment(since)
    except (ValueError, OverflowError) as problem:
        raise typer.BadParameter(
            f"'{since}' is neither an age (30m, 2h, 7d) nor a time (2026-11-24T10:00)", param_hint="--since"
        ) from problem
