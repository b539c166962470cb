"""Aliases and the purge, on a real store; each command runs a loop of its own, so these do not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

import pytest
from pydantic import SecretStr

from app import desk
from app.clock import SystemClock
from app.commands import aliases
from app.connections import HeartlandConnection, MagentoConnection
from app.settings import Settings, StoreSettings
from app.store import Store
from schemas.documents.channel import Channel
from schemas.ids import MissingLink, Ref
from streams.errors import Rejected
from streams.ports import Hold, HoldReason, JournalEntry, Outcome, Record
from tests.twins import claims

Result = TypeVar("Result")
CHANNEL = Channel(name="main", web="web", pos="pos", prefix="W-", location="MAIN", sources={"MAIN": "main"})


@pytest.fixture
def desk_settings(store_url: str) -> Settings:
    connections = {
        "web": MagentoConnection(base_url="http://127.0.0.1:1", bearer_token=SecretStr("t")),
        "pos": HeartlandConnection(base_url="http://127.0.0.1:1", client_id="c", client_secret=SecretStr("s")),
    }
    store = StoreSettings(url=SecretStr(store_url))
    return Settings(store=store, connections=connections, channels={"main": CHANNEL})


def on_store(settings: Settings, work: Callable[[Store], Awaitable[Result]]) -> Result:
    async def opened() -> Result:
        store = Store.open(settings.store.url.get_secret_value(), role="test", clock=SystemClock(), connections=2)
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(opened())


def aliased(settings: Settings, web_sku: str, pos_sku: str, *, replace: bool = False) -> int:
    wanted = aliases.Wanted(web_sku, pos_sku, None, replace)
    return asyncio.run(aliases.add(settings, wanted, lambda _question: True))


def test_old_lines_of_the_journal_are_purged(desk_settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    ages = {"old": 31, "young": 29}
    now = SystemClock().now()
    lines = [JournalEntry(name, now - timedelta(days=age), "normalize", Outcome.PASSED) for name, age in ages.items()]
    on_store(desk_settings, lambda store: store.journal.write(lines))
    assert desk.purge(desk_settings, 30) == 0
    assert capsys.readouterr().out.startswith("Deleted 1 line of the journal")
    assert on_store(desk_settings, lambda store: store.journal.of_receipt("old")) == []
    assert len(on_store(desk_settings, lambda store: store.journal.of_receipt("young"))) == 1


@pytest.mark.rule("starting.alias_releases")
def test_a_mistyped_alias_is_replaced_and_what_waits_for_another_one_goes_on(
    desk_settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert aliased(desk_settings, "WEB-1", "TYPO") == 0
    missing = MissingLink(Ref("web", "sku", "WEB-1"), "pos", "pos:sku:TYPO")
    waits = Hold("k", HoldReason.PERSON, "deliver", "r1", waits_for=missing)
    record = Record("canonical.sale", 0, 1, b"k", b"{}", (), 0)
    on_store(desk_settings, lambda store: claims.hold(store.held, "g", record, waits))
    with pytest.raises(Rejected, match=r"'WEB-1' in web is 'TYPO' in pos already.*--replace"):
        aliased(desk_settings, "WEB-1", "POS-1")
    assert aliased(desk_settings, "WEB-1", "POS-1", replace=True) == 0
    assert "1 waiting event released" in capsys.readouterr().out
    (event,) = on_store(desk_settings, lambda store: store.desk.find())
    assert event.held.hold.reason is HoldReason.TIME
    assert aliased(desk_settings, "WEB-2", "TYPO") == 0, "the mistyped SKU is free again"


def test_an_alias_does_not_take_another_skus_counterpart(desk_settings: Settings) -> None:
    assert aliased(desk_settings, "WEB-1", "POS-1") == 0
    with pytest.raises(Rejected, match=r"'WEB-1' in web is 'POS-1' in pos already: a SKU has one counterpart$"):
        aliased(desk_settings, "WEB-2", "POS-1", replace=True)
    assert aliased(desk_settings, "WEB-2", "POS-2") == 0
    with pytest.raises(Rejected):
        aliased(desk_settings, "WEB-2", "POS-1", replace=True)
    found = on_store(desk_settings, lambda store: store.links.find([Ref("web", "sku", "WEB-2")], "pos"))
    assert [alias.native_id for alias in found.values()] == ["POS-2"], "a refusal changes nothing"


@pytest.mark.parametrize("waits_for", [Ref("web", "customer", "42"), Ref("pos", "customer@2", "1001")])
def test_who_links_a_customer_releases_what_waits_for_it(
    desk_settings: Settings, capsys: pytest.CaptureFixture[str], waits_for: Ref
) -> None:
    outlet = CHANNEL.model_copy(update={"website_id": 2, "store_id": 2})
    settings = desk_settings.model_copy(update={"channels": {"main": CHANNEL, "outlet": outlet}})
    other = "pos" if waits_for.connection == "web" else "web"
    waits = Hold("k", HoldReason.PERSON, "deliver", "r1", waits_for=MissingLink(waits_for, other))
    record = Record("canonical.customer", 0, 1, b"k", b"{}", (), 0)
    on_store(settings, lambda store: claims.hold(store.held, "g", record, waits))
    assert desk.link_customer(settings, "42", "1001", "outlet") == 0
    assert "account 42 of web is profile 1001 of pos; 1 waiting event released" in capsys.readouterr().out
    (event,) = on_store(settings, lambda store: store.desk.find())
    assert event.held.hold.reason is HoldReason.TIME


def test_a_profile_has_one_account_on_each_website(desk_settings: Settings) -> None:
    outlet = CHANNEL.model_copy(update={"website_id": 2, "store_id": 2})
    settings = desk_settings.model_copy(update={"channels": {"main": CHANNEL, "outlet": outlet}})
    assert desk.link_customer(settings, "42", "1001", "main") == 0
    assert desk.link_customer(settings, "43", "1001", "outlet") == 0
    with pytest.raises(Rejected, match="account 42 of web is profile 1001 of pos already"):
        desk.link_customer(settings, "44", "1001", "main")
