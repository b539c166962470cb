"""The shop's set-up, for those who check it: its sources and its store view."""

from __future__ import annotations

from app.sandbox.magento.errors import RestError
from app.sandbox.magento.routing import Route
from app.sandbox.magento.shop import Call, Json, Shop
from app.sandbox.magento.stock import ALL_SOURCES

BASE_URL = "https://shop.example/"


def get_source(_shop: Shop, call: Call) -> Json:
    """GET /V1/inventory/sources/:sourceCode."""
    code = call.params["sourceCode"]
    if code.lower() not in ALL_SOURCES:
        raise RestError(404, 'Source with code "%value" does not exist.', {"value": code})
    return _source(code.lower())


def list_sources(_shop: Shop, _call: Call) -> Json:
    """GET /V1/inventory/sources, all of them whatever is asked: there are three."""
    items = [_source(code) for code in ALL_SOURCES]
    return {"items": items, "search_criteria": {"filter_groups": []}, "total_count": len(items)}


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


def list_store_configs(_shop: Shop, _call: Call) -> list[Json]:
    """GET /V1/store/storeConfigs: one store view, in US dollars."""
    urls = ("base_url", "base_link_url", "base_static_url", "base_media_url")
    config: Json = {
        "id": 1,
        "code": "default",
        "website_id": 1,
        "locale": "en_US",
        "base_currency_code": "USD",
        "default_display_currency_code": "USD",
        "timezone": "America/Chicago",
        "weight_unit": "lbs",
    }
    return [config | {name: BASE_URL for url in urls for name in (url, f"secure_{url}")}]


ROUTES = (
    Route("GET", "/V1/inventory/sources", "Magento_InventoryApi::source", list_sources),
    Route("GET", "/V1/inventory/sources/:sourceCode", "Magento_InventoryApi::source", get_source),
    Route("GET", "/V1/store/storeConfigs", "Magento_Backend::store", list_store_configs),
)
