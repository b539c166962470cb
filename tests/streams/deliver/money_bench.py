"""One paid web order whose payments and refunds reach the point of sale in any order, with both systems in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from schemas.canonical.payment import Payment
from schemas.canonical.refund import Refund
from schemas.ids import Ref
from streams.deliver.entity import EntityDelivery
from streams.deliver.payment import PAID_WITH_ORDER, PaymentPlanner
from streams.deliver.refund_to_pos import PosRefundPlanner
from streams.errors import Rejected
from streams.ports import InvoiceDraft, JournalEntry, PaymentDraft, RefundDraft, Revision, SeenInvoice
from streams.ports.payments import SeenPayment
from streams.ports.refunds import MORE_THAN_TENDERED, SeenRefund
from streams.runtime.work import Arrival, Work
from tests.streams.deliver.bench import Bench
from tests.twins.clock import START
from tests.twins.kafka import envelope, record

ZERO = Decimal(0)
SALE, ORDER = Ref("web", "order", "42"), Ref("pos", "order", "17")


@dataclass
class Till:
    """The order's money in the point of sale. Implements `streams.ports.PosPayments` and `streams.ports.PosRefunds`.

    Attributes:
        tendered: what the order was created with.
    """

    tendered: Decimal
    payments: dict[str, SeenPayment] = field(default_factory=dict)
    refunds: dict[str, SeenRefund] = field(default_factory=dict)

    @property
    def refunded(self) -> Decimal:
        return sum((refund.amount for refund in self.refunds.values()), ZERO)

    @property
    def paid(self) -> Decimal:
        return sum((payment.amount for payment in self.payments.values()), self.tendered)

    async def create_payment(self, draft: PaymentDraft) -> SeenPayment:
        made = SeenPayment(
            payment_id=str(len(self.payments) + 1),
            external_id=draft.external_id,
            kind=draft.kind,
            status="Succeeded",
            order_id=ORDER.native_id,
            parent_id="",
            amount=draft.amount,
            captured=draft.amount,
            refunded=ZERO,
            currency=draft.currency,
            updated_at=START,
        )
        self.payments[draft.external_id] = made
        return made

    async def find_payment(self, external_id: str) -> SeenPayment | None:
        return self.payments.get(external_id)

    async def payments_of(self, order_id: str) -> Sequence[SeenPayment]:
        return tuple(self.payments.values())

    async def append_refund(self, order_id: str, draft: RefundDraft) -> SeenRefund:
        if self.refunded + draft.amount > self.paid:
            raise Rejected("more money than was tendered", code=MORE_THAN_TENDERED)
        number = str(len(self.refunds) + 1)
        made = SeenRefund(number, START, draft.amount, draft.marker, (), {}, {})
        self.refunds[draft.marker] = made
        return made

    async def find_refund(self, order_id: str, marker: str) -> SeenRefund | None:
        return self.refunds.get(marker)

    async def refunds_of(self, order_id: str) -> Sequence[SeenRefund]:
        return tuple(self.refunds.values())


@dataclass
class Invoices:
    """The order's invoices in the web store. Implements `streams.ports.WebInvoices`."""

    made: list[SeenInvoice]

    async def invoice_order(self, draft: InvoiceDraft) -> SeenInvoice:
        raise AssertionError(f"{draft} is invoiced")

    async def invoices_of(self, order_id: str) -> Sequence[SeenInvoice]:
        return tuple(self.made)

    async def find_invoice(self, order_id: str, marker: str) -> SeenInvoice | None:
        return None


class Money:
    """The order is in the point of sale, with what its first invoices brought as a tender.

    Args:
        invoices: what each of them took.
        exported: how many of them were paid before the export.
        states: of the invoices; paid where none is given.
    """

    def __init__(self, invoices: Sequence[Decimal], exported: int = 0, states: Sequence[str] = ()) -> None:
        self.bench = Bench("pos")
        told = [*states, *["paid"] * (len(invoices) - len(states))]
        self.invoices = [
            SeenInvoice(str(number), SALE.native_id, f"00000000{number}", state, amount, "USD", "", {})
            for number, (amount, state) in enumerate(zip(invoices, told, strict=True), start=1)
        ]
        self.exported = sum(invoices[:exported], ZERO)
        self.till = Till(self.exported)
        desk = self.bench.desk
        self._payments = EntityDelivery(desk, PaymentPlanner(desk, self.till))
        self._refunds = EntityDelivery(desk, PosRefundPlanner(desk, self.till, {"web": Invoices(self.invoices)}))

    async def export(self) -> None:
        store = self.bench.store
        await store.links.insert(SALE, ORDER)
        paid = Revision(START, str(self.exported))
        await store.applied.put("pos", {SALE._replace(type=PAID_WITH_ORDER): paid})

    async def pay(self, number: int) -> JournalEntry:
        """The invoice of that number, from 1, is told."""
        invoice = self.invoices[number - 1]
        body = Payment.model_validate(
            self._part("invoice", number)
            | {
                "kind": "sale",
                "state": "succeeded",
                "amount": invoice.total,
                "tender": "offline",
                "method": "checkmo",
                "earlier": sum((one.total for one in self.invoices[: number - 1]), ZERO),
                "at": START,
            }
        )
        return await self._deliver(self._payments, body, "payment", "payment")

    async def refund(self, number: int, amount: Decimal) -> JournalEntry:
        """A credit memo over that amount is told."""
        body = Refund.model_validate(
            self._part("credit_memo", number)
            | {
                "adjustment_positive": amount,
                "total": amount,
                "tenders": [{"kind": "offline", "method": "checkmo", "amount": amount}],
                "offline": True,
                "refunded_at": START,
            }
        )
        return await self._deliver(self._refunds, body, "refund", "refund_to_pos")

    def _part(self, kind: str, number: int) -> dict[str, object]:
        return {
            "ref": f"web:{kind}:{number}",
            "sale": str(SALE),
            "sale_number": "000000042",
            "number": f"00000000{number}",
            "channel": "main",
            "updated_at": START + timedelta(seconds=number),
            "currency": "USD",
        }

    async def _deliver(
        self, delivery: EntityDelivery[Payment] | EntityDelivery[Refund], body: Payment | Refund, entity: str, flow: str
    ) -> JournalEntry:
        headers = envelope("r1", entity=entity)
        arrival = Arrival(record(body.model_dump_json().encode(), headers), headers, 0)
        work = Work("deliver", [arrival])
        work.flow = flow
        return await delivery.deliver(work, arrival)
