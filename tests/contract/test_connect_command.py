"""``tillstream connect`` tells item by item what it did, and does nothing twice."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from app.commands import connect
from app.connect.magento import connect_magento
from app.connections import WebhookConnection
from app.settings import IngressSettings, Settings, StoreSettings
from app.store import Store
from streams.errors import Transient
from tests.contract.systems import PosSystem, WebSystem

pytestmark = pytest.mark.postgres


@pytest.fixture
def settings(store_url: str, web: WebSystem, pos: PosSystem) -> Settings:
    return Settings(
        store=StoreSettings(url=SecretStr(store_url)),
        connections={"web": web.settings, "pos": pos.settings, "crm": WebhookConnection(base_url="http://crm.example")},
        ingress=IngressSettings(public_url="http://127.0.0.1:9"),
    )


async def test_each_item_is_told_once_done_and_then_kept(
    settings: Settings, pos: PosSystem, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await connect.run(settings, None, "ann", dry_run=True) == 0
    told = capsys.readouterr().out
    assert "pos: webhook http://127.0.0.1:9/webhooks/pos/{entity}: would be created: there was none" in told
    assert "1 to change; nothing was changed" in told
    assert await pos.connector.webhooks.webhooks() == ()
    assert await connect.run(settings, None, "ann", dry_run=False) == 0
    told = capsys.readouterr().out
    assert "pos: webhook http://127.0.0.1:9/webhooks/pos/{entity}: created: there was none" in told
    assert "web: customer attribute loyalty_points: left: it is not there. Magento's REST API makes no" in told
    assert "web: webhooks: left: a Magento sends none by itself" in told
    assert "crm: receiver: left: it is only told" in told
    assert "1 changed" in told
    assert await connect.run(settings, "pos", "ann", dry_run=False) == 0
    told = capsys.readouterr().out
    assert told.startswith("pos: webhook http://127.0.0.1:9/webhooks/pos/{entity}: kept: it is as it should be (")
    assert told.endswith("\nNothing was changed\n")
    assert len(await pos.connector.webhooks.webhooks()) == 1


@pytest.mark.rule("starting.polling_default")
async def test_without_a_public_address_polling_suffices_and_nothing_is_registered(
    settings: Settings, pos: PosSystem, capsys: pytest.CaptureFixture[str]
) -> None:
    private = settings.model_copy(update={"ingress": IngressSettings()})
    assert await connect.run(private, "pos", "ann", dry_run=False) == 0
    assert "changes come by polling alone, every 60 s. That suffices" in capsys.readouterr().out
    assert await pos.connector.webhooks.webhooks() == ()


async def test_while_a_poller_looks_after_it_nothing_is_changed(
    settings: Settings, store: Store, pos: PosSystem
) -> None:
    await store.leases.take("pos.webhooks", "poll@a-1", 60)
    with pytest.raises(Transient, match="a poller looks after its webhooks"):
        await connect.run(settings, "pos", "ann", dry_run=False)
    assert await pos.connector.webhooks.webhooks() == ()


@pytest.mark.rule("products.loyalty_attribute")
async def test_an_attribute_that_no_route_makes_is_looked_for_and_told_with_how_to_make_it(web: WebSystem) -> None:
    assert await web.connector.customers.has_attribute("email")
    (done,) = await connect_magento("web", web.connector.customers, {("magento", "customer")})
    assert done.why.startswith("it is not there. Magento's REST API makes no customer attribute. Make 'loyalty_points'")
    assert "so that customers cannot change it" in done.why
