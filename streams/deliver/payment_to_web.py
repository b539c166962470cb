"""Money that the point of sale took for a web order that was placed unpaid: the order is invoiced, offline. And money
that a gateway did not give: the order says so."""

from __future__ import annotations

from schemas.canonical.payment import Payment, PaymentKind, PaymentState
from schemas.documents.channel import Channel
from schemas.ids import Ref
from streams.deliver.create_once import CreateOnce, Ids, Step
from streams.deliver.desk import Desk
from streams.deliver.entity import About, Nothing, Plan, Turn
from streams.deliver.failed_payment import FailedPayments
from streams.deliver.hashes import content_hash
from streams.deliver.operations import INVOICE_ORDER
from streams.errors import Rejected
from streams.ports import EffectKey, Outcome, Revision
from streams.ports.web_invoices import InvoiceDraft, WebInvoices
from streams.ports.web_orders import WebOrder, WebOrders
from streams.sale.fixed_bundle import left_to_invoice
from streams.sale.marker import marker

_TAKES_MONEY = frozenset({PaymentKind.SALE, PaymentKind.CAPTURE})


class WebPaymentPlanner:
    """``invoice_order``, of everything that is left: the flow tells of a payment when nothing more is due.

    For a payment that failed see `FailedPayments`.
    """

    model = Payment
    blocks = False

    def __init__(self, desk: Desk, orders: WebOrders, invoices: WebInvoices, failed: FailedPayments) -> None:
        self._desk = desk
        self._failed = failed
        self._orders = orders
        self._invoices = invoices

    def about(self, entity: Payment) -> About:
        """See `Planner.about`."""
        ref = Ref.parse(entity.ref)
        content = content_hash({"kind": entity.kind, "state": entity.state, "amount": f"{entity.amount.normalize():f}"})
        return About(ref, Revision(entity.updated_at, content), subject=entity.sale_number, source=ref)

    async def plan(self, entity: Payment, turn: Turn) -> Plan | Nothing:
        """See `Planner.plan`."""
        if entity.kind not in _TAKES_MONEY:
            return Nothing(Outcome.FILTERED, f"{entity.kind.value}: no money was taken", settled=True)
        order = await self._read(entity)
        if entity.state is PaymentState.FAILED:
            return await self._failed.plan(entity, turn, order)
        if order.due <= 0:
            return Nothing(Outcome.UNCHANGED, f"nothing of order {order.number} is due", settled=True)
        context = self._desk.channel_context(entity.channel)
        self._check_method(entity, order, Channel.model_validate(context))
        mark = marker(entity.ref)
        notes = self._desk.mapper.map_out(
            turn.work.flow, entity.model_dump(mode="json"), {"channel": context, "marker": mark}
        )
        notify = bool(notes.get("notify")) and turn.may_mail
        effect = self._effect(entity, mark, str(notes["comment"]), notify=notify)
        told = f"order {order.number}, for which {entity.amount} {entity.currency} was paid in store"
        return Plan(f"invoice {told}", f"invoiced {told}", (effect,), mails=notify)

    async def _read(self, payment: Payment) -> WebOrder:
        order = await self._orders.order_lines(Ref.parse(payment.sale).native_id)
        if order is None:
            raise Rejected(
                f"{self._desk.target} does not have order {payment.sale_number} any more, of whose payment of "
                f"{payment.amount} {payment.currency} it should know: see what became of it, then discard this event",
                code="not_found",
            )
        return order

    def _check_method(self, payment: Payment, order: WebOrder, channel: Channel) -> None:
        """A gateway that has reserved the money would take it a second time."""
        if order.method in channel.offline_methods:
            return
        raise Rejected(
            f"order {order.number} is to be paid by '{order.method}', which takes the money itself, but "
            f"{payment.amount} {payment.currency} was paid in store too: void the authorisation in Magento or give the "
            f"money back in store, then discard this event. If '{order.method}' is paid by hand, add it to "
            f"channels.{channel.name}.offline_methods and replay.",
            code="paid_twice",
        )

    def _effect(self, payment: Payment, mark: str, comment: str, *, notify: bool) -> CreateOnce:
        ref, order_id = Ref.parse(payment.ref), Ref.parse(payment.sale).native_id

        async def send(_before: Ids) -> str:
            units = left_to_invoice(await self._read(payment))
            draft = InvoiceDraft(order_id, units, False, mark, comment, notify)
            return (await self._invoices.invoice_order(draft)).invoice_id

        async def find(_before: Ids) -> str | None:
            found = await self._invoices.find_invoice(order_id, mark)
            return None if found is None else found.invoice_id

        sought = f"an invoice of order {payment.sale_number} with the comment '{mark}'"
        hashed = content_hash({"amount": f"{payment.amount.normalize():f}"})
        return CreateOnce(
            EffectKey(self._desk.target, INVOICE_ORDER.name, ref),
            (Step(INVOICE_ORDER, hashed, sought, send, find),),
            link=lambda ids: (ref, Ref(self._desk.target, "invoice", ids[0])),
        )
