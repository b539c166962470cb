"""The options of ``tillstream accounting``."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import cli
from app.commands import accounting as command
from app.commands import accounting_cli
from app.commands.accounting import Export, account_map
from app.settings import Settings
from streams.accounting.formats import Format
from streams.engine.errors import DocumentError


def test_the_options_come_as_they_are_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[Export] = []

    async def run(settings: Settings, export: Export) -> int:
        asked.append(export)
        return 0

    monkeypatch.setattr(command, "run", run)
    monkeypatch.setattr(accounting_cli, "load_settings", Settings)
    words = f"--day 2026-02-28 --accounts {tmp_path / 'map.yaml'} --location MAIN --format xero --leave-out"
    assert CliRunner().invoke(cli, ["accounting", "export", *words.split()]).exit_code == 0
    assert asked == [
        Export(date(2026, 2, 28), tmp_path / "map.yaml", Format.XERO, location="MAIN", leave_out=True),
    ]


def test_the_command_knows_every_format() -> None:
    assert [each.value for each in accounting_cli.Into] == [each.value for each in Format]


@pytest.mark.rule("money.account_map")
def test_an_account_map_that_is_wrong_or_not_there_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "accounts.yaml"
    with pytest.raises(Exception, match="cannot be read"):
        account_map(file)
    file.write_text("kind: account_map\naccounts: {sales: S}\n")
    with pytest.raises(DocumentError, match=r"accounts.yaml: accounts.discounts: Field required"):
        account_map(file)


async def test_without_a_channel_there_is_nothing_to_book(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="no channel joins"):
        await command.write_journals([], Export(date(2026, 2, 28), tmp_path), accounts=None)  # type: ignore[arg-type]
