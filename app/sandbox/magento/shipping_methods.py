"""How goods reach the customer: by parcel at a flat rate, or fetched from a location."""

from __future__ import annotations

from decimal import Decimal

from app.sandbox.magento.shop import Json, Shop

FLAT_RATE = "flatrate_flatrate"
PICKUP = "instore_pickup"
FEES = {FLAT_RATE: Decimal("5.00"), PICKUP: Decimal(0)}
"""Untaxed, per unit of goods that are not virtual."""


def location_address(code: str) -> Json:
    """The address of a source as a pickup location: an order to be fetched there is shipped to exactly this."""
    return {
        "firstname": code.title(),
        "lastname": "Store",
        "street": ["1 Main"],
        "city": "Austin",
        "country_id": "US",
        "region": "Texas",
        "region_id": 57,
        "postcode": "78701",
        "telephone": "5125550100",
    }


def pickup_location(shop: Shop, store_id: int, sent: Json) -> str:
    """The location that a shipping address names and is; empty if it names none or its address is not that one's."""
    code = str((sent.get("extension_attributes") or {}).get("pickup_location_code") or "")
    sources = shop.premises.stocks[shop.premises.website_of(store_id).stock_id]
    if code not in sources:
        return ""
    is_there = all(sent.get(name) == value for name, value in location_address(code).items())
    return code if is_there else ""


def describe(method: str, location: str) -> str:
    """``shipping_description`` of an order."""
    return "Flat Rate - Fixed" if method == FLAT_RATE else f"In-Store Pickup Delivery - {location.title()}"
