"""The rules that the demo puts on the sandboxes' fault panels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Rule = Mapping[str, Any]

MAGENTO_FAULTS: tuple[Rule, ...] = (
    {"fault": "latency", "every": 20, "ms": 300},
    {"fault": "throttle", "every": 40, "retry_after": 1, "path": "/rest/*"},
    {"fault": "error_before", "every": 40, "path": "/rest/*"},
    {"fault": "reset_before", "every": 40, "path": "/rest/*"},
    {"fault": "list_lag", "every": 3, "seconds": 2.0},
    {"fault": "webhook_lost", "every": 20},
    {"fault": "webhook_duplicated", "every": 20},
    {"fault": "webhook_reordered", "every": 20, "ms": 1500},
    {"fault": "webhook_thin", "every": 20},
)
"""A bad day at the web store; the same at the point of sale, whose paths begin otherwise."""

HEARTLAND_FAULTS: tuple[Rule, ...] = tuple(
    {**rule, "path": "/v1/*"} if "path" in rule else rule for rule in MAGENTO_FAULTS
)

NO_WEBHOOKS: tuple[Rule, ...] = ({"fault": "webhook_lost", "every": 1},)
"""Every webhook is lost: polling alone must keep both systems equal."""


def rules(system: str, *, faults: bool, webhooks: bool) -> list[Rule]:
    """The rules for one sandbox."""
    chosen: list[Rule] = []
    if faults:
        chosen += MAGENTO_FAULTS if system == "magento" else HEARTLAND_FAULTS
    if not webhooks:
        chosen = [rule for rule in chosen if not str(rule["fault"]).startswith("webhook_")] + list(NO_WEBHOOKS)
    return chosen
