"""Gateway transactions of the web store, which are read and never written."""

from __future__ import annotations

from datetime import datetime

from app.listing import Listing
from app.magento.client import MagentoClient
from app.magento.lists import Polled, changed

CHANGED = Polled("list_transactions", "transactions", "/V1/transactions", key="transaction_id", time="created_at")


class MagentoTransactions:
    """Transactions of one connection. Offline methods of payment have none."""

    def __init__(self, client: MagentoClient) -> None:
        self._client = client

    async def list_transactions(self, updated_since: datetime, *, page: int = 1, page_size: int = 100) -> Listing:
        """Transactions made then or later, the oldest first (``GET /V1/transactions``). That one is closed moves
        nothing: only ``created_at`` is told."""
        return await changed(self._client, CHANGED, updated_since, page, page_size)
