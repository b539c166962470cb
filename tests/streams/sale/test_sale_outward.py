"""What the point of sale and the web store are told, in their words; and what makes a revision."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest

from schemas.canonical import LocationStock, Sale, Stock
from streams.engine import Engine, load
from streams.sale import outward
from streams.sale.pos import pos_units
from streams.sale.revision import sale_revision, stock_revision
from tests.streams.sale.real_orders import CHANNEL, engine, order, pos_document, sale

D = Decimal
NOW = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.mark.rule("channels.number_prefix")
@pytest.mark.rule("channels.location")
def test_the_whole_document_of_a_discounted_order() -> None:
    assert pos_document(sale(order("order_discount_tax"))) == {
        "ExternalID": "W-000000001",
        "OrderDate": "2026-11-23T22:00:18Z",
        "TotalAmount": 130.06,
        "Currency": "USD",
        "Status": "Open",
        "CustomerID": "Web guest",
        "LocationID": "MAIN",
        "LineItems": [
            {"SKU": "S2", "Quantity": 1, "Price": 20, "Discount": 2.0, "Tax": 1.49},
            {"SKU": "S3", "Quantity": 3, "Price": 30.99, "Discount": 9.3, "Tax": 6.9},
        ],
        "Shipping": {"Method": "flatrate_flatrate", "Amount": 20.0, "Discount": 0.0, "Tax": 0.0},
        "Fees": [],
        "Tenders": [],
        "BalanceDue": 130.06,
        "PaymentStatus": "Unpaid",
        "ShippingAddress": ADDRESS,
        "BillingAddress": ADDRESS,
    }


ADDRESS = {
    "FirstName": "Ann",
    "LastName": "Webb",
    "Line1": "12 Oak St",
    "Line2": "Apt 3",
    "City": "Austin",
    "State": "TX",
    "PostalCode": "78701",
    "Country": "US",
    "Phone": "512-555-0100",
    "Email": "ann@example.com",
}


@pytest.mark.rule("orders.prepaid_are_tenders")
@pytest.mark.rule("money.gift_card_masked")
def test_gift_cards_travel_as_tenders_by_their_last_four() -> None:
    document = pos_document(sale(order("order_gift_card_paid")))
    assert document["TotalAmount"] == 79.95
    assert document["Tenders"] == [
        {"Type": "GiftCard", "Method": "giftcard", "Amount": 50.0, "Reference": "0Q91"},
        {"Type": "GiftCard", "Method": "giftcard", "Amount": 29.95, "Reference": "1X44"},
    ]
    assert (document["BalanceDue"], document["PaymentStatus"]) == (0.0, "Paid")


@pytest.mark.parametrize(
    ("due", "tenders", "status"), [("0", [], "Paid"), ("5", [{}], "PartiallyPaid"), ("5", [], "Unpaid")]
)
def test_the_payment_status_says_what_is_due(due: str, tenders: list[object], status: str) -> None:
    assert outward.payment_status({"totals": {"due": due}, "tenders": tenders}) == status


def test_a_virtual_order_has_only_a_billing_address() -> None:
    document = pos_document(sale(order("order_virtual")))
    assert "ShippingAddress" not in document
    assert document["BillingAddress"]["City"] == "Austin"


def test_a_quantity_keeps_its_decimals() -> None:
    assert (outward.number("2"), outward.number("1.5"), outward.number("2.0")) == (2, 1.5, 2)


@pytest.mark.rule("channels.number_prefix")
def test_a_public_id_needs_a_number() -> None:
    context = {"channel": {"prefix": "W-"}}
    assert (outward.public_id(context, "000000042"), outward.public_id(context, None)) == ("W-000000042", None)


def test_a_status_is_told_with_number_status_and_marker() -> None:
    status = {"ref": "pos:order:17", "number": "S-17", "status": "Fulfilled", "sale": "web:order:4"}
    assert engine().map_out("order_status", status, {}) == {
        "external_number": "S-17",
        "comment": "Heartland order S-17: Fulfilled [tillstream pos:order:17 Fulfilled]",
        "marker": "[tillstream pos:order:17 Fulfilled]",
    }


def stock(*quantities: tuple[str, str]) -> Stock:
    locations = tuple(
        LocationStock(location=location, quantity=D(quantity), on_hand=D(9), committed=D(1))
        for location, quantity in quantities
    )
    return Stock(ref="pos:sku:MUG", sku="MUG", read_at=NOW, locations=locations)


def test_stock_goes_to_the_sources_that_its_locations_feed() -> None:
    body = stock(("MAIN", "5"), ("STORE2", "2"), ("STORE3", "1"), ("ATTIC", "7")).model_dump(mode="json")
    context = {"sources": {"MAIN": "main", "STORE2": "store2", "STORE3": "store2"}, "sku": "WEB-MUG"}
    assert engine().map_out("stock", body, context)["items"] == [
        {"sku": "WEB-MUG", "source": "main", "quantity": D(5)},
        {"sku": "WEB-MUG", "source": "store2", "quantity": D(3)},
    ]


@pytest.mark.parametrize(
    ("status", "committed", "taken"), [("Open", 3, 0), ("Fulfilled", 0, 3), ("Cancelled", 0, 0), (None, 0, 0)]
)
def test_a_pos_order_holds_units_by_its_status(status: str | None, committed: int, taken: int) -> None:
    lines = [{"SKU": "MUG", "Quantity": 2}, {"SKU": "MUG", "Quantity": 1}]
    assert pos_units({"Status": status, "LineItems": lines}) == [
        {"sku": "MUG", "committed": D(committed), "taken": D(taken)}
    ]
    assert pos_units({"Status": status}) == []


# -- Revisions --------------------------------------------------------------------------------------------------


def revised(**changes: Any) -> Sale:
    return sale(order("order_simple_configurable_virtual_new", **changes))


def test_revisions_stay_as_they_were_stored_by_earlier_versions() -> None:
    """Or everything that is read after an upgrade would pass for changed."""
    assert sale_revision(revised()).content == "12cdad2fddc8185e3624709456f432e8"
    assert stock_revision(stock(("MAIN", "5.0"), ("STORE2", "2"))).content == "f4924e75c823582eb00bcd0c0c9dd854"


def test_state_payment_and_shipment_are_no_new_content() -> None:
    before = sale_revision(revised())
    document = order("order_complete", updated_at="2026-11-25 10:00:00")
    after = sale_revision(sale(document))
    assert after.content == before.content
    assert after.updated_at > before.updated_at


@pytest.mark.parametrize("changes", [{"customer_email": "bob@example.com"}, {"increment_id": "000000005"}])
def test_what_is_mapped_outwards_is_new_content(changes: dict[str, Any]) -> None:
    assert sale_revision(revised(**changes)).content != sale_revision(revised()).content


@pytest.mark.parametrize(
    "changes",
    [{"customer_is_guest": 0, "customer_id": 19}, {"shipping_description": "By tram"}, {"status": "picked"}],
)
def test_what_is_not_mapped_outwards_is_no_new_content(changes: dict[str, Any]) -> None:
    assert sale_revision(revised(**changes)).content == sale_revision(revised()).content


def test_canceled_pieces_are_new_content() -> None:
    made = revised()
    line = made.lines[0].model_copy(update={"canceled": D(1)})
    changed = made.model_copy(update={"lines": (line, *made.lines[1:])})
    assert sale_revision(changed).content != sale_revision(made).content


@pytest.mark.parametrize("name", ["line_id", "sku", "quantity", "unit_price", "discount", "tax"])
def test_each_field_of_a_line_that_the_other_system_gets_is_new_content(name: str) -> None:
    made = revised()
    other = "another" if isinstance(getattr(made.lines[0], name), str) else D("77.07")
    line = made.lines[0].model_copy(update={name: other})
    changed = made.model_copy(update={"lines": (line, *made.lines[1:])})
    assert sale_revision(changed).content != sale_revision(made).content


@pytest.mark.parametrize("name", ["lines", "discount", "tax", "shipping", "fees", "total", "canceled"])
def test_each_total_that_the_other_system_gets_is_new_content(name: str) -> None:
    made = revised()
    changed = made.model_copy(update={"totals": made.totals.model_copy(update={name: D("77.07")})})
    assert sale_revision(changed).content != sale_revision(made).content


@pytest.mark.parametrize("name", ["public_id", "channel", "currency"])
def test_number_channel_and_currency_are_content(name: str) -> None:
    made = revised()
    assert sale_revision(made.model_copy(update={name: "another"})).content != sale_revision(made).content


def test_an_amount_is_the_same_however_it_is_written() -> None:
    document = order("order_simple_configurable_virtual_new")
    floats = [item | {"base_price": float(item["base_price"])} for item in document["items"]]
    assert sale_revision(sale(document | {"items": floats})).content == sale_revision(sale(document)).content


def test_only_quantities_make_a_stock_revision() -> None:
    one, other = stock(("MAIN", "5")), stock(("MAIN", "5.0"))
    recount = other.model_copy(update={"locations": (other.locations[0].model_copy(update={"on_hand": D(4)}),)})
    assert stock_revision(one).content == stock_revision(recount).content
    assert stock_revision(one).content != stock_revision(stock(("MAIN", "4"))).content
    assert stock_revision(one).updated_at == NOW


@pytest.mark.rule("channels.location")
def test_a_channel_without_a_source_for_the_pickup_store_books_to_its_own_location() -> None:
    context = {"channel": CHANNEL.model_copy(update={"sources": {}}).model_dump()}
    assert outward.pos_location(context, {"shipping": {"pickup_location": "store2"}}) == "MAIN"


@pytest.mark.rule("channels.ship_from_priority")
def test_orders_go_to_the_first_choice_of_the_locations_that_ship_for_the_channel() -> None:
    shipped = {"shipping": {"pickup_location": ""}}
    channel = CHANNEL.model_copy(update={"ship_from": ("STORE2", "MAIN")})
    assert outward.pos_location({"channel": channel.model_dump()}, shipped) == "STORE2"
    assert outward.pos_location({"channel": CHANNEL.model_dump()}, shipped) == "MAIN"
    collected = {"shipping": {"pickup_location": "main"}}
    assert outward.pos_location({"channel": channel.model_dump()}, collected) == "MAIN"


@pytest.mark.rule("channels.station")
def test_a_mapping_of_the_shops_own_writes_the_channels_station(tmp_path: Path) -> None:
    built_in = Path("streams/mappings/heartland.order.out.yaml")
    rule = "  - {to: StationID, expression: context('channel.station'), required: true}\n"
    (tmp_path / built_in.name).write_text(built_in.read_text() + rule)
    channel = CHANNEL.model_copy(update={"station": "12"}).model_dump(mode="json")
    made = orjson.loads(sale(order("order_discount_tax")).model_dump_json())
    assert Engine(load(tmp_path)).map_out("order", made, {"channel": channel, "aliases": {}})["StationID"] == "12"


def test_the_same_stock_is_written_again_when_the_web_store_has_shipped_or_refunded_some_of_it() -> None:
    level = LocationStock(
        location="MAIN", quantity=Decimal(148), on_hand=Decimal(148), committed=Decimal(0), unshipped=Decimal(1)
    )
    before = Stock(ref="pos:sku:A", sku="A", read_at=datetime(2026, 1, 1, tzinfo=UTC), locations=(level,))
    shipped = before.model_copy(update={"locations": (level.model_copy(update={"unshipped": Decimal(0)}),)})
    assert stock_revision(shipped).content != stock_revision(before).content
    # One piece left, another was sold, and one was delivered to the store: the source lacks the piece that left.
    moved = before.model_copy(update={"moved": Decimal(1)})
    assert stock_revision(moved).content != stock_revision(before).content
    assert stock_revision(before.model_copy()).content == stock_revision(before).content
