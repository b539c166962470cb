"""What commands share on the command line. It imports what it needs when it runs, so that help comes at once."""

from __future__ import annotations

import asyncio
import getpass
import re
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import typer

from app.clock import SystemClock

if TYPE_CHECKING:
    from app.settings import Settings

_AGE = re.compile(r"(\d+)([mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


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


def asked(*, yes: bool) -> Callable[[str], bool]:
    """Asks a person whether to go on; does not if they said so before."""
    return lambda question: yes or typer.confirm(question)


def given_reason(reason: str, option: str = "--reason") -> str:
    """A reason that says something. Raises BadParameter if it is blank."""
    if not reason.strip():
        raise typer.BadParameter("say why, for whoever asks later", param_hint=option)
    return reason.strip()


def given_moment(since: str) -> datetime:
    """A time, or an age. Raises BadParameter if it is neither."""
    try:
        return moment(since)
    except (ValueError, OverflowError) as problem:
        raise typer.BadParameter(
            f"'{since}' is neither an age (30m, 2h, 7d) nor a time (2026-11-24T10:00)", param_hint="--since"
        ) from problem


def moment(text: str) -> datetime:
    """A time such as ``2026-11-24T10:00`` (UTC if it names no zone), or an age: ``30m``, ``2h``, ``7d``.

    Raises:
        ValueError: it is neither.
    """
    age = _AGE.fullmatch(text)
    if age:
        return SystemClock().now() - timedelta(**{_UNITS[age[2]]: int(age[1])})
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def whoami() -> str:
    """The user that runs this process, for the journal."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return "an unnamed user"
