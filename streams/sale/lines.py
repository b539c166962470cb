"""An order's lines: what leaves the shelf, at what price, with which discount and tax.

Facts about the rows (tried on 2.4.7): a configurable has a parent row with the amounts and a child row with zeros, both
with the child's SKU. A dynamic bundle shows its amounts on the parent *and* on the children, a fixed one on the parent
only. REST gives ``base_row_total`` net of the discount. In a store with tax-inclusive prices the net unit price is
rounded, so that price x quantity may miss the row by cents; the discount then contains tax, and
``base_discount_tax_compensation_amount`` is that tax.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from schemas.canonical.sale import LineKind
from streams.errors import Rejected
from streams.sale.bundle_together import shipped_with_bundle
from streams.sale.exact import CENT, SMALLEST, ZERO, amount, cents, exact
from streams.sale.fixed_bundle import Share, shares_of
from streams.sale.order import Node, line_name, rows
from streams.sale.tax import TaxParts, tax_parts

_KINDS = {
    "simple": LineKind.SIMPLE,
    "configurable": LineKind.CONFIGURABLE,
    "virtual": LineKind.VIRTUAL,
    "downloadable": LineKind.DOWNLOADABLE,
    "grouped": LineKind.GROUPED,
}
"""Magento's product types that one row describes by itself."""

NEVER_SHIPPED = frozenset({LineKind.VIRTUAL, LineKind.DOWNLOADABLE})
"""Kinds without a shipment: their invoice takes the stock and releases the reservation."""


def sale_lines(order: Node) -> list[dict[str, Any]]:
    """The lines of a Magento order, as `schemas.canonical.Line`.

    Raises:
        Rejected: a kind of line that cannot be sold on yet, or an unusable amount; names order and line.
    """
    children: dict[str, list[Node]] = {}
    tops: list[Node] = []
    for item in rows(order):
        parent = item.get("parent_item_id")
        if parent is None:
            tops.append(item)
        else:
            children.setdefault(str(parent), []).append(item)
    taxes = tax_parts(order)
    lines: list[dict[str, Any]] = []
    for item in tops:
        lines.extend(_top_lines(order, item, children.get(str(item["item_id"]), []), taxes))
    return lines


def line_amount(unit_price: Decimal, quantity: Decimal) -> Decimal:
    """What a line costs before discount and tax, to the cent."""
    return cents(unit_price * quantity)


def _top_lines(order: Node, item: Node, children: list[Node], taxes: TaxParts) -> list[dict[str, Any]]:
    product_type = item.get("product_type") or "simple"
    if product_type == "bundle":
        return _bundle(order, item, children, taxes)
    kind = _KINDS.get(product_type)
    if kind is None:
        raise Rejected(
            f"{line_name(order, item)} is a '{product_type}', which is not sold on yet: enter the order in the point "
            "of sale by hand, then discard it here",
            code="line_kind",
        )
    leaves = item
    if kind is LineKind.CONFIGURABLE:
        if len(children) != 1:
            raise Rejected(
                f"{line_name(order, item)} is a configurable with {len(children)} chosen products instead of one: "
                "look at the order in Magento, then replay",
                code="configurable",
            )
        leaves = children[0]
    return [_line(order, item, leaves, kind, taxes)]


def _bundle(order: Node, item: Node, children: list[Node], taxes: TaxParts) -> list[dict[str, Any]]:
    """Its components are the lines, and the parent is none. A dynamic bundle's carry its amounts once more."""
    if not children:
        raise Rejected(
            f"{line_name(order, item)} is a bundle without components: look at the order in Magento, then replay",
            code="empty_bundle",
        )
    parts = _shipped_with(order, item, children)
    if is_fixed(item, parts):
        return _fixed_bundle(order, item, parts, taxes)
    return [_line(order, part, part, LineKind.BUNDLE_COMPONENT, taxes) for part in parts]


def _shipped_with(order: Node, item: Node, children: list[Node]) -> list[Node]:
    """The components' rows, which have left with the bundle if that left by its own row: Magento counts only that one
    then. A component that leaves by itself raises the bundle's count as well."""
    subject = line_name(order, item)
    shipped = amount(item, "qty_shipped", subject)
    if not shipped or any(exact(child.get("qty_shipped")) for child in children):
        return children
    bundles = _quantity(item, subject)
    return [
        {
            **child,
            "qty_shipped": shipped_with_bundle(
                _quantity(child, line_name(order, child)), bundles=bundles, shipped=shipped
            ),
        }
        for child in children
    ]


def is_fixed(item: Node, children: Sequence[Node]) -> bool:
    """Whether a bundle has a price of its own, which its components' rows do not show."""
    return bool(exact(item.get("base_price"))) and not any(exact(child.get("base_price")) for child in children)


def _fixed_bundle(order: Node, item: Node, children: list[Node], taxes: TaxParts) -> list[dict[str, Any]]:
    """Each component with its share of the price, discount and tax that stand on the bundle's own row."""
    subject = line_name(order, item)
    quantity = _quantity(item, subject)
    whole = _priced(item, quantity, subject)
    pieces = [_quantity(child, line_name(order, child)) for child in children]
    shares = shares_of(
        pieces,
        gross=line_amount(whole.unit, quantity),
        discount=whole.discount,
        tax=amount(item, "base_tax_amount", subject),
        taxes=taxes.get(str(item["item_id"]), []),
    )
    return [
        _line(order, _charged(child, share), child, LineKind.BUNDLE_COMPONENT, {str(child["item_id"]): share.taxes})
        for child, share in zip(children, shares, strict=True)
    ]


def _charged(child: Node, share: Share) -> Node:
    """A component's row as if it carried its share."""
    return {
        **child,
        "base_price": (share.gross / exact(child["qty_ordered"])).quantize(SMALLEST, ROUND_HALF_UP),
        "base_row_total": share.gross - share.discount,
        "base_discount_amount": share.discount,
        "base_discount_tax_compensation_amount": ZERO,
        "base_tax_amount": share.tax,
    }


def _line(order: Node, item: Node, leaves: Node, kind: LineKind, taxes: TaxParts) -> dict[str, Any]:
    """One line. ``item`` carries the amounts and is what refunds and shipments name; ``leaves`` is the piece."""
    subject = line_name(order, item)
    quantity = _quantity(item, subject)
    priced = _priced(item, quantity, subject)
    return {
        "line_id": str(item["item_id"]),
        "kind": kind,
        "sku": leaves.get("sku") or "",
        "product_id": str(leaves.get("product_id") or ""),
        "name": item.get("name") or "",
        "quantity": quantity,
        "unit_price": priced.unit,
        "discount": priced.discount,
        "tax": amount(item, "base_tax_amount", subject),
        "taxes": taxes.get(str(item["item_id"]), []),
        "canceled": amount(item, "qty_canceled", subject),
        "shipped": amount(item, "qty_invoiced" if kind in NEVER_SHIPPED else "qty_shipped", subject),
        "refunded": amount(item, "qty_refunded", subject),
    }


def _quantity(item: Node, subject: str) -> Decimal:
    quantity = amount(item, "qty_ordered", subject)
    if quantity <= ZERO:
        raise Rejected(f"{subject} has quantity {quantity}: look at the order in Magento, then replay", code="quantity")
    return quantity


class _Price(NamedTuple):
    """A line's price: unit x quantity, to the cent, less the discount, is what Magento charged before tax."""

    unit: Decimal
    discount: Decimal


def _priced(item: Node, quantity: Decimal, subject: str) -> _Price:
    """Find the net unit price and the net discount that give the row's amount exactly."""
    price = amount(item, "base_price", subject)
    charged_off = amount(item, "base_discount_amount", subject)
    discount = charged_off - amount(item, "base_discount_tax_compensation_amount", subject)
    gross = _gross(item, price * quantity, charged_off, quantity, subject)
    if discount < ZERO:
        # Magento's running rounding can put one cent more into the compensation than into the discount.
        gross, discount = gross - discount, ZERO
    if cents(price * quantity) == cents(gross):
        return _Price(price, discount)
    unit = (gross / quantity).quantize(SMALLEST, ROUND_HALF_UP)
    if line_amount(unit, quantity) == cents(gross):
        return _Price(unit, discount)
    # No unit price of four decimals gives the row: round it up, and let the discount take the cents above.
    unit = (gross / quantity).quantize(SMALLEST, ROUND_CEILING)
    return _Price(unit, discount + line_amount(unit, quantity) - cents(gross))


def _gross(item: Node, product: Decimal, charged_off: Decimal, quantity: Decimal, subject: str) -> Decimal:
    """The row before discount and tax: the reported row where it can be price x quantity, rounded."""
    if item.get("base_row_total") is None:
        return product
    reported = amount(item, "base_row_total", subject) + charged_off
    rounding = (quantity + 1) * CENT / 2
    return reported if abs(reported - product) <= rounding else product
