"""A web order's payment into the point of sale: each paid invoice becomes one payment, unless the order brought it."""

from __future__ import annotations

from decimal import Decimal

from schemas.canonical.payment import Payment, PaymentKind, PaymentState
from schemas.ids import Ref
from streams.deliver.create_once import CreateOnce, Ids, Step
from streams.deliver.desk import Desk
from streams.deliver.entity import About, Nothing, Plan, Turn
from streams.deliver.hashes import content_hash
from streams.deliver.linked import order_of
from streams.deliver.operations import CREATE_PAYMENT
from streams.errors import Rejected
from streams.ports import EffectKey, Outcome, Revision
from streams.ports.payments import PaymentDraft, PosPayments, SeenPayment
from streams.sale.included import came_with_order

PAID_WITH_ORDER = "paid_with_order"
"""Type of the ref under which it is kept how much was paid when an order was created in the point of sale: that came
with it as tenders, and is not posted again."""

_TAKES_MONEY = frozenset({PaymentKind.SALE, PaymentKind.CAPTURE})


class PaymentPlanner:
    """``create_payment``: money that came after the order was created."""

    model = Payment
    blocks = False

    def __init__(self, desk: Desk, payments: PosPayments) -> None:
        self._desk = desk
        self._payments = payments

    def about(self, entity: Payment) -> About:
        """See `Planner.about`."""
        ref = Ref.parse(entity.ref)
        content = content_hash({"kind": entity.kind, "state": entity.state, "amount": f"{entity.amount.normalize():f}"})
        return About(
            ref=ref,
            revision=Revision(entity.updated_at, content),
            subject=entity.sale_number,
            source=ref,
            also=(Ref.parse(entity.sale)._replace(type=PAID_WITH_ORDER),),
        )

    async def plan(self, entity: Payment, turn: Turn) -> Plan | Nothing:
        """See `Planner.plan`."""
        if entity.state is not PaymentState.SUCCEEDED or entity.kind not in _TAKES_MONEY:
            why = f"{entity.kind.value} {entity.state.value}: the order stays as it is until money is taken"
            return Nothing(Outcome.FILTERED, why, settled=True)
        what = f"the payment of {entity.amount} {entity.currency}"
        order = await order_of(self._desk, entity.sale, entity.sale_number, what)
        at_export = turn.known.get(Ref.parse(entity.sale)._replace(type=PAID_WITH_ORDER))
        paid_then = Decimal(at_export.content) if at_export is not None else Decimal(0)
        if came_with_order(entity.amount, entity.earlier, paid_then, order=entity.sale_number):
            why = f"paid before the order was exported: order {order.native_id} brought it as a tender"
            return Nothing(Outcome.UNCHANGED, why, settled=True)
        draft = self._draft(entity, turn, order)
        told = f"{entity.amount} {entity.currency} for order {entity.sale_number} ({draft.external_id})"
        return Plan(would=f"record {told}", done=f"recorded {told}", writes=(self._effect(entity, draft),))

    def _draft(self, payment: Payment, turn: Turn, order: Ref) -> PaymentDraft:
        context = {"order_id": order.native_id, "channel": self._desk.channel_context(payment.channel)}
        document = self._desk.mapper.map_out(turn.work.flow, payment.model_dump(mode="json"), context)
        return PaymentDraft(
            external_id=str(document["ExternalID"]),
            document=document,
            kind=str(document["Kind"]),
            amount=payment.amount,
            currency=payment.currency,
        )

    def _effect(self, payment: Payment, draft: PaymentDraft) -> CreateOnce:
        ref = Ref.parse(payment.ref)

        async def find(_before: Ids) -> str | None:
            found = await self._payments.find_payment(draft.external_id)
            return None if found is None else _same(found, draft)

        async def send(_before: Ids) -> str:
            return (await self._payments.create_payment(draft)).payment_id

        sought = f"payment {draft.external_id} of {draft.amount} {draft.currency}"
        step = Step(CREATE_PAYMENT, content_hash(draft.document), sought, send, find)
        key = EffectKey(self._desk.target, CREATE_PAYMENT.name, ref)
        return CreateOnce(key, (step,), link=lambda ids: (ref, Ref(self._desk.target, "payment", ids[0])))


def _same(found: SeenPayment, draft: PaymentDraft) -> str:
    """The found payment's id; raises Rejected if it is another one under the same name."""
    if (found.amount, found.currency, found.kind) == (draft.amount, draft.currency, draft.kind):
        return found.payment_id
    raise Rejected(
        f"payment {draft.external_id} exists already as {found.payment_id}: {found.kind} of {found.amount} "
        f"{found.currency} instead of {draft.kind} of {draft.amount} {draft.currency}. Compare both, correct the one "
        "that is wrong by hand, then discard this event.",
        code="collision",
    )
