"""Products over REST: reading and saving. Both ways to save create what is not there."""

from __future__ import annotations

import sqlite3
from typing import Any

import orjson

from app.sandbox.catalogue import ProductKind
from app.sandbox.magento.attributes import ATTRIBUTES
from app.sandbox.magento.errors import CrashError, RestError, missing
from app.sandbox.magento.listing import list_rows
from app.sandbox.magento.media import put_gallery
from app.sandbox.magento.product_document import product_document
from app.sandbox.magento.product_rows import (
    COLUMNS,
    NewProduct,
    change_row,
    find_product,
    insert_product,
    write_values,
)
from app.sandbox.magento.routing import Route
from app.sandbox.magento.search import Table, eav_unknown
from app.sandbox.magento.shop import ALL_STORES, Call, Json, Shop
from app.sandbox.magento.stock_items import write_stock_item
from app.sandbox.magento.tables import PRODUCT_COLUMNS
from app.sandbox.magento.tier_prices import put_product_tier_prices
from app.sandbox.magento.typed import read_parameters, read_value

KINDS = frozenset(ProductKind)
NEEDED = ("name", "attribute_set_id", "price", "type_id")

_LISTED = ("entity_id", "sku", "name", "type_id", "attribute_set_id", "status", "visibility", "shade")
LIST_TABLE = Table(
    columns={name: name for name in (*_LISTED, "created_at", "updated_at")}
    | {name: f"CAST({name} AS REAL)" for name in ("price", "weight")}
    | {code: f"json_extract(attributes, '$.{code}')" for code in ATTRIBUTES if code not in (*COLUMNS, "sku")},
    numeric=frozenset({"entity_id", "price", "status", "visibility", "weight", "attribute_set_id", "shade"}),
    unknown=eav_unknown,
)


def get_product(shop: Shop, call: Call) -> Json:
    """GET /V1/products/:sku."""
    return product_document(shop, find_product(shop, call.params["sku"]), shop.scope(call))


def list_products(shop: Shop, call: Call) -> Json:
    """GET /V1/products. Filters look at the global values; the store view of the path filters nothing."""
    scope = shop.scope(call)
    return list_rows(
        shop, call, ("products", PRODUCT_COLUMNS), LIST_TABLE, lambda row: product_document(shop, row, scope)
    )


def save_product(shop: Shop, call: Call) -> Json:
    """POST /V1/products: an upsert by the body's SKU that keeps what is not sent."""
    return _save(shop, call, _read(call))


def put_product(shop: Shop, call: Call) -> Json:
    """PUT /V1/products/:sku: the same by the path's SKU, which overrides the body's: a mistyped one makes a product.

    With a second key beside ``product`` Magento does not override and falls over.
    """
    call.resource_key = call.params["sku"]
    product = _read(call)
    if len(call.body) > 1:
        raise CrashError
    return _save(shop, call, product | {"sku": call.params["sku"]})


def _read(call: Call) -> Json:
    product: Json = read_parameters(call.body, {"product": "Product", "saveOptions": "boolean?"})["product"]
    return product


def _save(shop: Shop, call: Call, product: Json) -> Json:
    if not product.get("sku"):
        raise missing("sku")
    call.resource_key = product["sku"]
    row = shop.one("SELECT * FROM products WHERE sku = ?", product["sku"])
    if row is None:
        row = _create(shop, call, product)
    else:
        write_values(shop, row, _values(product), shop.scope(call))
    _write_rest(shop, row, product)
    return product_document(shop, find_product(shop, row["sku"]), shop.scope(call))


def _create(shop: Shop, call: Call, product: Json) -> sqlite3.Row:
    """A new product has global values whatever the path says, and the websites of the path."""
    for name in NEEDED:
        if product.get(name) is None:
            raise RestError(400, 'The "%1" attribute value is empty. Set the attribute and try again.', [name])
    if product["type_id"] not in KINDS:
        raise RestError(400, f'The "{product["type_id"]}" product type is not sold by this sandbox.')
    values = _values(product)
    if product["type_id"] == ProductKind.CONFIGURABLE:
        values["price"] = 0
    new = NewProduct(
        product["sku"], product["type_id"], values, product["attribute_set_id"], _websites_of_path(shop, call)
    )
    insert_product(shop, new)
    return find_product(shop, product["sku"])


def _websites_of_path(shop: Shop, call: Call) -> tuple[int, ...]:
    if shop.scope(call) == ALL_STORES:
        return tuple(website.website_id for website in shop.premises.websites)
    return (shop.premises.website_of(shop.scope(call)).website_id,)


def _values(product: Json) -> Json:
    """Attribute values that were sent, by code. A custom attribute that the shop does not have is ignored."""
    values = {code: product[code] for code in COLUMNS if product.get(code) is not None}
    for sent in product.get("custom_attributes") or []:
        code = sent.get("attribute_code")
        if code in ATTRIBUTES and code != "sku":
            values[code] = _read_value(code, sent.get("value"))
    links = (product.get("extension_attributes") or {}).get("category_links")
    if links is not None:
        values["category_ids"] = [str(link["category_id"]) for link in links]
    return values


def _read_value(code: str, sent: Any) -> Any:
    """A custom attribute's value; an empty one takes the value away."""
    if sent in ("", None):
        return None
    if code in COLUMNS and ATTRIBUTES[code].has_options:
        return read_value(sent, "integer", code)
    return sent if isinstance(sent, list) else str(sent)


def _write_rest(shop: Shop, row: sqlite3.Row, product: Json) -> None:
    """What is no attribute value. Each list that is sent is the whole list; what is not sent stays."""
    extension: Json = product.get("extension_attributes") or {}
    columns: dict[str, Any] = {"updated_at": shop.now()}
    if product.get("attribute_set_id") is not None:
        columns["attribute_set_id"] = product["attribute_set_id"]
    if extension.get("website_ids") is not None:
        columns["website_ids"] = orjson.dumps(_known_websites(shop, extension["website_ids"])).decode()
    if product.get("options") is not None:
        columns["options"] = orjson.dumps(product["options"]).decode()
    change_row(shop, row["entity_id"], columns)
    if extension.get("configurable_product_links") is not None:
        _link_children(shop, row["entity_id"], extension["configurable_product_links"])
    if extension.get("stock_item"):
        write_stock_item(shop, row, extension["stock_item"])
    if product.get("tier_prices") is not None:
        put_product_tier_prices(shop, row["entity_id"], product["tier_prices"])
    if product.get("media_gallery_entries") is not None:
        put_gallery(shop, row["entity_id"], product["media_gallery_entries"])


def _known_websites(shop: Shop, sent: list[int]) -> list[int]:
    if set(sent) - {website.website_id for website in shop.premises.websites}:
        raise RestError(400, "The product was unable to be saved. Please try again.")
    return sorted(set(sent))


def _link_children(shop: Shop, parent_id: int, children: list[int]) -> None:
    shop.connection.execute("UPDATE products SET parent_id = NULL WHERE parent_id = ?", (parent_id,))
    shop.connection.executemany(
        "UPDATE products SET parent_id = ? WHERE entity_id = ?", [(parent_id, child) for child in children]
    )


ROUTES = (
    Route("GET", "/V1/products", "Magento_Catalog::products", list_products, lists=True),
    Route("GET", "/V1/products/:sku", "Magento_Catalog::products", get_product),
    Route("POST", "/V1/products", "Magento_Catalog::products", save_product),
    Route("PUT", "/V1/products/:sku", "Magento_Catalog::products", put_product),
)
