"""Every call that the Heartland connector makes keeps to the OpenAPI document: method, path, query and body.

`CheckedHeartland` holds each request of each contract suite to the document. Here every method is called once, so that
none is left out, and none calls another operation than the one it is meant to.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Self

import pytest

from app.clock import SystemClock
from app.doctor import heartland as doctor
from app.doctor.asked import Asked
from app.systems import Pos
from schemas.documents import Channel
from streams.ports import GiftCardNumber, HoldDraft, ParcelDraft, PaymentDraft, ProfileDraft, RefundDraft
from tests.app.call_sites import methods, sites_in, unseen
from tests.contract.systems import CheckedHeartland, PosSystem

NUMBER = GiftCardNumber("CONTRACT-0001")
DAY = date(2026, 8, 31)
SINCE = datetime(2026, 8, 31, tzinfo=UTC)
ONE = Decimal("1.00")
REFUNDED = {
    "RefundedAt": SINCE.isoformat(),
    "Amount": ONE,
    "Reason": "R-1",
    "Tenders": [{"Type": "Cash", "Amount": ONE}],
    "Lines": [],
}


@dataclass
class Shop:
    """An account with one of everything."""

    pos: PosSystem
    order_id: str = ""
    other_id: str = ""
    customer_id: str = ""
    card_id: str = ""
    holds: tuple[str, ...] = ()
    webhook_id: str = ""

    async def prepare(self) -> None:
        pos, system = self.pos, self.pos.connector
        tenders = [{"Type": "Cash", "Amount": ONE}]
        draft = pos.draft(Tenders=tenders, BalanceDue=Decimal("20.65"))
        self.order_id = (await system.orders.create_order(draft)).order_id
        self.other_id = (await system.orders.create_order(pos.draft())).order_id
        self.customer_id = (await system.customers.create_customer(profile("C-0"))).customer_id
        card = {"Number": NUMBER.reveal(), "Balance": ONE, "Currency": "USD"}
        await pos.client.change("POST", "create_gift_card", "a card", "/v1/gift-cards", card)
        found = await system.gift_cards.gift_card(NUMBER)
        assert found is not None
        self.card_id = found.card_id
        holds = [await system.gift_cards.hold_gift_card(self.card_id, hold(name)) for name in ("H-1", "H-2")]
        self.holds = tuple(one.hold_id for one in holds)
        webhook = await system.webhooks.create_webhook("http://127.0.0.1:9/{entity}", ["order.created"], "ours")
        self.webhook_id = webhook.webhook_id

    def parcel(self) -> ParcelDraft:
        lines = [{"SKU": self.pos.sku, "Quantity": ONE}]
        document = {"ShippedAt": SINCE.isoformat(), "TrackingNumber": "1Z-1", "Lines": lines}
        return ParcelDraft("1Z-1", document, {self.pos.sku: ONE})

    def payment(self) -> PaymentDraft:
        document = {
            "ExternalID": "P-1",
            "Kind": "Sale",
            "OrderID": self.other_id,
            "Amount": ONE,
            "Currency": "USD",
            "Type": "Card",
        }
        return PaymentDraft("P-1", document, "Sale", ONE, "USD")


def profile(external_id: str) -> ProfileDraft:
    return ProfileDraft(
        external_id, {"ExternalID": external_id, "LastName": "Webb", "Addresses": [{"City": "Waco"}]}, ""
    )


def hold(external_id: str) -> HoldDraft:
    return HoldDraft(external_id, Decimal("0.10"), "USD")


Call = Callable[[Pos, Shop], Awaitable[object]]

CALLS: Mapping[str, tuple[Call, list[str]]] = {
    "reader.read": (lambda pos, shop: pos.reader.read("order", shop.order_id), ["get_order"]),
    "orders.create_order": (lambda pos, shop: pos.orders.create_order(shop.pos.draft()), ["create_order"]),
    "orders.find_order": (lambda pos, _: pos.orders.find_order("W-1"), ["list_orders"]),
    "orders.list_orders": (lambda pos, _: pos.orders.list_orders(SINCE), ["list_orders"]),
    "orders.set_order_addresses": (
        lambda pos, shop: pos.orders.set_order_addresses(shop.order_id, {"ShippingAddress": {"City": "Waco"}}),
        ["update_order"],
    ),
    "orders.set_order_customer": (
        lambda pos, shop: pos.orders.set_order_customer(shop.order_id, shop.customer_id),
        ["update_order"],
    ),
    "shipments.shipments_of": (lambda pos, shop: pos.shipments.shipments_of(shop.order_id), ["get_order"]),
    "shipments.find_shipment": (lambda pos, shop: pos.shipments.find_shipment(shop.order_id, "1Z-1"), ["get_order"]),
    "shipments.append_shipment": (
        lambda pos, shop: pos.shipments.append_shipment(shop.order_id, shop.parcel()),
        ["get_order", "update_order"],
    ),
    "refunds.refunds_of": (lambda pos, shop: pos.refunds.refunds_of(shop.order_id), ["get_order"]),
    "refunds.find_refund": (lambda pos, shop: pos.refunds.find_refund(shop.order_id, "R-1"), ["get_order"]),
    "refunds.append_refund": (
        lambda pos, shop: pos.refunds.append_refund(shop.order_id, RefundDraft("R-1", REFUNDED, ONE)),
        ["get_order", "update_order"],
    ),
    "orders.fulfil_order": (lambda pos, shop: pos.orders.fulfil_order(shop.order_id), ["update_order"]),
    "payments.create_payment": (lambda pos, shop: pos.payments.create_payment(shop.payment()), ["create_payment"]),
    "payments.find_payment": (lambda pos, _: pos.payments.find_payment("P-1"), ["list_payments"]),
    "payments.payments_of": (lambda pos, shop: pos.payments.payments_of(shop.order_id), ["list_payments"]),
    "payments.list_payments": (lambda pos, _: pos.payments.list_payments(SINCE), ["list_payments"]),
    "orders.cancel_order": (lambda pos, shop: pos.orders.cancel_order(shop.other_id), ["update_order"]),
    "customers.customer": (lambda pos, _: pos.customers.customer("Web guest"), ["get_customer"]),
    "customers.find_customer": (lambda pos, _: pos.customers.find_customer("C-0"), ["list_customers"]),
    "customers.customers_by_email": (
        lambda pos, _: pos.customers.customers_by_email("ann+web@example.com"),
        ["list_customers"],
    ),
    "customers.create_customer": (lambda pos, _: pos.customers.create_customer(profile("C-1")), ["create_customer"]),
    "customers.update_customer": (
        lambda pos, shop: pos.customers.update_customer(shop.customer_id, {"Phone": "+15125550100"}),
        ["update_customer"],
    ),
    "customers.purchases": (lambda pos, shop: pos.customers.purchases(shop.customer_id), ["list_orders"]),
    "customers.list_customers": (lambda pos, _: pos.customers.list_customers(SINCE), ["list_customers"]),
    "products.products": (lambda pos, _: pos.products.products({"A,B", "C&D=é"}), ["list_products"]),
    "products.list_products": (lambda pos, _: pos.products.list_products(SINCE), ["list_products"]),
    "stock.levels": (lambda pos, _: pos.stock.levels({"A,B", "C&D=é"}), ["list_inventory"]),
    "stock.list_inventory": (lambda pos, _: pos.stock.list_inventory(SINCE), ["list_inventory"]),
    "gift_cards.gift_card": (lambda pos, _: pos.gift_cards.gift_card(NUMBER), ["find_gift_card"]),
    "gift_cards.hold_gift_card": (
        lambda pos, shop: pos.gift_cards.hold_gift_card(shop.card_id, hold("H-3")),
        ["create_gift_card_hold"],
    ),
    "gift_cards.find_gift_card_hold": (
        lambda pos, shop: pos.gift_cards.find_gift_card_hold(shop.card_id, "H-3"),
        ["list_gift_card_holds"],
    ),
    "gift_cards.gift_card_holds": (
        lambda pos, shop: pos.gift_cards.gift_card_holds(shop.card_id),
        ["list_gift_card_holds"],
    ),
    "gift_cards.commit_gift_card": (
        lambda pos, shop: pos.gift_cards.commit_gift_card(shop.card_id, shop.holds[0]),
        ["update_gift_card_hold"],
    ),
    "gift_cards.release_gift_card": (
        lambda pos, shop: pos.gift_cards.release_gift_card(shop.card_id, shop.holds[1]),
        ["update_gift_card_hold"],
    ),
    "gift_cards.credit_gift_card": (
        lambda pos, shop: pos.gift_cards.credit_gift_card(shop.card_id, hold("C-1")),
        ["create_gift_card_credit"],
    ),
    "gift_cards.find_gift_card_credit": (
        lambda pos, shop: pos.gift_cards.find_gift_card_credit(shop.card_id, "C-1"),
        ["list_gift_card_credits"],
    ),
    "gift_cards.list_gift_cards": (lambda pos, _: pos.gift_cards.list_gift_cards(SINCE), ["list_gift_cards"]),
    "reports.day_sums": (lambda pos, _: pos.reports.day_sums(DAY, DAY, "MAIN"), ["report_transactions"]),
    "webhooks.webhooks": (lambda pos, _: pos.webhooks.webhooks(), ["list_webhooks"]),
    "webhooks.create_webhook": (
        lambda pos, _: pos.webhooks.create_webhook("https://example.com/{entity}", ["payment.succeeded"], "ours"),
        ["create_webhook"],
    ),
    "webhooks.delete_webhook": (lambda pos, shop: pos.webhooks.delete_webhook(shop.webhook_id), ["delete_webhook"]),
}
"""Each method, and the operations that it calls, in an order in which all of them succeed."""


PLACES = ("app/heartland", "app/doctor/heartland.py")
"""All code that asks a Heartland for something."""


async def test_every_method_of_the_connector_calls_what_the_document_has_and_no_place_sends_unchecked(
    pos: PosSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert set(CALLS) == methods(pos.connector)
    shop = Shop(pos)
    await shop.prepare()
    called = {}
    for name, (call, _) in CALLS.items():
        pos.client.called.clear()
        await call(pos.connector, shop)
        called[name] = [*pos.client.called]
    assert called == {name: operations for name, (_, operations) in CALLS.items()}
    asked: list[CheckedHeartland] = []

    class Noted(CheckedHeartland):
        async def __aenter__(self) -> Self:
            asked.append(self)
            return await super().__aenter__()

    monkeypatch.setattr(doctor, "HeartlandClient", Noted)
    channel = Channel(name="main", web="web", pos="pos", location=pos.location)
    await doctor.heartland("pos", pos.settings, Asked({"main": channel}), SystemClock())
    assert unseen(sites_in(*PLACES), pos.client.sites | asked[0].sites) == []
