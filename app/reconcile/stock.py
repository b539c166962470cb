"""Stock of both systems and all that web orders hold of it, read to be compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from app.polling.polls import EVERYTHING
from app.reconcile.joint import OVERLAP, ROWS, Joint, WebSale, Window
from schemas.canonical import LocationLevel, StockHint
from schemas.ids import Ref
from streams.aliases import aliases_between
from streams.errors import Rejected
from streams.inventory.table import SkuState
from streams.normalize.hints import pos_hints, web_hints
from streams.ports import SourceItem
from streams.reconcile.drift import Comparison
from streams.reconcile.stock import SkuSeen, compare_stock


async def reconcile_stock(joint: Joint, window: Window) -> Comparison:
    """Compare every pair of SKU and source.

    What web orders hold is rebuilt from both systems' orders, not taken from the table that may be wrong itself. So the
    window must reach back to the oldest order that is not shipped.

    Raises:
        Transient: a list is not whole: what is missing in it never looks like zero stock.
    """
    states = await _states(joint, window)
    levels = await _levels(joint)
    names = await joint.linked([Ref(joint.pos_name, "sku", sku) for sku in levels], joint.web_name)
    web_skus = {sku: _name(names, Ref(joint.pos_name, "sku", sku)) for sku in levels}
    held = await _held(joint, sorted(set(web_skus.values())))
    seen = [
        SkuSeen(sku, web_skus[sku], rows, states.get(sku, SkuState()), held[web_skus[sku]])
        for sku, rows in levels.items()
        if web_skus[sku] in held
    ]
    sources = {
        location: source
        for channel in joint.channels.between(pos=joint.pos_name, web=joint.web_name)
        for location, source in channel.sources.items()
    }
    return compare_stock(
        seen,
        sources,
        pos=joint.pos_name,
        web=joint.web_name,
        settled_before=window.settled_before,
        buffers=joint.channels.buffers_between(pos=joint.pos_name, web=joint.web_name),
        formula=joint.web.formula,
    )


async def _levels(joint: Joint) -> Mapping[str, Sequence[LocationLevel]]:
    """Of every SKU that the point of sale lists."""
    skus = sorted({str(row["SKU"]) for row in await joint.pos_rows("inventory", EVERYTHING)})
    levels: dict[str, Sequence[LocationLevel]] = {}
    for part in _parts(skus):
        levels |= await joint.pos.stock.levels(part)
        joint.tell(f"{joint.pos_name}.levels", len(levels))
    return levels


async def _held(joint: Joint, skus: Sequence[str]) -> Mapping[str, Mapping[str, Decimal]]:
    """What the sources hold of each SKU that is a product of the web store."""
    held: dict[str, dict[str, Decimal]] = {}
    for part in _parts(skus):
        known = await joint.web.stock.known_skus(part)
        items: Sequence[SourceItem] = await joint.web.stock.list_source_items(known) if known else ()
        held |= {sku: {} for sku in known}
        for item in items:
            held[item.sku][item.source] = item.quantity
        joint.tell(f"{joint.web_name}.source_items", len(held))
    return held


async def _states(joint: Joint, window: Window) -> Mapping[str, SkuState]:
    """What web orders hold of each SKU, as the inventory stage would know it."""
    sales = await joint.web_sales(window.first)
    by_ref = {sale.ref: sale for sale in sales}
    by_name = {sale.public_id: sale for sale in sales}
    orders = await joint.pos_rows("order", window.first - OVERLAP)
    rows = {Ref(joint.pos_name, "order", str(row["OrderID"])): row for row in orders}
    links = await joint.linked(list(rows), joint.web_name)
    states: dict[str, SkuState] = {}
    _apply(states, [hint for sale in sales for hint in await _web_hints(joint, sale)])
    for ref, row in rows.items():
        sale = by_ref.get(links[ref]) if ref in links else by_name.get(str(row.get("ExternalID") or ""))
        if sale is not None:
            _apply(states, _pos_hints(joint, row, sale))
    return states


async def _web_hints(joint: Joint, found: WebSale) -> list[StockHint]:
    if found.sale is None:
        return []  # it is in review, and `reconcile orders` lists it
    skus = (line.sku for line in found.sale.lines)
    aliases = await aliases_between(joint.links, joint.web_name, skus, joint.pos_name)
    return web_hints(found.sale, found.channel, aliases)


def _pos_hints(joint: Joint, row: Mapping[str, object], sale: WebSale) -> list[StockHint]:
    try:
        return pos_hints(*joint.pos_status(row, sale))
    except Rejected:
        return []


def _apply(states: dict[str, SkuState], hints: Iterable[StockHint]) -> None:
    for hint in hints:
        if hint.units is not None:
            states[hint.sku] = states.get(hint.sku, SkuState()).apply(hint.units)


def _parts(skus: Sequence[str]) -> list[Sequence[str]]:
    return [skus[begin : begin + ROWS] for begin in range(0, len(skus), ROWS)]


def _name(names: Mapping[Ref, Ref], ref: Ref) -> str:
    return names[ref].native_id if ref in names else ref.native_id
