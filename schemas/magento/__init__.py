"""Magento's wire models: what is read of its REST answers, and nothing else of them."""

from schemas.magento.error import ErrorBody, ErrorItem
from schemas.magento.order import Comment, Order, OrderItem, OrderState, Payment
from schemas.magento.search import SearchResult
from schemas.magento.stock import ProductSku, SourceItem

__all__ = [
    "Comment",
    "ErrorBody",
    "ErrorItem",
    "Order",
    "OrderItem",
    "OrderState",
    "Payment",
    "ProductSku",
    "SearchResult",
    "SourceItem",
]
