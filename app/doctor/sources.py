"""The stock sources that channels name, against what Magento has: there, enabled, and of the website's stock. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.doctor.finding import Finding, ok, wrong
from schemas.documents.channel import Channel
from schemas.magento import Source, Stock, StockSourceLink

UNSEEN = "the web store sells by the sources of its website's stock alone, so pieces there could not be bought"


@dataclass(frozen=True, slots=True)
class Inventory:
    """A Magento's multi-source inventory.

    Attributes:
        sources: every source, and whether it is enabled.
        stocks: the stock of each website, by the website's code.
        links: the sources of each stock.
    """

    sources: Mapping[str, bool]
    stocks: Mapping[str, int]
    links: Mapping[int, frozenset[str]]

    @classmethod
    def of(cls, sources: Sequence[Source], stocks: Sequence[Stock], links: Sequence[StockSourceLink]) -> Inventory:
        """From the rows of Magento's lists."""
        channels = [(stock.stock_id, one) for stock in stocks for one in stock.extension_attributes.sales_channels]
        linked: dict[int, set[str]] = {}
        for link in links:
            linked.setdefault(link.stock_id, set()).add(link.source_code)
        return cls(
            {source.source_code: source.enabled for source in sources},
            {one.code: stock for stock, one in channels if one.type == "website"},
            {stock: frozenset(codes) for stock, codes in linked.items()},
        )


def source_findings(
    name: str, channels: Mapping[str, Channel], inventory: Inventory, websites: Mapping[int, str]
) -> Iterator[Finding]:
    """What is wrong with each channel's sources.

    Args:
        name: of the connection.
        channels: its own, by name.
        inventory: what Magento has.
        websites: code of each store view's website, by the store view's id.
    """
    for key, channel in channels.items():
        found = list(_channel(name, key, channel, inventory, websites.get(channel.store_id)))
        if channel.sources and not found:
            found = [ok(f"channel {key}", "each location's source is enabled and sells on its website")]
        yield from found


def _channel(name: str, key: str, channel: Channel, inventory: Inventory, website: str | None) -> Iterator[Finding]:
    stock = inventory.stocks.get(website) if website is not None else None
    of_stock = inventory.links.get(stock, frozenset()) if stock is not None else None
    for location, source in sorted(channel.sources.items()):
        at, where = f"channel {key}", f"source '{source}' of location {location}"
        if source not in inventory.sources:
            yield wrong(
                at,
                f"'{name}' has no {where}",
                f"channels.{key}.sources: one of {', '.join(sorted(inventory.sources))}, or make it in Magento "
                "(Stores > Sources)",
                "Magento refuses every quantity of it",
            )
        elif not inventory.sources[source]:
            yield wrong(at, f"{where} is disabled in '{name}'", "Magento: Stores > Sources, enable it", UNSEEN)
        elif of_stock is not None and source not in of_stock:
            yield wrong(
                at,
                f"{where} is not of stock {stock}, which the website '{website}' of '{name}' sells",
                f"Magento: Stores > Stocks > stock {stock}, assign source '{source}' to it",
                UNSEEN,
            )
