"""A bundle with a fixed price: the web store charges it on the bundle's own row, and its components leave the shelf.

The web store does not tell what a component costs, so the price, discount and tax are spread over its pieces, and each
makes exactly the bundle's again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import Any

from streams.errors import Rejected
from streams.ports.web_orders import WebOrder, WebOrderLine
from streams.sale.exact import CENT, ZERO, cents


def spread(amount: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """Shares of an amount that is not negative, to the cent; what parts of a cent it has are in the last share.

    They make exactly the amount. None is negative, and none is off by more than a cent from what its weight gives it of
    the amount's whole cents.

    Args:
        amount: to be spread.
        weights: of the shares; positive.
    """
    in_cents = amount.quantize(CENT, ROUND_DOWN)
    whole, before, given = sum(weights, ZERO), ZERO, ZERO
    shares = []
    for place, weight in enumerate(weights):
        before += weight
        so_far = amount if place == len(weights) - 1 else cents(in_cents * before / whole)
        shares.append(so_far - given)
        given = so_far
    return shares


@dataclass(frozen=True, slots=True)
class Share:
    """What one component has of its bundle's amounts: the price before discount and tax, the discount, the tax."""

    gross: Decimal
    discount: Decimal
    tax: Decimal
    taxes: list[dict[str, Any]]


def shares_of(
    pieces: Sequence[Decimal], *, gross: Decimal, discount: Decimal, tax: Decimal, taxes: Sequence[dict[str, Any]] = ()
) -> list[Share]:
    """The components' shares of a bundle's amounts. A discount is never more than the price that it is taken off.

    Args:
        pieces: of each component.
        gross: the bundle's price before discount and tax; ``discount`` of it.
        tax: of the bundle; ``taxes`` are the parts of it by rate, as `schemas.canonical.TaxPart`.
    """
    discounts, nets = spread(discount, pieces), spread(gross - discount, pieces)
    parts = [[{**part, "amount": share} for share in spread(part["amount"], pieces)] for part in taxes]
    by_rate: list[list[dict[str, Any]]] = [list(each) for each in zip(*parts, strict=True)] or [[] for _ in pieces]
    if sum((part["amount"] for part in taxes), ZERO) == tax:
        of_tax = [sum((part["amount"] for part in each), ZERO) for each in by_rate]
    else:
        of_tax = spread(tax, pieces)
    return [
        Share(net + off, off, tax_share, each)
        for net, off, tax_share, each in zip(nets, discounts, of_tax, by_rate, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class FixedBundle:
    """A bundle with a fixed price in an order.

    Attributes:
        item_id: of its own row, by which it is invoiced and refunded.
        ordered: bundles.
        components: pieces ordered by the id of each component's row.
    """

    item_id: str
    sku: str
    ordered: Decimal
    components: dict[str, Decimal]


def fixed_bundles(lines: Sequence[WebOrderLine]) -> list[FixedBundle]:
    """The bundles with a fixed price among an order's rows."""
    found = []
    for bundle in lines:
        components = [line for line in lines if line.parent_id == bundle.item_id]
        if bundle.product_type == "bundle" and bundle.price and not any(line.price for line in components):
            pieces = {line.item_id: line.ordered for line in components}
            found.append(FixedBundle(bundle.item_id, bundle.sku, bundle.ordered, pieces))
    return found


def by_bundle(
    bundles: Sequence[FixedBundle], units: dict[str, Decimal], *, what: str, advice: str
) -> dict[str, Decimal]:
    """Pieces by row, those of fixed bundles' components as bundles: Magento takes no money for a component.

    Args:
        bundles: of the order.
        units: pieces by row id, those of components by the component's.
        what: for the message: ``refund R1 of order 000000042``.
        advice: what a person does in Magento if it is not about whole bundles.

    Raises:
        Rejected: it is not about whole bundles; names the bundle.
    """
    rows = dict(units)
    for bundle in bundles:
        named = bundle.components.keys() & rows.keys()
        if not named:
            continue
        touched = [rows.pop(row, ZERO) * bundle.ordered / pieces for row, pieces in bundle.components.items()]
        count = touched[0]
        if count != count.to_integral_value() or any(each != count for each in touched):
            raise Rejected(
                f"{what} is about a part of bundle '{bundle.sku}', which has one price: Magento takes and gives back "
                f"money for whole ones only. {advice}.",
                code="bundle_in_part",
            )
        rows[bundle.item_id] = count
    return rows


def left_to_invoice(order: WebOrder) -> dict[str, Decimal]:
    """Pieces of an order that nobody has been charged for yet, by the rows that Magento invoices: of a bundle with one
    price its own."""
    fixed = {bundle.item_id for bundle in fixed_bundles(order.lines)}
    sold = order.rows_with_amounts
    rows = [row for row in order.lines if row.item_id in fixed or (row.item_id in sold and row.parent_id not in fixed)]
    left = {row.item_id: row.ordered - row.invoiced - row.canceled for row in rows}
    return {row: pieces for row, pieces in left.items() if pieces > ZERO}
