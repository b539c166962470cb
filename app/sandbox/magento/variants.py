"""Configurable products: their options, and simple products that become their children."""

from __future__ import annotations

from app.sandbox.catalogue import ProductKind
from app.sandbox.magento.attributes import SHADE_ATTRIBUTE
from app.sandbox.magento.errors import RestError
from app.sandbox.magento.product_document import product_document
from app.sandbox.magento.product_rows import change_row, find_product
from app.sandbox.magento.routing import Route
from app.sandbox.magento.shop import Call, Json, Shop
from app.sandbox.magento.typed import read_parameters


def list_children(shop: Shop, call: Call) -> list[Json]:
    """GET /V1/configurable-products/:sku/children. A product of another type has none."""
    parent = find_product(shop, call.params["sku"])
    rows = shop.connection.execute(
        "SELECT * FROM products WHERE parent_id = ? ORDER BY entity_id", (parent["entity_id"],)
    )
    return [product_document(shop, row, shop.scope(call)) for row in rows.fetchall()]


def add_configurable_option(shop: Shop, call: Call) -> int:
    """POST /V1/configurable-products/:sku/options. The sandbox's variants differ by their shade only."""
    call.resource_key = call.params["sku"]
    option = read_parameters(call.body, {"option": "any"})["option"]
    parent = find_product(shop, call.params["sku"])
    if parent["type_id"] != ProductKind.CONFIGURABLE:
        raise RestError(400, "Only implemented for configurable product: %1", [parent["sku"]])
    if str(option.get("attribute_id")) != SHADE_ATTRIBUTE or not option.get("values"):
        raise RestError(400, "Option values are not specified.")
    shop.connection.execute(
        "INSERT OR REPLACE INTO configurable_options(product_id, label, position) VALUES (?, ?, ?)",
        (parent["entity_id"], str(option.get("label") or "Shade"), int(option.get("position") or 0)),
    )
    change_row(shop, parent["entity_id"], {"updated_at": shop.now()})
    return int(parent["entity_id"])


def add_child(shop: Shop, call: Call) -> bool:
    """POST /V1/configurable-products/:sku/child."""
    call.resource_key = call.params["sku"]
    parent = find_product(shop, call.params["sku"])
    child = find_product(shop, read_parameters(call.body, {"childSku": "string"})["childSku"])
    if child["parent_id"] == parent["entity_id"]:
        raise RestError(400, "The product is already attached.")
    options = product_document(shop, parent, shop.scope(call))["extension_attributes"]
    if not options.get("configurable_product_options"):
        raise RestError(400, "The parent product doesn't have configurable product options.")
    if child["shade"] is None:
        raise RestError(
            400, 'The child product doesn\'t have the "%1" attribute value. Verify the value and try again.', ["shade"]
        )
    change_row(shop, child["entity_id"], {"parent_id": parent["entity_id"]})
    change_row(shop, parent["entity_id"], {"updated_at": shop.now()})
    return True


_RIGHT = "Magento_Catalog::products"
ROUTES = (
    Route("GET", "/V1/configurable-products/:sku/children", _RIGHT, list_children),
    Route("POST", "/V1/configurable-products/:sku/options", _RIGHT, add_configurable_option),
    Route("POST", "/V1/configurable-products/:sku/child", _RIGHT, add_child),
)
