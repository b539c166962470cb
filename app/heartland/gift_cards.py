"""The point of sale as the ledger of gift cards. Implements PosGiftCards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from app.heartland.client import HeartlandClient
from app.heartland.errors import refused
from app.heartland.lists import BY_ID, Question, the_one, whole
from app.listing import Listing
from app.urls import encode
from app.wire import read_as
from schemas.heartland import GiftCard, GiftCardCredit, GiftCardHold
from streams.errors import TillstreamError
from streams.ports import GiftCardNumber, HoldDraft, SeenCredit, SeenGiftCard, SeenHold

GIFT_CARDS = "/v1/gift-cards"


class HeartlandGiftCards:
    """Gift cards of one connection."""

    def __init__(self, client: HeartlandClient) -> None:
        self._client = client

    async def gift_card(self, number: GiftCardNumber) -> SeenGiftCard | None:
        """The card of that number (``POST /v1/gift-cards/lookup``), None if there is none.

        The number is in the body of that request and nowhere else, whatever Heartland says about it.
        """
        subject = f"gift card {number}"
        with _unquoted(number):
            asked = {"Number": number.reveal()}
            content = await self._client.look_up("gift_card", subject, f"{GIFT_CARDS}/lookup", asked)
            if content is None:
                return None
            return SeenGiftCard(**read_as(GiftCard, content, f"{self._client.name}: {subject}").model_dump())

    async def hold_gift_card(self, card_id: str, draft: HoldDraft) -> SeenHold:
        """Set money aside (``POST /v1/gift-cards/{GiftCardID}/holds``); sent once.

        Raises:
            Rejected: not so much is available.
        """
        subject = f"hold {draft.external_id} on gift card {card_id}"
        explain = refused(
            "Amount",
            "gift_card_balance",
            lambda reason: (
                f"{self._client.name}: {subject} of {draft.amount} {draft.currency} was refused: {reason}. Ask the "
                "customer for another tender, or release what is held there; then replay."
            ),
        )
        body = {"ExternalID": draft.external_id, "Amount": draft.amount, "Currency": draft.currency}
        content = await self._client.change("POST", "hold_gift_card", subject, _holds_of(card_id), body, explain)
        return self._hold(content, subject, done=True)

    async def find_gift_card_hold(self, card_id: str, external_id: str) -> SeenHold | None:
        """The hold of that ExternalID (``GET /v1/gift-cards/{GiftCardID}/holds?external_id=``), letter for letter.

        Raises:
            Rejected: there are several, which a person must sort out; or no such card.
        """
        subject = f"holds called {external_id} on gift card {card_id}"
        query = [("external_id", external_id), BY_ID]
        question = Question("find_gift_card_hold", subject, _holds_of(card_id), query)
        found = await the_one(
            self._client,
            GiftCardHold,
            question,
            lambda hold: hold.hold_id,
            lambda hold: hold.external_id == external_id,
        )
        return None if found is None else SeenHold(**found.model_dump())

    async def gift_card_holds(self, card_id: str) -> Sequence[SeenHold]:
        """Every hold that there ever was on it (``GET /v1/gift-cards/{GiftCardID}/holds``); they are never deleted.

        Raises:
            Transient: the answer is not whole: an order's money must never look as if it were not held.
            Rejected: no such card.
        """
        question = Question("gift_card_holds", f"holds on gift card {card_id}", _holds_of(card_id), [BY_ID])
        rows = await whole(self._client, GiftCardHold, question, lambda hold: hold.hold_id)
        return tuple(SeenHold(**row.model_dump()) for row in rows)

    async def commit_gift_card(self, card_id: str, hold_id: str) -> SeenHold:
        """Spend what is held (``PUT /v1/gift-cards/{GiftCardID}/holds/{HoldID}``).

        Raises:
            Rejected: the hold was released, and stays so.
        """
        advice = "Its money was not spent: hold and commit it anew, or take another tender; then discard this event."
        return await self._end("commit_gift_card", card_id, hold_id, "Committed", advice)

    async def release_gift_card(self, card_id: str, hold_id: str) -> SeenHold:
        """Let go what is held (``PUT /v1/gift-cards/{GiftCardID}/holds/{HoldID}``).

        Raises:
            Rejected: the hold was committed, and stays so.
        """
        advice = "Its money is spent: give it back there as a refund, then discard this event."
        return await self._end("release_gift_card", card_id, hold_id, "Released", advice)

    async def credit_gift_card(self, card_id: str, draft: HoldDraft) -> SeenCredit:
        """Give money back (``POST /v1/gift-cards/{GiftCardID}/credits``); sent once."""
        subject = f"credit {draft.external_id} on gift card {card_id}"
        body = {"ExternalID": draft.external_id, "Amount": draft.amount, "Currency": draft.currency}
        content = await self._client.change("POST", "credit_gift_card", subject, _credits_of(card_id), body)
        found = read_as(GiftCardCredit, content, f"{self._client.name}: {subject}", done=True)
        return _credit(found)

    async def find_gift_card_credit(self, card_id: str, external_id: str) -> SeenCredit | None:
        """The credit of that ExternalID (``GET /v1/gift-cards/{GiftCardID}/credits?external_id=``), letter for letter.

        Raises:
            Rejected: there are several, which a person must sort out; or no such card.
        """
        subject = f"credits called {external_id} on gift card {card_id}"
        query = [("external_id", external_id), BY_ID]
        question = Question("find_gift_card_credit", subject, _credits_of(card_id), query)
        found = await the_one(
            self._client,
            GiftCardCredit,
            question,
            lambda credit: credit.credit_id,
            lambda credit: credit.external_id == external_id,
        )
        return None if found is None else _credit(found)

    async def list_gift_cards(self, updated_since: datetime, *, page: int = 1, page_size: int = 100) -> Listing:
        """Cards that changed then or later, oldest change first (``GET /v1/gift-cards``). No row holds a number."""
        return await self._client.list("list_gift_cards", GIFT_CARDS, updated_since, page=page, page_size=page_size)

    async def _end(self, operation: str, card_id: str, hold_id: str, status: str, advice: str) -> SeenHold:
        subject = f"hold {hold_id} on gift card {card_id}"
        place = f"{self._client.name}: {subject}"
        explain = refused("Status", "hold_state", lambda reason: f"{place}: {reason}. {advice}")
        path = f"{_holds_of(card_id)}/{encode(hold_id)}"
        content = await self._client.change("PUT", operation, subject, path, {"Status": status}, explain)
        return self._hold(content, subject, done=True)

    def _hold(self, content: bytes, subject: str, *, done: bool) -> SeenHold:
        return SeenHold(**read_as(GiftCardHold, content, f"{self._client.name}: {subject}", done=done).model_dump())


@contextmanager
def _unquoted(number: GiftCardNumber) -> Iterator[None]:
    """Errors from in here do not repeat the number, even if the answer that they quote did."""
    try:
        yield
    except TillstreamError as error:
        error.message = error.message.replace(number.reveal(), str(number))
        error.args = (error.message,)
        raise


def _credit(found: GiftCardCredit) -> SeenCredit:
    return SeenCredit(found.credit_id, found.card_id, found.external_id, found.amount, found.currency)


def _credits_of(card_id: str) -> str:
    return f"{GIFT_CARDS}/{encode(card_id)}/credits"


def _holds_of(card_id: str) -> str:
    return f"{GIFT_CARDS}/{encode(card_id)}/holds"
