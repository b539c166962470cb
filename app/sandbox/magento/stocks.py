"""Stocks: each serves its websites from its sources. The default stock and the default source have only each other."""

from __future__ import annotations

from app.sandbox.magento.errors import RestError, not_found
from app.sandbox.magento.listing import list_documents
from app.sandbox.magento.routing import Route
from app.sandbox.magento.shop import Call, Json, Shop
from app.sandbox.magento.typed import read_parameters
from app.sandbox.premises import DEFAULT_SOURCE, DEFAULT_STOCK

DEFAULT_LINK = "Can not save link related to Default Source or Default Stock"


def seed_links(shop: Shop) -> None:
    """Link every stock of a new shop to its sources."""
    shop.connection.executemany(
        "INSERT INTO stock_source_links(stock_id, source_code, priority) VALUES (?, ?, ?)",
        [
            (stock_id, source, priority)
            for stock_id, sources in shop.premises.stocks.items()
            for priority, source in enumerate(sources, start=1)
        ],
    )


def get_source(shop: Shop, call: Call) -> Json:
    """GET /V1/inventory/sources/:sourceCode."""
    code = call.params["sourceCode"]
    if code.lower() not in shop.premises.source_codes:
        raise RestError(404, 'Source with code "%value" does not exist.', {"value": code})
    return _source(code.lower())


def list_sources(shop: Shop, call: Call) -> Json:
    """GET /V1/inventory/sources."""
    return list_documents(shop, call, [_source(code) for code in shop.premises.source_codes], required=False)


def _source(code: str) -> Json:
    return {
        "source_code": code,
        "name": code.title(),
        "enabled": True,
        "country_id": "US",
        "postcode": "78701",
        "use_default_carrier_config": True,
        "carrier_links": [],
    }


def get_stock(shop: Shop, call: Call) -> Json:
    """GET /V1/inventory/stocks/:stockId."""
    found = [stock for stock in _stocks(shop) if str(stock["stock_id"]) == call.params["stockId"]]
    if not found:
        raise RestError(404, 'Stock with id "%value" does not exist.', {"value": call.params["stockId"]})
    return found[0]


def list_stocks(shop: Shop, call: Call) -> Json:
    """GET /V1/inventory/stocks."""
    return list_documents(shop, call, _stocks(shop), required=False)


def resolve_stock(shop: Shop, call: Call) -> Json:
    """GET /V1/inventory/stock-resolver/:type/:code: the stock of a sales channel; the channel is a website's code."""
    channel = {"type": call.params["type"], "code": call.params["code"]}
    for stock in _stocks(shop):
        if channel in stock["extension_attributes"]["sales_channels"]:
            return stock
    raise not_found()


def _stocks(shop: Shop) -> list[Json]:
    return [
        {
            "stock_id": stock_id,
            "name": "Default Stock" if stock_id == DEFAULT_STOCK else f"Stock {stock_id}",
            "extension_attributes": {
                "sales_channels": [
                    {"type": "website", "code": site.code}
                    for site in shop.premises.websites
                    if site.stock_id == stock_id
                ]
            },
        }
        for stock_id in shop.premises.stocks
    ]


def list_links(shop: Shop, call: Call) -> Json:
    """GET /V1/inventory/stock-source-links."""
    rows = shop.connection.execute("SELECT * FROM stock_source_links ORDER BY stock_id, priority").fetchall()
    return list_documents(shop, call, [dict(row) for row in rows], required=False)


def save_links(shop: Shop, call: Call) -> list[object]:
    """POST /V1/inventory/stock-source-links: all or none; a link that is there gets the new priority."""
    links = read_parameters(call.body, {"links": "array<StockSourceLink>"})["links"]
    call.resource_key = ",".join(f"{link.get('stock_id')}:{link.get('source_code')}" for link in links)
    if not links:
        raise RestError(400, "Input data is empty")
    for link in links:
        stock_id, source = link.get("stock_id"), link.get("source_code")
        if (stock_id == DEFAULT_STOCK) is not (source == DEFAULT_SOURCE):
            raise RestError(400, DEFAULT_LINK)
        if stock_id not in shop.premises.stocks or source not in shop.premises.source_codes:
            raise RestError(400, "Could not save StockSourceLinks")
    shop.connection.executemany(
        "INSERT INTO stock_source_links(stock_id, source_code, priority) VALUES (?, ?, ?)"
        " ON CONFLICT(stock_id, source_code) DO UPDATE SET priority = excluded.priority",
        [(link["stock_id"], link["source_code"], link.get("priority") or 1) for link in links],
    )
    return []


ROUTES = (
    Route("GET", "/V1/inventory/sources", "Magento_InventoryApi::source", list_sources),
    Route("GET", "/V1/inventory/sources/:sourceCode", "Magento_InventoryApi::source", get_source),
    Route("GET", "/V1/inventory/stocks", "Magento_InventoryApi::stock", list_stocks),
    Route("GET", "/V1/inventory/stocks/:stockId", "Magento_InventoryApi::stock", get_stock),
    Route("GET", "/V1/inventory/stock-resolver/:type/:code", "Magento_InventorySalesApi::stock", resolve_stock),
    Route("GET", "/V1/inventory/stock-source-links", "Magento_InventoryApi::stock_source_link", list_links),
    Route("POST", "/V1/inventory/stock-source-links", "Magento_InventoryApi::stock_source_link", save_links),
)
