"""Who is mailed, how often, and what is answered when no mail leaves."""

from __future__ import annotations

import sqlite3

import pytest

from app.sandbox.magento.switches import Switch
from tests.app.sandbox.magento.storefront import Storefront

NOTIFY = {"statusHistory": {"comment": "c", "is_customer_notified": 1}}


async def test_placing_an_order_mails_once(shop: Storefront) -> None:
    await shop.place(("S1", 1))
    assert shop.mails("order") == ["guest@example.com"]


@pytest.mark.parametrize("notify", [True, False])
async def test_documents_mail_only_if_asked_to(shop: Storefront, notify: bool) -> None:
    order_id = await shop.place(("S1", 1))
    body = {"notify": notify, "arguments": {"extension_attributes": {"source_code": "main"}}}
    await shop.do("POST", f"/order/{order_id}/invoice", {"notify": notify})
    await shop.do("POST", f"/order/{order_id}/ship", body)
    await shop.do("POST", f"/order/{order_id}/refund", {"notify": notify})
    expected = ["guest@example.com"] if notify else []
    assert [shop.mails(kind) for kind in ("invoice", "shipment", "credit_memo")] == [expected] * 3
    assert (await shop.order(order_id))["customer_note_notify"] == int(notify)


async def test_comments_mail_only_if_they_notify(shop: Storefront) -> None:
    order_id = await shop.place(("S1", 1))
    await shop.ship(order_id)
    for notified in (0, 1):
        await shop.do("POST", f"/orders/{order_id}/comments", {"statusHistory": {"is_customer_notified": notified}})
        entity = {"comment": "c", "parent_id": 1, "is_customer_notified": notified}
        await shop.do("POST", "/shipment/1/comments", {"entity": entity})
    assert (shop.mails("order_comment"), shop.mails("shipment_comment")) == (["guest@example.com"],) * 2


async def test_a_notifying_comment_is_stored_and_answered_400_while_mail_is_down(shop: Storefront) -> None:
    order_id = await shop.place(("S1", 1))
    await shop.switch(mail_down=True)
    refused = await shop.call("POST", f"/orders/{order_id}/comments", NOTIFY)
    assert refused == (400, {"message": "Unable to send mail. Please try again later."})
    assert [row["comment"] for row in (await shop.order(order_id))["status_histories"]] == ["c"]
    assert shop.mails("order_comment") == []
    with sqlite3.connect(shop.handle.database) as connection:
        logged = connection.execute("SELECT status FROM mutations WHERE operation = 'add_comment'").fetchall()
    connection.close()
    assert logged == [(200,)]


async def test_everything_else_keeps_quiet_about_mail_that_is_down(shop: Storefront) -> None:
    await shop.switch(mail_down=True)
    order_id = await shop.place(("S1", 1))
    await shop.do("POST", f"/order/{order_id}/invoice", {"notify": True})
    await shop.do("POST", f"/order/{order_id}/refund", {"notify": True})
    assert [shop.mails(kind) for kind in ("order", "invoice", "credit_memo")] == [[], [], []]


async def test_switches_are_shown_and_a_wrong_one_is_refused(shop: Storefront) -> None:
    shown = {**dict.fromkeys(Switch, False), Switch.MAIL_DOWN: True}
    assert await shop.switch(mail_down=True) == shown
    wrong: tuple[object, ...] = ({"mail": True}, {"mail_down": 1}, [])
    for body in wrong:
        async with shop.session.put(f"{shop.handle.url}/_switches", json=body) as response:
            assert response.status == 400
    async with shop.session.get(f"{shop.handle.url}/_switches") as response:
        assert await response.json() == shown
