"""What delivery costs."""

from __future__ import annotations

from typing import Any

from streams.sale.exact import amount
from streams.sale.order import Node, extension, order_name, shipping_assignment


def sale_shipping(order: Node) -> dict[str, Any]:
    """The shipping of a Magento order, as `schemas.canonical.Shipping`; all zero for a virtual one.

    Where shipping prices include tax, the discount contains tax and
    ``base_shipping_discount_tax_compensation_amnt`` (so spelt) is that tax.
    """
    subject = order_name(order)
    return {
        "method": shipping_assignment(order).get("method") or "",
        "description": order.get("shipping_description") or "",
        "amount": amount(order, "base_shipping_amount", subject),
        "discount": amount(order, "base_shipping_discount_amount", subject)
        - amount(order, "base_shipping_discount_tax_compensation_amnt", subject),
        "tax": amount(order, "base_shipping_tax_amount", subject),
        "pickup_location": extension(order).get("pickup_location_code") or "",
    }
