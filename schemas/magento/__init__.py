"""Magento's wire models: what is read of its REST answers, and nothing else of them."""

from schemas.magento.customer import Country, Customer, CustomerAddress
from schemas.magento.error import ErrorBody, ErrorItem
from schemas.magento.gift_card import CardedOrder, CardNumber, GiftCardAccount
from schemas.magento.order import Comment, Order, OrderHead, OrderItem, OrderState, Payment, SavedOrder
from schemas.magento.product import (
    AttributeSet,
    BasePriceRow,
    BundleProduct,
    FailedPrice,
    Option,
    Product,
    ProductAttribute,
    SpecialPriceRow,
    TaxClass,
    TierPriceRow,
)
from schemas.magento.sales import CreditMemo, Invoice, OrderDocument, PickupResult, Piece, Remark, Shipment, Track
from schemas.magento.search import Rows, SearchResult
from schemas.magento.stock import ProductSku, Source, SourceItem, Stock, StockItem, StockSourceLink

__all__ = [
    "AttributeSet",
    "BasePriceRow",
    "BundleProduct",
    "CardNumber",
    "CardedOrder",
    "Comment",
    "Country",
    "CreditMemo",
    "Customer",
    "CustomerAddress",
    "ErrorBody",
    "ErrorItem",
    "FailedPrice",
    "GiftCardAccount",
    "Invoice",
    "Option",
    "Order",
    "OrderDocument",
    "OrderHead",
    "OrderItem",
    "OrderState",
    "Payment",
    "PickupResult",
    "Piece",
    "Product",
    "ProductAttribute",
    "ProductSku",
    "Remark",
    "Rows",
    "SavedOrder",
    "SearchResult",
    "Shipment",
    "Source",
    "SourceItem",
    "SpecialPriceRow",
    "Stock",
    "StockItem",
    "StockSourceLink",
    "TaxClass",
    "TierPriceRow",
    "Track",
]
