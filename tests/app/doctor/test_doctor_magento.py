"""The doctor on a Magento connection, against the sandbox."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from app.clock import SystemClock
from app.connections import Http, MagentoConnection
from app.doctor.finding import Grade
from app.doctor.magento import magento, source_findings, view_findings
from app.sandbox.run import start_magento
from app.sandbox.server import SandboxHandle, SandboxOptions
from schemas.documents.channel import Channel

MAIN = Channel(name="main", web="web", pos="pos", location="MAIN", sources={"MAIN": "main"})
HTTP = Http(read_retries=0, timeout_seconds=5)


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[SandboxHandle]:
    handle = await start_magento(SandboxOptions(database=tmp_path / "magento.sqlite", skus=20))
    yield handle
    await handle.stop()


def connection(sandbox: SandboxHandle, token: str = "") -> MagentoConnection:
    bearer = SecretStr(token or sandbox.credentials["bearer_token"])
    return MagentoConnection(base_url=sandbox.url, bearer_token=bearer, http=HTTP)


async def test_a_connection_that_may_read_everything_is_well(sandbox: SandboxHandle) -> None:
    found = await magento("web", connection(sandbox), {"main": MAIN}, SystemClock())
    assert [finding.grade for finding in found] == [Grade.OK, Grade.OK]
    assert found[1].part == "channel main"


async def test_a_refused_token_is_told_with_where_to_mend_it(sandbox: SandboxHandle) -> None:
    (found,) = await magento("web", connection(sandbox, "wrong"), {}, SystemClock())
    assert found.grade is Grade.WRONG
    assert "System > Integrations" in found.mend


async def test_a_magento_that_is_not_there_is_wrong() -> None:
    nowhere = MagentoConnection(base_url="http://127.0.0.1:1", bearer_token=SecretStr("t"), http=HTTP)
    (found,) = await magento("web", nowhere, {}, SystemClock())
    assert found.grade is Grade.WRONG


@pytest.mark.rule("channels.unmapped_in_doctor")
def test_a_store_view_that_is_not_there_another_currency_and_an_unmapped_view_are_told() -> None:
    views = [{"id": 1, "base_currency_code": "EUR"}, {"id": 2, "base_currency_code": "USD"}]
    channels = {"main": MAIN, "gone": MAIN.model_copy(update={"store_id": 9})}
    currency, gone, unmapped = view_findings("web", views, channels)
    assert "EUR" in currency.message
    assert "no store view 9" in gone.message
    assert gone.mend.endswith("one of 1, 2")
    assert (unmapped.grade, "store view 2" in unmapped.message) == (Grade.NOTE, True)


def test_a_stock_source_that_magento_does_not_have_is_told() -> None:
    (found,) = source_findings("web", {"default"}, {"main": MAIN})
    assert "no stock source main" in found.message
    assert list(source_findings("web", {"main"}, {"main": MAIN})) == []


async def test_where_the_inventory_modules_are_removed_no_source_is_asked_for(sandbox: SandboxHandle) -> None:
    legacy = connection(sandbox).model_copy(update={"inventory": "legacy"})
    channel = MAIN.model_copy(update={"sources": {"MAIN": "default", "STORE2": "store2"}})
    found = await magento("web", legacy, {"main": channel}, SystemClock())
    assert [finding.message for finding in found if finding.grade is Grade.WRONG] == [
        "'web' has no stock source store2"
    ]
