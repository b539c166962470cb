"""What can be spent of a gift card into the web store's account of it, where the store has accounts.

The point of sale is the ledger. A web order takes its money off the account at once, and off the ledger when it is
held: what the account has lost since it was written, less what was held for web orders since, is still on its way, and
is not put back. Whatever else changes an account (a person in the web store's admin, a cancel that gives the money
back) is written over by the next telling.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from schemas.canonical import GiftCard
from schemas.ids import Ref
from streams.deliver.desk import Desk
from streams.deliver.entity import About, Nothing, Plan, SetState, Turn
from streams.deliver.gift_card_redemption import CARD
from streams.deliver.hashes import content_hash
from streams.deliver.operations import SET_GIFT_CARD_BALANCE
from streams.errors import Rejected
from streams.ports import Outcome, PosGiftCards, Revision, WebGiftCards

WRITTEN = "gift_card_written"
"""Type of the ref under which it is kept what an account was good for when it was written last (`Written`)."""


class WebGiftCardPlanner:
    """``set_gift_card_balance``."""

    model = GiftCard
    blocks = False

    def __init__(self, desk: Desk, accounts: WebGiftCards, ledgers: Mapping[str, PosGiftCards]) -> None:
        self._desk = desk
        self._accounts = accounts
        self._ledgers = ledgers

    def about(self, entity: GiftCard) -> About:
        """See `Planner.about`."""
        ref = Ref.parse(entity.ref)
        content = content_hash({"available": f"{entity.available.normalize():f}", "currency": entity.currency})
        revision = Revision(entity.updated_at, content)
        return About(ref, revision, ref.native_id, ref, also=(ref._replace(type=WRITTEN),))

    async def plan(self, entity: GiftCard, turn: Turn) -> Plan | Nothing:
        """See `Planner.plan`."""
        if self._accounts.why_not:
            return Nothing(Outcome.FILTERED, self._accounts.why_not)
        ref = Ref.parse(entity.ref)
        account = (await self._desk.links.find([ref], self._desk.target)).get(ref)
        if account is None or account.type != CARD:
            why = "no account of the web store is known to be this card: the first web order that uses it tells"
            return Nothing(Outcome.FILTERED, why)
        shown = await self._accounts.gift_card_balance(account.native_id)
        if shown is None:
            raise _for_a_person(entity, account, "is gone")
        held, last = await self._held(ref), turn.known.get(ref._replace(type=WRITTEN))
        available = self._available(entity, turn)
        if last is None and shown < available:
            raise _for_a_person(entity, account, f"has {shown}, and nothing is known that would explain it")
        written = Written.read(last.content) if last is not None else Written(shown, held)
        wanted = max(Decimal(0), available - on_its_way(written, Written(shown, held)))
        applied = {ref._replace(type=WRITTEN): Revision(entity.updated_at, str(Written(available, held)))}
        if shown == wanted:
            await self._desk.applied.put(self._desk.target, applied)
            return Nothing(Outcome.UNCHANGED, "the account has what can be spent of the card", settled=True)
        told = f"gift card account {account.native_id} gets {wanted} {entity.currency} instead of {shown}"

        async def call() -> None:
            await self._accounts.set_gift_card_balance(account.native_id, shown, wanted)

        return Plan(f"write: {told}", told, (SetState(SET_GIFT_CARD_BALANCE, told, call, applied),))

    def _available(self, card: GiftCard, turn: Turn) -> Decimal:
        document = self._desk.mapper.map_out(turn.work.flow, card.model_dump(mode="json"), {})
        return Decimal(str(document["balance"]))

    async def _held(self, card: Ref) -> Decimal:
        """What was ever held of it for web orders, whatever became of that."""
        ours = self._desk.channels.of_public_id
        holds = await self._ledgers[card.connection].gift_card_holds(card.native_id)
        return sum((hold.amount for hold in holds if ours(card.connection, hold.external_id)), Decimal(0))


@dataclass(frozen=True, slots=True)
class Written:
    """An account at some moment.

    Attributes:
        balance: what was on it, with what web orders had taken off it that nobody had held yet: that is still to come.
        held: what had been held for web orders by then, all in all.
    """

    balance: Decimal
    held: Decimal

    @classmethod
    def read(cls, text: str) -> Written:
        """What `str` made of one."""
        balance, held = text.split(" ")
        return cls(Decimal(balance), Decimal(held))

    def __str__(self) -> str:
        return f"{self.balance:f} {self.held:f}"


def on_its_way(then: Written, now: Written) -> Decimal:
    """What web orders have taken off the account since then and nobody has held in the ledger yet; zero or more."""
    return max(Decimal(0), (then.balance - now.balance) - (now.held - then.held))


def _for_a_person(card: GiftCard, account: Ref, what: str) -> Rejected:
    return Rejected(
        f"gift card {Ref.parse(card.ref).native_id} has {card.available} {card.currency} to spend, and account "
        f"{account.native_id} of {account.connection} {what}. The point of sale is the ledger: see whether a web order "
        f"waits that used the card, or set the account to {card.available} by hand; then replay.",
        code="gift_card_account",
        blocks=False,
    )
