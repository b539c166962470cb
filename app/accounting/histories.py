"""Sales that moved money in a time, each with its whole history: what a part earns depends on what left before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from app.accounting.till import till_history
from app.magento.times import read_time
from app.reconcile.joint import OVERLAP, Document, Joint, WebSale
from schemas.canonical import Payment, Refund, Shipment
from schemas.ids import Ref
from streams.accounting.sale import History, Part
from streams.engine import HINTS, validate
from streams.errors import TillstreamError
from streams.sale.outward import pos_location

FLOWS: Mapping[str, tuple[str, type[Payment] | type[Shipment] | type[Refund]]] = {
    "invoice": ("payment", Payment),
    "shipment": ("shipment_to_pos", Shipment),
    "credit_memo": ("refund_to_pos", Refund),
}
"""Entity in Magento -> the flow that reads it, and what that makes of it."""


@dataclass(slots=True)
class Histories:
    """What was read.

    Attributes:
        left_out: sales that could not be understood, and why; the books lack them.
    """

    found: list[History] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


async def read_histories(joint: Joint, first: datetime, end: datetime, *, in_store: bool) -> Histories:
    """Every web order that was placed, paid, shipped or refunded from ``first`` on and before ``end``.

    With ``in_store`` also what the stores sold or took back: once for each point of sale, whatever web stores it has.
    """
    histories = Histories()
    for order in sorted(await _moved(joint, first, end)):
        await _web(joint, order, histories)
        joint.tell("sales", len(histories.found))
    for row in await joint.pos_rows("order", first - OVERLAP) if in_store else ():
        if not row.get("ExternalID"):
            _till(joint, row, histories)
    return histories


async def _moved(joint: Joint, first: datetime, end: datetime) -> set[str]:
    """Ids of web orders that moved money then."""
    moved = set()
    for entity, key in (("order", "entity_id"), *((name, "order_id") for name in FLOWS)):
        for row in await joint.web_rows(entity, first):
            if first <= read_time(row["created_at"]) < end:
                moved.add(str(row[key]))
    return moved


async def _web(joint: Joint, order: str, histories: Histories) -> None:
    content = await joint.web.reader.read("order", order)
    found = None if content is None else joint.sale_of(orjson.loads(content))
    if found is None:
        return  # of a store view that no channel joins to this point of sale, or a sale in store
    if found.sale is None:
        histories.left_out.append(found.problem)
        return
    location = pos_location({"channel": dict(found.channel)}, {"shipping": dict(found.sale.shipping)})
    try:
        parts = await _parts(joint, found)
    except TillstreamError as error:
        histories.left_out.append(f"order {found.number}: {error.message}")
        return
    histories.found.append(History(found.sale, location or found.channel.location, parts))


async def _parts(joint: Joint, sale: WebSale) -> list[Part]:
    web, order = joint.web, sale.ref.native_id
    ids = [("invoice", one.invoice_id) for one in await web.invoices.invoices_of(order) if one.total]
    ids += [("shipment", one.shipment_id) for one in await web.shipments.shipments_of(order)]
    memos = await web.credit_memos.credit_memos_of(order)
    ids += [("credit_memo", one.credit_memo_id) for one in memos if one.state != "canceled"]
    return [await _part(joint, sale, entity, native_id) for entity, native_id in ids]


async def _part(joint: Joint, sale: WebSale, entity: str, native_id: str) -> Part:
    """Raises Rejected if its mapping refuses it."""
    flow, model = FLOWS[entity]
    body: dict[str, Any] = orjson.loads(await joint.web.reader.read(entity, native_id) or b"{}")
    ref = Ref(joint.web_name, entity, native_id)
    context = {"ref": str(ref), "channel": dict(sale.channel), "sale": str(sale.ref)}
    values = joint.engine.map_in(flow, body, context)
    values.pop(HINTS, None)
    part: Part = validate(model, values, f"{entity} {native_id} of order {sale.number}")
    return part


def _till(joint: Joint, row: Document, histories: Histories) -> None:
    channel, *_ = joint.channels.between(pos=joint.pos_name, web=joint.web_name)
    try:
        history = till_history(row, joint.engine, joint.pos_name, channel)
    except TillstreamError as error:
        histories.left_out.append(f"sale {row['OrderID']} in store: {error.message}")
        return
    if history is not None:
        histories.found.append(history)
