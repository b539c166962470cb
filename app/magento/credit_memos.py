"""Credit memos of the web store. Implements WebRefunds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from app.listing import Listing
from app.magento.afterwards import afterwards
from app.magento.client import MagentoClient
from app.magento.documents import Documents, Kind
from app.magento.ids import item_rows, made, whole
from app.magento.lists import Polled, changed
from app.urls import encode
from schemas.magento import CreditMemo
from streams.errors import Rejected
from streams.ports import CreditMemoDraft, SeenCreditMemo

CREDIT_MEMOS = "/V1/creditmemos"
CHANGED = Polled("list_credit_memos", "credit memos", CREDIT_MEMOS)
KIND = Kind("credit memo", CreditMemo, single="/V1/creditmemo", several=CREDIT_MEMOS)
STATES = {1: "open", 2: "refunded", 3: "canceled"}


class MagentoCreditMemos:
    """Credit memos of one connection."""

    def __init__(self, client: MagentoClient) -> None:
        self._client = client
        self._documents = Documents(client, KIND)

    async def refund_offline(self, draft: CreditMemoDraft) -> SeenCreditMemo:
        """Record money that has gone back elsewhere (``POST /V1/order/:orderId/refund``)."""
        path = f"/V1/order/{encode(draft.order_id)}/refund"
        return await self._refund("refund_offline", path, draft, {})

    async def refund_online(self, invoice_id: str, draft: CreditMemoDraft) -> SeenCreditMemo:
        """Give money back through the gateway (``POST /V1/invoice/:invoiceId/refund``)."""
        path = f"/V1/invoice/{encode(invoice_id)}/refund"
        return await self._refund("refund_online", path, draft, {"isOnline": True})

    async def credit_memos_of(self, order_id: str) -> Sequence[SeenCreditMemo]:
        """Credit memos of an order (``GET /V1/creditmemos``)."""
        return tuple(_seen(row) for row in await self._documents.of_order("credit_memos_of", order_id))

    async def find_credit_memo(self, order_id: str, marker: str) -> SeenCreditMemo | None:
        """The credit memo with that marker in a comment (``GET /V1/creditmemos``)."""
        row = await self._documents.find("find_credit_memo", order_id, marker)
        return None if row is None else _seen(row)

    async def list_credit_memos(self, updated_since: datetime, *, page: int = 1, page_size: int = 100) -> Listing:
        """Credit memos that changed then or later, oldest change first (``GET /V1/creditmemos``)."""
        return await changed(self._client, CHANGED, updated_since, page, page_size)

    async def _refund(
        self, operation: str, path: str, draft: CreditMemoDraft, more: dict[str, object]
    ) -> SeenCreditMemo:
        """Send it once, and believe a refusal only if no credit memo came of it: stock is put back after it is stored,
        and what fails then is answered as if all of it had."""
        subject = f"order {draft.order_id}"
        what = f"{self._client.name}: {operation} for {subject}"
        body = _body(self._client.name, draft) | more
        try:
            credit_memo_id = made(await self._client.post(operation, subject, path, body), what)
        except Rejected:
            with afterwards(what):
                found = await self.find_credit_memo(draft.order_id, draft.marker)
            if found is not None:
                return found
            raise
        with afterwards(what):
            return _seen(await self._documents.read(operation, credit_memo_id))


def _body(connection: str, draft: CreditMemoDraft) -> dict[str, object]:
    """Every amount is said: shipping that is left out is given back whole."""
    return {
        "items": item_rows(connection, draft.units),
        "notify": draft.notify,
        "appendComment": False,
        "comment": {"comment": draft.comment, "is_visible_on_front": 0},
        "arguments": {
            "shipping_amount": draft.shipping,
            "adjustment_positive": draft.adjustment_positive,
            "adjustment_negative": draft.adjustment_negative,
            "extension_attributes": {
                "return_to_stock_items": [whole(connection, "order item", row) for row in draft.return_to_stock]
            },
        },
    }


def _seen(row: CreditMemo) -> SeenCreditMemo:
    prepaid = row.extension_attributes
    credits_ = prepaid.base_customer_balance_amount + prepaid.base_reward_currency_amount
    return SeenCreditMemo(
        credit_memo_id=row.entity_id,
        order_id=row.order_id,
        number=row.increment_id,
        state=STATES.get(row.state, str(row.state)),
        total=row.base_grand_total + prepaid.base_gift_cards_amount + credits_,
        shipping=row.base_shipping_amount,
        adjustment=row.base_adjustment,
        currency=row.base_currency_code,
        invoice_id=row.invoice_id,
        transaction=row.transaction_id,
        units=row.units,
        gift_cards=prepaid.base_gift_cards_amount,
        comments=tuple(remark.comment for remark in row.comments),
    )
