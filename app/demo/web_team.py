"""The demo's web team: it takes the money of orders, cancels, gives back, and packs what is fetched where it packs."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

from app.demo.back_office import BackOffice, Document, all_shipped, pieces, rows
from app.demo.deeds import CanceledOrder, DeedsFile, GivenBack, Invoiced, Parcel
from app.demo.lives import Life, Lives

GATEWAY = frozenset({"sandbox_card", "sandbox_card_authorised"})
GOODWILL = Decimal("1.00")
"""Given or kept beside the goods."""
PART_SHARE = 0.5


class WebTeam:
    """What people do in Magento's admin.

    Args:
        source: where they pack.
    """

    def __init__(
        self, office: BackOffice, deeds: DeedsFile, lives: Lives, chance: random.Random, *, source: str
    ) -> None:
        self._office = office
        self._deeds = deeds
        self._lives = lives
        self._chance = chance
        self._source = source

    async def invoice(self, order_id: str, number: str, items: list[Document] | None = None) -> None:
        """The money of an order has come, for some rows or for all that is left."""
        await self._office.invoice(order_id, items or [])
        order = await self._office.read(order_id)
        self._deeds.write(Invoiced(number, Decimal(str(order["base_total_invoiced"]))))

    async def invoice_late(self) -> bool:
        """The money of an order that was placed without it; sometimes a part first. False if there is none."""
        if not self._lives.invoicing:
            return False
        life = self._lives.invoicing.popleft()
        order = await self._office.read(life.order_id)
        open_rows = [row for row in rows(order) if pieces(row, "invoiced") < pieces(row, "ordered")]
        if len(open_rows) > 1 and self._chance.random() < PART_SHARE:
            await self.invoice(life.order_id, life.number, [{"order_item_id": open_rows[0]["item_id"], "qty": 1}])
            self._lives.invoicing.append(life)
        else:
            await self.invoice(life.order_id, life.number)
        return True

    async def cancel(self) -> bool:
        """Cancel an order that nobody packs. False if there is none."""
        if not self._lives.canceling:
            return False
        life = self._lives.canceling.popleft()
        await self._office.cancel(life.order_id)
        self._deeds.write(CanceledOrder(life.number))
        return True

    # -- Packing -------------------------------------------------------------------------------------------------

    async def pack(self) -> bool:
        """Pack an order that is fetched here: at once without a number that comes later, or row by row with one."""
        if not self._lives.packing:
            return False
        life = self._lives.packing.popleft()
        order = await self._office.read(life.order_id)
        left = [row for row in rows(order) if pieces(row, "shipped") < pieces(row, "ordered")]
        shipped = len(rows(order)) - len(left)
        if len(left) > 1:
            track = f"WEB{life.number}{shipped}"
            await self._office.ship(life.order_id, self._source, [_left(left[0])], track)
            self._deeds.write(Parcel(life.number, track))
            self._lives.packing.append(life)
            return True
        shipment = await self._office.ship(life.order_id, self._source, [_left(row) for row in left])
        track = f"WEB{life.number}L"
        await self._office.add_track(life.order_id, shipment, track)
        self._deeds.write(Parcel(life.number, track))
        return True

    # -- Refunds -------------------------------------------------------------------------------------------------

    async def has_shipped(self, life: Life) -> bool:
        """Whether the web store has shipped all of an order: it may learn of parcels late."""
        return all_shipped(await self._office.read(life.order_id))

    async def give_back(self, life: Life) -> bool:
        """A credit memo of an order that has left. False if it is not paid yet: it comes again."""
        order = await self._office.read(life.order_id)
        paid_rows = [row for row in rows(order) if pieces(row, "invoiced") > pieces(row, "refunded")]
        if not paid_rows:
            return False
        row = self._chance.choice(paid_rows)
        way = self._chance.choice(("goods", "restocked", "shipping", "goodwill", "kept"))
        units, arguments = _refund(way, row, order)
        items = [{"order_item_id": row["item_id"], "qty": units}]
        online = order["payment"]["method"] in GATEWAY
        give = self._office.refund_online if online else self._office.refund
        self._deeds.write(GivenBack(life.number, await give(life.order_id, items, arguments)))
        return True


def _left(row: Document) -> Document:
    return {"order_item_id": row["item_id"], "qty": pieces(row, "ordered") - pieces(row, "shipped")}


def _refund(way: str, row: Document, order: Document) -> tuple[int, dict[str, Any]]:
    """Units of the row that go back, and the amounts beside them."""
    shipping = Decimal(str(order.get("shipping_invoiced") or 0)) - Decimal(str(order.get("shipping_refunded") or 0))
    arguments: dict[str, Any] = {"shipping_amount": 0}
    match way:
        case "restocked":
            arguments["extension_attributes"] = {"return_to_stock_items": [row["item_id"]]}
        case "shipping" if shipping > 0:
            return 0, {"shipping_amount": float(shipping)}
        case "goodwill":
            return 0, {"shipping_amount": 0, "adjustment_positive": float(GOODWILL)}
        case "kept" if Decimal(str(row["base_price"])) > GOODWILL:
            arguments["adjustment_negative"] = float(GOODWILL)
        case _:
            pass
    return 1, arguments
