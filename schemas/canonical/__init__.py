"""Canonical entities: one shape for both systems, versioned."""

from schemas.canonical.base import Canonical, Money, Quantity
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
from schemas.canonical.stock import LocationLevel, LocationStock, Stock, StockHint, WebUnits

__all__ = [
    "Address",
    "Canonical",
    "ExportDecision",
    "Fee",
    "Line",
    "LocationLevel",
    "LocationStock",
    "Money",
    "OrderStatus",
    "Quantity",
    "Sale",
    "SaleCustomer",
    "Shipping",
    "Stock",
    "StockHint",
    "TaxPart",
    "Tender",
    "TenderKind",
    "Totals",
    "WebUnits",
]
