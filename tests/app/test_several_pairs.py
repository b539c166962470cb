"""Two pairs of stores in one installation: each has its own credentials, budget, breaker and lanes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType

import orjson
from aiohttp import web
from pydantic import SecretStr

from app.clock import SystemClock
from app.connections import Budget, HeartlandConnection, Http, MagentoConnection
from app.health import Readiness
from app.ingress.receipt import ENTROPY_BYTES, take
from app.parts import Parts
from app.settings import Settings
from app.systems import Systems
from app.workers import _connections_of, _entrance_of, _lanes_of, gates_of, job_of
from schemas.documents import Channel
from schemas.envelope import Via
from streams import groups
from streams.deliver.breaker import State
from streams.errors import TillstreamError
from streams.metrics import Metrics
from streams.ports import Outgoing, Record
from streams.runtime.bulkheads import Bulkheads
from streams.runtime.lanes import Lanes
from streams.runtime.work import Arrival
from streams.topics import raw
from tests.app.stub_server import Seen, StubServer
from tests.twins.kafka import envelope, record

NOWHERE = "http://127.0.0.1:9"
PAIRS = ("north", "south")
LANES = 4


def settings_of(
    north: str = NOWHERE, south: str = NOWHERE, *, budgets: Mapping[str, Budget] = MappingProxyType({})
) -> Settings:
    """Two pairs; both systems of a pair are at one address."""
    connections: dict[str, MagentoConnection | HeartlandConnection] = {}
    channels = {}
    for pair, url in zip(PAIRS, (north, south), strict=True):
        once = Http(read_retries=0)
        token = SecretStr(f"web of {pair}")
        connections[f"web-{pair}"] = MagentoConnection(base_url=url, bearer_token=token, http=once)
        connections[f"pos-{pair}"] = HeartlandConnection(
            base_url=url,
            client_id=f"till of {pair}",
            client_secret=SecretStr("s"),
            budget=budgets.get(pair, Budget()),
            http=once,
        )
        channels[pair] = Channel(
            name=pair, web=f"web-{pair}", pos=f"pos-{pair}", prefix="W-", location="MAIN", sources={"MAIN": "main"}
        )
    return Settings(connections=connections, channels=channels)


def parts_of(settings: Settings) -> Parts:
    return Parts(settings, "test", SystemClock(), Metrics(), Readiness(), asyncio.Event())


def both_systems(pair: str) -> StubServer:
    """A point of sale whose token is the pair's, and a web store; neither knows what it is asked for."""

    def answer(seen: Seen) -> web.Response:
        if seen.raw_path.endswith("/oauth/token"):
            return web.json_response({"access_token": f"token of {pair}", "token_type": "Bearer", "expires_in": 3600})
        return web.json_response({"message": "there is no such thing"}, status=404)

    return StubServer(answer=answer)


def raw_order(connection: str, order: int) -> Outgoing:
    """A web order as the door hands it on."""
    document = {"entity_id": order}
    receipt = take(
        connection=connection,
        system="magento",
        entity="order",
        body=orjson.dumps(document),
        document=document,
        via=Via.WEBHOOK,
        now_ms=1_800_000_000_000 + order,
        entropy=bytes(ENTROPY_BYTES),
    )
    return receipt.record


async def test_each_system_is_asked_with_the_credentials_of_its_own_pair() -> None:
    async with both_systems("north") as north, both_systems("south") as south:
        systems = Systems(settings_of(north.url, south.url), SystemClock(), Metrics())
        try:
            for pair in PAIRS:
                for reader in (systems.webs[f"web-{pair}"].reader, systems.points_of_sale[f"pos-{pair}"].reader):
                    await _refused_or_not(reader.read("order", "1"))
        finally:
            await systems.close()
        for pair, server in zip(PAIRS, (north, south), strict=True):
            asked = {seen.headers["Authorization"] for seen in server.seen if "oauth" not in seen.raw_path}
            assert asked == {f"Bearer web of {pair}", f"Bearer token of {pair}"}


async def _refused_or_not(asked: Awaitable[object]) -> None:
    with suppress(TillstreamError):
        await asked


async def test_the_outage_of_one_pair_opens_its_own_breaker_alone() -> None:
    async with both_systems("south") as south:
        parts = parts_of(settings_of(south=south.url))
        gates = gates_of("inventory", None, parts)
        systems = Systems(parts.settings, parts.clock, parts.metrics, gates)
        try:
            while gates["pos-north"].state is State.CLOSED:
                async with gates["pos-north"].turn(lambda: True, asyncio.sleep):
                    await _refused_or_not(systems.points_of_sale["pos-north"].reader.read("order", "1"))
            async with gates["pos-south"].turn(lambda: True, asyncio.sleep):
                await _refused_or_not(systems.points_of_sale["pos-south"].reader.read("order", "1"))
        finally:
            await systems.close()
        assert (gates["pos-south"].state, len(south.seen)) == (State.CLOSED, 2)
        assert list(parts.readiness.notes()) == ["pos-north"]


def test_each_target_has_a_budget_and_a_consumer_group_of_its_own() -> None:
    budgets = {"north": 3.0, "south": 7.0}
    settings = settings_of(budgets={pair: Budget(requests_per_second=rate) for pair, rate in budgets.items()})
    for pair, rate in budgets.items():
        gate = gates_of("deliver", f"pos-{pair}", parts_of(settings))[f"pos-{pair}"]
        gate.owns(1, 1)
        assert gate.rate == rate
    read = groups.consumed(settings.systems)
    assert {groups.deliver(f"{side}-{pair}") for side in ("web", "pos") for pair in PAIRS} < set(read)


def test_what_is_for_the_other_pair_does_not_wait_for_this_ones_target() -> None:
    """Every deliver worker reads the sales of all pairs: its target's budget is for its own."""
    settings = settings_of()
    gates = gates_of("deliver", "pos-north", parts_of(settings))
    entrance_of = _entrance_of(job_of("deliver", "pos-north", settings), gates)
    ours, others, of_anybody = (
        Arrival(record(b"{}", told), told)
        for told in (envelope(target=name) for name in ("pos-north", "pos-south", ""))
    )
    gate = gates["pos-north"]
    assert [entrance_of([arrival]) is gate for arrival in (ours, others, of_anybody)] == [True, False, True]
    assert entrance_of([others, ours]) is gate


def test_order_42_of_two_web_stores_is_two_orders() -> None:
    """Every Magento begins at 1: with one key for both, an order that is held would hold the other store's."""
    north, south = (raw_order(f"web-{pair}", 42) for pair in PAIRS)
    assert (north.key, south.key) == (b"web-north:42", b"web-south:42")


async def test_normalise_goes_on_with_one_pair_while_the_other_ones_system_gives_no_answer() -> None:
    settings, ended = settings_of(), asyncio.Queue[bytes]()

    async def process(records: Sequence[Record]) -> None:
        if records[-1].key.startswith(b"web-north:"):
            await asyncio.Event().wait()
        ended.put_nowait(records[-1].key)

    async def done() -> None:
        pass

    connections = _connections_of(job_of("normalize", None, settings), raw("magento", "order"), settings)
    lanes = _lanes_of(connections, lambda: Lanes(process, width=LANES, capacity=8 * LANES))
    async with asyncio.timeout(10):
        for number in range(8 * LANES):
            await _submit(lanes, raw_order("web-north", number), number, done)
        await _submit(lanes, raw_order("web-south", 1), 100, done)
        assert await ended.get() == b"web-south:1"
    await lanes.close()


async def _submit(lanes: Lanes | Bulkheads, out: Outgoing, offset: int, done: Callable[[], Awaitable[None]]) -> None:
    record = Record(out.topic, 0, offset, out.key, out.value, tuple(out.headers), 0)
    await lanes.submit(record, record.key, done)
