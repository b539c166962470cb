"""Shipments: what an order's ``Shipments`` hold."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from schemas.wire import Amount, Wire


class Pieces(Wire):
    """Pieces of one SKU."""

    sku: str = Field(alias="SKU")
    quantity: Amount = Field(alias="Quantity")


class Shipment(Wire):
    """A parcel."""

    shipment_id: str = Field(alias="ShipmentID")
    shipped_at: AwareDatetime = Field(alias="ShippedAt")
    carrier: str = Field("", alias="Carrier")
    tracking_number: str = Field("", alias="TrackingNumber")
    lines: tuple[Pieces, ...] = Field(alias="Lines")


class ShippedOrder(Wire):
    """Of an order its shipments. They are always told: what is missing is never taken for none."""

    shipments: tuple[Shipment, ...] = Field(alias="Shipments")
