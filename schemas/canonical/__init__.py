"""Canonical entities: one shape for both systems, versioned."""

from schemas.canonical.base import Canonical, Money, Quantity
from schemas.canonical.customer import Consent, ConsentChannel, Customer, CustomerAddress
from schemas.canonical.gift_card import GiftCard, GiftCardState
from schemas.canonical.gift_card_redemption import GiftCardRedemption, RedemptionStage
from schemas.canonical.part import PartOfLine, PartOfSale
from schemas.canonical.payment import Payment, PaymentKind, PaymentLine, PaymentState
from schemas.canonical.product import (
    Attribute,
    ChannelPrice,
    Image,
    Product,
    SalePrice,
    TierPrice,
    Variant,
    Weight,
)
from schemas.canonical.refund import Refund, RefundLine, RefundShipping, RefundTender
from schemas.canonical.registry import (
    MODELS,
    REGISTRY,
    UPCASTERS,
    NewerVersion,
    Registry,
    UnknownEntity,
    read_canonical,
)
from schemas.canonical.sale import (
    Address,
    ExportDecision,
    Fee,
    Line,
    OrderStatus,
    Sale,
    SaleCustomer,
    Shipping,
    TaxPart,
    Tender,
    TenderKind,
    Totals,
)
from schemas.canonical.secret import MaskedCode
from schemas.canonical.shipment import Shipment, ShipmentLine, Track
from schemas.canonical.stock import LocationLevel, LocationStock, Selling, Stock, StockHint, WebUnits
from schemas.canonical.tender import CardlessTender
from schemas.canonical.ticket import Ticket, TicketLine

__all__ = [
    "MODELS",
    "REGISTRY",
    "UPCASTERS",
    "Address",
    "Attribute",
    "Canonical",
    "CardlessTender",
    "ChannelPrice",
    "Consent",
    "ConsentChannel",
    "Customer",
    "CustomerAddress",
    "ExportDecision",
    "Fee",
    "GiftCard",
    "GiftCardRedemption",
    "GiftCardState",
    "Image",
    "Line",
    "LocationLevel",
    "LocationStock",
    "MaskedCode",
    "Money",
    "NewerVersion",
    "OrderStatus",
    "PartOfLine",
    "PartOfSale",
    "Payment",
    "PaymentKind",
    "PaymentLine",
    "PaymentState",
    "Product",
    "Quantity",
    "RedemptionStage",
    "Refund",
    "RefundLine",
    "RefundShipping",
    "RefundTender",
    "Registry",
    "Sale",
    "SaleCustomer",
    "SalePrice",
    "Selling",
    "Shipment",
    "ShipmentLine",
    "Shipping",
    "Stock",
    "StockHint",
    "TaxPart",
    "Tender",
    "TenderKind",
    "Ticket",
    "TicketLine",
    "TierPrice",
    "Totals",
    "Track",
    "UnknownEntity",
    "Variant",
    "WebUnits",
    "Weight",
    "read_canonical",
]
