"""A web refund into the point of sale: one entry in its order's list of refunds. The money has gone back already."""

from __future__ import annotations

from schemas.canonical.refund import Refund
from schemas.ids import Ref
from streams.deliver.create_once import CreateOnce, Ids, Step
from streams.deliver.desk import Desk
from streams.deliver.entity import About, Nothing, Plan, Turn
from streams.deliver.hashes import content_hash
from streams.deliver.linked import made_by_us, order_of
from streams.deliver.operations import APPEND_REFUND
from streams.errors import Rejected
from streams.ports import EffectKey, Outcome
from streams.ports.refunds import PosRefunds, RefundDraft, SeenRefund
from streams.sale.marker import marker
from streams.sale.revision import refund_revision


class PosRefundPlanner:
    """``append_refund``. It moves stock only where the goods came back and can be sold again."""

    model = Refund
    blocks = False

    def __init__(self, desk: Desk, refunds: PosRefunds) -> None:
        self._desk = desk
        self._refunds = refunds

    def about(self, entity: Refund) -> About:
        """See `Planner.about`."""
        ref = Ref.parse(entity.ref)
        return About(ref=ref, revision=refund_revision(entity), subject=entity.sale_number, source=ref)

    async def plan(self, entity: Refund, turn: Turn) -> Plan | Nothing:
        """See `Planner.plan`."""
        if await made_by_us(self._desk, entity.ref):
            return Nothing(Outcome.UNCHANGED, f"it was made for a refund of {self._desk.target}", settled=True)
        if not entity.total and not entity.lines:
            return Nothing(Outcome.FILTERED, "a refund of nothing", settled=True)
        order = await order_of(self._desk, entity.sale, entity.sale_number, f"the refund of {entity.total}")
        draft = self._draft(entity, turn)
        told = f"the refund {entity.number} of {entity.total} {entity.currency} on order {entity.sale_number}"
        return Plan(would=f"record {told}", done=f"recorded {told}", writes=(self._effect(entity, order, draft),))

    def _draft(self, refund: Refund, turn: Turn) -> RefundDraft:
        mark = marker(refund.ref)
        context = {"channel": self._desk.channel_context(refund.channel), "marker": mark}
        document = self._desk.mapper.map_out(turn.work.flow, refund.model_dump(mode="json"), context)
        return RefundDraft(marker=mark, document=document, amount=refund.total)

    def _effect(self, refund: Refund, order: Ref, draft: RefundDraft) -> CreateOnce:
        ref, target = Ref.parse(refund.ref), self._desk.target

        async def find(_before: Ids) -> str | None:
            found = await self._refunds.find_refund(order.native_id, draft.marker)
            return None if found is None else _same(found, draft)

        async def send(_before: Ids) -> str:
            return (await self._refunds.append_refund(order.native_id, draft)).refund_id

        sought = f"a refund of {draft.amount} {refund.currency} on order {order.native_id} with '{draft.marker}'"
        step = Step(APPEND_REFUND, content_hash(draft.document), sought, send, find)
        return CreateOnce(
            EffectKey(target, APPEND_REFUND.name, ref),
            (step,),
            link=lambda ids: (ref, Ref(target, "refund", f"{order.native_id}/{ids[0]}")),
        )


def _same(found: SeenRefund, draft: RefundDraft) -> str:
    """The found refund's id; raises Rejected if it is of another amount."""
    if found.amount == draft.amount:
        return found.refund_id
    raise Rejected(
        f"refund {found.refund_id} carries '{draft.marker}' and gives back {found.amount} instead of {draft.amount}: "
        "compare it with the credit memo, correct the one that is wrong by hand, then discard this event.",
        code="collision",
    )
