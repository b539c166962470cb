"""The point of sale's number and status of an order, back into the web store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256

from schemas.canonical import OrderStatus
from schemas.envelope import Via
from schemas.ids import Ref
from streams.deliver.create_once import CreateOnce, Step
from streams.deliver.desk import Desk
from streams.deliver.operations import ADD_COMMENT, SET_EXTERNAL_NUMBER
from streams.deliver.revisions import Verdict, judge
from streams.errors import Rejected
from streams.ports import EffectKey, JournalEntry, OrderNotes, Outcome, Revision
from streams.runtime.body import entity_of
from streams.runtime.work import Arrival, Work


class OrderStatusDelivery:
    """``set_external_number``, which is absolute, then ``add_comment``: the status is told in one comment, once.

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
        self._check_target(status)
        ref = Ref.parse(status.ref)
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
        await self._set_number(work, status, numbered, str(notes["external_number"]), known.get(numbered))
        effect = self._comment(status, str(notes["comment"]), str(notes["marker"]), {shown: revision})
        work.step = ADD_COMMENT.name
        await desk.effects.perform(effect, replays=arrival.replays)
        told = f"order {status.sale_number} shows {status.number} '{status.status}'"
        return work.entry(arrival, Outcome.DELIVERED, desk.clock.now(), told)

    def _check_target(self, status: OrderStatus) -> None:
        """Raises Rejected for the status of another store's order."""
        web = Ref.parse(status.sale).connection
        if web != self._desk.target:
            raise Rejected(
                f"the status of order {status.sale_number} is for {web} and came to {self._desk.target}: discard this "
                "event, nothing is written for it.",
                code="other_target",
                blocks=False,
            )

    async def _set_number(
        self, work: Work, status: OrderStatus, numbered: Ref, number: str, applied: Revision | None
    ) -> None:
        """Set the order's number, unless it is the one that was set last."""
        revision = Revision(status.updated_at, sha256(number.encode()).hexdigest())
        if applied is not None and applied.content == revision.content:
            return
        work.step = SET_EXTERNAL_NUMBER.name
        await self._notes.set_external_number(Ref.parse(status.sale).native_id, number)
        await self._desk.applied.put(self._desk.target, {numbered: revision})

    def _comment(self, status: OrderStatus, comment: str, marker: str, applied: Mapping[Ref, Revision]) -> CreateOnce:
        """The status in a comment on the order, which is found again by its marker."""
        order, ref = Ref.parse(status.sale).native_id, Ref.parse(status.ref)
        step = Step(
            ADD_COMMENT,
            request_hash=sha256(comment.encode()).hexdigest(),
            sought=f"the comment '{comment}' on order {status.sale_number}",
            send=lambda _: self._notes.add_comment(order, comment),
            find=lambda _: self._notes.find_comment(order, marker),
        )
        told_once = Ref(ref.connection, "order_status", f"{ref.native_id} {status.status}")
        key = EffectKey(self._desk.target, ADD_COMMENT.name, told_once)
        return CreateOnce(key, steps=(step,), applied=applied)
