"""Products, their prices, and what they refer to by id."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pydantic import Field

from schemas.magento.error import ErrorItem
from schemas.wire import Amount, Wire


class CustomAttribute(Wire):
    """A property by its code. Selects hold an option's id; some values are lists."""

    attribute_code: str
    value: Any = None


class ConfigurableOption(Wire):
    """An attribute by which the children of a configurable differ."""

    attribute_id: str


class ProductAttribute(Wire):
    """``GET /V1/products/attributes/:attributeCode``."""

    attribute_id: int


class ProductExtension(Wire):
    """``extension_attributes`` of a product."""

    website_ids: tuple[int, ...] = ()
    configurable_product_options: tuple[ConfigurableOption, ...] = ()


class MediaEntry(Wire):
    """One of a product's ``media_gallery_entries``."""

    file: str = ""


class Product(Wire):
    """``GET /V1/products``, one row. Status 1 is enabled, 2 disabled. A parent has no price."""

    sku: str
    name: str = ""
    type_id: str = ""
    status: int = 0
    price: Amount | None = None
    attribute_set_id: int = 0
    updated_at: str
    extension_attributes: ProductExtension = ProductExtension()
    custom_attributes: tuple[CustomAttribute, ...] = ()
    media_gallery_entries: tuple[MediaEntry, ...] = ()


class BundleProduct(Wire):
    """``GET /V1/products``, one row: of a bundle only how it is shipped."""

    product_id: str = Field(alias="id")
    custom_attributes: tuple[CustomAttribute, ...] = ()

    @property
    def shipment_type(self) -> str:
        """``0`` together, ``1`` separately; empty if it is no bundle."""
        found = (one.value for one in self.custom_attributes if one.attribute_code == "shipment_type")
        return str(next(found, ""))


class BasePriceRow(Wire):
    """``POST /V1/products/base-prices-information``, one row."""

    sku: str
    store_id: int
    price: Amount


class SpecialPriceRow(BasePriceRow):
    """``POST /V1/products/special-price-information``, one row. Times are in the store's zone, without one."""

    price_from: str = ""
    price_to: str = ""


class TierPriceRow(Wire):
    """``POST /V1/products/tier-prices-information``, one row. Its type is ``fixed`` or ``discount``, percent off."""

    sku: str
    website_id: int
    customer_group: str
    quantity: Amount = Decimal(1)
    price: Amount
    price_type: str


class FailedPrice(ErrorItem):
    """A row that a price route refuses. Its placeholders need not fit, and it may not say which row it is."""


class Option(Wire):
    """An option of a select attribute; the empty one stands for none."""

    label: str = ""
    value: str = ""


class TaxClass(Wire):
    """``GET /V1/taxClasses/search``, one row."""

    class_id: int
    class_name: str


class AttributeSet(Wire):
    """``GET /V1/products/attribute-sets/sets/list``, one row."""

    attribute_set_id: int
    attribute_set_name: str
