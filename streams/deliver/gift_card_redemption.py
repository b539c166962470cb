"""What a gift card pays of a web order, in the ledger of the point of sale: held, then spent or let go, and given back
by a refund. Each telling says how it must stand at last, and what is missing up to there is made good."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from schemas.canonical.gift_card_redemption import GiftCardRedemption, RedemptionStage
from schemas.ids import Ref
from streams.deliver.create_once import CreateOnce, Ids, Step
from streams.deliver.desk import Desk
from streams.deliver.entity import About, Nothing, Plan, SetState, Turn, Write
from streams.deliver.hashes import content_hash
from streams.deliver.operations import COMMIT_GIFT_CARD, CREDIT_GIFT_CARD, HOLD_GIFT_CARD, RELEASE_GIFT_CARD, Operation
from streams.errors import Rejected, Transient
from streams.ports import (
    EffectKey,
    GiftCardNumber,
    HoldDraft,
    Outcome,
    PosGiftCards,
    Revision,
    SeenCredit,
    SeenHold,
    WebGiftCardNumbers,
    WebRefunds,
)
from streams.sale.gift_cards import UNNAMED
from streams.sale.marker import MARK

CREDITED = "gift_card_credited"
"""Type of the ref under which it is kept how much of a redemption has been given back to its card."""
CARD = "gift_card"
"""Type of the refs that say which card of the web store is which of the ledger."""
HELD, COMMITTED = "Held", "Committed"
"""The ledger's words for a hold that stands and one that is spent (schemas/heartland/openapi.yaml, ``HoldStatus``)."""
End = Callable[[str, str], Awaitable[SeenHold]]
"""Ends a hold, given the card's id and the hold's."""


@dataclass(frozen=True, slots=True)
class GiftCardLedger:
    """What is needed for it.

    Attributes:
        cards: the ledger.
        numbers: where the number of an order's card is read again, by the connection of the web store.
        memos: the web store's refunds, by its connection.
    """

    cards: PosGiftCards
    numbers: Mapping[str, WebGiftCardNumbers]
    memos: Mapping[str, WebRefunds]


@dataclass(frozen=True, slots=True)
class _Case:
    """A redemption whose card is known.

    Attributes:
        card_id: of the card in the ledger.
        draft: of its hold.
        hold: what stands in the ledger under its name; None if nothing does.
        name: for people: ``20.00 USD of gift card …7KQ2 for order 000000042``.
        credited: what has been given back already.
    """

    redemption: GiftCardRedemption
    card_id: str
    draft: HoldDraft
    hold: SeenHold | None
    name: str
    credited: Decimal

    @property
    def ref(self) -> Ref:
        return Ref.parse(self.redemption.ref)


class GiftCardRedemptionPlanner:
    """``hold_gift_card``, ``commit_gift_card``, ``release_gift_card`` and ``credit_gift_card``."""

    model = GiftCardRedemption
    blocks = False

    def __init__(self, desk: Desk, ledger: GiftCardLedger) -> None:
        self._desk = desk
        self._ledger = ledger

    def about(self, entity: GiftCardRedemption) -> About:
        """See `Planner.about`."""
        ref, sale = Ref.parse(entity.ref), Ref.parse(entity.sale)
        amounts = {"amount": entity.amount, "back": entity.given_back, "credit": entity.to_store_credit}
        told = {name: f"{amount.normalize():f}" for name, amount in amounts.items()}
        revision = Revision(entity.updated_at, content_hash({"stage": entity.stage.value, **told}))
        return About(ref, revision, entity.sale_number, sale, also=(ref._replace(type=CREDITED),))

    async def plan(self, entity: GiftCardRedemption, turn: Turn) -> Plan | Nothing:
        """See `Planner.plan`."""
        if entity.stage is RedemptionStage.WAITING:
            return Nothing(Outcome.FILTERED, "nothing is held for an order that may not go on yet", settled=True)
        known = turn.known.get(Ref.parse(entity.ref)._replace(type=CREDITED))
        case = await self._case(entity, turn.work.flow, Decimal(known.content) if known is not None else Decimal(0))
        writes = await self._writes(case) if case is not None else []
        if case is None or not writes:
            return Nothing(Outcome.UNCHANGED, "the ledger stands as it should", settled=True)
        told = ", ".join(
            write.key.operation if isinstance(write, CreateOnce) else write.operation.name for write in writes
        )
        return Plan(f"{told}: {case.name}", f"{told}: {case.name}", tuple(writes))

    async def _case(self, entity: GiftCardRedemption, flow: str, credited: Decimal) -> _Case | None:
        """None for an order that was canceled before anything was held for it."""
        context = {"channel": self._desk.channel_context(entity.channel)}
        document = self._desk.mapper.map_out(flow, entity.model_dump(mode="json"), context)
        draft = HoldDraft(str(document["ExternalID"]), Decimal(str(document["Amount"])), str(document["Currency"]))
        name = f"{draft.amount} {draft.currency} of {_card_name(entity)} for order {entity.sale_number}"
        card_id = await self._known_card(entity)
        if card_id is None:
            if entity.stage is RedemptionStage.RELEASED:
                return None
            card_id = await self._asked_card(entity)
        hold = await self._ledger.cards.find_gift_card_hold(card_id, draft.external_id)
        return _Case(entity, card_id, draft, hold, name, credited)

    # -- Which card ----------------------------------------------------------------------------------------------

    async def _known_card(self, entity: GiftCardRedemption) -> str | None:
        if entity.card == UNNAMED:
            return None
        ref = Ref(Ref.parse(entity.sale).connection, CARD, entity.card)
        found = (await self._desk.links.find([ref], self._desk.target)).get(ref)
        return None if found is None else found.native_id

    async def _asked_card(self, entity: GiftCardRedemption) -> str:
        """The ledger's card of the number that the web order has. Raises Rejected if that is not to be had."""
        number = await self._number(entity)
        card = await self._ledger.cards.gift_card(number)
        if card is None:
            raise Rejected(
                f"order {entity.sale_number} is paid with {_card_name(entity)}, which {self._desk.target} does not "
                f"have: issue it there under its number with what is left on it, or take {entity.amount} "
                f"{entity.currency} from the customer in another way; then replay.",
                code="unknown_gift_card",
            )
        return card.card_id

    async def _number(self, entity: GiftCardRedemption) -> GiftCardNumber:
        sale = Ref.parse(entity.sale)
        web = self._ledger.numbers.get(sale.connection)
        number = (await web.gift_card_numbers(sale.native_id)).get(entity.card) if web is not None else None
        if number is None:
            raise Rejected(
                f"order {entity.sale_number} is paid with {entity.amount} {entity.currency} of {_card_name(entity)}, "
                f"and {sale.connection} does not tell the card's whole number: nothing was taken from any card. Find "
                f"out which card it is, enter its use in {self._desk.target} by hand, then discard this event.",
                code="gift_card_masked",
            )
        return number

    # -- What is missing -----------------------------------------------------------------------------------------

    async def _writes(self, case: _Case) -> list[Write]:
        entity, hold, cards = case.redemption, case.hold, self._ledger.cards
        if entity.stage is RedemptionStage.RELEASED:
            if hold is not None and hold.status == HELD:
                return [self._end(case, RELEASE_GIFT_CARD, cards.release_gift_card)]
            return await self._back(case, entity.amount) if hold is not None and hold.status == COMMITTED else []
        writes: list[Write] = [] if hold is not None else [self._hold(case)]
        if entity.stage is RedemptionStage.SPENT:
            if hold is None or hold.status != COMMITTED:
                writes.append(self._end(case, COMMIT_GIFT_CARD, cards.commit_gift_card))
            writes += await self._back(case, entity.given_back)
        return writes

    def _hold(self, case: _Case) -> CreateOnce:
        async def find(_before: Ids) -> str | None:
            found = await self._ledger.cards.find_gift_card_hold(case.card_id, case.draft.external_id)
            return None if found is None else _same_hold(found, case.draft)

        async def send(_before: Ids) -> str:
            return (await self._ledger.cards.hold_gift_card(case.card_id, case.draft)).hold_id

        sought = f"hold {case.draft.external_id} on gift card {case.card_id}"
        step = Step(HOLD_GIFT_CARD, _hash(case, case.draft), sought, send, find)
        web = Ref(Ref.parse(case.redemption.sale).connection, CARD, case.redemption.card)
        card = Ref(self._desk.target, CARD, case.card_id)
        return CreateOnce(
            EffectKey(self._desk.target, HOLD_GIFT_CARD.name, case.ref), (step,), link=lambda _: (web, card)
        )

    def _end(self, case: _Case, operation: Operation, end: End) -> SetState:
        async def call() -> None:
            hold = await self._ledger.cards.find_gift_card_hold(case.card_id, case.draft.external_id)
            if hold is None:
                raise Transient(
                    f"{case.name}: {self._desk.target} does not show its hold {case.draft.external_id} on gift card "
                    f"{case.card_id} yet. If it never does, see there what became of it, then replay.",
                    code="hold_unseen",
                )
            await end(case.card_id, hold.hold_id)

        return SetState(operation, case.name, call)

    async def _back(self, case: _Case, given_back: Decimal) -> list[Write]:
        """Give back what is missing of it: nothing if it went back already."""
        entity = case.redemption
        if given_back <= case.credited:
            return []
        if entity.to_store_credit:
            raise Rejected(
                f"order {entity.sale_number}: {given_back} {entity.currency} of {_card_name(entity)} were "
                f"refunded, and its refunds turned {entity.to_store_credit} into store credit: nothing was given back "
                "to the card, lest the customer gets it twice. See in the credit memo where the money went, give back "
                "by hand what is missing, then discard this event.",
                code="store_credit",
            )
        by_the_till = await self._given_back_by_the_till(entity)
        if by_the_till and entity.beside:
            raise Rejected(
                f"order {entity.sale_number} is paid with several gift cards, and the till gave back {by_the_till} "
                f"{entity.currency} of them: nothing was given back to {_card_name(entity)}, because nobody says to "
                "which card it went. See what is missing, give it back by hand, then discard this event.",
                code="several_gift_cards",
            )
        missing = given_back - by_the_till
        return [self._credit(case, missing)] if missing > case.credited else []

    async def _given_back_by_the_till(self, entity: GiftCardRedemption) -> Decimal:
        """What the web store books as given back to cards only because the till gave it back, in its own way: those
        credit memos carry our mark."""
        sale = Ref.parse(entity.sale)
        memos = await self._ledger.memos[sale.connection].credit_memos_of(sale.native_id)
        ours = (memo.gift_cards for memo in memos if any(MARK in comment for comment in memo.comments))
        return sum(ours, Decimal(0))

    def _credit(self, case: _Case, given_back: Decimal) -> CreateOnce:
        """Its name holds the sum that has gone back with it, which only rises."""
        entity, so_far = case.redemption, f"{given_back.normalize():f}"
        external_id = f"{case.draft.external_id}-back-{so_far}"
        draft = HoldDraft(external_id, given_back - case.credited, entity.currency)

        async def find(_before: Ids) -> str | None:
            found = await self._ledger.cards.find_gift_card_credit(case.card_id, draft.external_id)
            return None if found is None else _same_credit(found, draft)

        async def send(_before: Ids) -> str:
            return (await self._ledger.cards.credit_gift_card(case.card_id, draft)).credit_id

        step = Step(
            CREDIT_GIFT_CARD, _hash(case, draft), f"credit {external_id} on gift card {case.card_id}", send, find
        )
        back = case.ref._replace(native_id=f"{case.ref.native_id}/{so_far}")
        applied = {case.ref._replace(type=CREDITED): Revision(entity.updated_at, so_far)}
        return CreateOnce(EffectKey(self._desk.target, CREDIT_GIFT_CARD.name, back), (step,), applied=applied)


def _card_name(entity: GiftCardRedemption) -> str:
    return f"gift card …{entity.code.last_four}" if entity.code.last_four else "a gift card"


def _hash(case: _Case, draft: HoldDraft) -> str:
    return content_hash({"card": case.card_id, "id": draft.external_id, "amount": f"{draft.amount.normalize():f}"})


def _same_hold(found: SeenHold, draft: HoldDraft) -> str:
    """The found hold's id; raises Rejected if it is another one under the same name."""
    return _same(found.hold_id, found.amount, found.currency, draft)


def _same_credit(found: SeenCredit, draft: HoldDraft) -> str:
    """The found credit's id; raises Rejected if it is another one under the same name."""
    return _same(found.credit_id, found.amount, found.currency, draft)


def _same(found_id: str, amount: Decimal, currency: str, draft: HoldDraft) -> str:
    if (amount, currency) == (draft.amount, draft.currency):
        return found_id
    raise Rejected(
        f"{draft.external_id} exists already as {found_id} with {amount} {currency} instead of {draft.amount} "
        f"{draft.currency}: compare both, correct the one that is wrong by hand, then discard this event.",
        code="collision",
    )
