"""Real Magento orders become one sale each, with the totals that Magento charged."""

from __future__ import annotations

from decimal import Decimal

import pytest

from schemas.canonical import Sale, TenderKind
from schemas.canonical.sale import LineKind
from streams.errors import Rejected
from tests.streams.sale.heartland_contract import check_order
from tests.streams.sale.real_orders import order, pos_document, sale

D = Decimal


def paid(made: Sale) -> Decimal:
    return sum((tender.amount for tender in made.tenders), D(0))


@pytest.mark.rule("channels.number_prefix")
@pytest.mark.rule("orders.configurable")
@pytest.mark.rule("orders.virtual")
def test_a_guest_order_of_simple_configurable_and_virtual_goods() -> None:
    made = sale(order("order_simple_configurable_virtual_new"))
    assert (made.number, made.public_id, made.ref) == ("000000004", "W-000000004", "web:order:4")
    assert made.customer.guest
    assert made.customer.native_id == ""
    assert [(line.line_id, line.kind, line.sku, line.product_id) for line in made.lines] == [
        ("10", LineKind.SIMPLE, "S1", "1"),
        ("11", LineKind.CONFIGURABLE, "C-Red", "6"),
        ("13", LineKind.VIRTUAL, "V1", "8"),
    ]
    assert [(line.quantity, line.unit_price, line.tax) for line in made.lines] == [
        (D(2), D(10), D("1.65")),
        (D(1), D(25), D("2.06")),
        (D(1), D(15), D("1.24")),
    ]
    totals = made.totals
    assert (totals.lines, totals.discount, totals.tax, totals.shipping) == (D(60), D(0), D("4.95"), D(15))
    assert (totals.total, totals.due) == (D("79.95"), D("79.95"))
    assert made.export.allowed
    assert made.shipping_address is not None
    assert made.shipping_address.region == "TX"


@pytest.mark.rule("orders.tax_per_line")
def test_a_discount_and_tax_are_taken_line_by_line_as_charged() -> None:
    made = sale(order("order_discount_tax"))
    assert [(line.discount, line.tax) for line in made.lines] == [(D(2), D("1.49")), (D("9.3"), D("6.9"))]
    assert [(part.code, part.percent, part.amount) for part in made.lines[1].taxes] == [
        ("US-TX-8.25", D("8.25"), D("6.9"))
    ]
    totals = made.totals
    assert (totals.lines, totals.discount, totals.tax, totals.shipping, totals.total) == (
        D("112.97"),
        D("11.3"),
        D("8.39"),
        D(20),
        D("130.06"),
    )
    assert made.export.allowed
    assert not made.customer.guest
    assert made.customer.native_id == "1"


@pytest.mark.rule("orders.tax_exempt")
def test_an_exempt_order_has_no_tax_in_the_point_of_sale() -> None:
    """As Magento shows an order whose customer's group it does not tax: every tax is 0, and no rate is applied."""
    document = order("order_discount_tax", base_tax_amount=0, base_grand_total=121.67, base_total_due=121.67)
    document["items"] = [item | {"base_tax_amount": 0} for item in document["items"]]
    document["extension_attributes"] |= {"item_applied_taxes": [], "applied_taxes": []}
    made = sale(document)
    assert (made.totals.tax, [line.taxes for line in made.lines]) == (D(0), [(), ()])
    sent = pos_document(made)
    assert [line["Tax"] for line in sent["LineItems"]] == [0.0, 0.0]
    assert (sent["Shipping"]["Tax"], sent["TotalAmount"]) == (0.0, 121.67)
    check_order(sent)


@pytest.mark.rule("orders.total")
@pytest.mark.rule("orders.prepaid_are_tenders")
@pytest.mark.rule("money.gift_card_masked")
def test_an_order_paid_wholly_by_gift_cards_keeps_its_value() -> None:
    made = sale(order("order_gift_card_paid"))
    assert made.totals.total == D("79.95")
    assert made.totals.due == 0
    assert [(tender.kind, tender.amount, tender.reference) for tender in made.tenders] == [
        (TenderKind.GIFT_CARD, D(50), "0Q91"),
        (TenderKind.GIFT_CARD, D("29.95"), "1X44"),
    ]
    assert "GC7K" not in made.model_dump_json()


@pytest.mark.rule("orders.invariant")
@pytest.mark.rule("orders.due")
@pytest.mark.parametrize(
    ("name", "total", "due", "canceled", "tenders"),
    [
        ("order_canceled", "48.3", "0", "48.3", "0"),
        ("order_partial_invoice_then_cancel", "166.55", "0", "97.42", "69.13"),
        ("order_complete", "79.95", "0", "0", "79.95"),
        ("order_refunded", "79.95", "0", "0", "79.95"),
        ("order_virtual", "32.48", "32.48", "0", "0"),
        ("order_pickup_bopis", "43.3", "43.3", "0", "0"),
    ],
)
def test_what_is_paid_due_and_canceled_makes_the_total(
    name: str, total: str, due: str, canceled: str, tenders: str
) -> None:
    made = sale(order(name))
    assert (made.totals.total, made.totals.due, made.totals.canceled) == (D(total), D(due), D(canceled))
    assert paid(made) == D(tenders)
    assert paid(made) + made.totals.due + made.totals.canceled == made.totals.total


def test_a_virtual_order_has_no_shipping_address() -> None:
    assert sale(order("order_virtual")).shipping_address is None


@pytest.mark.rule("fulfilment.virtual_never_waits")
def test_what_an_invoice_delivers_of_a_virtual_line_counts_as_shipped() -> None:
    made = sale(order("order_complete"))
    assert [(line.sku, line.shipped) for line in made.lines] == [("S1", D(2)), ("C-Red", D(1)), ("V1", D(1))]


@pytest.mark.rule("orders.bundle_dynamic")
@pytest.mark.rule("orders.bundle_counted_once")
def test_a_dynamic_bundle_is_its_components_and_counts_once() -> None:
    document = order("order_bundles")
    dynamic = [item for item in document["items"] if item["item_id"] <= 5]
    parent, *children = dynamic
    tax = parent["base_tax_amount"]
    document |= {
        "items": dynamic,
        "base_subtotal": 40,
        "base_tax_amount": tax,
        "base_grand_total": round(40 + tax + 15, 2),
        "base_total_due": round(40 + tax + 15, 2),
    }
    made = sale(document)
    assert [(line.line_id, line.kind, line.sku, line.quantity) for line in made.lines] == [
        ("4", LineKind.BUNDLE_COMPONENT, "B1", D(2)),
        ("5", LineKind.BUNDLE_COMPONENT, "B2", D(1)),
    ]
    assert made.totals.lines == 40
    assert len(children) == 2


@pytest.mark.rule("orders.bundle_fixed")
@pytest.mark.rule("orders.bundle_spread")
def test_a_fixed_bundle_is_its_components_with_its_price_and_tax_spread_over_them() -> None:
    made = sale(order("order_bundles"))
    lines = made.lines[2:]
    assert [(line.line_id, line.kind, line.sku, line.quantity) for line in lines] == [
        ("7", LineKind.BUNDLE_COMPONENT, "S1", D(1)),
        ("8", LineKind.BUNDLE_COMPONENT, "S2", D(1)),
    ]
    assert [(line.unit_price, line.discount, line.tax) for line in lines] == [
        (D("33.5"), D(0), D("2.77")),
        (D("33.5"), D(0), D("2.76")),
    ]
    assert [[(part.code, part.amount) for part in line.taxes] for line in lines] == [
        [("US-TX-8.25", D("2.77"))],
        [("US-TX-8.25", D("2.76"))],
    ]
    assert (made.totals.lines, made.totals.tax, made.totals.total) == (D(107), D("8.83"), D("130.83"))
    check_order(pos_document(made))


@pytest.mark.rule("fulfilment.ship_together")
@pytest.mark.parametrize(("bundles", "left"), [(0, (D(2), D(1))), (1, (D(0), D(0)))])
def test_the_components_of_a_bundle_that_left_by_its_own_row_have_left(bundles: int, left: tuple[Decimal, ...]) -> None:
    document = order("order_bundles")
    document["items"][0] |= {"qty_shipped": bundles}
    assert tuple(line.quantity - line.shipped for line in sale(document).lines[:2]) == left


def test_a_component_that_left_by_itself_says_nothing_of_the_others() -> None:
    document = order("order_bundles")
    for item in document["items"]:
        item["qty_shipped"] = int(item["item_id"] in (6, 7))
    assert [line.shipped for line in sale(document).lines] == [D(0), D(0), D(1), D(0)]


def test_a_bundle_without_components_goes_to_review_by_name() -> None:
    document = order("order_bundles")
    document["items"] = [item for item in document["items"] if item["item_id"] not in (7, 8)]
    with pytest.raises(Rejected, match=r"order 000000002, line 6 \(SKU 'BUNF'\) is a bundle without components"):
        sale(document)


@pytest.mark.rule("orders.pickup_location")
def test_a_pickup_order_is_booked_to_the_store_where_it_is_collected() -> None:
    made = sale(order("order_pickup_bopis"))
    assert made.shipping.pickup_location == "store2"
    assert pos_document(made)["LocationID"] == "STORE2"


def test_only_what_is_left_of_a_part_canceled_order_is_created() -> None:
    document = pos_document(sale(order("order_partial_invoice_then_cancel")))
    assert [(line["SKU"], line["Quantity"], line["Tax"]) for line in document["LineItems"]] == [("S5", 1, 4.13)]
    assert document["TotalAmount"] == 69.13
    assert document["BalanceDue"] == 0
    assert document["PaymentStatus"] == "Paid"


def test_a_wholly_canceled_order_makes_no_document() -> None:
    with pytest.raises(Rejected, match="every line is canceled"):
        pos_document(sale(order("order_canceled")))


def test_the_document_carries_the_alias_of_a_sku() -> None:
    document = pos_document(sale(order("order_discount_tax")), {"S2": "000S2"})
    assert [line["SKU"] for line in document["LineItems"]] == ["000S2", "S3"]


@pytest.mark.parametrize(
    "name",
    [
        "order_simple_configurable_virtual_new",
        "order_discount_tax",
        "order_gift_card_paid",
        "order_partial_invoice_then_cancel",
        "order_complete",
        "order_virtual",
        "order_pickup_bopis",
    ],
)
def test_the_document_of_a_real_order_fits_the_contract(name: str) -> None:
    made = sale(order(name))
    document = pos_document(made)
    check_order(document)
    assert D(str(document["TotalAmount"])) == made.totals.total - made.totals.canceled
