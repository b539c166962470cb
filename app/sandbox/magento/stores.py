"""Websites, store groups and store views. The admin's own, with id 0, are among them, except in the store configs."""

from __future__ import annotations

from app.sandbox.magento.routing import Route
from app.sandbox.magento.shop import Call, Json, Shop

BASE_URL = "https://shop.example/"
ADMIN = {"id": 0, "code": "admin"}
ROOT_CATEGORY = 2


def list_websites(shop: Shop, _call: Call) -> list[Json]:
    """GET /V1/store/websites."""
    admin = ADMIN | {"name": "Admin", "default_group_id": 0}
    websites = [
        {"id": site.website_id, "code": site.code, "name": site.name, "default_group_id": site.website_id}
        for site in shop.premises.websites
    ]
    return [admin, *websites]


def list_store_groups(shop: Shop, _call: Call) -> list[Json]:
    """GET /V1/store/storeGroups."""
    admin: Json = {"website_id": 0, "root_category_id": 0, "default_store_id": 0, "name": "Default", "code": "default"}
    groups = [
        {
            "id": site.website_id,
            "website_id": site.website_id,
            "root_category_id": ROOT_CATEGORY,
            "default_store_id": site.store_id,
            "name": f"{site.name} Store",
            "code": f"{site.code}_store",
        }
        for site in shop.premises.websites
    ]
    return [{"id": 0} | admin, *groups]


def list_store_views(shop: Shop, _call: Call) -> list[Json]:
    """GET /V1/store/storeViews."""
    admin = ADMIN | {"name": "Admin", "website_id": 0, "store_group_id": 0, "is_active": 1}
    views = [
        {
            "id": site.store_id,
            "code": site.store_code,
            "name": site.store_name,
            "website_id": site.website_id,
            "store_group_id": site.website_id,
            "is_active": 1,
        }
        for site in shop.premises.websites
    ]
    return [admin, *views]


def list_store_configs(shop: Shop, _call: Call) -> list[Json]:
    """GET /V1/store/storeConfigs: every store view, in US dollars."""
    kinds = ("base_url", "base_link_url", "base_static_url", "base_media_url")
    urls = {name: BASE_URL for kind in kinds for name in (kind, f"secure_{kind}")}
    return [
        {
            "id": site.store_id,
            "code": site.store_code,
            "website_id": site.website_id,
            "locale": "en_US",
            "base_currency_code": "USD",
            "default_display_currency_code": "USD",
            "timezone": site.time_zone,
            "weight_unit": "lbs",
            **urls,
        }
        for site in shop.premises.websites
    ]


ROUTES = (
    Route("GET", "/V1/store/websites", "Magento_Backend::store", list_websites),
    Route("GET", "/V1/store/storeGroups", "Magento_Backend::store", list_store_groups),
    Route("GET", "/V1/store/storeViews", "Magento_Backend::store", list_store_views),
    Route("GET", "/V1/store/storeConfigs", "Magento_Backend::store", list_store_configs),
)
