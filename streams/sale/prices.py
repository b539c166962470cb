"""What a product of the point of sale costs in each channel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def channel_prices(context: Mapping[str, Any], product: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The list price of a `/v1` product in every channel of its currency; a channel of another one has none."""
    currency, price = product.get("Currency"), product.get("Price")
    return [
        {"channel": channel["name"], "currency": currency, "list_price": price}
        for channel in context.get("channels") or ()
        if channel["currency"] == currency
    ]
