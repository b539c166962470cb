"""A refund that the till gave for a web order, into the web store: an offline credit memo, for the till has paid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from schemas.canonical.refund import Refund
from schemas.ids import Ref
from streams.aliases import aliases_between
from streams.deliver.create_once import CreateOnce, Ids, Step
from streams.deliver.desk import Desk
from streams.deliver.entity import About, Nothing, Plan, Turn
from streams.deliver.hashes import content_hash
from streams.deliver.linked import made_by_us
from streams.deliver.operations import REFUND_OFFLINE
from streams.errors import Rejected
from streams.ports import EffectKey, Outcome
from streams.ports.web_orders import WebOrderLine, WebOrders
from streams.ports.web_refunds import CreditMemoDraft, SeenCreditMemo, WebRefunds
from streams.sale.allocate import OpenLine, Wanted, allocate, named_otherwise
from streams.sale.fixed_bundle import FixedBundle, by_bundle, fixed_bundles
from streams.sale.marker import marker
from streams.sale.return_to_stock import RefundedRow, return_to_stock
from streams.sale.revision import refund_revision

ZERO = Decimal(0)
IN_PART = "Make a credit memo there by hand, over an adjustment and no pieces, then discard this event"


@dataclass(frozen=True, slots=True)
class WebReturns:
    """What a web store must offer for it."""

    orders: WebOrders
    refunds: WebRefunds


class WebRefundPlanner:
    """``refund_offline``. Which rows it is about is decided when it is sent, as with a shipment."""

    model = Refund
    blocks = False

    def __init__(self, desk: Desk, web: WebReturns) -> None:
        self._desk = desk
        self._web = web

    def about(self, entity: Refund) -> About:
        """See `Planner.about`."""
        ref = Ref.parse(entity.ref)
        order = ref._replace(type="order", native_id=ref.native_id.partition("/")[0])
        return About(ref=ref, revision=refund_revision(entity), subject=entity.sale_number, source=order)

    async def plan(self, entity: Refund, turn: Turn) -> Plan | Nothing:
        """See `Planner.plan`."""
        if await made_by_us(self._desk, entity.ref):
            return Nothing(Outcome.UNCHANGED, "it was recorded there for a credit memo of this store", settled=True)
        mark = marker(entity.ref)
        context = {"channel": self._desk.channel_context(entity.channel), "marker": mark}
        notes = self._desk.mapper.map_out(turn.work.flow, entity.model_dump(mode="json"), context)
        told = f"{entity.total} {entity.currency} of order {entity.sale_number}, which the till gave back"
        notify = bool(notes.get("notify")) and turn.may_mail
        effect = self._effect(entity, mark, str(notes["comment"]), notify)
        return Plan(f"make a credit memo over {told}", f"credit memo over {told}", (effect,), mails=notify)

    def _effect(self, refund: Refund, mark: str, comment: str, notify: bool) -> CreateOnce:
        ref, order = Ref.parse(refund.ref), Ref.parse(refund.sale)

        async def send(_before: Ids) -> str:
            draft = await self._draft(refund, order, mark, comment, notify)
            return _checked(await self._web.refunds.refund_offline(draft), refund)

        async def find(_before: Ids) -> str | None:
            found = await self._web.refunds.find_credit_memo(order.native_id, mark)
            return None if found is None else _checked(found, refund)

        sought = f"a credit memo of order {refund.sale_number} with the comment '{mark}'"
        hashed = content_hash(refund.model_dump(mode="json", include={"lines", "total", "adjustment_negative"}))
        return CreateOnce(
            EffectKey(self._desk.target, REFUND_OFFLINE.name, ref),
            (Step(REFUND_OFFLINE, hashed, sought, send, find),),
            link=lambda ids: (ref, Ref(self._desk.target, "credit_memo", ids[0])),
        )

    async def _draft(self, refund: Refund, order_ref: Ref, mark: str, comment: str, notify: bool) -> CreditMemoDraft:
        order = await self._web.orders.order_lines(order_ref.native_id)
        if order is None:
            raise Rejected(
                f"{self._desk.target} does not have order {refund.sale_number}, which the till refunded: see what "
                "became of it there, then discard this event",
                code="not_found",
            )
        what = f"refund {refund.number} of order {order.number}"
        rows, bundles = order.rows_with_amounts, fixed_bundles(order.lines)
        pieces = await self._units(refund, rows, what)
        units = by_bundle(bundles, pieces, what=what, advice=IN_PART)
        refunded = [_refunded(row, bundles, rows) for row in units]
        return CreditMemoDraft(
            order_id=order.order_id,
            units=units or by_bundle(bundles, dict.fromkeys(rows, ZERO), what=what, advice=IN_PART),
            shipping=refund.shipping.amount,
            marker=mark,
            comment=comment,
            adjustment_positive=refund.adjustment_positive,
            adjustment_negative=refund.adjustment_negative,
            return_to_stock=return_to_stock(refunded, what=what),
            notify=notify,
        )

    async def _units(self, refund: Refund, rows: dict[str, WebOrderLine], what: str) -> dict[str, Decimal]:
        pos, web = Ref.parse(refund.ref).connection, Ref.parse(refund.sale).connection
        aliases = await aliases_between(self._desk.links, web, (row.sku for row in rows.values()), pos)
        lines = [OpenLine(row.item_id, row.sku, row.invoiced - row.refunded) for row in rows.values()]
        wanted = [Wanted(line.sku, line.quantity, line.line_id) for line in refund.lines]
        return allocate(named_otherwise(lines, aliases), wanted, what=what)


def _refunded(row: str, bundles: Sequence[FixedBundle], rows: Mapping[str, WebOrderLine]) -> RefundedRow:
    """What has left of a row, or of all components of a bundle with one price."""
    bundle = next((each for each in bundles if each.item_id == row), None)
    parts = [rows[part] for part in (bundle.components if bundle is not None else (row,))]
    shipped, left = sum((part.shipped for part in parts), ZERO), sum((part.left_to_ship for part in parts), ZERO)
    return RefundedRow(row, bundle.sku if bundle is not None else rows[row].sku, shipped, left)


def _checked(memo: SeenCreditMemo, refund: Refund) -> str:
    """The credit memo's id; raises Rejected if Magento gave back another amount than the till."""
    if memo.total == refund.total:
        return memo.credit_memo_id
    raise Rejected(
        f"credit memo {memo.number} of order {refund.sale_number} is over {memo.total} {memo.currency}, but the till "
        f"gave back {refund.total}: it stays as it is; book the difference of {refund.total - memo.total} by hand, "
        "then discard this event.",
        code="other_amount",
    )
