"""One target's deliveries with both systems in memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import cache

from schemas.canonical import OrderStatus, Sale, Stock
from schemas.documents import Channel
from schemas.documents.flow import Mode
from schemas.envelope import Via
from schemas.heartland.tender import SPENT_KINDS
from streams import groups
from streams.channels import Channels
from streams.deliver.desk import Desk
from streams.deliver.effect import Effects, Settling
from streams.deliver.entity import EntityDelivery
from streams.deliver.handler import DeliverHandler, Delivery
from streams.deliver.order_status import OrderStatusPlanner
from streams.deliver.sale import SaleDelivery
from streams.deliver.stock import SKUS_IN_A_CALL, StockDelivery
from streams.deliver.stock_guard import StockGuard
from streams.engine import Catalog, Engine, load
from streams.errors import AliasMissing, Rejected, TillstreamError
from streams.ports import HeldRecord, Hold, HoldReason, JournalEntry, OrderDraft, SeenOrder, SourceItem
from streams.runtime.work import Arrival, Work
from tests.twins.clock import START, FakeClock
from tests.twins.cutovers import Launched
from tests.twins.failpoints import Reached
from tests.twins.kafka import MemoryPublisher, envelope, record
from tests.twins.store import MemoryStore

CHANNEL = Channel(
    name="main", web="web", pos="pos", prefix="W-", location="MAIN", sources={"MAIN": "main", "STORE2": "store2"}
)
SALE = Sale.model_validate(
    {
        "ref": "web:order:42",
        "number": "000000042",
        "public_id": "W-000000042",
        "channel": "main",
        "placed_at": START,
        "updated_at": START,
        "currency": "USD",
        "state": "processing",
        "status": "processing",
        "export": {"allowed": True},
        "customer": {"guest": True, "email": "ann@example.com"},
        "lines": [
            {
                "line_id": "1",
                "kind": "simple",
                "sku": "A",
                "quantity": 2,
                "unit_price": 10,
                "discount": 0,
                "tax": "1.65",
            }
        ],
        "shipping": {"amount": 5, "discount": 0, "tax": 0},
        "totals": {
            "lines": 20,
            "discount": 0,
            "tax": "1.65",
            "shipping": 5,
            "fees": 0,
            "total": "26.65",
            "due": "26.65",
        },
    }
)
STATUS = OrderStatus(
    sale="web:order:42", sale_number="000000042", ref="pos:order:17", number="17", status="Open", updated_at=START
)


def later(seconds: float, **changes: object) -> Sale:
    """A telling of the sale from so many seconds after."""
    return SALE.model_copy(update={"updated_at": START + timedelta(seconds=seconds), **changes})


class OrderBook:
    """The point of sale's orders, in memory. Implements `streams.ports.Sales` and `streams.ports.PosOrders`."""

    def __init__(self) -> None:
        self.orders: list[SeenOrder] = []
        self.documents: list[OrderDraft] = []
        self.unknown_skus: set[str] = set()
        self.addresses: dict[str, Mapping[str, object]] = {}
        self.customers: dict[str, str] = {}
        self.recalculates = Decimal(0)
        """What it adds to a total when it calculates tax by itself."""

    async def create_order(self, draft: OrderDraft) -> SeenOrder:
        lines = draft.document["LineItems"]
        assert isinstance(lines, list)
        for line in lines:
            if line["SKU"] in self.unknown_skus:
                raise AliasMissing("unknown", sku=line["SKU"])
        self.documents.append(draft)
        order = SeenOrder(
            str(17 + len(self.orders)),
            str(17 + len(self.orders)),
            draft.public_id,
            "Open",
            draft.total + self.recalculates,
            draft.currency,
            draft.email,
            draft.placed_at,
            START,
            paid=_brought(draft.document.get("Tenders")),
            addresses={key: address for key, address in draft.document.items() if isinstance(address, Mapping)},
        )
        self.orders.append(order)
        return order

    async def find_order(self, public_id: str) -> SeenOrder | None:
        return next((order for order in self.orders if order.public_id == public_id), None)

    async def cancel_order(self, order_id: str) -> SeenOrder:
        return self._become(order_id, "Cancelled", unless="Fulfilled")

    async def fulfil_order(self, order_id: str) -> SeenOrder:
        return self._become(order_id, "Fulfilled", unless="Cancelled")

    async def set_order_addresses(self, order_id: str, document: Mapping[str, object]) -> SeenOrder:
        self.addresses[order_id] = document
        return self._of(order_id)

    async def set_order_customer(self, order_id: str, customer_id: str) -> SeenOrder:
        self.customers[order_id] = customer_id
        return self._of(order_id)

    def _become(self, order_id: str, status: str, *, unless: str) -> SeenOrder:
        order = self._of(order_id)
        if order.status == unless:
            raise Rejected(f"order {order_id} is {unless}")
        self.orders[self.orders.index(order)] = replace(order, status=status)
        return self._of(order_id)

    def _of(self, order_id: str) -> SeenOrder:
        return next(order for order in self.orders if order.order_id == order_id)


def _brought(tenders: object) -> Decimal:
    assert isinstance(tenders, list | None)
    paid = (tender["Amount"] for tender in tenders or () if tender["Type"] not in SPENT_KINDS)
    return sum((Decimal(str(amount)) for amount in paid), Decimal(0))


class Notes:
    """What stands on web orders. Implements `streams.ports.OrderNotes`."""

    def __init__(self) -> None:
        self.numbers: dict[str, str] = {}
        self.comments: list[tuple[str, str]] = []

    async def set_external_number(self, order_id: str, number: str) -> None:
        self.numbers[order_id] = number

    async def add_comment(self, order_id: str, comment: str) -> str:
        self.comments.append((order_id, comment))
        return str(len(self.comments))

    async def find_comment(self, order_id: str, marker: str) -> str | None:
        return next((str(n) for n, (order, text) in enumerate(self.comments, 1) if marker in text), None)


class Sources:
    """The web store's source items. Implements `streams.ports.WebStock`."""

    most_skus = SKUS_IN_A_CALL

    def __init__(self) -> None:
        self.items: dict[tuple[str, str], Decimal] = {}
        self.skus = frozenset({"A", "B"})
        self.refuse: set[str] = set()
        self.fail: TillstreamError | None = None
        self.batches: list[list[str]] = []

    def begin(self) -> float:
        return 0.0

    async def write_source_items(self, items: Sequence[SourceItem], *, began: float | None = None) -> None:
        if self.fail is not None:
            raise self.fail
        if self.refuse & {item.sku for item in items}:
            raise Rejected("a row is wrong")
        self.batches.append([item.sku for item in items])
        self.items |= {(item.sku, item.source): item.quantity for item in items}

    async def known_skus(self, skus: Collection[str]) -> frozenset[str]:
        return self.skus & frozenset(skus)

    async def list_source_items(self, skus: Collection[str]) -> Sequence[SourceItem]:
        return [SourceItem(sku, source, pieces) for (sku, source), pieces in self.items.items() if sku in skus]


@cache
def _documents(mode: Mode) -> tuple[Catalog, Engine]:
    """All documents with these flows in that mode, compiled once."""
    catalog = load(modes=dict.fromkeys(("order", "order_status", "stock", "product", "payment", "refund_to_pos"), mode))
    return catalog, Engine(catalog)


class Bench:
    def __init__(self, target: str, *, mode: Mode = Mode.LIVE) -> None:
        self.clock = FakeClock()
        self.store = MemoryStore(self.clock)
        self.store.held.epochs[groups.deliver(target), "t", 0] = 0  # what tests make comes under this claim
        self.publisher = MemoryPublisher()
        self.failpoints = Reached()
        self.launches = Launched()
        self.book, self.notes, self.sources = OrderBook(), Notes(), Sources()
        settling = Settling(timeout=5, longest_execution=20)
        catalog, engine = _documents(mode)
        desk = Desk(
            target=target,
            flows=catalog.flows,
            channels=Channels([CHANNEL]),
            mapper=engine,
            links=self.store.links,
            applied=self.store.applied,
            effects=Effects(self.store.ledger, self.clock, owner="a", settling=settling, failpoints=self.failpoints),
            publisher=self.publisher,
            clock=self.clock,
            launches=self.launches,
        )
        self.desk = desk
        guard = StockGuard(target, self.store.guards, self.store.written_stock, self.sources)
        self.ages: list[float] = []
        """How old each stock was when it was written, in seconds."""
        stock = StockDelivery(
            desk, self.sources, self.store.writes, guard, settle=settling.total, tell_age=self.ages.append
        )
        deliveries: dict[str, tuple[str, Delivery]] = {
            "order": ("order", SaleDelivery(desk, self.book, self.book)),
            "order_status": ("order_status", EntityDelivery(desk, OrderStatusPlanner(desk, self.notes))),
            "stock": ("stock", stock),
        }
        if target == "pos":
            deliveries = {"order": deliveries["order"]}
        flows = catalog.flows.values()
        documents = {flow.id: catalog.documents(flow.id, flow.deliver.mapping) for flow in flows}
        self.handler = DeliverHandler(target, deliveries, documents, self.clock)

    async def deliver(
        self,
        body: Sale | OrderStatus | Stock,
        entity: str,
        receipt: str = "r1",
        *,
        via: Via = Via.WEBHOOK,
        replays: int = 0,
        target: str = "",
        epoch: int = 0,
    ) -> JournalEntry | None:
        headers = envelope(receipt, entity=entity, via=via, target=target)
        told = record(body.model_dump_json().encode(), headers)
        hold = Hold("k", HoldReason.TIME, "deliver", receipt)
        row = HeldRecord(1, hold, told, START, replays=replays) if replays else None
        arrival = Arrival(told, headers, epoch, row)
        work = Work("deliver", [arrival])
        entries = await self.handler.handle(work)
        return entries[-1] if entries else None
