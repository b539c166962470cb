"""The point of sale's number and status of an order, back into the web store."""

from __future__ import annotations

from hashlib import sha256

from schemas.canonical import OrderStatus
from schemas.ids import Ref
from streams.deliver.effect import CreateOnce
from streams.deliver.sale import Desk
from streams.ports import EffectKey, JournalEntry, OrderNotes, Outcome, Revision
from streams.runtime.work import Arrival, Work


class OrderStatusDelivery:
    """Operation ``record_status``: the number is set (absolute), then the status is told in one comment, once."""

    blocks = True

    def __init__(self, desk: Desk, notes: OrderNotes) -> None:
        self._desk = desk
        self._notes = notes

    async def deliver(self, work: Work, arrival: Arrival) -> JournalEntry | None:
        """Deliver one status; None if its sale is not of this target."""
        desk = self._desk
        status = OrderStatus.model_validate_json(arrival.record.value)
        work.subject = status.sale_number
        sale, ref = Ref.parse(status.sale), Ref.parse(status.ref)
        if sale.connection != desk.target:
            return None
        shown = Ref(ref.connection, "order_status", ref.native_id)
        revision = Revision(status.updated_at, sha256(f"{status.number} {status.status}".encode()).hexdigest())
        applied = (await desk.applied.get(desk.target, [shown])).get(shown)
        if applied is not None and applied.content == revision.content:
            return work.entry(arrival, Outcome.UNCHANGED, desk.clock.now(), f"'{status.status}' is told already")
        if applied is not None and applied.updated_at > revision.updated_at:
            return work.entry(arrival, Outcome.SUPERSEDED, desk.clock.now(), "an older status")
        held_back = desk.observed(work, arrival, f"tell '{status.status}' on order {status.sale_number}")
        if held_back is not None:
            return held_back
        notes = desk.mapper.map_out(work.flow, status.model_dump(mode="json"), {})
        comment, marker = str(notes["comment"]), str(notes["marker"])
        if applied is None:
            work.step = "set_external_number"
            await self._notes.set_external_number(sale.native_id, str(notes["external_number"]))
        work.step = "add_comment"
        effect = CreateOnce(
            key=EffectKey(
                desk.target, "add_comment", Ref(ref.connection, "order_status", f"{ref.native_id} {status.status}")
            ),
            request_hash=sha256(comment.encode()).hexdigest(),
            find=lambda: self._notes.find_comment(sale.native_id, marker),
            send=lambda: self._notes.add_comment(sale.native_id, comment),
            applied={shown: revision},
        )
        await desk.effects.perform(effect)
        told = f"order {status.sale_number} shows {status.number} '{status.status}'"
        return work.entry(arrival, Outcome.DELIVERED, desk.clock.now(), told)
