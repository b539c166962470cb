"""A sale into the point of sale: created once, confirmed, and never overwritten by an older or equal telling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from schemas.canonical import OrderStatus, Sale, TenderKind
from schemas.documents.channel import Channel
from schemas.envelope import Kind, Via
from schemas.ids import MissingLink, Ref
from streams.aliases import aliases_between
from streams.deliver.alias import alias_command
from streams.deliver.create_once import CreateOnce, Ids, Step
from streams.deliver.desk import Desk
from streams.deliver.hashes import content_hash
from streams.deliver.operations import CANCEL_ORDER, CREATE_CUSTOMER, CREATE_ORDER
from streams.deliver.payment import PAID_WITH_ORDER
from streams.deliver.revisions import Verdict, judge
from streams.deliver.sale_buyer import Buyers, SharedProfile
from streams.deliver.sale_changes import GOODS, SaleChanges
from streams.deliver.sale_predecessor import Predecessors
from streams.errors import AliasMissing, Rejected
from streams.launch.cutover import Standing
from streams.ports import (
    EffectKey,
    JournalEntry,
    OrderDraft,
    Outcome,
    Outgoing,
    Revision,
    Sales,
    SeenOrder,
)
from streams.ports.orders import PosOrders
from streams.runtime.body import entity_of
from streams.runtime.work import Arrival, Work
from streams.sale.exact import cents
from streams.sale.left import total_left
from streams.sale.revision import goods_revision, sale_revision
from streams.topics import CANONICAL_SALE

FIRST_STATES = frozenset({"new", "pending_payment"})
"""States that an order never returns to. Magento tells times in whole seconds, so an order that was placed and paid in
one second is told twice with one time."""

LAST_STATES = frozenset({"canceled", "closed"})
"""States that an order never leaves."""
BY_INVOICE = frozenset({TenderKind.CARD, TenderKind.OFFLINE, TenderKind.OTHER})
"""Tenders that Magento tells by an invoice as well."""
CONFIRMED = "c"
"""Suffix of the confirmation's receipt id."""
PASSED_BY = "order_passed_by"
"""Type of the ref under which it is kept that an order was seen and not created: an older telling, which would have
allowed it, may still come."""


class SaleDelivery:
    """Operation ``create_order``: a canonical sale becomes one order in the point of sale."""

    blocks = True

    def __init__(self, desk: Desk, sales: Sales, orders: PosOrders, buyers: Buyers | None = None) -> None:
        """Without ``buyers``, every order belongs to the channel's shared profile."""
        self._desk = desk
        self._sales = sales
        self._buyers = buyers or SharedProfile()
        self._changes = SaleChanges(desk, sales, orders)
        self._predecessors = Predecessors(sales, orders, desk.effects.set)

    def newest(self, arrivals: Sequence[Arrival]) -> Arrival:
        """See `Delivery.newest`."""
        return arrivals[-1]

    async def deliver(self, work: Work, arrival: Arrival) -> JournalEntry:
        """Deliver one sale."""
        sale = entity_of(arrival, Sale)
        work.subject = sale.number
        channel = self._channel(sale)
        ref, revision = Ref.parse(sale.ref), sale_revision(sale)
        passed_by = ref._replace(type=PASSED_BY)
        known = await self._desk.applied.get(self._desk.target, [ref, passed_by, _brought(ref)])
        stands = await self._desk.standing(work, arrival, sale, ref.connection)
        if ref in known:
            if revision == known[ref] and await self._desk.effects.is_unfinished(self._key(ref)):
                return await self._create(work, arrival, sale, channel, known)
            return await self._again(work, arrival, sale, revision, known[ref], stands)
        if stands is Standing.BEFORE:
            return await self._leave(work, arrival, sale, known)
        if passed_by in known and _is_older(sale, known[passed_by]):
            return work.entry(arrival, Outcome.SUPERSEDED, self._desk.clock.now(), "an older telling")
        if not sale.export.allowed:
            await self._desk.applied.put(self._desk.target, {passed_by: Revision(sale.updated_at, sale.state)})
            return work.entry(arrival, Outcome.FILTERED, self._desk.clock.now(), sale.export.reason)
        work.step = CREATE_ORDER.name
        instead = f" in place of {channel.prefix}{sale.predecessor}" if sale.predecessor else ""
        would = f"create order {sale.public_id}, {sale.totals.total}{instead}"
        held_back = self._desk.held_back(work, arrival, stands, would)
        if held_back is not None:
            return held_back
        return await self._create(work, arrival, sale, channel, known)

    def _channel(self, sale: Sale) -> Channel:
        """The channel that leads here; raises Rejected if it is gone, or leads elsewhere by now."""
        channel = self._desk.channels.named(sale.channel)
        if channel is None:
            raise Rejected(
                f"order {sale.number} belongs to channel '{sale.channel}', which the settings no longer have: "
                f"put [channels.{sale.channel}] back, then replay."
            )
        if channel.pos != self._desk.target:
            raise Rejected(
                f"order {sale.number} was on its way to {self._desk.target} when channel '{sale.channel}' was given "
                f"another point of sale, {channel.pos}: see whether {sale.public_id} has to be entered there by hand, "
                "then discard this event.",
                code="other_target",
            )
        return channel

    async def _again(
        self, work: Work, arrival: Arrival, sale: Sale, revision: Revision, applied: Revision, stands: Standing
    ) -> JournalEntry:
        """A telling of an order that was created."""
        now, allowed = self._desk.clock.now(), sale.export.allowed
        is_read_again = arrival.envelope.via is Via.READ_AGAIN
        # an order that may not be in the point of sale differs from the one that is there, whatever its lines are
        compared = revision if allowed else replace(revision, content=sale.state)
        verdict = judge(compared, applied, read_again=is_read_again)
        if verdict is Verdict.STALE:
            return work.entry(arrival, Outcome.SUPERSEDED, now, "an older telling of an order already created")
        if verdict is Verdict.UNCHANGED:
            told = "nothing that is mapped has changed"
            return await self._desk.unchanged(work, arrival, Ref.parse(sale.ref), revision, applied, told)
        if verdict is Verdict.READ_AGAIN:
            if sale.state in FIRST_STATES and not allowed:
                return work.entry(arrival, Outcome.SUPERSEDED, now, "a telling from earlier in the same second")
            return await self._desk.read_again(work, arrival, Ref.parse(sale.ref))
        try:
            return await self._changes.change(work, arrival, sale, revision, stands)
        except Rejected as refusal:
            return self._desk.refused(work, arrival, stands, refusal)

    async def _leave(self, work: Work, arrival: Arrival, sale: Sale, known: Mapping[Ref, Revision]) -> JournalEntry:
        """Create nothing of an order from before the cutover; link it to the one that somebody entered by hand, and
        keep what was paid by then: payments that come after the cutover are posted beside it.

        Raises Rejected if another order carries its number.
        """
        desk, ref = self._desk, Ref.parse(sale.ref)
        work.step = "find_order"
        found = await self._sales.find_order(sale.public_id)
        if found is None:
            return desk.left(work, arrival)
        same_order(found, _outline(sale))
        if found.paid is not None and _brought(ref) not in known:
            await desk.applied.put(desk.target, {_brought(ref): Revision(sale.updated_at, str(found.paid))})
        await desk.links.insert(ref, Ref(desk.target, "order", found.order_id))
        return desk.left(work, arrival, f", and linked to {found.order_id}, which carries its number")

    async def _create(
        self, work: Work, arrival: Arrival, sale: Sale, channel: Channel, known: Mapping[Ref, Revision]
    ) -> JournalEntry:
        desk = self._desk
        ref = Ref.parse(sale.ref)
        aliases = await self._aliases(sale, channel)
        work.step = CREATE_CUSTOMER.name
        buyer = await self._buyers.profile_of(sale, channel, replays=arrival.replays)
        work.step = CANCEL_ORDER.name
        replaced = await self._predecessors.withdraw(sale, channel)
        work.step = CREATE_ORDER.name
        draft = self._draft(work, sale, channel, {"aliases": aliases, "customer_id": buyer})
        seen: dict[str, SeenOrder] = {}
        found: dict[str, SeenOrder] = {}
        announced: list[str] = []

        async def find(_before: Ids) -> str | None:
            order = await self._sales.find_order(draft.public_id)
            if order is None:
                return None
            same_order(order, draft)
            seen[order.order_id] = found[order.order_id] = order
            return order.order_id

        async def send(_before: Ids) -> str:
            created = await self._sales.create_order(draft)
            seen[created.order_id] = created
            return created.order_id

        async def announce(ids: Ids) -> None:
            if ids[0] in found:
                await self._changes.readdress_found(work, found[ids[0]], draft)
            await desk.publisher.publish([_confirmation(arrival, sale, seen[ids[0]], desk.target)])
            announced.append(CONFIRMED)

        effect = CreateOnce(
            key=self._key(ref),
            steps=(Step(CREATE_ORDER, content_hash(draft.document), f"order {draft.public_id}", send, find),),
            announce=announce,
            link=lambda ids: (ref, Ref(desk.target, "order", ids[0])),
            applied={ref: sale_revision(sale), ref._replace(type=GOODS): goods_revision(sale)},
            read_back=lambda ids: {_brought(ref): known.get(_brought(ref)) or _paid(sale, found.get(ids[0]))},
        )
        try:
            made = await desk.effects.perform(effect, replays=arrival.replays)
        except AliasMissing as error:
            raise _alias_missing(error, sale, channel, aliases) from error
        _check_total(sale, draft, seen.get(made.target_id), desk.target)
        told = f"found as {made.target_id}, created earlier" if made.found else f"created as {made.target_id}"
        told += f", in place of {replaced.order_id}" if replaced is not None else ""
        return work.entry(arrival, Outcome.DELIVERED, desk.clock.now(), told, children=announced)

    def _key(self, ref: Ref) -> EffectKey:
        return EffectKey(self._desk.target, CREATE_ORDER.name, ref)

    async def _aliases(self, sale: Sale, channel: Channel) -> dict[str, str]:
        """The point of sale's name of each SKU that it calls otherwise."""
        skus = (line.sku for line in sale.lines)
        return await aliases_between(self._desk.links, channel.web, skus, self._desk.target)

    def _draft(self, work: Work, sale: Sale, channel: Channel, known: Mapping[str, object]) -> OrderDraft:
        context = {"channel": channel.model_dump(mode="json"), **known}
        document = self._desk.mapper.map_out(work.flow, sale.model_dump(mode="json"), context)
        return replace(_outline(sale), document=document)


def _outline(sale: Sale) -> OrderDraft:
    """By what an order is known in the point of sale."""
    return OrderDraft(
        public_id=sale.public_id,
        document={},
        total=total_left(sale.model_dump(mode="json")),
        currency=sale.currency,
        email=sale.customer.email,
        placed_at=sale.placed_at,
    )


def _brought(order: Ref) -> Ref:
    return order._replace(type=PAID_WITH_ORDER)


def _paid(sale: Sale, found: SeenOrder | None) -> Revision:
    """What payments had taken when the order was exported; gift cards and credits have no invoice of their own.

    An order that was found may have been made from an earlier telling, or by hand: it tells by itself what it brought,
    and what it lacks must not pass for paid.
    """
    told = (tender.amount for tender in sale.tenders if tender.kind in BY_INVOICE)
    paid = sum(told, Decimal(0)) if found is None or found.paid is None else found.paid
    return Revision(sale.updated_at, str(paid))


def _is_older(sale: Sale, passed_by: Revision) -> bool:
    """Whether an order was seen in a later state that kept it from being created."""
    if sale.updated_at == passed_by.updated_at:
        return passed_by.content in LAST_STATES and sale.state not in LAST_STATES
    return sale.updated_at < passed_by.updated_at


def same_order(found: SeenOrder, draft: OrderDraft) -> None:
    """A hit by number must be the same order; raises Rejected for a collision."""
    differs = []
    if cents(found.total) != cents(draft.total):
        differs.append(f"total {found.total} instead of {draft.total}")
    if found.email and draft.email and found.email.casefold() != draft.email.casefold():
        differs.append("another e-mail")
    if found.currency and found.currency != draft.currency:
        differs.append(f"currency {found.currency} instead of {draft.currency}")
    if found.placed_at is not None and found.placed_at.date() != draft.placed_at.date():
        differs.append(f"date {found.placed_at:%Y-%m-%d} instead of {draft.placed_at:%Y-%m-%d}")
    if differs:
        raise Rejected(
            f"{draft.public_id} exists already as {found.order_id} with {', '.join(differs)}: two orders carry one "
            "number. Check the channel's prefix; then link or renumber by hand.",
            code="collision",
        )


def _check_total(sale: Sale, draft: OrderDraft, made: SeenOrder | None, target: str) -> None:
    """Tax is what the web store charged: raises Rejected if the point of sale has made another total of the order."""
    if made is None or cents(made.total) == cents(draft.total):
        return
    raise Rejected(
        f"order {sale.number} was created in {target} as {draft.public_id} ({made.order_id}) with a total of "
        f"{made.total} instead of {draft.total}, which the web store charged: {target} has calculated its tax anew. "
        "Correct the tax there to what the web store charged and switch its calculation off for web orders, then "
        "discard this event.",
        code="recalculated",
        blocks=False,
    )


def _confirmation(arrival: Arrival, sale: Sale, seen: SeenOrder, target: str) -> Outgoing:
    status = OrderStatus(
        sale=sale.ref,
        sale_number=sale.number,
        ref=str(Ref(target, "order", seen.order_id)),
        number=seen.number,
        status=seen.status,
        updated_at=seen.updated_at,
    )
    web = Ref.parse(sale.ref).connection
    envelope = arrival.envelope.child(
        CONFIRMED, entity="order_status", native_id=seen.order_id, kind=Kind.CONFIRMATION, target=web
    )
    return Outgoing(CANONICAL_SALE, arrival.record.key, status.model_dump_json().encode(), envelope.to_headers())


def _alias_missing(error: AliasMissing, sale: Sale, channel: Channel, aliases: Mapping[str, str]) -> AliasMissing:
    """Say it in the order's words, and wait for the web SKU's alias, or for another one if it has one that is wrong."""
    web_sku = next((one for one, other in aliases.items() if other == error.sku), error.sku)
    missing = MissingLink(Ref(channel.web, "sku", web_sku), channel.pos)
    told = f"order {sale.number} has SKU '{web_sku}', which {channel.pos} does not know. If it has another SKU there: "
    if web_sku in aliases:
        missing = missing._replace(unlike=str(Ref(channel.pos, "sku", error.sku)))
        told = (
            f"order {sale.number} has SKU '{web_sku}', whose alias '{error.sku}' {channel.pos} does not know. "
            "Correct it: "
        )
    command = alias_command(web_sku, channel.pos, channel.name, replace=web_sku in aliases)
    return AliasMissing(
        f"{told}{command}. That releases every order that waits for it.", sku=error.sku, waits_for=missing
    )
