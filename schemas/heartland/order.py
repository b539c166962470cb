"""Orders: ``POST GET PUT /v1/orders``."""

from __future__ import annotations

from decimal import Decimal

from pydantic import AwareDatetime, Field

from schemas.heartland.address import Address
from schemas.heartland.shipment import Shipment
from schemas.heartland.tender import SPENT_KINDS, Tender
from schemas.wire import Amount, Wire


class Order(Wire):
    """An order as the point of sale keeps it. Its number is its id."""

    order_id: str = Field(alias="OrderID")
    external_id: str = Field("", alias="ExternalID")
    customer_id: str = Field("", alias="CustomerID")
    order_date: AwareDatetime | None = Field(None, alias="OrderDate")
    total_amount: Amount = Field(alias="TotalAmount")
    currency: str = Field("", alias="Currency")
    status: str = Field(alias="Status")
    billing_address: Address = Field(default_factory=Address, alias="BillingAddress")
    shipping_address: Address = Field(default_factory=Address, alias="ShippingAddress")
    tenders: tuple[Tender, ...] | None = Field(None, alias="Tenders")
    shipments: tuple[Shipment, ...] = Field((), alias="Shipments")
    updated_at: AwareDatetime = Field(alias="UpdatedAt")

    @property
    def email(self) -> str:
        """The customer's; empty for a sale in store."""
        return self.billing_address.email or self.shipping_address.email

    @property
    def paid(self) -> Decimal | None:
        """What payments brought; None if its tenders are not told, which is never taken for nothing."""
        if self.tenders is None:
            return None
        return sum((tender.amount for tender in self.tenders if tender.kind not in SPENT_KINDS), Decimal(0))
