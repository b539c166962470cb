"""What the demo puts on the sandboxes' fault panels, and how often it has struck."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import aiohttp

Rule = Mapping[str, Any]

OURS = "tillstream"
"""User-Agent of the connectors. The demo's shop repeats what failed, and would double its own orders and sales."""

LATE_MS = 12_000
"""Past the client's time-out (5 s) and within the longest execution (20 s)."""

BEFORE: tuple[Rule, ...] = (
    {"fault": "latency", "every": 20, "ms": 300},
    {"fault": "throttle", "every": 40, "retry_after": 1},
    {"fault": "error_before", "every": 40},
    {"fault": "reset_before", "every": 40},
    {"fault": "list_lag", "every": 3, "seconds": 2.0},
    {"fault": "webhook_lost", "every": 20},
    {"fault": "webhook_duplicated", "every": 20},
    {"fault": "webhook_reordered", "every": 20, "ms": 1500},
    {"fault": "webhook_thin", "every": 20},
)
"""A bad day at either system; these strike everybody."""

UNTOLD: tuple[Rule, ...] = (
    {"fault": "error_after"},
    {"fault": "reset_after"},
    {"fault": "hang", "done": True},
    {"fault": "hang", "done": False},
    {"fault": "late", "ms": LATE_MS},
)
"""Our mutations, by route: what was sent may be done, and only a look-up tells."""

OPAQUE: tuple[Rule, ...] = ({"fault": "opaque", "done": True}, {"fault": "opaque", "done": False})

API = {"magento": "/rest/*", "heartland": "/v1/*"}
RARE = 20
ROUTES: Mapping[str, Mapping[str, int]] = {
    "magento": {
        "add_child": RARE,
        "add_comment": 40,
        "add_configurable_option": RARE,
        "add_media": RARE,
        "add_track": RARE,
        "cancel_order": RARE,
        "create_customer": RARE,
        "delete_special_prices": RARE,
        "hold_order": RARE,
        "invoice_order": RARE,
        "notify_ready_for_pickup": RARE,
        "refund_invoice": RARE,
        "refund_order": RARE,
        "replace_tier_prices": RARE,
        "save_order": 40,
        "save_product": RARE,
        "set_base_prices": RARE,
        "set_special_prices": RARE,
        "ship_order": 40,
        "unhold_order": RARE,
        "update_customer": RARE,
        "update_gift_card_account": RARE,
        "update_stock_item": RARE,
        "write_source_items": 60,
    },
    "heartland": {
        "create_customer": RARE,
        "create_gift_card_credit": RARE,
        "create_gift_card_hold": RARE,
        "create_order": 40,
        "create_payment": RARE,
        "create_webhook": RARE,
        "delete_webhook": RARE,
        "update_customer": RARE,
        "update_gift_card_hold": RARE,
        "update_order": RARE,
    },
}
"""Every how many calls of a route each of those strikes; a test holds that none of ours is left out."""

DECLINED = "invoice_order", {"fault": "opaque", "done": False}
"""Never put: a capture that is refused for a reason that Magento hides is a card that was declined, for a person."""

NO_WEBHOOKS: tuple[Rule, ...] = ({"fault": "webhook_lost", "every": 1},)
"""Every webhook is lost: polling alone must keep both systems equal."""

HOPELESS = {"throttle", "error_before", "reset_before"}


def rules(system: str, *, faults: bool, webhooks: bool) -> list[Rule]:
    """The rules for one sandbox."""
    chosen: list[Rule] = []
    if faults:
        chosen += [{**rule, "path": API[system]} if rule["fault"] in HOPELESS else rule for rule in BEFORE]
        chosen += _untold(system)
    if not webhooks:
        chosen = [rule for rule in chosen if not str(rule["fault"]).startswith("webhook_")] + list(NO_WEBHOOKS)
    return chosen


def _untold(system: str) -> list[Rule]:
    kinds = UNTOLD + OPAQUE if system == "magento" else UNTOLD
    return [
        {**rule, "operation": operation, "every": every, "client": OURS}
        for operation, every in ROUTES[system].items()
        for rule in kinds
        if (operation, rule) != DECLINED
    ]


class Panels:
    """The panels of both sandboxes.

    Args:
        session: to ask them.
        addresses: of the sandboxes, by system.
    """

    def __init__(self, session: aiohttp.ClientSession, addresses: Mapping[str, str]) -> None:
        self._session = session
        self._addresses = addresses
        self._fired: dict[str, Counter[str]] = {system: Counter() for system in addresses}

    async def put(self, *, faults: bool, webhooks: bool) -> None:
        """Put the demo's rules in force."""
        for system, address in self._addresses.items():
            chosen = rules(system, faults=faults, webhooks=webhooks)
            async with self._session.put(f"{address}/_faults", json={"rules": chosen}) as response:
                response.raise_for_status()

    async def fired(self) -> Mapping[str, Counter[str]]:
        """How often each fault has struck, by system; what was last told, while a panel does not answer."""
        for system, address in self._addresses.items():
            try:
                async with self._session.get(f"{address}/_faults", timeout=aiohttp.ClientTimeout(total=2)) as response:
                    self._fired[system] = Counter((await response.json())["fired"])
            except (aiohttp.ClientError, TimeoutError):
                continue
        return self._fired
