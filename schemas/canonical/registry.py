"""The canonical entities by the name that travels in a record's header."""

from __future__ import annotations

from collections.abc import Mapping

from schemas.canonical.base import Canonical
from schemas.canonical.sale import OrderStatus, Sale
from schemas.canonical.stock import Stock, StockHint

MODELS: Mapping[str, type[Canonical]] = {
    "order": Sale,
    "order_status": OrderStatus,
    "stock": Stock,
    "stock_hint": StockHint,
}
