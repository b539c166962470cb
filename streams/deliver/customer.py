"""A customer into the other system: linked to its counterpart or given one, then kept alike by the rules of ownership.

Whether a telling is news is decided by what the two records agree on (`streams.customer.agreement`), not by the
revision that was applied last: a telling that says nothing new may still have to be taken back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from schemas.canonical import Customer
from schemas.envelope import Kind
from schemas.ids import Ref
from streams.customer.agreement import Agreement, Change, Settlement, landed, settle
from streams.customer.echo import Side, Telling, Verdict, judge
from streams.customer.links import CUSTOMER, Pair
from streams.deliver.customer_book import CustomerBook, Stored
from streams.deliver.customer_links import CustomerLinks
from streams.deliver.customer_meeting import Meeting, New, Newcomers, Same, Stranger
from streams.deliver.customer_reading import ownership_of, telling
from streams.deliver.desk import Desk, asked
from streams.deliver.effect import Settling
from streams.errors import PROVABLY_NOT_DONE, OutcomeUnknown, Rejected, Transient
from streams.launch.cutover import Standing
from streams.ports import Agreements, Fenced, JournalEntry, KeptAgreement, Outcome, Outgoing
from streams.runtime.body import entity_of
from streams.runtime.work import Arrival, Work
from streams.topics import CANONICAL_CUSTOMER

TAKEN_BACK = "c"
"""Suffix of the receipt that lets a customer's own system be written to."""


@dataclass(frozen=True, slots=True)
class Pairing:
    """One customer and its counterpart, on the way to being alike.

    Attributes:
        pair: the two.
        stored: the target's, read just now.
        kept: what they agreed on before.
        settlement: what they shall agree on.
        verdict: what the telling is; None for one of the target itself.
    """

    pair: Pair
    stored: Stored
    kept: KeptAgreement
    settlement: Settlement
    verdict: Verdict | None


class CustomerDelivery:
    """Operations ``create_customer`` and ``update_customer``, or ``create_account`` and ``update_account``.

    Args:
        settling: how long something may still come of a write that got no answer, and how soon after it was opened it
            must be sent.
    """

    blocks = True

    def __init__(
        self, desk: Desk, book: CustomerBook, newcomers: Newcomers, agreements: Agreements, *, settling: Settling
    ) -> None:
        self._desk = desk
        self._book = book
        self._newcomers = newcomers
        self._agreements = agreements
        self._settling = settling
        self._links = CustomerLinks(desk.links, desk.channels)
        self._ownership = ownership_of(desk.flows.values())

    def newest(self, arrivals: Sequence[Arrival]) -> Arrival:
        """See `Delivery.newest`."""
        return arrivals[-1]

    async def deliver(self, work: Work, arrival: Arrival) -> JournalEntry:
        """Deliver one telling."""
        customer = entity_of(arrival, Customer)
        ref = Ref.parse(customer.ref)
        work.subject = f"customer {ref.native_id}"
        done: list[str] = []
        pairs = await self._pairs(ref)
        if not pairs:
            stands = await self._desk.standing(work, arrival, customer, ref.connection)
            if stands is Standing.BEFORE:
                return self._desk.left(work, arrival)
            try:
                meetings = await self._meet(work, customer, ref)
            except Rejected as refusal:
                return self._desk.refused(work, arrival, stands, refusal)
            strangers = [meeting.why for meeting in meetings if isinstance(meeting, Stranger)]
            if len(strangers) == len(meetings):
                return work.entry(arrival, Outcome.FILTERED, self._desk.clock.now(), "; ".join(strangers))
            work.step, mails = _heaviest(meetings)
            held_back = self._desk.held_back(work, arrival, stands, _would(meetings), mails=mails)
            if held_back is not None:
                return held_back
            done = [
                await self._join(work, arrival, meeting) for meeting in meetings if not isinstance(meeting, Stranger)
            ]
            pairs = await self._pairs(ref)
        return await self._keep_alike(work, arrival, customer, pairs, done)

    async def _pairs(self, ref: Ref) -> list[Pair]:
        """The customer's counterparts in the target; or if it is the target's own, in every system joined to it."""
        target = self._desk.target
        if ref.connection != target:
            return await self._links.pairs_of(ref, target)
        channels = self._desk.channels
        others = channels.webs_of(target) or channels.points_of_sale_of(target)
        return [pair for other in others for pair in await self._links.pairs_of(ref, other)]

    # -- Without a counterpart ---------------------------------------------------------------------------------------

    async def _meet(self, work: Work, customer: Customer, ref: Ref) -> Sequence[Meeting]:
        if ref.connection == self._desk.target:
            return [Stranger("it is linked to nobody any more")]
        return await self._newcomers.meet(customer, work.flow)

    async def _join(self, work: Work, arrival: Arrival, meeting: New | Same) -> str:
        """Make or link the counterpart; what was done, for the journal."""
        if isinstance(meeting, Same):
            await self._links.link(meeting.pair, meeting.website, meeting.merged)
            return f"linked: {meeting.why}"
        work.step = meeting.effect.key.operation
        made = await self._desk.effects.perform(meeting.effect, replays=arrival.replays)
        return f"{meeting.what} {'was there' if made.found else 'was made'}: {made.target_id}"

    # -- With one ----------------------------------------------------------------------------------------------------

    async def _keep_alike(
        self, work: Work, arrival: Arrival, customer: Customer, pairs: Sequence[Pair], done: Sequence[str]
    ) -> JournalEntry:
        """Settle each pair and write what the target lacks, one after the other: two may share a profile."""
        desk = self._desk
        pairings, told, notes = [], list(done), list[str]()
        for pair in pairs:
            stands = await desk.standing(work, arrival, customer, self._other(pair))
            try:
                pairing = await self._settle(arrival, customer, pair)
            except Rejected as refusal:
                return desk.refused(work, arrival, stands, refusal)
            pairings.append(pairing)
            notes += pairing.settlement.notes
            if would := self._changes(pairing):
                work.step = self._book.update.name
                held_back = desk.held_back(work, arrival, stands, f"change {would}")
                if held_back is not None:
                    return held_back
                told.append(f"changed {would}")
            notes += await self._write(work, pairing)
        again = await self._read_again(work, arrival, customer, pairings)
        if again and not told:
            now, message = desk.clock.now(), asked(Ref.parse(customer.ref))
            return work.entry(arrival, Outcome.SUPERSEDED, now, message, children=again)
        children = [*again, *await self._take_back(arrival, customer, pairings)]
        now, message = desk.clock.now(), "; ".join([*told, *notes])
        if told or children:
            return work.entry(arrival, Outcome.DELIVERED, now, message, children=children)
        if all(pairing.verdict is Verdict.OLDER for pairing in pairings):
            return work.entry(arrival, Outcome.SUPERSEDED, now, "an older telling")
        return work.entry(arrival, Outcome.UNCHANGED, now, message or "both systems have it so")

    async def _read_again(
        self, work: Work, arrival: Arrival, customer: Customer, pairings: Sequence[Pairing]
    ) -> list[str]:
        """Let the customer be read again where a telling is as new as what is known, and different. The child."""
        if not any(pairing.settlement.read_again for pairing in pairings):
            return []
        keys = [pairing.pair.key for pairing in pairings]
        known = [_version(key, await self._agreements.get(key)) for key in keys]
        return [await self._desk.ask_again(work, arrival, Ref.parse(customer.ref), " ".join(known))]

    def _other(self, pair: Pair) -> str:
        """The connection of the pair's other side, which the target is kept alike with."""
        return (pair.profile if self._book.side is Side.WEB else pair.account).connection

    def _changes(self, pairing: Pairing) -> str:
        """What is to be written to the target, for the journal; empty if nothing is."""
        names = ", ".join(pairing.settlement.writes.get(self._book.side, {}))
        return f"{names} of {pairing.stored.customer.ref}" if names else ""

    async def _settle(self, arrival: Arrival, customer: Customer, pair: Pair) -> Pairing:
        """What the two shall be. Raises Rejected if a person must look."""
        side = self._book.side
        mine = pair.account if side is Side.WEB else pair.profile
        stored = await self._book.stored(mine.native_id)
        if stored is None:
            raise Rejected(
                f"{customer.ref} is linked to {mine}, which {self._desk.target} does not have any more: nothing is "
                "deleted or made anew by itself. See what became of it there, then discard this event.",
                code="not_found",
            )
        kept = await self._agreements.get(pair.key)
        before = kept.agreement.calmed() if arrival.replays else kept.agreement
        tellings: dict[Side, Telling] = {side: telling(stored.customer, side, fresh=True)}
        verdict = None
        if customer.ref != str(mine):
            # what was read before something else became known of the pair is as old as any telling
            fresh = _version(pair.key, kept) in arrival.envelope.known.split()
            theirs = telling(customer, side.other, fresh=fresh)
            tellings[side.other] = theirs
            verdict = judge(before.on(side.other), theirs)
        settlement = settle(self._ownership, before, tellings, now=self._desk.clock.now())
        if settlement.review:
            raise Rejected(f"customer {customer.ref}: {settlement.review}.", code="restless")
        return Pairing(pair, stored, kept, settlement, verdict)

    async def _write(self, work: Work, pairing: Pairing) -> Sequence[str]:
        """Keep what was settled, write it, keep what the target made of it. What could not be done, for the journal."""
        side, stored = self._book.side, pairing.stored
        changes = pairing.settlement.writes.get(side, {})
        document, notes = await self._book.document(work.flow, stored, changes) if changes else ({}, ())
        if not document:
            kept = await self._keep(pairing.pair, pairing.settlement.agreement, pairing.kept)
            if changes:
                await self._landed(pairing, kept, stored)
            return notes
        work.step = self._book.update.name
        before = self._desk.clock.now()
        kept = await self._keep(pairing.pair, self._opened(pairing, changes), pairing.kept)
        answers = list[Stored]()

        async def call() -> None:
            answers.append(await self._book.write(Ref.parse(stored.customer.ref).native_id, document))

        try:
            if self._desk.clock.now() - before > timedelta(seconds=self._settling.fence):
                raise Transient(f"{stored.customer.ref} was not written to: this worker had stopped.")
            await self._desk.effects.set(self._book.update, self._changes(pairing), call)
        except PROVABLY_NOT_DONE:
            await self._keep(pairing.pair, self._closed(pairing, kept.agreement), kept)
            raise
        await self._landed(pairing, kept, *answers)
        return notes

    async def _landed(self, pairing: Pairing, kept: KeptAgreement, answered: Stored) -> None:
        """Keep what the target made of what was sent."""
        side = self._book.side
        agreement = landed(kept.agreement, side, telling(answered.customer, side, fresh=True))
        await self._keep(pairing.pair, self._closed(pairing, agreement), kept)

    def _opened(self, pairing: Pairing, changes: Mapping[str, Change]) -> Agreement:
        """What is kept before a write's first byte leaves. Raises OutcomeUnknown while an earlier one may arrive."""
        side, agreement, now = self._book.side, pairing.settlement.agreement, self._desk.clock.now()
        wanted = agreement.on(side)
        until = pairing.kept.agreement.on(side).overtaken(wanted, changes, now)
        if until is not None:
            raise OutcomeUnknown(
                f"An earlier write to {pairing.stored.customer.ref} got no answer and may still arrive: this one is "
                f"sent after {until:%H:%M:%S} UTC, so that it is the last.",
                code="earlier_write_open",
                retry_at=until,
            )
        return agreement.put(side, wanted.opened(changes, now + self._settling.total, now))

    def _closed(self, pairing: Pairing, agreement: Agreement) -> Agreement:
        """With this write over: what was open before it still is."""
        side = self._book.side
        return agreement.put(side, replace(agreement.on(side), open=pairing.settlement.agreement.on(side).open))

    async def _keep(self, pair: Pair, agreement: Agreement, kept: KeptAgreement) -> KeptAgreement:
        """Keep an agreement, if it is another one. Raises Transient if the other target's worker was faster."""
        if kept.version and agreement == kept.agreement:
            return kept
        try:
            return await self._agreements.keep(pair.key, agreement, after=kept.version)
        except Fenced:
            raise Transient(
                f"{pair.account} and {pair.profile} were settled by another worker at the same time; it is settled "
                "anew from there.",
                code="settled_meanwhile",
            ) from None

    async def _take_back(self, arrival: Arrival, customer: Customer, pairings: Sequence[Pairing]) -> list[str]:
        """Let the customer's own system be written to where what it told does not count: its own worker does that."""
        own = self._book.side.other
        if arrival.envelope.kind is Kind.CONFIRMATION or not any(own in each.settlement.writes for each in pairings):
            return []
        ref = Ref.parse(customer.ref)
        envelope = arrival.envelope.child(
            TAKEN_BACK, entity=CUSTOMER, native_id=ref.native_id, kind=Kind.CONFIRMATION, target=ref.connection
        )
        record = Outgoing(CANONICAL_CUSTOMER, arrival.record.key, arrival.record.value, envelope.to_headers())
        await self._desk.publisher.publish([record])
        return [TAKEN_BACK]


def _version(account: Ref, kept: KeptAgreement) -> str:
    """What is known of a pair, in one word."""
    return f"{account}@{kept.version}"


def _heaviest(meetings: Sequence[Meeting]) -> tuple[str, bool]:
    """The operation that makes a counterpart, and whether the customer gets an e-mail of it; empty for links alone."""
    made = [meeting.effect.steps[0].operation for meeting in meetings if isinstance(meeting, New)]
    return (made[0].name, any(operation.mails for operation in made)) if made else ("", False)


def _would(meetings: Sequence[Meeting]) -> str:
    """What would become of a customer without a counterpart, for a flow that only observes."""
    told = []
    for meeting in meetings:
        match meeting:
            case New():
                told.append(f"create {meeting.what}")
            case Same():
                told.append(f"link {meeting.pair.account} to {meeting.pair.profile}, as {meeting.why}")
            case Stranger():
                pass
    return "; ".join(told)
