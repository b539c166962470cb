"""A web refund into the point of sale: one entry in its order's list of refunds. The money has gone back already."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from schemas.canonical.refund import Refund
from schemas.ids import MissingLink, Ref
from streams.deliver.create_once import CreateOnce, Ids, Step
from streams.deliver.desk import Desk
from streams.deliver.entity import About, Nothing, Plan, Turn
from streams.deliver.hashes import content_hash
from streams.deliver.linked import made_by_us, order_of
from streams.deliver.operations import APPEND_REFUND
from streams.deliver.payment import PAID_WITH_ORDER
from streams.deliver.payment_to_come import first_to_come
from streams.errors import DependencyMissing, Rejected
from streams.ports import EffectKey, Outcome, Revision
from streams.ports.refunds import MORE_THAN_TENDERED, PosRefunds, RefundDraft, SeenRefund
from streams.ports.web_invoices import WebInvoices
from streams.sale.marker import marker
from streams.sale.revision import refund_revision


class PosRefundPlanner:
    """``append_refund``. It moves stock only where the goods came back and can be sold again.

    A refund can be faster than the payment whose money it gives back: it waits for that.

    Args:
        desk: of the point of sale.
        refunds: its refunds.
        invoices: the web store's, by its connection: what the order has been paid with there.
    """

    model = Refund
    blocks = False

    def __init__(self, desk: Desk, refunds: PosRefunds, invoices: Mapping[str, WebInvoices]) -> None:
        self._desk = desk
        self._refunds = refunds
        self._invoices = invoices

    def about(self, entity: Refund) -> About:
        """See `Planner.about`."""
        ref = Ref.parse(entity.ref)
        also = (_paid_with_order(entity),)
        return About(ref=ref, revision=refund_revision(entity), subject=entity.sale_number, source=ref, also=also)

    async def plan(self, entity: Refund, turn: Turn) -> Plan | Nothing:
        """See `Planner.plan`."""
        if await made_by_us(self._desk, entity.ref):
            return Nothing(Outcome.UNCHANGED, f"it was made for a refund of {self._desk.target}", settled=True)
        if not entity.total and not entity.lines:
            return Nothing(Outcome.FILTERED, "a refund of nothing", settled=True)
        order = await order_of(self._desk, entity.sale, entity.sale_number, f"the refund of {entity.total}")
        draft = self._draft(entity, turn)
        told = f"the refund {entity.number} of {entity.total} {entity.currency} on order {entity.sale_number}"
        return Plan(would=f"record {told}", done=f"recorded {told}", writes=(self._effect(entity, order, draft, turn),))

    def _draft(self, refund: Refund, turn: Turn) -> RefundDraft:
        mark = marker(refund.ref)
        context = {"channel": self._desk.channel_context(refund.channel), "marker": mark}
        document = self._desk.mapper.map_out(turn.work.flow, refund.model_dump(mode="json"), context)
        return RefundDraft(marker=mark, document=document, amount=refund.total)

    def _effect(self, refund: Refund, order: Ref, draft: RefundDraft, turn: Turn) -> CreateOnce:
        ref, target = Ref.parse(refund.ref), self._desk.target

        async def find(_before: Ids) -> str | None:
            found = await self._refunds.find_refund(order.native_id, draft.marker)
            return None if found is None else _same(found, draft)

        async def send(_before: Ids) -> str:
            try:
                return (await self._refunds.append_refund(order.native_id, draft)).refund_id
            except Rejected as refusal:
                if refusal.code == MORE_THAN_TENDERED:
                    await self._check_that_all_money_is_there(refund, turn.known.get(_paid_with_order(refund)))
                raise

        sought = f"a refund of {draft.amount} {refund.currency} on order {order.native_id} with '{draft.marker}'"
        step = Step(APPEND_REFUND, content_hash(draft.document), sought, send, find)
        return CreateOnce(
            EffectKey(target, APPEND_REFUND.name, ref),
            (step,),
            link=lambda ids: (ref, Ref(target, "refund", f"{order.native_id}/{ids[0]}")),
        )

    async def _check_that_all_money_is_there(self, refund: Refund, at_export: Revision | None) -> None:
        """Raises DependencyMissing if a payment of the order is still to come."""
        sale = Ref.parse(refund.sale)
        invoices = await self._invoices[sale.connection].invoices_of(sale.native_id)
        paid_then = Decimal(at_export.content) if at_export is not None else Decimal(0)
        to_come = await first_to_come(self._desk, sale.connection, invoices, paid_then, order=refund.sale_number)
        if to_come is None:
            return
        raise DependencyMissing(
            f"the refund {refund.number} of {refund.total} {refund.currency} on order {refund.sale_number} waits until "
            f"the payment of invoice {to_come.number}, {to_come.total} {to_come.currency}, is in {self._desk.target}: "
            "it goes on by itself then",
            waits_for=MissingLink(Ref(sale.connection, "invoice", to_come.invoice_id), self._desk.target),
        )


def _paid_with_order(refund: Refund) -> Ref:
    return Ref.parse(refund.sale)._replace(type=PAID_WITH_ORDER)


def _same(found: SeenRefund, draft: RefundDraft) -> str:
    """The found refund's id; raises Rejected if it is of another amount."""
    if found.amount == draft.amount:
        return found.refund_id
    raise Rejected(
        f"refund {found.refund_id} carries '{draft.marker}' and gives back {found.amount} instead of {draft.amount}: "
        "compare it with the credit memo, correct the one that is wrong by hand, then discard this event.",
        code="collision",
    )
