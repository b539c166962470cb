"""The point of sale's number and status of an order, back into the web store."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from schemas.canonical import OrderStatus
from schemas.envelope import Via
from schemas.ids import Ref
from streams.deliver.create_once import CreateOnce, Step
from streams.deliver.operations import ADD_COMMENT, SET_EXTERNAL_NUMBER
from streams.deliver.revisions import Verdict, judge
from streams.deliver.sale import Desk
from streams.errors import Rejected
from streams.ports import EffectKey, JournalEntry, OrderNotes, Outcome, Revision
from streams.runtime.body import entity_of
from streams.runtime.work import Arrival, Work


class OrderStatusDelivery:
    """Operation ``record_status``: the number is set (absolute), then the status is told in one comment, once.

    That the number is set is remembered by itself: a comment whose outcome is unknown is looked for every few seconds,
    and each look would set the number again. It needs no `streams.ports.OpenWrites`: an order has one number, so a
    write that lands late sets what is there already.
    """

    blocks = True

    def __init__(self, desk: Desk, notes: OrderNotes) -> None:
        self._desk = desk
        self._notes = notes

    def newest(self, arrivals: Sequence[Arrival]) -> Arrival:
        """See `Delivery.newest`."""
        return arrivals[-1]

    async def deliver(self, work: Work, arrival: Arrival) -> JournalEntry:
        """Deliver one status."""
        desk = self._desk
        status = entity_of(arrival, OrderStatus)
        work.subject = status.sale_number
        sale, ref = Ref.parse(status.sale), Ref.parse(status.ref)
        if sale.connection != desk.target:
            raise Rejected(
                f"the status of order {status.sale_number} is for {sale.connection} and came to {desk.target}: discard "
                "this event, nothing is written for it.",
                code="other_target",
                blocks=False,
            )
        shown = Ref(ref.connection, "order_status", ref.native_id)
        numbered = Ref(ref.connection, "order_number", ref.native_id)
        revision = Revision(status.updated_at, sha256(f"{status.number} {status.status}".encode()).hexdigest())
        known = await desk.applied.get(desk.target, [shown, numbered])
        applied = known.get(shown)
        match judge(revision, applied, read_again=arrival.envelope.via is Via.READ_AGAIN):
            case Verdict.UNCHANGED:
                told = f"'{status.status}' is told already"
                return await desk.unchanged(work, arrival, shown, revision, applied, told)
            case Verdict.STALE:
                return work.entry(arrival, Outcome.SUPERSEDED, desk.clock.now(), "an older status")
            case Verdict.READ_AGAIN:
                return await desk.read_again(work, arrival, ref)
            case Verdict.APPLY:
                pass
        held_back = desk.observed(work, arrival, f"tell '{status.status}' on order {status.sale_number}")
        if held_back is not None:
            return held_back
        notes = desk.mapper.map_out(work.flow, status.model_dump(mode="json"), {})
        comment, marker = str(notes["comment"]), str(notes["marker"])
        number = str(notes["external_number"])
        numbering = Revision(status.updated_at, sha256(number.encode()).hexdigest())
        if numbered not in known or known[numbered].content != numbering.content:
            work.step = SET_EXTERNAL_NUMBER.name
            await self._notes.set_external_number(sale.native_id, number)
            await desk.applied.put(desk.target, {numbered: numbering})
        work.step = ADD_COMMENT.name
        told_once = Ref(ref.connection, "order_status", f"{ref.native_id} {status.status}")
        step = Step(
            ADD_COMMENT,
            request_hash=sha256(comment.encode()).hexdigest(),
            sought=f"the comment '{comment}' on order {status.sale_number}",
            send=lambda _: self._notes.add_comment(sale.native_id, comment),
            find=lambda _: self._notes.find_comment(sale.native_id, marker),
        )
        effect = CreateOnce(
            EffectKey(desk.target, ADD_COMMENT.name, told_once), steps=(step,), applied={shown: revision}
        )
        await desk.effects.perform(effect, replays=arrival.replays)
        told = f"order {status.sale_number} shows {status.number} '{status.status}'"
        return work.entry(arrival, Outcome.DELIVERED, desk.clock.now(), told)
