"""The rules of the arithmetic, one by one, and what goes to review by name."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from schemas.canonical import TenderKind
from schemas.canonical.sale import LineKind
from streams.errors import Rejected
from streams.sale.exact import exact
from streams.sale.export import sale_export
from streams.sale.fees import sale_fees
from streams.sale.left import lines_left, total_left
from streams.sale.lines import line_amount, sale_lines
from streams.sale.order import order_name
from streams.sale.shipping import sale_shipping
from streams.sale.tenders import sale_tenders
from streams.sale.totals import sale_totals

D = Decimal


def item(**changes: Any) -> dict[str, Any]:
    row = {
        "item_id": 7,
        "product_id": 70,
        "product_type": "simple",
        "sku": "MUG",
        "qty_ordered": 2,
        "base_price": 10.0,
        "base_row_total": 20.0,
        "base_tax_amount": 1.65,
    }
    return row | changes


def order(*items: dict[str, Any], **changes: Any) -> dict[str, Any]:
    document = {
        "increment_id": "000000042",
        "base_subtotal": 20,
        "base_discount_amount": 0,
        "base_tax_amount": 1.65,
        "base_shipping_amount": 5,
        "base_grand_total": 26.65,
        "base_total_due": 26.65,
        "items": list(items) or [item()],
        "payment": {"method": "checkmo"},
    }
    return document | changes


def only_line(document: dict[str, Any]) -> dict[str, Any]:
    (line,) = sale_lines(document)
    return line


@pytest.mark.parametrize(
    ("value", "number"),
    [(None, "0"), (0.1, "0.1"), (30.99, "30.99"), (7, "7"), ("4.5000", "4.5000"), (1e-4, "0.0001"), (D("2.5"), "2.5")],
)
def test_a_json_number_is_read_as_it_was_written(value: object, number: str) -> None:
    assert exact(value) == D(number)


@pytest.mark.parametrize("value", [True, "ten", [], float("inf"), "NaN"])
def test_what_is_not_a_number_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="number"):
        exact(value)


def test_an_unusable_amount_names_order_line_key_and_value() -> None:
    with pytest.raises(Rejected, match=r"order 000000042, line 7 \(SKU 'MUG'\): base_price: 'ten' is not a number"):
        sale_lines(order(item(base_price="ten")))


# -- Lines ------------------------------------------------------------------------------------------------------


def test_the_reported_row_is_net_of_the_discount() -> None:
    line = only_line(order(item(base_row_total=18.0, base_discount_amount=2.0)))
    assert (line["unit_price"], line["discount"]) == (D(10), D(2))


def test_a_row_that_is_gross_of_the_discount_is_understood_too() -> None:
    line = only_line(order(item(base_row_total=20.0, base_discount_amount=2.0)))
    assert (line["unit_price"], line["discount"]) == (D(10), D(2))


def test_a_row_that_is_not_reported_is_price_times_quantity() -> None:
    line = only_line(order(item(base_row_total=None)))
    assert line_amount(line["unit_price"], line["quantity"]) == 20


@pytest.mark.rule("orders.tax_rounding")
def test_a_tax_inclusive_row_keeps_its_cents_although_the_net_price_is_rounded() -> None:
    # 3 x 10.00 with 8.25 % inside: 27.71 net, 9.24 each when rounded, which would make 27.72.
    line = only_line(order(item(qty_ordered=3, base_price=9.24, base_row_total=27.71)))
    assert line["unit_price"] == D("9.2367")
    assert line_amount(line["unit_price"], line["quantity"]) == D("27.71")
    assert line["discount"] == 0


def test_a_row_of_very_many_pieces_gives_the_last_cents_to_the_discount() -> None:
    line = only_line(order(item(qty_ordered=900, base_price=0.92, base_row_total=831.41)))
    net = line_amount(line["unit_price"], line["quantity"]) - line["discount"]
    assert net == D("831.41")
    assert D(0) < line["discount"] < D("0.09")


@pytest.mark.rule("orders.tax_inclusive_discount")
def test_the_tax_inside_a_discount_is_not_a_discount() -> None:
    line = only_line(
        order(item(base_row_total=17.8, base_discount_amount=2.2, base_discount_tax_compensation_amount=0.2))
    )
    assert line["discount"] == D("2.0")


def test_a_compensation_above_its_discount_raises_the_price_instead() -> None:
    line = only_line(order(item(base_discount_amount=0, base_discount_tax_compensation_amount=0.02)))
    assert (line["discount"], line_amount(line["unit_price"], line["quantity"])) == (D(0), D("20.02"))


@pytest.mark.rule("orders.tax_several_rates")
def test_a_line_tells_the_rates_that_it_was_charged() -> None:
    applied = [
        {"type": "shipping", "applied_taxes": [{"code": "US-TX", "percent": 8.25, "base_amount": 0.41}]},
        {
            "type": "product",
            "item_id": 7,
            "applied_taxes": [
                {"code": "US-TX", "percent": 6.25, "base_amount": 1.25},
                {"title": "Austin", "percent": 2, "base_amount": 0.4},
            ],
        },
    ]
    assert only_line(order(extension_attributes={"item_applied_taxes": applied}))["taxes"] == [
        {"code": "US-TX", "percent": D("6.25"), "amount": D("1.25")},
        {"code": "Austin", "percent": D(2), "amount": D("0.4")},
    ]


@pytest.mark.rule("orders.tax_exempt")
def test_an_exempt_line_has_no_tax_and_no_rate_although_its_product_is_taxable() -> None:
    exempt = order(item(base_tax_amount=0, tax_percent=8.25), extension_attributes={"item_applied_taxes": []})
    line = only_line(exempt)
    assert (line["tax"], line["taxes"]) == (D(0), [])


@pytest.mark.rule("orders.configurable")
def test_a_configurable_is_one_line_with_its_childs_sku_and_product() -> None:
    child = item(item_id=8, parent_item_id=7, sku="TEE-RED", product_id=71, base_price=0, base_row_total=0)
    line = only_line(order(item(product_type="configurable", sku="TEE-RED"), child))
    assert (line["line_id"], line["kind"], line["sku"], line["product_id"], line["unit_price"]) == (
        "7",
        LineKind.CONFIGURABLE,
        "TEE-RED",
        "71",
        D(10),
    )


def test_a_configurable_without_its_child_goes_to_review() -> None:
    with pytest.raises(Rejected, match="configurable with 0 chosen products"):
        sale_lines(order(item(product_type="configurable")))


def test_a_free_dynamic_bundle_is_its_components() -> None:
    parent = item(product_type="bundle", base_price=0, base_row_total=0)
    child = item(item_id=8, parent_item_id=7, base_price=0, base_row_total=0)
    assert only_line(order(parent, child))["line_id"] == "8"


def test_a_kind_that_is_not_sold_on_yet_goes_to_review_by_name() -> None:
    with pytest.raises(Rejected, match=r"line 7 \(SKU 'MUG'\) is a 'giftcard'"):
        sale_lines(order(item(product_type="giftcard")))


@pytest.mark.parametrize("items", [[], None, "none"])
def test_an_order_without_lines_goes_to_review(items: object) -> None:
    with pytest.raises(Rejected, match="order 000000042 has no lines"):
        sale_lines(order() | {"items": items})


@pytest.mark.parametrize("row", [{"sku": "MUG"}, "MUG"])
def test_a_line_without_an_id_goes_to_review(row: object) -> None:
    with pytest.raises(Rejected, match="a line without item_id"):
        sale_lines(order() | {"items": [row]})


def test_a_line_of_nothing_goes_to_review() -> None:
    with pytest.raises(Rejected, match="quantity 0"):
        sale_lines(order(item(qty_ordered=0)))


def test_an_order_without_a_number_is_still_named() -> None:
    assert order_name({"entity_id": 9}) == "order 9"
    assert order_name({}) == "order without a number"


# -- Totals -----------------------------------------------------------------------------------------------------


@pytest.mark.rule("orders.unexplained_amount")
@pytest.mark.rule("orders.no_adjustment_line")
def test_an_unexplained_amount_goes_to_review_by_name() -> None:
    document = order(base_grand_total=27.65, base_total_due=27.65, base_tax_amount=2.65)
    with pytest.raises(Rejected, match=r"1\.00 is unexplained \(base_tax_amount is 2.65, its lines and shipping make"):
        sale_totals({}, document)


def test_an_amount_that_no_field_names_says_so() -> None:
    with pytest.raises(Rejected, match="no field of the order names it"):
        sale_totals({}, order(base_grand_total=30, base_total_due=30))


@pytest.mark.rule("orders.unexplained_amount")
def test_custom_fees_are_suspected_by_name() -> None:
    document = order(base_grand_total=30, base_total_due=30, extension_attributes={"custom_fees": [{"code": "x"}]})
    with pytest.raises(Rejected, match="it has custom_fees, which are not mapped"):
        sale_totals({}, document)


@pytest.mark.rule("orders.unexplained_amount")
def test_a_payment_that_does_not_add_up_goes_to_review_by_name() -> None:
    with pytest.raises(Rejected, match=r"26.65 was charged, but 20.0 paid, 26.65 due"):
        sale_totals({}, order(base_total_paid=20.0))


@pytest.mark.rule("orders.due")
def test_due_falls_with_a_cancel_although_magentos_figure_does_not() -> None:
    totals = sale_totals({}, order(base_total_canceled=26.65))
    assert (totals["due"], totals["canceled"], totals["total"]) == (D(0), D("26.65"), D("26.65"))


@pytest.mark.rule("orders.tax_of_shipping")
def test_shipping_with_tax_and_discount() -> None:
    document = order(
        base_shipping_tax_amount=0.41,
        base_shipping_discount_amount=1.1,
        base_shipping_discount_tax_compensation_amnt=0.1,
        base_tax_amount=2.06,
        base_discount_amount=-1.1,
        base_grand_total=26.06,
        base_total_due=26.06,
        extension_attributes={"pickup_location_code": "store2", "shipping_assignments": [{"shipping": None}]},
    )
    shipping = sale_shipping(document)
    assert (shipping["discount"], shipping["tax"], shipping["pickup_location"]) == (D("1.0"), D("0.41"), "store2")
    assert sale_totals({}, document)["discount"] == D("1.0")


# -- Fees -------------------------------------------------------------------------------------------------------


@pytest.mark.rule("orders.tax_weee")
@pytest.mark.rule("orders.fees")
def test_fixed_product_taxes_are_fees_by_name() -> None:
    applied = '[{"title": "Eco fee", "base_row_amount": 2.0, "base_row_amount_incl_tax": 2.17}]'
    taxed = item(base_weee_tax_applied_row_amnt=2.0, weee_tax_applied=applied)
    plain = item(item_id=8, base_weee_tax_applied_row_amnt=1.0, weee_tax_applied='[{"title": "Eco fee"}]')
    unnamed = item(item_id=9, base_weee_tax_applied_row_amnt=0.5, weee_tax_applied="[not json")
    odd = item(item_id=10, base_weee_tax_applied_row_amnt=0.25, weee_tax_applied="{}")
    bundle = item(item_id=11, base_weee_tax_applied_row_amnt=9, product_type="bundle")
    assert sale_fees(order(taxed, plain, unnamed, odd, bundle)) == [
        {"name": "Eco fee", "amount": D("3.0"), "tax": D("0.17")},
        {"name": "Fixed product tax", "amount": D("0.75"), "tax": D(0)},
    ]


@pytest.mark.rule("orders.gift_wrap")
def test_gift_wrapping_is_a_fee_although_its_amounts_are_strings() -> None:
    options = {"gw_base_price": "4.5000", "gw_base_tax_amount": "0.3700", "gw_card_base_price": "0.0000"}
    assert sale_fees(order(extension_attributes=options)) == [
        {"name": "Gift wrapping", "amount": D("4.5"), "tax": D("0.37")}
    ]


# -- Tenders ----------------------------------------------------------------------------------------------------


@pytest.mark.rule("money.invoiced_tender")
@pytest.mark.parametrize(
    ("payment", "kind", "reference"),
    [
        ({"method": "checkmo"}, TenderKind.OFFLINE, ""),
        ({"method": "shop_account"}, TenderKind.OFFLINE, ""),
        ({"method": "stripe", "last_trans_id": "ch_1"}, TenderKind.CARD, "ch_1"),
        ({"method": "stripe", "cc_last4": "4242"}, TenderKind.CARD, "4242"),
        ({"method": "stripe", "cc_last4": "XX42"}, TenderKind.CARD, ""),
        (None, TenderKind.CARD, ""),
    ],
)
def test_a_payment_is_a_tender_of_its_kind(payment: dict[str, Any] | None, kind: TenderKind, reference: str) -> None:
    context = {"channel": {"offline_methods": ("shop_account",)}}
    (tender,) = sale_tenders(context, order(base_total_paid=20.0, payment=payment))
    assert (tender["kind"], tender["amount"], tender["reference"]) == (kind, D(20), reference)


def test_a_card_field_never_lets_more_than_four_digits_through() -> None:
    payment = {"method": "odd_gateway", "cc_last4": "0000111122223333"}
    (tender,) = sale_tenders({}, order(base_total_paid=1, payment=payment))
    assert tender["reference"] == "3333"


@pytest.mark.rule("orders.prepaid_are_tenders")
def test_credit_and_points_are_tenders() -> None:
    options = {"base_customer_balance_amount": 3.5, "base_reward_currency_amount": 1.5}
    tenders = sale_tenders({}, order(extension_attributes=options))
    assert [(tender["kind"], tender["amount"]) for tender in tenders] == [
        (TenderKind.STORE_CREDIT, D("3.5")),
        (TenderKind.REWARD_POINTS, D("1.5")),
    ]


def test_gift_cards_that_are_not_listed_are_one_tender() -> None:
    (tender,) = sale_tenders({}, order(extension_attributes={"base_gift_cards_amount": 10}))
    assert (tender["kind"], tender["amount"], tender["reference"]) == (TenderKind.GIFT_CARD, D(10), "")


def test_gift_cards_that_do_not_add_up_go_to_review() -> None:
    options = {"base_gift_cards_amount": 10, "gift_cards": [{"code": "GC-0001", "base_amount": 9}]}
    with pytest.raises(Rejected, match="gift cards add up to 9, but base_gift_cards_amount is 10"):
        sale_tenders({}, order(extension_attributes=options))


# -- Export -----------------------------------------------------------------------------------------------------


@pytest.mark.rule("orders.states")
@pytest.mark.rule("orders.offline_in_new")
@pytest.mark.parametrize(
    ("state", "method", "allowed", "reason"),
    [
        ("processing", "stripe", True, ""),
        ("complete", "stripe", True, ""),
        ("new", "checkmo", True, ""),
        ("new", "stripe", False, "channels.main.offline_methods"),
        ("pending_payment", "stripe", False, "waits for its payment"),
        ("payment_review", "stripe", False, "under review"),
        ("holded", "checkmo", False, "on hold"),
        ("canceled", "checkmo", False, "canceled"),
        ("closed", "checkmo", False, "refunded and closed"),
        ("shipped_by_drone", "checkmo", False, "not one of Magento's"),
    ],
)
def test_the_export_table(state: str, method: str, allowed: bool, reason: str) -> None:
    context = {"channel": {"name": "main", "offline_methods": ("checkmo",)}}
    decision = sale_export(context, order(state=state, payment={"method": method}))
    assert decision["allowed"] is allowed
    assert reason in decision.get("reason", "")


# -- What is left -----------------------------------------------------------------------------------------------


def canonical(**line: Any) -> dict[str, Any]:
    values = {"quantity": "3", "canceled": "1", "unit_price": "10", "discount": "1.00", "tax": "2.40", "sku": "MUG"}
    return {
        "number": "000000042",
        "lines": [values | line],
        "shipping": {"amount": "5", "discount": "0", "tax": "0"},
        "fees": [{"amount": "1", "tax": "0.10"}],
        "totals": {"total": "37.50", "canceled": "10.47"},
    }


def test_a_part_canceled_line_keeps_its_share() -> None:
    (line,) = lines_left(canonical()["lines"])
    assert (line["quantity"], line["discount"], line["tax"]) == (D(2), D("0.67"), D("1.60"))
    assert total_left(canonical()) == D("27.03")


@pytest.mark.rule("orders.no_adjustment_line")
def test_a_remainder_that_misses_by_a_cent_goes_to_review() -> None:
    document = canonical()
    document["totals"]["canceled"] = "10.46"
    with pytest.raises(
        Rejected, match=r"remaining lines, tax and shipping make 27\.03, but Magento still charges 27\.04"
    ):
        total_left(document)


def test_parts_of_a_cent_that_do_not_round_to_the_total_go_to_review() -> None:
    document = canonical(quantity="1.5", canceled="0", unit_price="9.99", discount="0", tax="0")
    document["lines"].append(document["lines"][0])
    document["totals"] = {"total": "36.07", "canceled": "0"}
    with pytest.raises(
        Rejected, match=r"parts of a cent: rounded one by one they make 36\.08, but Magento charges 36\.07"
    ):
        total_left(document)
