"""How an order shows its one tax: by order, by row, and as what was applied."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from app.sandbox.magento.shop import Json, number
from app.sandbox.magento.totals import TAX_CODE


@dataclass(frozen=True, slots=True)
class OrderTax:
    """The tax of one order; a percentage of 0 means that there is none, and every list is empty."""

    order_id: int
    tax_id: int
    percent: Decimal

    def applied(self, amount: Decimal) -> list[Json]:
        """``applied_taxes`` of the order or of a row."""
        if not self.percent:
            return []
        return [
            {
                "code": TAX_CODE,
                "title": TAX_CODE,
                "percent": number(self.percent),
                "amount": number(amount),
                "base_amount": number(amount),
            }
        ]

    def of_order(self, amount: Decimal) -> list[Json]:
        """``taxes`` of the order."""
        return [
            {
                "tax_id": self.tax_id,
                "order_id": self.order_id,
                **applied,
                "base_real_amount": applied["amount"],
                "priority": 0,
                "position": 0,
                "process": 0,
            }
            for applied in self.applied(amount)
        ]

    def of_item(self, item_id: int, tax_item_id: int, amount: Decimal) -> list[Json]:
        """``itemized_taxes`` of a row."""
        if not self.percent:
            return []
        return [
            {
                "tax_item_id": tax_item_id,
                "tax_id": self.tax_id,
                "item_id": item_id,
                "tax_code": TAX_CODE,
                "tax_percent": number(self.percent),
                "amount": number(amount),
                "base_amount": number(amount),
                "real_amount": number(amount),
                "real_base_amount": number(amount),
                "taxable_item_type": "product",
            }
        ]
