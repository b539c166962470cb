"""Product attributes, their options and sets, and the tax classes: what a product's values refer to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from app.sandbox.catalogue import CHILDREN
from app.sandbox.magento.errors import RestError
from app.sandbox.magento.listing import list_documents
from app.sandbox.magento.routing import Route
from app.sandbox.magento.search import eav_unknown
from app.sandbox.magento.shop import Call, Json, Shop
from app.sandbox.magento.typed import read_parameters

PRODUCT_ENTITY_TYPE = 4
DEFAULT_ATTRIBUTE_SET = 4
ATTRIBUTE_SETS = {DEFAULT_ATTRIBUTE_SET: "Default", 9: "Apparel"}
DEFAULT_TAX_CLASS = "2"

SHADE_ATTRIBUTE = "137"
"""Attribute id of the option that tells a configurable's children apart."""
FIRST_SHADE = 4
SHADES = {colour: FIRST_SHADE + index for index, colour in enumerate(CHILDREN)}


class Scope(StrEnum):
    """Where a value is kept: once, or per website or store view (here the same) instead of the global one."""

    GLOBAL = "global"
    WEBSITE = "website"
    STORE = "store"


@dataclass(frozen=True, slots=True)
class Attribute:
    """One product attribute.

    Attributes:
        input: Magento's ``frontend_input``.
        fixed: options of the system by their value; attributes of the merchant's own have theirs in a table.
        own: made by the merchant.
    """

    attribute_id: int
    code: str
    label: str
    input: str
    scope: Scope
    fixed: tuple[tuple[str, str], ...] = ()
    own: bool = False

    @property
    def has_options(self) -> bool:
        """True for a select."""
        return self.input == "select"


TAX_CLASSES = (
    {"class_id": 2, "class_name": "Taxable Goods", "class_type": "PRODUCT"},
    {"class_id": 3, "class_name": "Retail Customer", "class_type": "CUSTOMER"},
    {"class_id": 4, "class_name": "Reduced Rate", "class_type": "PRODUCT"},
)
PRODUCT_TAX_CLASSES = tuple(
    (str(tax["class_id"]), str(tax["class_name"])) for tax in TAX_CLASSES if tax["class_type"] == "PRODUCT"
)

_ALL = (
    Attribute(73, "name", "Product Name", "text", Scope.STORE),
    Attribute(74, "sku", "SKU", "text", Scope.GLOBAL),
    Attribute(75, "description", "Description", "textarea", Scope.STORE),
    Attribute(76, "short_description", "Short Description", "textarea", Scope.STORE),
    Attribute(77, "price", "Price", "price", Scope.GLOBAL),
    Attribute(78, "special_price", "Special Price", "price", Scope.GLOBAL),
    Attribute(79, "special_from_date", "Special Price From Date", "date", Scope.GLOBAL),
    Attribute(80, "special_to_date", "Special Price To Date", "date", Scope.GLOBAL),
    Attribute(82, "weight", "Weight", "weight", Scope.GLOBAL),
    Attribute(97, "status", "Enable Product", "select", Scope.WEBSITE, (("1", "Enabled"), ("2", "Disabled"))),
    Attribute(
        99,
        "visibility",
        "Visibility",
        "select",
        Scope.STORE,
        (("1", "Not Visible Individually"), ("2", "Catalog"), ("3", "Search"), ("4", "Catalog, Search")),
    ),
    Attribute(104, "category_ids", "Categories", "text", Scope.GLOBAL),
    Attribute(121, "url_key", "URL Key", "text", Scope.STORE),
    Attribute(136, "tax_class_id", "Tax Class", "select", Scope.WEBSITE, (("0", "None"), *PRODUCT_TAX_CLASSES)),
    Attribute(int(SHADE_ATTRIBUTE), "shade", "Shade", "select", Scope.GLOBAL, own=True),
    Attribute(138, "barcode", "Barcode", "text", Scope.GLOBAL, own=True),
    Attribute(139, "brand", "Brand", "select", Scope.GLOBAL, own=True),
)
ATTRIBUTES = {attribute.code: attribute for attribute in _ALL}
"""By code. A value for any other code is ignored."""


def seed_options(shop: Shop) -> None:
    """The shades of a new shop."""
    shop.connection.executemany(
        "INSERT INTO attribute_options(option_id, attribute_code, label, sort_order) VALUES (?, 'shade', ?, ?)",
        [(value, label, order) for order, (label, value) in enumerate(SHADES.items())],
    )


def get_attribute(shop: Shop, call: Call) -> Json:
    """GET /V1/products/attributes/:attributeCode."""
    attribute = _attribute(call)
    return {
        "is_visible": True,
        "scope": attribute.scope.value,
        "attribute_id": attribute.attribute_id,
        "attribute_code": attribute.code,
        "frontend_input": attribute.input,
        "entity_type_id": str(PRODUCT_ENTITY_TYPE),
        "is_required": attribute.code in ("name", "sku", "price"),
        "options": _options(shop, attribute) if attribute.has_options else [],
        "is_user_defined": attribute.own,
        "default_frontend_label": attribute.label,
        "frontend_labels": [],
        "is_unique": "1" if attribute.code == "sku" else "0",
    }


def list_options(shop: Shop, call: Call) -> list[Json]:
    """GET /V1/products/attributes/:attributeCode/options; the first one of a select is the empty choice."""
    return _options(shop, _attribute(call))


def add_option(shop: Shop, call: Call) -> str:
    """POST /V1/products/attributes/:attributeCode/options: the new option's id."""
    label = (read_parameters(call.body, {"option": "AttributeOption"})["option"].get("label") or "").strip()
    attribute = _attribute(call)
    call.resource_key = f"{attribute.code}:{label}"
    if not label:
        raise RestError(400, "The attribute option label is empty. Enter the value and try again.")
    if not (attribute.has_options and attribute.own):
        raise RestError(400, 'The "%1" attribute doesn\'t work with options.', [attribute.code])
    known = shop.one("SELECT 1 FROM attribute_options WHERE attribute_code = ? AND label = ?", attribute.code, label)
    if known is not None:
        raise RestError(400, 'Admin store attribute option label "%1" is already exists.', [label])
    made = shop.connection.execute(
        "INSERT INTO attribute_options(attribute_code, label, sort_order) VALUES (?, ?, 0)", (attribute.code, label)
    )
    return str(made.lastrowid)


def _attribute(call: Call) -> Attribute:
    code = call.params["attributeCode"]
    if code not in ATTRIBUTES:
        message = (
            'The attribute with a "%attributeCode" attributeCode doesn\'t exist. Verify the attribute and try again.'
        )
        raise RestError(404, message, {"attributeCode": code})
    return ATTRIBUTES[code]


def _options(shop: Shop, attribute: Attribute) -> list[Json]:
    rows = shop.connection.execute(
        "SELECT option_id, label FROM attribute_options WHERE attribute_code = ? ORDER BY sort_order, option_id",
        (attribute.code,),
    )
    options = [*attribute.fixed, *((str(row["option_id"]), row["label"]) for row in rows)]
    empty = [{"label": " ", "value": ""}] if attribute.own else []
    return [*empty, *({"label": label, "value": value} for value, label in options)]


def list_attribute_sets(shop: Shop, call: Call) -> Json:
    """GET /V1/products/attribute-sets/sets/list."""
    return list_documents(shop, call, [_attribute_set(set_id) for set_id in ATTRIBUTE_SETS])


def get_attribute_set(_shop: Shop, call: Call) -> Json:
    """GET /V1/products/attribute-sets/:attributeSetId."""
    sent = call.params["attributeSetId"]
    if not sent.isdigit() or int(sent) not in ATTRIBUTE_SETS:
        raise RestError(404, "No such entity with %fieldName = %fieldValue", {"fieldName": "id", "fieldValue": sent})
    return _attribute_set(int(sent))


def _attribute_set(set_id: int) -> Json:
    return {
        "attribute_set_id": set_id,
        "attribute_set_name": ATTRIBUTE_SETS[set_id],
        "sort_order": 0,
        "entity_type_id": PRODUCT_ENTITY_TYPE,
    }


def list_tax_classes(shop: Shop, call: Call) -> Json:
    """GET /V1/taxClasses/search."""
    return list_documents(shop, call, TAX_CLASSES, unknown=eav_unknown)


ROUTES = (
    Route("GET", "/V1/products/attributes/:attributeCode", "Magento_Catalog::attributes_attributes", get_attribute),
    Route(
        "GET", "/V1/products/attributes/:attributeCode/options", "Magento_Catalog::attributes_attributes", list_options
    ),
    Route(
        "POST", "/V1/products/attributes/:attributeCode/options", "Magento_Catalog::attributes_attributes", add_option
    ),
    Route("GET", "/V1/products/attribute-sets/sets/list", "Magento_Catalog::sets", list_attribute_sets),
    Route("GET", "/V1/products/attribute-sets/:attributeSetId", "Magento_Catalog::sets", get_attribute_set),
    Route("GET", "/V1/taxClasses/search", "Magento_Tax::manage_tax", list_tax_classes),
)
