"""The point of sale's number and status of an order, back into the web store."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

from schemas.canonical import OrderStatus
from schemas.ids import Ref
from streams.deliver.create_once import CreateOnce, Step
from streams.deliver.desk import Desk
from streams.deliver.entity import About, Plan, SetState, Turn, Write
from streams.deliver.operations import ADD_COMMENT, SET_EXTERNAL_NUMBER
from streams.errors import Rejected
from streams.ports import EffectKey, OrderNotes, Revision


class OrderStatusPlanner:
    """``set_external_number``, which is absolute, then ``add_comment``: the status is told in one comment, once.

    That the number is set is remembered by itself: a comment whose outcome is unknown is looked for every few seconds,
    and each look would set the number again. It needs no `streams.ports.OpenWrites`: an order has one number, so a
    write that lands late sets what is there already.
    """

    model = OrderStatus
    blocks = True

    def __init__(self, desk: Desk, notes: OrderNotes) -> None:
        self._desk = desk
        self._notes = notes

    def about(self, entity: OrderStatus) -> About:
        """See `Planner.about`."""
        ref = Ref.parse(entity.ref)
        content = sha256(f"{entity.number} {entity.status}".encode()).hexdigest()
        return About(
            ref=ref._replace(type="order_status"),
            revision=Revision(entity.updated_at, content),
            subject=entity.sale_number,
            source=ref,
            also=(_numbered(entity),),
        )

    async def plan(self, entity: OrderStatus, turn: Turn) -> Plan:
        """See `Planner.plan`. Raises Rejected for the status of another store's order."""
        self._check_target(entity)
        notes = self._desk.mapper.map_out(turn.work.flow, entity.model_dump(mode="json"), {})
        number = self._number(entity, str(notes["external_number"]), turn.known)
        comment = self._comment(entity, str(notes["comment"]), str(notes["marker"]))
        return Plan(
            would=f"tell '{entity.status}' on order {entity.sale_number}",
            done=f"order {entity.sale_number} shows {entity.number} '{entity.status}'",
            writes=(*number, comment),
        )

    def _check_target(self, status: OrderStatus) -> None:
        web = Ref.parse(status.sale).connection
        if web != self._desk.target:
            raise Rejected(
                f"the status of order {status.sale_number} is for {web} and came to {self._desk.target}: discard this "
                "event, nothing is written for it.",
                code="other_target",
                blocks=False,
            )

    def _number(self, status: OrderStatus, number: str, known: Mapping[Ref, Revision]) -> list[Write]:
        """The order's number, unless it is the one that was set last."""
        numbered = _numbered(status)
        revision = Revision(status.updated_at, sha256(number.encode()).hexdigest())
        applied = known.get(numbered)
        if applied is not None and applied.content == revision.content:
            return []
        order = Ref.parse(status.sale).native_id
        return [
            SetState(
                SET_EXTERNAL_NUMBER,
                f"order {order} gets {number}",
                call=lambda: self._notes.set_external_number(order, number),
                applied={numbered: revision},
            )
        ]

    def _comment(self, status: OrderStatus, comment: str, marker: str) -> CreateOnce:
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
        return CreateOnce(EffectKey(self._desk.target, ADD_COMMENT.name, told_once), steps=(step,))


def _numbered(status: OrderStatus) -> Ref:
    return Ref.parse(status.ref)._replace(type="order_number")
