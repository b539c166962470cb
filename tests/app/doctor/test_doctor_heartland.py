"""The doctor on a Heartland connection, and the whole report, against the sandbox."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from rich.console import Console

from app.clock import SystemClock
from app.connections import HeartlandConnection, Http
from app.doctor.checks import findings, show
from app.doctor.finding import Grade
from app.doctor.heartland import heartland
from app.sandbox.run import start_heartland
from app.sandbox.server import SandboxHandle, SandboxOptions
from app.settings import KafkaSettings, Settings, StoreSettings
from schemas.documents.channel import Channel

MAIN = Channel(name="main", web="web", pos="pos", location="MAIN", sources={"MAIN": "main"})


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[SandboxHandle]:
    handle = await start_heartland(SandboxOptions(database=tmp_path / "heartland.sqlite", skus=20))
    yield handle
    await handle.stop()


def connection(sandbox: SandboxHandle, secret: str = "") -> HeartlandConnection:
    return HeartlandConnection(
        base_url=sandbox.url,
        client_id=sandbox.credentials["client_id"],
        client_secret=SecretStr(secret or sandbox.credentials["client_secret"]),
        http=Http(read_retries=0, timeout_seconds=5),
    )


async def test_a_connection_that_may_read_everything_is_well(sandbox: SandboxHandle) -> None:
    found = await heartland("pos", connection(sandbox), {"main": MAIN}, SystemClock())
    assert [(finding.part, finding.grade) for finding in found] == [
        ("connection pos", Grade.OK),
        ("location MAIN", Grade.OK),
    ]


async def test_a_location_without_stock_is_asked_about(sandbox: SandboxHandle) -> None:
    attic = MAIN.model_copy(update={"location": "ATTIC", "sources": {}})
    _, found = await heartland("pos", connection(sandbox), {"main": attic}, SystemClock())
    assert (found.part, found.grade) == ("location ATTIC", Grade.NOTE)


async def test_a_refused_secret_is_told_with_the_settings_to_mend(sandbox: SandboxHandle) -> None:
    (found,) = await heartland("pos", connection(sandbox, "wrong"), {}, SystemClock())
    assert found.grade is Grade.WRONG
    assert found.mend == "connections.pos.client_id and client_secret"


async def test_the_report_has_every_part_and_counts_what_is_to_mend(sandbox: SandboxHandle) -> None:
    settings = Settings(
        kafka=KafkaSettings(bootstrap_servers="127.0.0.1:1"),
        store=StoreSettings(url=SecretStr("postgresql://127.0.0.1:1/till")),
        connections={"pos": connection(sandbox)},
    )
    found = await findings(settings, SystemClock())
    parts = [finding.part for finding in found]
    assert parts[:2] == ["kafka", "store"]
    assert {"connection pos", "clock of pos", "channels", "flow order"} <= set(parts)
    out = io.StringIO()
    show(found, Console(file=out, soft_wrap=True))
    assert out.getvalue().rstrip().endswith("2 to mend.")
    assert "TILLSTREAM_KAFKA__BOOTSTRAP_SERVERS" in out.getvalue()
