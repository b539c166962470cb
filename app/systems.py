"""The connected systems: each connection's connector, as the ports that the stages ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from app.connections import Connection, HeartlandConnection, MagentoConnection, WebhookConnection
from app.gift_card_codes import LAST_FOUR, CodeMask
from app.heartland.client import HeartlandClient
from app.heartland.customers import HeartlandCustomers
from app.heartland.gift_cards import HeartlandGiftCards
from app.heartland.orders import HeartlandOrders
from app.heartland.payments import HeartlandPayments
from app.heartland.products import HeartlandProducts
from app.heartland.reader import HeartlandReader
from app.heartland.refunds import HeartlandRefunds
from app.heartland.reports import HeartlandReports
from app.heartland.shipments import HeartlandShipments
from app.heartland.stock import HeartlandStock
from app.heartland.webhooks import HeartlandWebhooks
from app.http import BeforeMutation, let_pass
from app.magento.catalogue import MagentoCatalogue
from app.magento.client import MagentoClient
from app.magento.credit_memos import MagentoCreditMemos
from app.magento.customers import MagentoCustomers
from app.magento.gift_card_numbers import MagentoGiftCardNumbers
from app.magento.gift_cards import GiftCardAccounts, UnavailableGiftCards
from app.magento.invoices import MagentoInvoices
from app.magento.lifecycle import MagentoLifecycle
from app.magento.orders import MagentoOrders
from app.magento.pictures import MagentoPictures
from app.magento.prices import MagentoPrices
from app.magento.products import MagentoProducts
from app.magento.reader import MagentoReader
from app.magento.shipments import MagentoShipments
from app.magento.stock import MagentoStock
from app.magento.stock_items import MagentoStockItems
from app.magento.tickets import MagentoTickets
from app.magento.transactions import MagentoTransactions
from app.magento.variants import MagentoVariants
from app.polling.feeds import Lists
from app.settings import Settings
from app.webhook.client import WebhookReceiver
from streams.inventory.formula import Formula, item_quantities, source_quantities
from streams.metrics import Metrics
from streams.ports import NOWHERE, Clock, EntityReader, Failpoints, Pulse, WebStock


@dataclass(frozen=True, slots=True)
class Web:
    """A Magento instance."""

    client: MagentoClient
    reader: MagentoReader
    orders: MagentoOrders
    lifecycle: MagentoLifecycle
    shipments: MagentoShipments
    invoices: MagentoInvoices
    credit_memos: MagentoCreditMemos
    tickets: MagentoTickets
    transactions: MagentoTransactions
    customers: MagentoCustomers
    products: MagentoProducts
    catalogue: MagentoCatalogue
    pictures: MagentoPictures
    variants: MagentoVariants
    prices: MagentoPrices
    gift_cards: GiftCardAccounts | UnavailableGiftCards
    gift_card_numbers: MagentoGiftCardNumbers
    stock: WebStock
    formula: Formula
    """What its stock shall hold."""

    @classmethod
    def through(
        cls, client: MagentoClient, codes: CodeMask = LAST_FOUR, *, accounts: bool = False, legacy: bool = False
    ) -> Web:
        """All of an instance, through one client.

        Args:
            client: of the connection.
            codes: masks gift cards' codes.
            accounts: whether it has routes for gift card accounts.
            legacy: whether its inventory modules are removed, and it keeps stock items.
        """
        return cls(
            client=client,
            reader=MagentoReader(client, codes),
            orders=MagentoOrders(client),
            lifecycle=MagentoLifecycle(client),
            shipments=MagentoShipments(client, sources=not legacy),
            invoices=MagentoInvoices(client),
            credit_memos=MagentoCreditMemos(client),
            tickets=MagentoTickets(client),
            transactions=MagentoTransactions(client),
            customers=MagentoCustomers(client),
            products=MagentoProducts(client),
            catalogue=MagentoCatalogue(client),
            pictures=MagentoPictures(client),
            variants=MagentoVariants(client),
            prices=MagentoPrices(client),
            gift_cards=GiftCardAccounts(client) if accounts else UnavailableGiftCards(client.name),
            gift_card_numbers=MagentoGiftCardNumbers(client),
            stock=MagentoStockItems(client) if legacy else MagentoStock(client),
            formula=item_quantities if legacy else source_quantities,
        )

    @property
    def lists(self) -> Mapping[str, Lists]:
        """What can be polled by its change, by the entity of its raw events."""
        return {
            "order": self.orders.list_orders,
            "invoice": self.invoices.list_invoices,
            "shipment": self.shipments.list_shipments,
            "credit_memo": self.credit_memos.list_credit_memos,
            "customer": self.customers.list_customers,
        }


@dataclass(frozen=True, slots=True)
class Pos:
    """A Heartland account."""

    client: HeartlandClient
    reader: HeartlandReader
    orders: HeartlandOrders
    shipments: HeartlandShipments
    refunds: HeartlandRefunds
    payments: HeartlandPayments
    customers: HeartlandCustomers
    products: HeartlandProducts
    stock: HeartlandStock
    gift_cards: HeartlandGiftCards
    reports: HeartlandReports
    webhooks: HeartlandWebhooks

    @classmethod
    def through(cls, client: HeartlandClient) -> Pos:
        """All of an account, through one client."""
        return cls(
            client=client,
            reader=HeartlandReader(client),
            orders=HeartlandOrders(client),
            shipments=HeartlandShipments(client),
            refunds=HeartlandRefunds(client),
            payments=HeartlandPayments(client),
            customers=HeartlandCustomers(client),
            products=HeartlandProducts(client),
            stock=HeartlandStock(client),
            gift_cards=HeartlandGiftCards(client),
            reports=HeartlandReports(client),
            webhooks=HeartlandWebhooks(client),
        )

    @property
    def lists(self) -> Mapping[str, Lists]:
        """What can be polled, by the entity of its raw events."""
        return {
            "order": self.orders.list_orders,
            "inventory": self.stock.list_inventory,
            "payment": self.payments.list_payments,
            "customer": self.customers.list_customers,
            "product": self.products.list_products,
            "gift_card": self.gift_cards.list_gift_cards,
        }


@dataclass(frozen=True, slots=True)
class Receiver:
    """A receiver of webhooks."""

    client: WebhookReceiver


System = Web | Pos | Receiver


class Systems:
    """Connectors of all connections; nothing is opened before the first request.

    Args:
        settings: name the connections.
        clock: for waits and signatures.
        metrics: told of every request.
        pulses: told of every request to their connection; most roles have none.
        failpoints: told how far every mutation has come.
        before_mutation: may stop every mutation, for a run that must write nothing.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        metrics: Metrics,
        pulses: Mapping[str, Pulse] | None = None,
        *,
        failpoints: Failpoints = NOWHERE,
        before_mutation: BeforeMutation = let_pass,
    ) -> None:
        self._settings = settings
        client = _Client(clock, metrics, pulses or {}, failpoints, before_mutation, settings.gift_cards.codes)
        self._all: dict[str, System] = {
            name: _connector(name, connection, client) for name, connection in settings.connections.items()
        }

    @property
    def webs(self) -> Mapping[str, Web]:
        """Magento instances by connection."""
        return {name: system for name, system in self._all.items() if isinstance(system, Web)}

    @property
    def points_of_sale(self) -> Mapping[str, Pos]:
        """Heartland accounts by connection."""
        return {name: system for name, system in self._all.items() if isinstance(system, Pos)}

    @property
    def receivers(self) -> Mapping[str, Receiver]:
        """Receivers of webhooks by connection."""
        return {name: system for name, system in self._all.items() if isinstance(system, Receiver)}

    @property
    def readers(self) -> Mapping[str, EntityReader]:
        """What reads an entity again, by connection."""
        webs, points_of_sale = self.webs.items(), self.points_of_sale.items()
        readers: dict[str, EntityReader] = {name: web.reader for name, web in webs}
        return readers | {name: pos.reader for name, pos in points_of_sale}

    async def close(self) -> None:
        """Close every connection."""
        for system in self._all.values():
            await system.client.close()


@dataclass(frozen=True, slots=True)
class _Client:
    """What the clients of all connections are given."""

    clock: Clock
    metrics: Metrics
    pulses: Mapping[str, Pulse]
    failpoints: Failpoints
    before_mutation: BeforeMutation
    codes: CodeMask

    def options(self, name: str) -> dict[str, Any]:
        """Keyword arguments of every client's constructor."""

        def observe(operation: str, status: int | None, seconds: float) -> None:
            self.metrics.http_took(name, operation, status, seconds)

        return {
            "observe": observe,
            "pulse": self.pulses.get(name),
            "failpoints": self.failpoints,
            "before_mutation": self.before_mutation,
        }


def _connector(name: str, connection: Connection, client: _Client) -> System:
    options = client.options(name)
    match connection:
        case MagentoConnection():
            magento = MagentoClient(name, connection, client.clock, **options)
            accounts, legacy = connection.gift_cards == "accounts", connection.inventory == "legacy"
            return Web.through(magento, client.codes, accounts=accounts, legacy=legacy)
        case HeartlandConnection():
            upkeep, clock = client.metrics.upkeep, client.clock
            token_until = partial(upkeep.token_until, name, clock=clock)
            return Pos.through(HeartlandClient(name, connection, clock, token_until=token_until, **options))
        case WebhookConnection():
            return Receiver(WebhookReceiver(name, connection, client.clock, **options))
