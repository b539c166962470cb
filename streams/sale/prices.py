"""What a product of the point of sale costs in each channel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def channel_prices(context: Mapping[str, Any], product: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The list price of a `/v1` product in every channel of its currency, each from the channel's own price field.

    A channel of another currency has none. A field that is not there gives null, which is not a price of 0.
    """
    currency = product.get("Currency")
    return [
        {
            "channel": channel["name"],
            "currency": currency,
            "list_price": product.get(channel.get("price_field", "Price")),
            "tax_included": channel.get("pos_tax_mode") == "included",
        }
        for channel in context.get("channels") or ()
        if channel["currency"] == currency
    ]


def price_groups(prices: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """The groups of the point of sale that a product's tier prices are for, each once; everyone is none."""
    groups = dict.fromkeys(tier["group"] for price in prices for tier in price.get("tiers") or ())
    return [{"group": group} for group in groups if group]
