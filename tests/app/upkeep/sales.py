"""Records of sales, as far as their worth is concerned."""

from __future__ import annotations

import json

from schemas.envelope import Envelope


def headers(entity: str = "order", target: str = "pos") -> tuple[tuple[str, bytes], ...]:
    return tuple(Envelope("r1", "web", "magento", entity, "1", 0, target=target).to_headers())


def sale(total: str, currency: str = "USD") -> bytes:
    return json.dumps({"currency": currency, "totals": {"total": total}}).encode()
