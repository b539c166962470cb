"""What refunds do to stock, shipped or not, with the goods back or not: the figures of a running 2.4.7."""

from __future__ import annotations

import sqlite3

from tests.app.sandbox.magento.storefront import Storefront


class Line:
    """An invoiced order of one row, three units of S5 unless said otherwise."""

    def __init__(self, shop: Storefront, order_id: int, item_id: int) -> None:
        self.shop, self.order_id, self.item_id = shop, order_id, item_id

    @classmethod
    async def bought(cls, shop: Storefront, sku: str = "S5", quantity: int = 3, *, shipped: bool = True) -> Line:
        order_id = await shop.place((sku, quantity), shipped=shipped)
        await shop.do("POST", f"/order/{order_id}/invoice", {})
        return cls(shop, order_id, (await shop.order(order_id))["items"][0]["item_id"])

    async def ship(self, quantity: int | None = None, source: str = "main") -> None:
        items: list[object] = [{"order_item_id": self.item_id, "qty": quantity}] if quantity else []
        status, answer = await self.shop.ship(self.order_id, items, source)
        assert status == 200, answer

    async def refund(self, quantity: int, *, back: bool) -> None:
        listed = [self.item_id] if back else []
        arguments = {"shipping_amount": 0, "extension_attributes": {"return_to_stock_items": listed}}
        body = {"items": [{"order_item_id": self.item_id, "qty": quantity}], "arguments": arguments}
        await self.shop.do("POST", f"/order/{self.order_id}/refund", body)

    async def figures(self, sku: str = "S5") -> tuple[float, float]:
        """On hand at ``main``, and salable."""
        return await self.shop.on_hand(sku), await self.shop.salable(sku)

    def reservations(self) -> float:
        with sqlite3.connect(self.shop.handle.database) as connection:
            found = connection.execute("SELECT sum(quantity) FROM reservations").fetchone()[0]
        connection.close()
        return float(found)


async def test_unshipped_goods_listed_only_end_their_reservation(shop: Storefront) -> None:
    line = await Line.bought(shop)
    assert await line.figures() == (100, 97)
    await line.refund(1, back=True)
    assert await line.figures() == (100, 98)


async def test_unshipped_goods_left_out_are_taken_off_a_source(shop: Storefront) -> None:
    line = await Line.bought(shop)
    await line.refund(1, back=False)
    assert await line.figures() == (99, 97)


async def test_shipped_goods_listed_go_back_to_the_source_that_shipped(shop: Storefront) -> None:
    await shop.put_stock("S5", 50, "store2")
    line = await Line.bought(shop)
    await line.ship(source="store2")
    await line.refund(2, back=True)
    assert (await shop.on_hand("S5"), await shop.on_hand("S5", "store2")) == (100, 49)
    assert line.reservations() == 0


async def test_shipped_goods_left_out_stay_away(shop: Storefront) -> None:
    line = await Line.bought(shop)
    await line.ship()
    await line.refund(2, back=False)
    assert await line.figures() == (97, 97)


async def test_the_unshipped_units_of_a_row_count_as_refunded_first(shop: Storefront) -> None:
    line = await Line.bought(shop)
    await line.ship(1)
    assert await line.figures() == (99, 97)
    await line.refund(1, back=True)
    assert await line.figures() == (99, 98)


async def test_a_refund_of_both_kinds_is_split(shop: Storefront) -> None:
    line = await Line.bought(shop)
    await line.ship(1)
    await line.refund(3, back=True)
    assert await line.figures() == (100, 100)
    assert line.reservations() == 0


async def test_the_rest_of_a_row_that_was_part_shipped_and_part_refunded_is_one_too_many(shop: Storefront) -> None:
    line = await Line.bought(shop)
    await line.ship(1)
    await line.refund(1, back=True)
    await line.ship()
    row = (await shop.order(line.order_id))["items"][0]
    assert (row["qty_shipped"], row["qty_refunded"]) == (3, 1)
    assert line.reservations() == 1


async def test_a_refund_before_any_shipment_lowers_what_is_left_to_ship(shop: Storefront) -> None:
    line = await Line.bought(shop)
    await line.refund(1, back=True)
    await line.ship()
    assert (await shop.order(line.order_id))["items"][0]["qty_shipped"] == 2
    assert line.reservations() == 0


async def test_a_configurable_is_named_by_its_parent_row(shop: Storefront) -> None:
    line = await Line.bought(shop, "CAP", 1)
    await line.refund(1, back=True)
    assert await line.figures("C-Red") == (100, 100)


async def test_a_virtual_product_was_handed_over_by_its_invoice(shop: Storefront) -> None:
    line = await Line.bought(shop, "V1", 2, shipped=False)
    assert await line.figures("V1") == (98, 98)
    await line.refund(1, back=False)
    assert await line.figures("V1") == (98, 98)
    await line.refund(1, back=True)
    assert await line.figures("V1") == (99, 99)


async def test_goods_gone_come_off_the_next_source_where_the_first_does_not_reach(shop: Storefront) -> None:
    await shop.put_stock("S5", 50, "store2")
    line = await Line.bought(shop)
    await shop.put_stock("S5", 1, "main")
    await line.refund(3, back=False)
    assert (await shop.on_hand("S5"), await shop.on_hand("S5", "store2")) == (0, 48)
