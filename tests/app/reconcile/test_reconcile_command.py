"""The options of ``tillstream reconcile``."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from typer.testing import CliRunner

from app.cli import cli
from app.commands import reconcile as command
from app.commands import reconcile_cli
from app.commands.reconcile import Options
from app.settings import Settings
from streams.reconcile.drift import Subject
from tests.twins.checks import MemoryChecks
from tests.twins.clock import FakeClock


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Subject, Options]]:
    """What the command was asked to do."""
    calls: list[tuple[Subject, Options]] = []

    async def run(settings: Settings, subject: Subject, options: Options) -> int:
        calls.append((subject, options))
        return 1

    monkeypatch.setattr(command, "run", run)
    monkeypatch.setattr(reconcile_cli, "load_settings", Settings)
    return calls


def test_the_options_come_as_they_are_written(asked: list[tuple[Subject, Options]]) -> None:
    words = "payments --day 2026-03-01 --grace 0 --repair --confirm 3 --reason books --up-to 9"
    found = CliRunner().invoke(cli, ["reconcile", *words.split()])
    assert found.exit_code == 1
    ((subject, options),) = asked
    assert (subject, options.day, options.since) == (Subject.PAYMENTS, date(2026, 3, 1), None)
    assert (options.grace, options.repair, options.confirm, options.up_to) == (timedelta(0), True, 3, 9)
    assert options.reason == "books"
    assert options.by


@pytest.mark.parametrize("subject", list(Subject))
def test_without_options_nothing_is_repaired(subject: Subject, asked: list[tuple[Subject, Options]]) -> None:
    CliRunner().invoke(cli, ["reconcile", subject.value])
    ((given, options),) = asked
    assert (given, options.repair, options.since) == (subject, False, None)


def test_a_day_and_a_time_are_not_given_together(asked: list[Any]) -> None:
    found = CliRunner().invoke(cli, ["reconcile", "orders", "--day", "2026-03-01", "--since", "3d"])
    assert (found.exit_code, asked) == (2, [])
    assert "not both" in found.output


async def test_without_a_channel_there_is_nothing_to_compare() -> None:
    with pytest.raises(Exception, match="no channel joins a web store and a point of sale"):
        await command.reconcile([], Subject.ORDERS, Options(), MemoryChecks(), FakeClock(), repair=None)  # type: ignore[arg-type]
