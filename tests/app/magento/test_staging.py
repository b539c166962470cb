"""A copy of a shop: nobody is written to, and no money moves."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from app.connections import MagentoConnection
from app.magento.client import MagentoClient
from app.magento.staging import harmless
from streams.errors import Rejected
from tests.twins.clock import FakeClock


@pytest.mark.rule("channels.staging_no_mail")
def test_what_may_notify_is_told_not_to() -> None:
    assert harmless("web", "ship_order", "order 1", {"notify": True, "items": []}) == {"notify": False, "items": []}
    assert harmless("web", "add_comment", "order 1", {"comment": "x"}) == {"comment": "x"}


@pytest.mark.rule("channels.staging_no_mail")
@pytest.mark.parametrize("operation", ["create_account", "ready_for_pickup"])
def test_what_always_mails_is_not_sent(operation: str) -> None:
    with pytest.raises(Rejected, match=r"web is marked as staging.*writes to the customer"):
        harmless("web", operation, "order 1", {})


@pytest.mark.rule("channels.staging_no_capture")
def test_a_capture_is_not_sent_and_an_offline_invoice_is() -> None:
    with pytest.raises(Rejected, match="takes money through the gateway"):
        harmless("web", "invoice_order", "order 1", {"capture": True, "notify": False})
    offline = {"capture": False, "notify": False}
    assert harmless("web", "invoice_order", "order 1", offline) == offline


async def test_a_store_that_is_marked_is_asked_quietly() -> None:
    settings = MagentoConnection(base_url="http://127.0.0.1:1", bearer_token=SecretStr("x" * 32), environment="staging")
    async with MagentoClient("web", settings, FakeClock()) as client:
        with pytest.raises(Rejected, match="nothing was sent"):
            await client.post("invoice_order", "order 1", "/V1/order/1/invoice", {"capture": True})
