"""``tillstream gift-cards reveal``: the number of a gift card that an event in review is about, and who asked for it.

Nothing keeps a number, so there is one only as long as the web store's order tells it. The point of sale never does:
its answers hold the last four alone (schemas/heartland/openapi.yaml).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.clock import SystemClock
from app.commands.store import say, with_store
from app.settings import Settings
from app.store import HeldEvent, Store
from app.systems import Systems
from schemas.canonical import GiftCardRedemption, read_canonical
from schemas.envelope import Envelope
from schemas.ids import Ref
from streams.errors import Rejected
from streams.metrics import Metrics
from streams.ports import GiftCardNumber, HeldRecord, HoldReason, Journal, JournalEntry, Outcome, WebGiftCardNumbers

ENTITY = "gift_card_redemption"
STAGE = "desk"
"""In the journal, instead of a stage of the pipeline."""


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks for a number, why and when."""

    by: str
    reason: str
    at: datetime


async def reveal(settings: Settings, receipt_id: str, *, by: str, reason: str) -> int:
    """Print the number, once the journal has who asked for it and why. Returns 1 if nothing in review is about a card.

    Raises:
        Rejected: the web store does not tell the number, or is not connected.
    """

    async def work(store: Store) -> int:
        events = await store.desk.find(receipt_id=receipt_id, reason=HoldReason.PERSON)
        held = redemptions(events)
        if not held:
            say(f"Nothing in review under {receipt_id} is about a gift card: see `tillstream dead-letters list`")
            return 1
        systems = Systems(settings, SystemClock(), Metrics())
        try:
            numbers = {name: web.gift_card_numbers for name, web in systems.webs.items()}
            for one in held:
                number = await revealed(one, numbers, store.journal, Asking(by, reason, SystemClock().now()))
                say(f"Order {one.hold.subject}, {number}: {number.reveal()}")
        finally:
            await systems.close()
        return 0

    return await with_store(settings, work)


def redemptions(events: Sequence[HeldEvent]) -> list[HeldRecord]:
    """Those of the events that are about what a gift card pays."""
    return [event.held for event in events if Envelope.from_headers(event.held.record.headers).entity == ENTITY]


async def revealed(
    held: HeldRecord, numbers: Mapping[str, WebGiftCardNumbers], journal: Journal, asking: Asking
) -> GiftCardNumber:
    """The number of the card that a held event is about. The journal has who asked before the caller has the number.

    Raises:
        Rejected: the web store does not tell it, or is not connected.
    """
    redemption = read_canonical(ENTITY, held.edited or held.record.value)
    assert isinstance(redemption, GiftCardRedemption)  # noqa: S101 - for mypy; the registry says so
    sale = Ref.parse(redemption.sale)
    web = numbers.get(sale.connection)
    number = (await web.gift_card_numbers(sale.native_id)).get(redemption.card) if web is not None else None
    if number is None:
        raise Rejected(
            f"order {redemption.sale_number}: {sale.connection} does not tell the number of its gift card: look at the "
            "order in its admin, or ask the customer.",
            code="gift_card_masked",
        )
    await journal.write([_line(held, number, asking)])
    return number


def _line(held: HeldRecord, number: GiftCardNumber, asking: Asking) -> JournalEntry:
    """A line of its own each time: the journal drops a second one of the same place."""
    hold = held.hold
    return JournalEntry(
        receipt_id=hold.receipt_id,
        at=asking.at,
        stage=STAGE,
        outcome=Outcome.IN_REVIEW,
        target=hold.target,
        subject=hold.subject,
        aggregate=hold.key,
        message=f"the number of gift card {number} was shown to {asking.by}: {asking.reason}",
        offset=int(asking.at.timestamp() * 1_000_000),
    )
