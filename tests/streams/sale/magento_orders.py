"""An independent generator of Magento orders: it computes what Magento's row-based calculation would charge.

It shares nothing with streams/sale: prices come from the catalogue's side (net or tax-inclusive), and every amount of
the document is derived from them the way Magento's tax and discount collectors do it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from hypothesis import strategies as st

CENT = Decimal("0.01")
ZERO = Decimal(0)


def rounded(value: Decimal) -> Decimal:
    return value.quantize(CENT, ROUND_HALF_UP)


@dataclass(frozen=True)
class Bought:
    """One line of a cart. ``price`` is the catalogue price: net, or with tax where prices include tax."""

    sku: str
    price: Decimal
    quantity: int
    discount_percent: int
    tax_percent: Decimal
    kind: str
    canceled: bool = False


@dataclass(frozen=True)
class Cart:
    """What is bought and how."""

    lines: tuple[Bought, ...]
    inclusive: bool
    shipping: Decimal
    shipping_tax_percent: Decimal
    shipping_discount_percent: int
    gift_cards: tuple[Decimal, ...] = ()
    store_credit: Decimal = ZERO
    rewards: Decimal = ZERO
    paid_share: int = 0
    cancel_rest: bool = False
    wrapping: Decimal = ZERO


@dataclass
class Charged:
    """One amount with its tax and discount, as Magento's collectors leave it."""

    row: Decimal
    tax: Decimal
    discount: Decimal
    compensation: Decimal

    @property
    def due(self) -> Decimal:
        return self.row + self.tax + self.compensation - self.discount


def charge(price: Decimal, quantity: int, tax_percent: Decimal, discount_percent: int, *, inclusive: bool) -> Charged:
    rate = tax_percent / 100
    full = price * quantity
    discount = rounded(full * discount_percent / 100)
    if not inclusive:
        return Charged(full, rounded((full - discount) * rate), discount, ZERO)
    tax_before = rounded(full * rate / (1 + rate))
    tax_after = rounded((full - discount) * rate / (1 + rate))
    return Charged(full - tax_before, tax_after, discount, tax_before - tax_after)


@dataclass
class _Sums:
    row: Decimal = ZERO
    tax: Decimal = ZERO
    discount: Decimal = ZERO
    compensation: Decimal = ZERO
    canceled: Decimal = ZERO
    items: list[dict[str, Any]] = field(default_factory=list)

    def add(self, charged: Charged) -> None:
        self.row += charged.row
        self.tax += charged.tax
        self.discount += charged.discount
        self.compensation += charged.compensation


def order_document(cart: Cart, number: str = "000000042") -> dict[str, Any]:
    """The order as GET /V1/orders/:id shows it, money as floats."""
    sums = _Sums()
    for position, line in enumerate(cart.lines):
        _add_line(sums, line, 100 + 10 * position, inclusive=cart.inclusive)
    delivery = charge(
        cart.shipping, 1, cart.shipping_tax_percent, cart.shipping_discount_percent, inclusive=cart.inclusive
    )
    full = sums.row + sums.tax + sums.compensation - sums.discount + delivery.due + cart.wrapping
    grand = full - sum(cart.gift_cards, ZERO) - cart.store_credit - cart.rewards
    paid, canceled = _paid_and_canceled(cart, sums, grand)
    return {
        "entity_id": 42,
        "increment_id": number,
        "store_id": 1,
        "state": "processing",
        "status": "processing",
        "created_at": "2026-11-23 22:00:18",
        "updated_at": "2026-11-23 22:00:19",
        "base_currency_code": "USD",
        "customer_is_guest": 1,
        "customer_email": "ann@example.com",
        "base_subtotal": float(sums.row),
        "base_discount_amount": float(-(sums.discount + delivery.discount)),
        "base_discount_tax_compensation_amount": float(sums.compensation),
        "base_tax_amount": float(sums.tax + delivery.tax),
        "base_shipping_amount": float(delivery.row),
        "base_shipping_tax_amount": float(delivery.tax),
        "base_shipping_discount_amount": float(delivery.discount),
        "base_shipping_discount_tax_compensation_amnt": float(delivery.compensation),
        "base_grand_total": float(grand),
        "base_total_due": float(grand - paid),
        "base_total_paid": float(paid),
        "base_total_canceled": float(canceled),
        "items": sums.items,
        "payment": {"method": "checkmo" if grand else "free", "last_trans_id": None, "cc_last4": None},
        "extension_attributes": _extension(cart),
    }


def _paid_and_canceled(cart: Cart, sums: _Sums, grand: Decimal) -> tuple[Decimal, Decimal]:
    """A part-canceled order has been invoiced but for the canceled lines; else some share is paid."""
    if any(line.canceled for line in cart.lines):
        return grand - sums.canceled, sums.canceled
    paid = rounded(grand * cart.paid_share / 100)
    return paid, grand - paid if cart.cancel_rest else ZERO


def _extension(cart: Cart) -> dict[str, Any]:
    extension: dict[str, Any] = {
        "shipping_assignments": [
            {
                "shipping": {
                    "method": "flatrate_flatrate",
                    "address": {
                        "firstname": "Ann",
                        "lastname": "Webb",
                        "street": ["12 Oak St", "Apt 3"],
                        "city": "Austin",
                        "region": "Texas",
                        "region_code": "TX",
                        "postcode": "78701",
                        "country_id": "US",
                        "telephone": "512-555-0100",
                    },
                }
            }
        ],
    }
    if cart.gift_cards:
        extension["gift_cards"] = [
            {"id": number, "code": f"GC-2026-{number:04d}", "amount": float(value), "base_amount": float(value)}
            for number, value in enumerate(cart.gift_cards, start=1)
        ]
        extension["base_gift_cards_amount"] = float(sum(cart.gift_cards, ZERO))
    if cart.store_credit:
        extension["base_customer_balance_amount"] = float(cart.store_credit)
    if cart.rewards:
        extension["base_reward_currency_amount"] = float(cart.rewards)
    if cart.wrapping:
        extension["gw_base_price"] = str(cart.wrapping)
    return extension


def _add_line(sums: _Sums, line: Bought, item_id: int, *, inclusive: bool) -> None:
    charged = charge(line.price, line.quantity, line.tax_percent, line.discount_percent, inclusive=inclusive)
    sums.add(charged)
    if line.canceled:
        sums.canceled += charged.due
    item = _item(line, item_id, charged)
    match line.kind:
        case "configurable":
            child = _item(line, item_id + 1, Charged(ZERO, ZERO, ZERO, ZERO))
            sums.items += [
                item,
                child | {"parent_item_id": item_id, "product_type": "simple", "product_id": item_id + 1},
            ]
        case "bundle":
            # A dynamic bundle of one component: the parent shows the component's amounts once more.
            child = item | {"item_id": item_id + 1, "parent_item_id": item_id, "product_type": "simple"}
            sums.items += [item | {"sku": "BUNDLE"}, child]
        case "fixed_bundle":
            # The amounts stand on the parent alone; one of its components is in it twice.
            nothing = Charged(ZERO, ZERO, ZERO, ZERO)
            parts = [replace(line, quantity=line.quantity * each, sku=f"{line.sku}-{each}") for each in (1, 2)]
            sums.items.append(item | {"sku": "BUNDLE", "product_type": "bundle"})
            sums.items += [
                _item(part, item_id + place, nothing) | {"parent_item_id": item_id, "product_type": "simple"}
                for place, part in enumerate(parts, start=1)
            ]
        case _:
            sums.items.append(item)


def _item(line: Bought, item_id: int, charged: Charged) -> dict[str, Any]:
    canceled = line.quantity if line.canceled else 0
    return {
        "item_id": item_id,
        "product_id": item_id,
        "product_type": line.kind,
        "sku": line.sku,
        "name": f"Article {line.sku}",
        "qty_ordered": line.quantity,
        "qty_canceled": canceled,
        "qty_shipped": 0,
        "qty_refunded": 0,
        "qty_invoiced": 0,
        "base_price": float(rounded(charged.row / line.quantity)),
        "base_discount_amount": float(charged.discount),
        "base_discount_tax_compensation_amount": float(charged.compensation),
        "base_tax_amount": float(charged.tax),
        "base_row_total": float(charged.row - charged.discount),
    }


def amounts(least: str, most: str) -> st.SearchStrategy[Decimal]:
    return st.decimals(min_value=Decimal(least), max_value=Decimal(most), places=2)


RATES = st.sampled_from([Decimal(0), Decimal("8.25"), Decimal(19), Decimal("7.7"), Decimal("20.5")])
KINDS = st.sampled_from(["simple", "configurable", "virtual", "downloadable", "grouped", "bundle", "fixed_bundle"])


@st.composite
def carts(draw: st.DrawFn) -> Cart:
    """Carts of every sort that the pipeline takes, part-canceled ones among them."""
    count = draw(st.integers(1, 5))
    spared = draw(st.integers(0, count - 1))
    part_canceled = draw(st.integers(0, 3)) == 0
    lines = tuple(
        Bought(
            sku=f"SKU-{position}",
            price=draw(amounts("0.01", "899.99")),
            quantity=draw(st.one_of(st.integers(1, 12), st.integers(13, 700))),
            discount_percent=draw(st.sampled_from([0, 0, 5, 10, 33, 100])),
            tax_percent=draw(RATES),
            kind=draw(KINDS),
            canceled=part_canceled and position != spared and draw(st.booleans()),
        )
        for position in range(count)
    )
    cart = Cart(
        lines=lines,
        inclusive=draw(st.booleans()),
        shipping=draw(amounts("0", "49.99")),
        shipping_tax_percent=draw(RATES),
        shipping_discount_percent=draw(st.sampled_from([0, 0, 10, 100])),
        wrapping=draw(st.sampled_from([ZERO, Decimal("4.50")])),
        paid_share=draw(st.sampled_from([0, 0, 37, 100])),
        cancel_rest=draw(st.booleans()),
    )
    return draw(_prepaid(cart)) if not part_canceled else cart


@st.composite
def _prepaid(draw: st.DrawFn, cart: Cart) -> Cart:
    """Pay some or all of the cart with gift cards, store credit and points."""
    left = Decimal(str(order_document(cart)["base_grand_total"]))
    parts = []
    for _ in range(4):
        part = draw(st.sampled_from([ZERO, ZERO, rounded(left / 3), left]))
        parts.append(part)
        left -= part
    cards = tuple(part for part in parts[:2] if part)
    return Cart(**{**cart.__dict__, "gift_cards": cards, "store_credit": parts[2], "rewards": parts[3]})
