"""Money that a gateway reserved for a web order and then did not give: the web order shows it, and nothing leaves.

Heartland's orders and payments have no state for it and no place for a note (schemas/heartland/openapi.yaml), so there
the order only stays unpaid.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from schemas.canonical.payment import Payment, PaymentKind, PaymentState
from schemas.canonical.sale import TenderKind
from schemas.canonical.shipment import Shipment
from schemas.documents.channel import Channel
from schemas.envelope import Kind
from schemas.ids import Ref
from streams.deliver.create_once import CreateOnce, Step
from streams.deliver.desk import Desk
from streams.deliver.entity import Nothing, Plan, SetState, Turn, Write
from streams.deliver.hashes import content_hash
from streams.deliver.operations import ADD_COMMENT, NOTIFY_CUSTOMER, SET_ORDER_STATUS, Operation
from streams.ports import EffectKey, Outcome, Outgoing
from streams.ports.web_orders import WebOrder
from streams.ports.web_payments import FailedPaymentNotes
from streams.sale.marker import marker
from streams.topics import CANONICAL_SALE

FAILED = "f"
"""Suffix of the receipt of an event about a payment that failed."""
OVER = frozenset({"canceled", "closed", "complete"})
"""States of an order that waits for no money."""


def failed_capture(
    shipment: Shipment, order: WebOrder, turn: Turn, *, currency: str, why: str, at: datetime
) -> Outgoing:
    """The event that an order's money was not given when goods of it should have left, for the order's own web store.
    It is the point of sale's, whose goods they are.

    The customer may be told of it if they may be told of the shipment.
    """
    web, parcel = Ref.parse(shipment.sale).connection, Ref.parse(shipment.ref)
    payment = Payment(
        ref=str(Ref(parcel.connection, "capture", f"{order.order_id}/{parcel.native_id}")),
        sale=shipment.sale,
        sale_number=shipment.sale_number,
        channel=shipment.channel,
        updated_at=at,
        kind=PaymentKind.CAPTURE,
        state=PaymentState.FAILED,
        amount=order.due,
        currency=currency,
        tender=TenderKind.CARD,
        method=order.method,
        failure=why,
        at=at,
    )
    arrival = turn.arrival
    envelope = arrival.envelope.child(
        FAILED, entity="payment", native_id=order.order_id, kind=Kind.CONFIRMATION, target=web
    )
    if turn.may_mail:
        envelope = replace(envelope, via=arrival.envelope.via)
    return Outgoing(CANONICAL_SALE, arrival.record.key, payment.model_dump_json().encode(), envelope.to_headers())


class FailedPayments:
    """``set_order_status``, ``add_comment``, and ``notify_customer`` once the flow's mapping has words for it."""

    def __init__(self, desk: Desk, notes: FailedPaymentNotes) -> None:
        self._desk = desk
        self._notes = notes

    async def plan(self, payment: Payment, turn: Turn, order: WebOrder) -> Plan | Nothing:
        """What the order shall show. See `Planner.plan`."""
        told = f"the payment of {payment.amount} {payment.currency} for order {order.number} failed"
        context = self._desk.channel_context(payment.channel)
        if not await self._is_exported(payment, Channel.model_validate(context)):
            return Nothing(Outcome.FILTERED, f"{told} before the order was exported: that is all", settled=True)
        if order.due <= 0 or order.state in OVER:
            why = f"{told}, but it is {order.state} with {order.due} due by now: it shows nothing of it"
            return Nothing(Outcome.UNCHANGED, why, settled=True)
        return Plan(f"show that {told}", f"shown that {told}", self._writes(payment, turn, order, context))

    async def _is_exported(self, payment: Payment, channel: Channel) -> bool:
        """Whether anybody else knows the order: before that, Magento's own checkout tells the customer."""
        sale = Ref.parse(payment.sale)
        return sale in await self._desk.links.find([sale], channel.pos)

    def _writes(self, payment: Payment, turn: Turn, order: WebOrder, channel: dict[str, object]) -> tuple[Write, ...]:
        to_clerk, to_customer = marker(payment.ref, "failed"), marker(payment.ref, "told")
        context = {"channel": channel, "marker": to_clerk}
        said = self._desk.mapper.map_out(turn.work.flow, payment.model_dump(mode="json"), context)
        status, wording = str(said.get("failed_status") or ""), str(said.get("failed_wording") or "")
        writes: list[Write] = []
        if status and status != order.status:
            what = f"order {order.order_id} gets the status '{status}'"
            writes.append(
                SetState(SET_ORDER_STATUS, what, lambda: self._notes.set_order_status(order.order_id, status))
            )
        writes.append(self._comment(ADD_COMMENT, payment, order, str(said["comment"]), to_clerk))
        if wording and turn.may_mail:
            writes.append(self._comment(NOTIFY_CUSTOMER, payment, order, f"{wording} {to_customer}", to_customer))
        return tuple(writes)

    def _comment(self, operation: Operation, payment: Payment, order: WebOrder, text: str, mark: str) -> CreateOnce:
        send = self._notes.notify_customer if operation is NOTIFY_CUSTOMER else self._notes.add_comment
        step = Step(
            operation,
            request_hash=content_hash({"comment": text}),
            sought=f"the comment with '{mark}' on order {order.number}",
            send=lambda _: send(order.order_id, text),
            find=lambda _: self._notes.find_comment(order.order_id, mark),
        )
        return CreateOnce(EffectKey(self._desk.target, operation.name, Ref.parse(payment.ref)), (step,))
