"""Whether an order may be created in the point of sale now: only what is paid, or will be paid offline as agreed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from streams.sale.order import Node

EXPORTED = frozenset({"processing", "complete"})
"""States in which the order is paid or on its way."""

_NOT_YET = {
    "pending_payment": "it waits for its payment",
    "payment_review": "its payment is under review",
    "holded": "it is on hold in Magento",
}
_NEVER = {
    "canceled": "it is canceled",
    "closed": "it is refunded and closed",
}


def sale_export(context: Mapping[str, Any], order: Node) -> dict[str, Any]:
    """The decision for a Magento order, as `schemas.canonical.ExportDecision`.

    Status codes are the merchant's own and decide nothing; the state does. ``new`` is exported for the channel's
    offline payment methods, whose money comes later.
    """
    state = str(order.get("state") or "").lower()
    if state in EXPORTED:
        return {"allowed": True}
    if state == "new":
        method = str((order.get("payment") or {}).get("method") or "")
        channel = context.get("channel") or {}
        if method in (channel.get("offline_methods") or ()):
            return {"allowed": True}
        return _no(
            f"it is new and unpaid with '{method}': it goes on when it is invoiced, or at once if "
            f"channels.{channel.get('name', '')}.offline_methods names the method"
        )
    if state in _NOT_YET:
        return _no(f"{_NOT_YET[state]} (state {state}); it goes on in state processing")
    if state in _NEVER:
        return _no(f"{_NEVER[state]} (state {state}) and is not created in the point of sale")
    return _no(f"its state '{state}' is not one of Magento's: only processing and complete are exported")


def _no(reason: str) -> dict[str, Any]:
    return {"allowed": False, "reason": reason}
