"""The doctor on a Magento connection, against the sandbox."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from pydantic import SecretStr

from app.clock import SystemClock
from app.connections import Http, MagentoConnection
from app.doctor.asked import Asked
from app.doctor.finding import Grade
from app.doctor.magento import magento, view_findings
from app.doctor.rights import STORE, needs_of
from app.doctor.sources import Inventory, source_findings
from app.sandbox.magento import stocks
from app.sandbox.magento.listing import list_documents
from app.sandbox.magento.server import start as start_shop
from app.sandbox.magento.switches import SWITCHES_PATH, Switch
from app.sandbox.run import start_magento
from app.sandbox.server import SandboxHandle, SandboxOptions
from schemas.documents import Mode
from schemas.documents.channel import Channel
from streams.engine import load

FLOWS = tuple(load().flows.values())
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
    found = await magento("web", connection(sandbox), Asked({"main": MAIN}), SystemClock())
    assert {finding.grade for finding in found} == {Grade.OK}
    assert [finding.part for finding in found] == [
        "connection web",
        "channel main",
        "rights in web",
        "channel main",
        "limits of web",
        "consumers of web",
    ]


async def test_a_refused_token_is_told_with_where_to_mend_it(sandbox: SandboxHandle) -> None:
    (found,) = await magento("web", connection(sandbox, "wrong"), Asked(), SystemClock())
    assert found.grade is Grade.WRONG
    assert "System > Integrations" in found.mend


async def test_a_magento_that_is_not_there_is_wrong() -> None:
    nowhere = MagentoConnection(base_url="http://127.0.0.1:1", bearer_token=SecretStr("t"), http=HTTP)
    (found,) = await magento("web", nowhere, Asked(), SystemClock())
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


INVENTORY = Inventory({"main": True, "store2": True, "attic": False}, {"base": 2}, {2: frozenset({"main"})})
SITES = {1: "base"}


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("nowhere", "'web' has no source 'nowhere' of location MAIN"),
        ("attic", "source 'attic' of location MAIN is disabled in 'web'"),
        ("store2", "source 'store2' of location MAIN is not of stock 2, which the website 'base' of 'web' sells"),
    ],
)
def test_a_source_in_which_nothing_could_be_sold_is_told(source: str, told: str) -> None:
    channel = MAIN.model_copy(update={"sources": {"MAIN": source}})
    (found,) = source_findings("web", {"main": channel}, INVENTORY, SITES)
    assert (found.grade, found.message) == (Grade.WRONG, told)
    assert found.mend


def test_sources_that_sell_on_the_channels_website_are_well() -> None:
    (found,) = source_findings("web", {"main": MAIN}, INVENTORY, SITES)
    assert found.grade is Grade.OK


async def test_a_source_that_magento_takes_out_of_the_websites_stock_is_found(sandbox: SandboxHandle) -> None:
    with sqlite3.connect(sandbox.database) as shop:
        shop.execute("DELETE FROM stock_source_links WHERE source_code = 'main'")
    found = await magento("web", connection(sandbox), Asked({"main": MAIN}), SystemClock())
    (told,) = [finding for finding in found if finding.grade is Grade.WRONG]
    assert "assign source 'main' to it" in told.mend


async def test_a_list_of_sources_that_came_in_part_is_told_as_such(
    sandbox: SandboxHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    def short(*asked: Any, **options: Any) -> dict[str, Any]:
        found = list_documents(*asked, **options)
        return found | {"items": found["items"][1:]}

    monkeypatch.setattr(stocks, "list_documents", short)
    (told,) = await magento("web", connection(sandbox), Asked({"main": MAIN}), SystemClock())
    assert "nothing is taken for missing" in told.message


@pytest.mark.parametrize("resource", [one for one in needs_of(FLOWS, accounts=True).readable if one != STORE])
async def test_a_right_that_a_flow_needs_and_the_integration_lacks_is_told_by_name(
    tmp_path: Path, resource: str
) -> None:
    options = SandboxOptions(database=tmp_path / "magento.sqlite", skus=20)
    poor = await start_shop(options, denied_resources=frozenset({resource}))
    settings = connection(poor).model_copy(update={"gift_cards": "accounts"})
    found = await magento("web", settings, Asked({}, FLOWS), SystemClock())
    await poor.stop()
    told = [finding for finding in found if finding.part == "rights in web" and finding.grade is Grade.WRONG]
    assert [finding.message for finding in told] == [f"the integration lacks {resource}"]
    assert told[0].why.endswith("cannot work: Magento answers 401")


def test_every_operation_of_a_flow_that_writes_to_magento_has_its_right() -> None:
    for flow in FLOWS:
        if flow.deliver.target == "magento":
            live = flow.model_copy(update={"mode": Mode.LIVE})
            assert len(needs_of([live], accounts=True).flows) > 2, f"{flow.id} needs more than to see orders and views"


def test_a_flow_that_is_off_needs_nothing() -> None:
    off = [flow.model_copy(update={"mode": Mode.OFF}) for flow in FLOWS]
    assert all(not flows for flows in needs_of(off).flows.values())


async def switched(sandbox: SandboxHandle, switch: Switch) -> None:
    async with aiohttp.ClientSession() as session:
        (await session.put(sandbox.url + SWITCHES_PATH, json={switch.value: True})).raise_for_status()


async def test_a_shop_that_caps_its_pages_is_told_with_the_setting(sandbox: SandboxHandle) -> None:
    await switched(sandbox, Switch.PAGES_CAPPED)
    found = await magento("web", connection(sandbox), Asked({}, page_size=100), SystemClock())
    (told,) = [finding for finding in found if finding.grade is Grade.WRONG]
    assert told.message.startswith("it refuses pages of 100 rows: ")
    assert told.mend.startswith("polling.page_size")
    found = await magento("web", connection(sandbox), Asked({}, page_size=50), SystemClock())
    assert Grade.WRONG not in {finding.grade for finding in found}


async def test_operations_that_no_consumer_takes_are_told_with_the_command(sandbox: SandboxHandle) -> None:
    await switched(sandbox, Switch.CONSUMERS_STAND)
    found = await magento("web", connection(sandbox), Asked(), SystemClock())
    (told,) = [finding for finding in found if finding.part == "consumers of web"]
    assert (told.grade, told.message) == (Grade.NOTE, "1 operations of its bulk API wait for a consumer")
    assert "queue:consumers:start async.operations.all" in told.mend


async def test_where_the_inventory_modules_are_removed_no_source_is_asked_for(sandbox: SandboxHandle) -> None:
    legacy = connection(sandbox).model_copy(update={"inventory": "legacy"})
    channel = MAIN.model_copy(update={"sources": {"MAIN": "default", "STORE2": "store2"}})
    found = await magento("web", legacy, Asked({"main": channel}), SystemClock())
    assert [finding.message for finding in found if finding.grade is Grade.WRONG] == [
        "'web' has no source 'store2' of location STORE2"
    ]
