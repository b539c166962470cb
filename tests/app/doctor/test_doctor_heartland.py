"""The doctor on a Heartland connection, and the whole report, against the sandbox."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from rich.console import Console

from app.clock import SystemClock
from app.connections import HeartlandConnection, Http
from app.doctor.asked import Asked
from app.doctor.checks import as_json, findings, show
from app.doctor.finding import Grade, note, ok, wrong
from app.doctor.heartland import heartland, scope_findings
from app.sandbox.heartland.server import start as start_account
from app.sandbox.run import start_heartland
from app.sandbox.server import SandboxHandle, SandboxOptions
from app.settings import KafkaSettings, Settings, StoreSettings
from schemas.documents.channel import Channel
from streams.engine import load

FLOWS = tuple(load().flows.values())
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
    found = await heartland("pos", connection(sandbox), Asked({"main": MAIN}), SystemClock())
    assert [(finding.part, finding.grade) for finding in found] == [
        ("connection pos", Grade.OK),
        ("location MAIN", Grade.OK),
    ]


async def test_a_location_without_stock_is_asked_about(sandbox: SandboxHandle) -> None:
    attic = MAIN.model_copy(update={"location": "ATTIC", "sources": {}})
    _, found = await heartland("pos", connection(sandbox), Asked({"main": attic}), SystemClock())
    assert (found.part, found.grade) == ("location ATTIC", Grade.NOTE)


async def test_a_refused_secret_is_told_with_the_settings_to_mend(sandbox: SandboxHandle) -> None:
    (found,) = await heartland("pos", connection(sandbox, "wrong"), Asked(), SystemClock())
    assert found.grade is Grade.WRONG
    assert found.mend == "connections.pos.client_id and client_secret"


async def test_a_client_that_may_only_read_is_told_with_the_flows_that_cannot_write(tmp_path: Path) -> None:
    options = SandboxOptions(database=tmp_path / "reader.sqlite", skus=20)
    reader = await start_account(options, scopes=frozenset({"read"}))
    found = await heartland("pos", connection(reader), Asked({"main": MAIN}, FLOWS), SystemClock())
    await reader.stop()
    (scopes,) = [finding for finding in found if finding.part == "scopes of pos"]
    assert (scopes.grade, scopes.message) == (Grade.WRONG, "the API client may only read")
    assert "order" in scopes.why


async def test_a_client_that_may_read_and_write_is_well(sandbox: SandboxHandle) -> None:
    found = await heartland("pos", connection(sandbox), Asked({}, FLOWS), SystemClock())
    assert [finding.grade for finding in found if finding.part == "scopes of pos"] == [Grade.OK]


def test_a_token_that_does_not_tell_its_scopes_proves_nothing() -> None:
    (found,) = scope_findings("pos", (), FLOWS)
    assert found.grade is Grade.NOTE
    assert list(scope_findings("pos", (), ())) == []


def test_the_report_for_programs_names_the_worst_and_every_fix() -> None:
    found = [ok("kafka", "well"), note("store", "hm"), wrong("channel main", "no", "mend it", "it is lost")]
    document = json.loads(as_json(found))
    assert document["worst"] == "wrong"
    assert document["findings"][2] == {
        "part": "channel main",
        "grade": "wrong",
        "message": "no",
        "mend": "mend it",
        "why": "it is lost",
    }
    assert json.loads(as_json(found[:2]))["worst"] == "doubtful"


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
    assert " 2 to mend. " in f" {out.getvalue().splitlines()[-1]} "
    assert "TILLSTREAM_KAFKA__BOOTSTRAP_SERVERS" in out.getvalue()
