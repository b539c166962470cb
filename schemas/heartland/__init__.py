"""Heartland's wire models: what is read of the ``/v1`` API's answers (`openapi.yaml` beside this), nothing else."""

from schemas.heartland.access import Token, TokenError
from schemas.heartland.address import Address
from schemas.heartland.customer import Customer
from schemas.heartland.error import ErrorBody
from schemas.heartland.gift_card import GiftCard, GiftCardCredit, GiftCardHold
from schemas.heartland.inventory import InventoryLevel
from schemas.heartland.order import Order
from schemas.heartland.page import Page
from schemas.heartland.payment import Payment
from schemas.heartland.product import Product
from schemas.heartland.refund import Refund, RefundedOrder, TenderedOrder
from schemas.heartland.report import TransactionSum
from schemas.heartland.shipment import Pieces, Shipment, ShippedOrder
from schemas.heartland.webhook import NewWebhook, Webhook

__all__ = [
    "Address",
    "Customer",
    "ErrorBody",
    "GiftCard",
    "GiftCardCredit",
    "GiftCardHold",
    "InventoryLevel",
    "NewWebhook",
    "Order",
    "Page",
    "Payment",
    "Pieces",
    "Product",
    "Refund",
    "RefundedOrder",
    "Shipment",
    "ShippedOrder",
    "TenderedOrder",
    "Token",
    "TokenError",
    "TransactionSum",
    "Webhook",
]
