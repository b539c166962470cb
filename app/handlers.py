"""What each worker role does: its handler, made of the ports' implementations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from app.parts import Parts
from app.pictures import Pictures
from app.settings import Settings
from app.store import Store
from app.systems import Pos, Systems, Web
from schemas.documents import FlowDocument
from schemas.envelope import Envelope
from streams.channels import Channels
from streams.deliver.customer import CustomerDelivery
from streams.deliver.customer_to_pos import PosBook, PosNewcomers
from streams.deliver.customer_to_web import WebBook, WebNewcomers
from streams.deliver.desk import Desk
from streams.deliver.doubts import Doubts
from streams.deliver.effect import Effects, Settling
from streams.deliver.entity import EntityDelivery
from streams.deliver.event import event_planner
from streams.deliver.failed_payment import FailedPayments
from streams.deliver.gift_card_redemption import GiftCardLedger, GiftCardRedemptionPlanner
from streams.deliver.gift_card_to_web import WebGiftCardPlanner
from streams.deliver.handler import DeliverHandler, Delivery
from streams.deliver.late_writes import LateWrites
from streams.deliver.order_status import OrderStatusPlanner
from streams.deliver.payment import PaymentPlanner
from streams.deliver.payment_to_web import WebPaymentPlanner
from streams.deliver.product_guard import ProductGuard
from streams.deliver.product_pictures import Gallery
from streams.deliver.product_to_web import WebProductPlanner, WebShelf
from streams.deliver.product_variants import VariantShelf
from streams.deliver.refund_to_pos import PosRefundPlanner
from streams.deliver.refund_to_web import WebRefundPlanner, WebReturns
from streams.deliver.sale import SaleDelivery
from streams.deliver.sale_buyer import PosBuyers
from streams.deliver.shipment_to_pos import PosShipmentPlanner
from streams.deliver.shipment_to_web import WebFulfilment, WebShipmentPlanner
from streams.deliver.stock import StockDelivery
from streams.deliver.stock_guard import StockGuard
from streams.deliver.ticket_to_web import WebTicketPlanner
from streams.deliver.uncollected import UncollectedPickups
from streams.engine import Engine, load
from streams.inventory.handler import InventoryHandler
from streams.launch.cutover import RememberedLaunches
from streams.normalize.handler import NormalizeHandler
from streams.normalize.normalizer import Normalizer
from streams.ports import Publisher
from streams.runtime.app import StageApp
from streams.runtime.work import Handler
from streams.topics import PARTITIONS, WEB_UNITS

Deliver = Callable[[FlowDocument], Delivery]
"""Makes the delivery of a flow."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What a worker is made of."""

    parts: Parts
    publisher: Publisher
    store: Store
    systems: Systems
    engine: Engine
    channels: Channels
    effects: Callable[..., Effects] = Effects


def engine_of(settings: Settings) -> Engine:
    """The flow and mapping documents, in the modes that the settings say. Raises DocumentError."""
    modes = {flow: chosen.mode for flow, chosen in settings.flows.items()}
    return Engine(load(settings.flows_directory, modes=modes))


def handler_of(role: str, target: str | None, tools: Tools, app: StageApp) -> Handler:
    """The handler of a role."""
    if role == "deliver" and target is not None:
        return deliver_handler(target, tools)
    if role == "inventory":
        table = app.table(WEB_UNITS, partitions=PARTITIONS)
        levels = {name: pos.stock for name, pos in tools.systems.points_of_sale.items()}
        flow = tools.engine.catalog.flows["stock"]
        clock = tools.parts.clock
        oversells = tools.store.oversells
        formulas = {name: web.formula for name, web in tools.systems.webs.items()}
        return InventoryHandler(
            table, levels, tools.publisher, oversells, clock, channels=tools.channels, flow=flow, formulas=formulas
        )
    return normalize_handler(tools)


def normalize_handler(tools: Tools) -> NormalizeHandler:
    """What normalises events of every connection."""
    systems, links = tools.parts.settings.systems, tools.store.links
    normalizer = Normalizer(tools.engine, tools.channels, links, tools.systems.readers, systems)
    return NormalizeHandler(normalizer, tools.publisher, tools.parts.clock)


def deliver_handler(target: str, tools: Tools) -> DeliverHandler:
    """What delivers to a target connection."""
    parts, store = tools.parts, tools.store
    connection = parts.settings.connections[target]
    http = connection.http
    settling = Settling(http.timeout_seconds, http.longest_execution_seconds, http.lookup_lag_seconds)
    flows = [flow for flow in tools.engine.catalog.flows.values() if flow.deliver.target == connection.system]
    desk = Desk(
        target=target,
        flows=tools.engine.catalog.flows,
        channels=tools.channels,
        mapper=tools.engine,
        links=store.links,
        applied=store.applied,
        effects=tools.effects(
            store.ledger, parts.clock, owner=parts.owner, settling=settling, failpoints=parts.failpoints
        ),
        publisher=tools.publisher,
        clock=parts.clock,
        launches=RememberedLaunches(store.cutovers, parts.clock),
    )
    delivering = _delivering(target, tools, desk, settling)
    deliveries = {flow.deliver.entity: (flow.id, delivering[flow.deliver.entity](flow)) for flow in flows}
    documents = {flow.id: tools.engine.catalog.documents(flow.id, flow.deliver.mapping) for flow in flows}
    return DeliverHandler(target, deliveries, documents, parts.clock)


def _delivering(target: str, tools: Tools, desk: Desk, settling: Settling) -> Mapping[str, Deliver]:
    """What delivers each entity to a target."""
    systems = tools.systems
    if target in systems.webs:
        return _in_web(systems.webs[target], tools, desk, settling)
    if target in systems.points_of_sale:
        return _in_pos(systems.points_of_sale[target], tools.store, desk, systems.webs, settling)
    receiver = systems.receivers[target].client
    return defaultdict(lambda: lambda flow: EntityDelivery(desk, event_planner(desk, receiver, flow)))


def _in_web(web: Web, tools: Tools, desk: Desk, settling: Settling) -> Mapping[str, Deliver]:
    store = tools.store
    guard = StockGuard(desk.target, store.guards, store.written_stock, web.stock)
    product_guard = ProductGuard(desk.target, store.guards, web.products)
    late = LateWrites(desk.target, store.writes, desk.clock, settling.total, timedelta(seconds=settling.fence))
    gallery = Gallery(Pictures(), web.pictures, web.products)
    variants = VariantShelf(web.products, web.variants, web.catalogue)
    shelf = WebShelf(web.products, web.prices, gallery, variants, product_guard)
    tell_age = partial(tools.parts.metrics.stock_published, desk.target)
    fulfilment = WebFulfilment(web.lifecycle, web.shipments, web.invoices)
    returns = WebReturns(web.lifecycle, web.credit_memos)

    failed = FailedPayments(desk, web.orders)

    def customers(_: FlowDocument) -> Delivery:
        book = WebBook(desk, web.customers)
        newcomers = WebNewcomers(desk, web.customers, book)
        return CustomerDelivery(desk, book, newcomers, store.agreements, settling=settling)

    ledgers = {name: pos.gift_cards for name, pos in tools.systems.points_of_sale.items()}
    return {
        "order_status": lambda _: EntityDelivery(
            desk, UncollectedPickups(OrderStatusPlanner(desk, web.orders), web.lifecycle)
        ),
        "stock": lambda _: StockDelivery(
            desk, web.stock, store.writes, guard, settle=settling.total, tell_age=tell_age
        ),
        "payment": lambda _: EntityDelivery(desk, WebPaymentPlanner(desk, web.lifecycle, web.invoices, failed)),
        "shipment": lambda _: EntityDelivery(desk, WebShipmentPlanner(desk, fulfilment)),
        "refund": lambda _: EntityDelivery(desk, WebRefundPlanner(desk, returns)),
        "ticket": lambda _: EntityDelivery(desk, WebTicketPlanner(desk, web.tickets, web.customers)),
        "product": lambda _: EntityDelivery(desk, WebProductPlanner(desk, shelf), rereads=True, late=late),
        "gift_card": lambda _: EntityDelivery(desk, WebGiftCardPlanner(desk, web.gift_cards, ledgers)),
        "customer": customers,
    }


def _in_pos(pos: Pos, store: Store, desk: Desk, webs: Mapping[str, Web], settling: Settling) -> Mapping[str, Deliver]:
    def customers(_: FlowDocument) -> Delivery:
        book = PosBook(desk, pos.customers)
        newcomers = PosNewcomers(desk, pos.customers, book)
        return CustomerDelivery(desk, book, newcomers, store.agreements, settling=settling)

    cards = GiftCardLedger(
        pos.gift_cards,
        {name: web.gift_card_numbers for name, web in webs.items()},
        {name: web.credit_memos for name, web in webs.items()},
    )
    invoices = {name: web.invoices for name, web in webs.items()}
    return {
        "order": lambda _: SaleDelivery(desk, pos.orders, pos.orders, PosBuyers(desk, pos.customers)),
        "payment": lambda _: EntityDelivery(desk, PaymentPlanner(desk, pos.payments)),
        "shipment": lambda _: EntityDelivery(desk, PosShipmentPlanner(desk, pos.shipments, pos.orders)),
        "refund": lambda _: EntityDelivery(desk, PosRefundPlanner(desk, pos.refunds, invoices)),
        "gift_card_redemption": lambda _: EntityDelivery(desk, GiftCardRedemptionPlanner(desk, cards)),
        "customer": customers,
    }


def doubts_of(target: str, tools: Tools) -> Doubts:
    """What reads again what a write without an answer may have set back."""
    parts = tools.parts
    systems = parts.settings.systems
    intakes = (flow.normalize for flow in tools.engine.catalog.flows.values() if flow.normalize is not None)
    rereads = {(keys.source.system, keys.entity): keys for keys in intakes}
    return Doubts(target, tools.store.writes, tools.publisher, parts.clock, systems=systems, rereads=rereads)


def flow_of(role: str, target: str | None, tools: Tools) -> Callable[[Envelope], str]:
    """Which flow takes an event in this worker, by its envelope alone; empty for none."""
    catalog = tools.engine.catalog
    if target is not None:
        system = tools.parts.settings.connections[target].system
        delivered = {flow.deliver.entity: flow.id for flow in catalog.flows.values() if flow.deliver.target == system}
        return lambda envelope: delivered.get(envelope.entity, "")
    if role == "inventory":
        return lambda _envelope: catalog.flows["stock"].id

    def by_source(envelope: Envelope) -> str:
        takers = catalog.taking(envelope.system, envelope.entity)
        return takers[0].flow if takers else ""

    return by_source
