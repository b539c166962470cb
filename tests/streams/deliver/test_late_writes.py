"""A value that lands in the target after a newer one is found, and mended, once nothing can come of it any more."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import orjson
import pytest

from schemas.canonical.product import Product
from schemas.envelope import Envelope, Via, root_of
from schemas.ids import Ref
from streams.deliver.doubts import Doubts
from streams.deliver.entity import About, EntityDelivery, Nothing, Plan, SetState, Turn
from streams.deliver.late_writes import LateWrites
from streams.deliver.operations import SET_BASE_PRICES
from streams.engine import load
from streams.errors import OutcomeUnknown, Rejected, TillstreamError, Transient
from streams.ports import Intent, JournalEntry, OpenWrite, Outcome, Revision
from streams.runtime.lanes import NotDone
from streams.runtime.work import Arrival, Work
from tests.streams.deliver.bench import Bench
from tests.twins.clock import START
from tests.twins.kafka import envelope, record

SETTLE = timedelta(seconds=26)
REF = Ref("pos", "product", "S1")


class Shelf:
    """The web store's price of one product, and a planner that sets it.

    Attributes:
        problem: what comes of the next write instead of an answer.
    """

    model = Product
    blocks = False

    def __init__(self) -> None:
        self.price = Decimal(0)
        self.problem: TillstreamError | None = None

    def about(self, entity: Product) -> About:
        return About(REF, Revision(entity.updated_at, str(entity.prices[0].list_price)), "S1", REF)

    async def plan(self, entity: Product, turn: Turn) -> Plan | Nothing:
        wanted = entity.prices[0].list_price
        assert wanted is not None
        if self.price == wanted:
            return Nothing(Outcome.UNCHANGED, "it has it", settled=True)

        async def call() -> None:
            if self.problem is not None:
                problem, self.problem = self.problem, None
                raise problem
            self.price = wanted

        return Plan("set", "set", (SetState(SET_BASE_PRICES, "the price", call),))


class World:
    def __init__(self) -> None:
        self.web, self.shelf = Bench("web"), Shelf()
        late = LateWrites("web", self.web.store.writes, self.web.clock, SETTLE, timedelta(seconds=1))
        self.delivery = EntityDelivery(self.web.desk, self.shelf, late=late)
        keys = load().flows["product"].normalize
        assert keys is not None
        systems, rereads = {"pos": "heartland"}, {("heartland", "product"): keys}
        self.doubts = Doubts(
            "web", self.web.store.writes, self.web.publisher, self.web.clock, systems=systems, rereads=rereads
        )

    async def told(self, price: int, at: float, *, epoch: int = 0) -> JournalEntry:
        product = Product.model_validate(
            {
                "ref": str(REF),
                "native_id": "S1",
                "sku": "S1",
                "name": "Shirt",
                "active": True,
                "online": True,
                "updated_at": START + timedelta(seconds=at),
                "prices": [{"channel": "main", "currency": "USD", "list_price": price}],
            }
        )
        headers = envelope("r1", entity="product")
        arrival = Arrival(record(product.model_dump_json().encode(), headers), headers, epoch)
        work = Work("deliver", [arrival])
        work.flow = "product"
        return await self.delivery.deliver(work, arrival)


@pytest.fixture
def world() -> World:
    return World()


async def an_older_price_lands_late(world: World) -> None:
    world.shelf.problem = OutcomeUnknown("no answer")
    with pytest.raises(OutcomeUnknown):
        await world.told(12, at=0)
    await world.told(13, at=1)
    world.shelf.price = Decimal(12)


async def test_the_same_telling_mends_a_price_that_an_older_one_has_replaced(world: World) -> None:
    await an_older_price_lands_late(world)
    assert (await world.told(13, at=1)).outcome is Outcome.DELIVERED
    assert world.shelf.price == 13


async def test_a_product_in_doubt_is_read_again_once_its_writes_have_settled(world: World) -> None:
    await an_older_price_lands_late(world)
    await world.doubts.look()
    assert world.web.publisher.records == []
    world.web.clock.move(SETTLE.total_seconds() + 1)
    await world.doubts.look()
    (hint,) = world.web.publisher.on("raw.heartland.product")
    told = Envelope.from_headers(hint.headers)
    assert (told.connection, told.native_id, told.via) == ("pos", "S1", Via.READ_AGAIN)
    assert (root_of(told.receipt_id), told.is_child) == ("r1", True)
    assert orjson.loads(hint.value) == {"SKU": "S1"}
    assert (await world.told(13, at=1)).outcome is Outcome.DELIVERED
    assert world.web.store.writes.rows == {}
    assert (await world.told(13, at=1)).message == "told already"


async def test_a_doubt_ends_without_a_write_if_the_newest_price_is_there(world: World) -> None:
    await an_older_price_lands_late(world)
    world.shelf.price = Decimal(13)
    world.web.clock.move(SETTLE.total_seconds() + 1)
    assert (await world.told(13, at=1)).message == "it has it"
    assert world.web.store.writes.rows == {}


async def test_a_price_that_was_refused_leaves_no_doubt(world: World) -> None:
    world.shelf.problem = Rejected("not a price")
    with pytest.raises(Rejected):
        await world.told(12, at=0)
    assert world.web.store.writes.rows == {}


async def test_a_worker_that_has_lost_its_claim_writes_nothing(world: World) -> None:
    with pytest.raises(NotDone):
        await world.told(12, at=0, epoch=7)
    assert world.shelf.price == 0


async def test_each_reading_of_a_doubt_has_a_receipt_of_its_own(world: World) -> None:
    await an_older_price_lands_late(world)
    for _ in range(2):
        world.web.clock.move(120)
        await world.doubts.look()
    first, second = (Envelope.from_headers(hint.headers) for hint in world.web.publisher.records)
    assert first.receipt_id != second.receipt_id


async def test_a_write_is_open_from_when_it_is_sent_and_not_from_when_its_plan_began(world: World) -> None:
    plan = world.shelf.plan

    async def two(entity: Product, turn: Turn) -> Plan | Nothing:
        made = await plan(entity, turn)
        assert isinstance(made, Plan)

        async def slow() -> None:
            world.web.clock.move(SETTLE.total_seconds() + 1)

        return replace(made, writes=(SetState(SET_BASE_PRICES, "another", slow), *made.writes))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.shelf, "plan", two)
        world.shelf.problem = OutcomeUnknown("no answer")
        with pytest.raises(OutcomeUnknown):
            await world.told(12, at=0)
    world.web.clock.move(1)
    await world.told(13, at=1)
    world.shelf.price = Decimal(12)
    await world.told(13, at=1)
    assert world.shelf.price == 13


async def test_what_was_read_before_the_doubt_was_over_does_not_end_it(world: World) -> None:
    await an_older_price_lands_late(world)
    world.shelf.price = Decimal(13)
    world.web.clock.move(SETTLE.total_seconds() - 1)
    plan = world.shelf.plan

    async def slow(entity: Product, turn: Turn) -> Plan | Nothing:
        made = await plan(entity, turn)
        world.shelf.price = Decimal(12)
        world.web.clock.move(2)
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.shelf, "plan", slow)
        await world.told(13, at=1)
    await world.told(13, at=1)
    assert world.shelf.price == 13


async def test_a_doubt_ends_for_a_product_that_is_not_meant_for_the_web_store_any_more(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await an_older_price_lands_late(world)

    async def not_online(_entity: Product, _turn: Turn) -> Plan | Nothing:
        return Nothing(Outcome.FILTERED, "it is not meant for the web store")

    monkeypatch.setattr(world.shelf, "plan", not_online)
    world.web.clock.move(SETTLE.total_seconds() + 1)
    await world.told(13, at=2)
    assert world.web.store.writes.rows == {}
    assert (await world.web.store.applied.get("web", [REF]))[REF].content == "13"


async def test_a_worker_that_was_stopped_before_it_sent_does_not_send(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes = world.web.store.writes
    opens = writes.open

    async def slow(target: str, intents: Collection[Intent], settle: timedelta) -> Mapping[Ref, OpenWrite]:
        opened = await opens(target, intents, settle)
        world.web.clock.move(5)
        return opened

    monkeypatch.setattr(writes, "open", slow)
    with pytest.raises(Transient, match="had stopped"):
        await world.told(12, at=0)
    assert world.shelf.price == 0
    assert writes.rows == {}
