"""A value that lands in the target after a newer one is found, and mended, once nothing can come of it any more."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import orjson
import pytest

from schemas.canonical.product import Product
from schemas.envelope import Envelope, Via
from schemas.ids import Ref
from streams.deliver.doubts import Doubts
from streams.deliver.entity import About, EntityDelivery, Nothing, Plan, SetState, Turn
from streams.deliver.late_writes import LateWrites
from streams.deliver.operations import SET_BASE_PRICES
from streams.engine import load
from streams.errors import OutcomeUnknown, Rejected, TillstreamError
from streams.ports import JournalEntry, Outcome, Revision
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
        late = LateWrites("web", self.web.store.writes, SETTLE)
        self.delivery = EntityDelivery(self.web.desk, self.shelf, late=late)
        keys = load().flows["product"].normalize
        assert keys is not None
        systems, rereads = {"pos": "heartland"}, {"product": keys}
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
    assert (told.connection, told.native_id, told.via, told.receipt_id) == ("pos", "S1", Via.READ_AGAIN, "r1.doubt2")
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
