"""Deliver, operation by operation: what is written, what is told, and what goes to a person."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from schemas.canonical import Address, OrderStatus, Sale, Stock
from schemas.documents.flow import Mode
from schemas.envelope import Envelope, Kind, Via
from schemas.ids import MissingLink, Ref
from streams.deliver.ledger import SENDS
from streams.errors import AliasMissing, Malformed, OutcomeUnknown, Rejected, Unavailable
from streams.ports import OrderDraft, Outcome, SeenOrder
from streams.runtime.work import Arrival, Work
from tests.streams.deliver.bench import SALE, STATUS, Bench, later
from tests.twins.clock import START
from tests.twins.kafka import envelope, record


@pytest.fixture
def pos() -> Bench:
    return Bench("pos")


@pytest.fixture
def web() -> Bench:
    return Bench("web")


async def outcome(bench: Bench, sale: Sale, receipt: str = "r2") -> Outcome:
    entry = await bench.deliver(sale, "order", receipt)
    assert entry is not None
    return entry.outcome


@pytest.mark.rule("channels.number_prefix")
@pytest.mark.rule("channels.link_by_entity_id")
async def test_a_sale_becomes_one_order_linked_and_confirmed(pos: Bench) -> None:
    entry = await pos.deliver(SALE, "order")
    assert entry is not None
    assert (entry.outcome, entry.step, entry.target, entry.subject) == (
        Outcome.DELIVERED,
        "create_order",
        "pos",
        "000000042",
    )
    (draft,) = pos.book.documents
    assert draft.document["ExternalID"] == "W-000000042"
    assert Decimal(str(draft.document["TotalAmount"])) == Decimal("26.65")
    assert await pos.store.links.find([Ref("web", "order", "42")], "pos") == {
        Ref("web", "order", "42"): Ref("pos", "order", "17")
    }
    (confirmation,) = pos.publisher.on("canonical.sale")
    assert confirmation.key == b"web:order:42"
    told = Envelope.from_headers(confirmation.headers)
    assert (told.kind, told.entity, told.is_child) == (Kind.CONFIRMATION, "order_status", True)
    assert OrderStatus.model_validate_json(confirmation.value) == STATUS


async def test_the_same_telling_again_is_unchanged_and_an_older_one_superseded(pos: Bench) -> None:
    await pos.deliver(SALE, "order")
    assert await outcome(pos, later(5)) is Outcome.UNCHANGED
    assert await outcome(pos, later(-5)) is Outcome.SUPERSEDED
    assert len(pos.book.orders) == 1


async def test_a_telling_from_before_the_payment_in_the_same_second_is_superseded(pos: Bench) -> None:
    await pos.deliver(SALE, "order")
    unpaid = SALE.export.model_copy(update={"allowed": False, "reason": "not paid"})
    assert await outcome(pos, later(0, state="new", export=unpaid)) is Outcome.SUPERSEDED


async def test_a_change_of_state_after_the_export_changes_nothing(pos: Bench) -> None:
    await pos.deliver(SALE, "order")
    assert await outcome(pos, later(5, state="complete", status="complete")) is Outcome.UNCHANGED


CANCELED = SALE.export.model_copy(update={"allowed": False, "reason": "canceled"})


@pytest.mark.rule("orders.cancel")
async def test_a_cancel_after_the_export_cancels_the_order_there_once(pos: Bench) -> None:
    await pos.deliver(SALE, "order")
    canceled = later(5, state="canceled", export=CANCELED)
    assert await outcome(pos, canceled) is Outcome.DELIVERED
    assert [order.status for order in pos.book.orders] == ["Cancelled"]
    assert await outcome(pos, later(6, state="canceled", export=CANCELED)) is Outcome.UNCHANGED


async def test_a_cancel_of_goods_that_have_left_is_refused(pos: Bench) -> None:
    await pos.deliver(SALE, "order")
    await pos.book.fulfil_order("17")
    with pytest.raises(Rejected, match="Fulfilled"):
        await pos.deliver(later(5, state="canceled", export=CANCELED), "order")


@pytest.mark.rule("orders.hold")
async def test_an_order_that_is_held_after_the_export_goes_to_a_person_with_both_numbers(pos: Bench) -> None:
    await pos.deliver(SALE, "order")
    held = later(5, state="holded", export=SALE.export.model_copy(update={"allowed": False, "reason": "on hold"}))
    with pytest.raises(Rejected, match=r"000000042.*W-000000042.*holded"):
        await pos.deliver(held, "order")


@pytest.mark.rule("orders.address_change")
async def test_a_new_address_is_written_to_the_order_and_nothing_else_is(pos: Bench) -> None:
    await pos.deliver(SALE, "order")
    moved = later(5, shipping_address=Address(lines=("9 Elm St",), city="Austin", country="US"))
    assert await outcome(pos, moved) is Outcome.DELIVERED
    assert set(pos.book.addresses["17"]) == {"ShippingAddress"}
    assert await outcome(pos, moved) is Outcome.UNCHANGED


@pytest.mark.rule("orders.changed_line_to_review")
async def test_changed_lines_after_the_export_go_to_a_person(pos: Bench) -> None:
    await pos.deliver(SALE, "order")
    line = SALE.lines[0].model_copy(update={"quantity": Decimal(3)})
    with pytest.raises(Rejected, match="changed after it was created"):
        await pos.deliver(later(5, lines=(line,)), "order")


@pytest.mark.rule("orders.states")
async def test_an_order_that_may_not_be_exported_is_filtered_with_the_reason(pos: Bench) -> None:
    waiting = later(0, export=SALE.export.model_copy(update={"allowed": False, "reason": "state pending_payment"}))
    entry = await pos.deliver(waiting, "order")
    assert entry is not None
    assert (entry.outcome, entry.message) == (Outcome.FILTERED, "state pending_payment")
    assert pos.book.orders == []


async def test_an_older_telling_never_creates_what_was_canceled_before(pos: Bench) -> None:
    gone = SALE.export.model_copy(update={"allowed": False, "reason": "canceled"})
    assert await outcome(pos, later(60, state="canceled", export=gone)) is Outcome.FILTERED
    assert await outcome(pos, SALE) is Outcome.SUPERSEDED
    assert await outcome(pos, later(60)) is Outcome.SUPERSEDED
    assert pos.book.orders == []


async def test_an_order_that_was_not_paid_is_created_when_it_is(pos: Bench) -> None:
    unpaid = SALE.export.model_copy(update={"allowed": False, "reason": "not paid"})
    assert await outcome(pos, later(0, state="new", export=unpaid)) is Outcome.FILTERED
    assert await outcome(pos, later(0)) is Outcome.DELIVERED


async def test_an_unknown_sku_names_the_order_and_the_command_that_mends_it(pos: Bench) -> None:
    pos.book.unknown_skus = {"A"}
    with pytest.raises(AliasMissing, match="tillstream alias 'A' '<SKU in pos>' --channel main") as missing:
        await pos.deliver(SALE, "order")
    assert missing.value.waits_for == MissingLink(Ref("web", "sku", "A"), "pos")


async def test_an_alias_that_the_point_of_sale_does_not_know_is_told_as_such(pos: Bench) -> None:
    """Told as an unknown web SKU, it would be given an alias of its own, and be tried again for ever."""
    pos.book.unknown_skus = {"TYPO"}
    await pos.store.links.insert(Ref("web", "sku", "A"), Ref("pos", "sku", "TYPO"))
    with pytest.raises(AliasMissing, match=r"'A', whose alias 'TYPO' pos does not know.*--replace") as missing:
        await pos.deliver(SALE, "order")
    assert missing.value.waits_for == MissingLink(Ref("web", "sku", "A"), "pos", "pos:sku:TYPO")


async def test_an_alias_is_used_for_the_line(pos: Bench) -> None:
    pos.book.unknown_skus = {"A"}
    await pos.store.links.insert(Ref("web", "sku", "A"), Ref("pos", "sku", "POS-A"))
    await pos.deliver(SALE, "order")
    lines = pos.book.documents[0].document["LineItems"]
    assert isinstance(lines, list)
    assert lines[0]["SKU"] == "POS-A"


@pytest.mark.rule("orders.tax_recalculated_to_review")
async def test_an_order_whose_tax_the_point_of_sale_calculates_anew_is_created_once_and_told_to_a_person(
    pos: Bench,
) -> None:
    pos.book.recalculates = Decimal("0.02")
    with pytest.raises(Rejected, match=r"order 000000042 .*W-000000042 \(17\) .*26\.67 instead of 26\.65") as asked:
        await pos.deliver(SALE, "order")
    assert (asked.value.code, asked.value.blocks) == ("recalculated", False)
    assert await pos.store.links.find([Ref("web", "order", "42")], "pos")
    assert await outcome(pos, later(5)) is Outcome.UNCHANGED
    assert len(pos.book.orders) == 1


@pytest.mark.rule("channels.collision_to_review")
@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"total": Decimal("26.66")}, "total 26.66"),
        ({"email": "bob@example.com"}, "another e-mail"),
        ({"currency": "EUR"}, "currency EUR"),
        ({"placed_at": START - timedelta(days=2)}, "date 2026-11-22"),
    ],
)
async def test_a_number_that_is_taken_by_another_order_is_a_collision(
    pos: Bench, changes: dict[str, object], told: str
) -> None:
    await pos.deliver(SALE, "order")
    seen = pos.book.orders[0]
    fields = {name: getattr(seen, name) for name in SeenOrder.__slots__}
    pos.book.orders = [SeenOrder(**{**fields, **changes})]
    fresh = Bench("pos")
    fresh.book.orders = pos.book.orders
    with pytest.raises(Rejected, match=told):
        await fresh.deliver(SALE, "order")
    assert fresh.book.documents == []


async def test_an_order_is_confirmed_once_even_if_kafka_was_away_when_it_was_made(pos: Bench) -> None:
    pos.publisher.down = 1
    with pytest.raises(Unavailable):
        await pos.deliver(SALE, "order")
    assert [await outcome(pos, SALE), await outcome(pos, SALE)] == [Outcome.DELIVERED, Outcome.UNCHANGED]
    assert len(pos.publisher.on("canonical.sale")) == 1
    assert len(pos.book.orders) == 1


async def test_an_order_that_never_shows_is_sent_again_only_by_a_replay(
    pos: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    create, sent = pos.book.create_order, 0

    async def lose_it(_draft: OrderDraft) -> SeenOrder:
        nonlocal sent
        sent += 1
        raise OutcomeUnknown("sent, no answer")

    monkeypatch.setattr(pos.book, "create_order", lose_it)
    for _ in range(SENDS):
        with pytest.raises(OutcomeUnknown):
            await pos.deliver(SALE, "order")
        pos.clock.move(3600)
    with pytest.raises(Rejected, match="look in pos for order W-000000042"):
        await pos.deliver(SALE, "order")
    assert sent == SENDS
    monkeypatch.setattr(pos.book, "create_order", create)
    entry = await pos.deliver(SALE, "order", replays=1)
    assert entry is not None
    assert entry.message == "created as 17"


@pytest.mark.rule("starting.observe_writes_nothing")
async def test_observe_writes_nothing_and_tells_what_it_would_do() -> None:
    bench = Bench("pos", mode=Mode.OBSERVE)
    entry = await bench.deliver(SALE, "order")
    assert entry is not None
    assert entry.outcome is Outcome.FILTERED
    assert "would create order W-000000042, 26.65" in entry.message
    assert bench.book.orders == []


async def test_a_channel_that_is_gone_from_the_settings_is_named(pos: Bench) -> None:
    with pytest.raises(Rejected, match=r"\[channels\.other\]"):
        await pos.deliver(later(0, channel="other"), "order")


async def test_events_for_another_target_are_passed_over(pos: Bench) -> None:
    assert await pos.deliver(SALE, "order", target="pos2") is None
    assert await pos.deliver(STATUS, "order_status", target="web") is None
    assert pos.book.orders == []


async def test_what_no_flow_writes_to_its_target_ends_there(pos: Bench) -> None:
    entry = await pos.deliver(STATUS, "order_status", target="pos")
    assert entry is not None
    assert (entry.outcome, entry.target) == (Outcome.FILTERED, "pos")
    assert entry.message == "no flow document writes 'order_status' to pos"


@pytest.mark.rule("channels.account")
async def test_an_order_whose_channel_got_another_point_of_sale_on_the_way_goes_to_a_person() -> None:
    elsewhere = Bench("pos2")
    with pytest.raises(Rejected, match=r"000000042 was on its way to pos2 .* another point of sale, pos"):
        await elsewhere.deliver(SALE, "order", target="pos2")
    with pytest.raises(Rejected, match="is for web and came to pos2"):
        await elsewhere.deliver(STATUS, "order_status")


async def test_the_end_of_an_order_names_the_confirmation_that_it_caused(pos: Bench) -> None:
    created = await pos.deliver(SALE, "order")
    again = await pos.deliver(later(5), "order", "r2")
    assert created is not None
    assert again is not None
    assert (created.children, again.children) == (("c",), ())
    told = Envelope.from_headers(pos.publisher.on("canonical.sale")[0].headers)
    assert (told.receipt_id, told.target) == ("r1.c", "web")


async def test_other_lines_in_the_second_of_the_export_are_read_again_before_a_person_is_asked(pos: Bench) -> None:
    await pos.deliver(SALE, "order")
    line = SALE.lines[0].model_copy(update={"quantity": Decimal(3)})
    changed = later(0, lines=(line,))
    assert await outcome(pos, changed) is Outcome.SUPERSEDED
    (hint,) = pos.publisher.on("raw.magento.order")
    assert (hint.key, hint.value) == (b"web:42", b'{"entity_id":"42"}')
    with pytest.raises(Rejected, match="changed after it was created"):
        await pos.deliver(changed, "order", "r2.r", via=Via.READ_AGAIN)


async def test_what_comes_back_of_our_own_writes_is_unchanged(pos: Bench, web: Bench) -> None:
    """Number and comment move the web order's time, the creation moves the point of sale's."""
    await pos.deliver(SALE, "order")
    (confirmation,) = pos.publisher.on("canonical.sale")
    await web.deliver(OrderStatus.model_validate_json(confirmation.value), "order_status")
    assert await outcome(pos, later(1, status="complete"), "r2") is Outcome.UNCHANGED
    echo = await web.deliver(STATUS.model_copy(update={"updated_at": START + timedelta(2)}), "order_status", "r3")
    assert echo is not None
    assert echo.outcome is Outcome.UNCHANGED
    assert (len(pos.book.documents), len(web.notes.comments)) == (1, 1)


def test_only_what_later_events_need_blocks_them(web: Bench) -> None:
    def blocks(entity: str) -> bool:
        headers = envelope(entity=entity)
        return web.handler.blocks(Work("deliver", [Arrival(record(b"{}", headers), headers)]))

    assert blocks("order")
    assert blocks("order_status")
    assert not blocks("stock")
    assert not blocks("unheard of")


STOCK = Stock(ref="pos:sku:A", sku="A", read_at=START, locations=())


@pytest.mark.parametrize(
    ("body", "entity", "changes", "told"),
    [
        (SALE, "order", {"currency": None}, "no Sale: currency: Input should be a valid string"),
        (SALE, "order", {"ref": "42"}, "no Sale: ref: Value error, '42' is not connection:type:id"),
        (STATUS, "order_status", {"sale": "42"}, "no OrderStatus: sale: Value error"),
        (STOCK, "stock", {"ref": "A"}, "no Stock: ref: Value error"),
    ],
)
async def test_a_body_that_is_not_canonical_is_told_as_such_and_not_as_a_fault_of_ours(
    web: Bench, body: Sale | OrderStatus | Stock, entity: str, changes: dict[str, object], told: str
) -> None:
    with pytest.raises(Malformed, match="the event of '000000042' at t 0@") as caught:
        await web.deliver(body.model_copy(update=changes), entity)
    assert told in caught.value.message
    assert "Look at what writes to t; then replay it with an edited body" in caught.value.message
    assert "ann@example.com" not in caught.value.message


async def test_bytes_that_are_not_json_are_malformed(pos: Bench) -> None:
    headers = envelope("r1", entity="order")
    with pytest.raises(Malformed, match="no Sale: the body: Invalid JSON"):
        await pos.handler.handle(Work("deliver", [Arrival(record(b"\xff", headers), headers)]))
