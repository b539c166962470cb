"""Which rows of a web order a parcel of the point of sale is shipped as, where the order has a bundle."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest

from schemas.canonical import Shipment
from schemas.ids import Ref
from streams.deliver.create_once import CreateOnce
from streams.deliver.entity import Plan, Turn
from streams.deliver.shipment_to_web import WebFulfilment, WebShipmentPlanner
from streams.errors import Rejected
from streams.ports import InvoiceDraft, SeenInvoice, WebShipment, WebShipmentDraft, WebTrack
from streams.ports.web_orders import WebOrder, WebOrderLine
from streams.runtime.work import Arrival, Work
from tests.streams.deliver.bench import Bench
from tests.twins.clock import START
from tests.twins.kafka import envelope, record

D = Decimal
ZERO = D(0)


def row(item_id: str, kind: str, sku: str, ordered: int, parent: str = "") -> WebOrderLine:
    return WebOrderLine(item_id, parent, kind, sku, False, D(ordered), ZERO, ZERO, ZERO, ZERO)


LINES = (row("3", "bundle", "BUN", 2), row("4", "simple", "B1", 4, "3"), row("5", "simple", "B2", 2, "3"))
ORDER = WebOrder("42", "000000042", "processing", "processing", "checkmo", D(40), ZERO, "", LINES)


class Store:
    """The web store. Implements `WebOrders`, `WebShipments` and `WebInvoices`, as far as a parcel asks."""

    def __init__(self, together: Sequence[str]) -> None:
        self.together = frozenset(together)
        self.drafts: list[WebShipmentDraft] = []

    async def order_lines(self, order_id: str) -> WebOrder | None:
        return ORDER

    async def shipped_as_one(self, order: WebOrder) -> frozenset[str]:
        return self.together

    async def cancel_web_order(self, order_id: str) -> WebOrder:
        raise AssertionError(order_id)

    async def hold_web_order(self, order_id: str) -> WebOrder:
        raise AssertionError(order_id)

    async def unhold_web_order(self, order_id: str) -> WebOrder:
        raise AssertionError(order_id)

    async def ship_order(self, draft: WebShipmentDraft) -> WebShipment:
        self.drafts.append(draft)
        raise Rejected("seen enough")

    async def shipments_of(self, order_id: str) -> Sequence[WebShipment]:
        return ()

    async def find_shipment(self, order_id: str, marker: str) -> WebShipment | None:
        return None

    async def add_track(self, order_id: str, shipment_id: str, track: WebTrack) -> str:
        raise AssertionError(track)

    async def find_track(self, shipment_id: str, number: str) -> str | None:
        return None

    async def ready_for_pickup(self, order_id: str) -> WebShipment:
        raise AssertionError(order_id)

    async def find_ready(self, order_id: str) -> str | None:
        return None

    async def invoice_order(self, draft: InvoiceDraft) -> SeenInvoice:
        raise AssertionError(draft)

    async def invoices_of(self, order_id: str) -> Sequence[SeenInvoice]:
        return ()

    async def find_invoice(self, order_id: str, marker: str) -> SeenInvoice | None:
        return None


async def shipped(store: Store, **pieces: int) -> dict[str, Decimal]:
    """The rows that are sent for a parcel of those pieces by SKU."""
    parcel = Shipment.model_validate(
        {
            "ref": "pos:shipment:17/1",
            "sale": "web:order:42",
            "sale_number": "000000042",
            "number": "1",
            "channel": "main",
            "updated_at": START,
            "shipped_at": START,
            "location": "MAIN",
            "lines": [{"sku": sku, "quantity": count} for sku, count in pieces.items()],
        }
    )
    desk = Bench("web").desk
    headers = envelope("r1", entity="shipment")
    arrival = Arrival(record(parcel.model_dump_json().encode(), headers), headers, 0)
    work = Work("deliver", [arrival])
    work.flow = "shipment"
    plan = await WebShipmentPlanner(desk, WebFulfilment(store, store, store)).plan(parcel, Turn(work, arrival, {}))
    assert isinstance(plan, Plan)
    (write,) = plan.writes
    assert isinstance(write, CreateOnce)
    assert write.key.source == Ref.parse(parcel.ref)
    with pytest.raises(Rejected):
        await write.steps[0].send(())
    return {} if not store.drafts else dict(store.drafts[0].units)


@pytest.mark.rule("fulfilment.ship_together")
async def test_a_bundle_that_is_shipped_as_one_leaves_by_its_own_row_from_one_source() -> None:
    store = Store(["3"])
    assert await shipped(store, B1=2, B2=1) == {"3": D(1)}
    assert store.drafts[0].source == "main"


async def test_a_bundle_that_is_shipped_separately_leaves_by_its_components() -> None:
    assert await shipped(Store([]), B1=2) == {"4": D(2)}


@pytest.mark.rule("fulfilment.ship_together")
async def test_a_store_that_has_packed_only_a_part_of_a_bundle_ships_nothing() -> None:
    assert await shipped(Store(["3"]), B1=2) == {}
