"""Who tells what needs looking after: the poll role and the connectors."""

from __future__ import annotations

import asyncio
from typing import cast

from aiohttp import web
from pydantic import SecretStr

from app.clock import SystemClock
from app.connections import HeartlandConnection
from app.health import Readiness
from app.parts import Parts
from app.roles import _upkeep
from app.settings import Settings
from app.store import Store
from app.systems import Systems
from streams.metrics import Metrics
from tests.app.heartland.heartland_stub import token
from tests.app.stub_server import StubServer
from tests.twins.clock import FakeClock
from tests.twins.store import MemoryStore


def test_the_poller_tells_checks_and_what_expires() -> None:
    parts = Parts(Settings(), "poll", SystemClock(), Metrics(), Readiness(), asyncio.Event())
    assert {poll.name for poll in _upkeep(parts, cast("Store", MemoryStore(FakeClock())))} == {"checks", "expiry"}


async def test_the_poller_tells_the_money_under_way_to_each_point_of_sale(store: Store) -> None:
    pos = HeartlandConnection(base_url="http://pos.test", client_id="till", client_secret=SecretStr("s"))
    settings = Settings(connections={"pos": pos, "outlet": pos})
    parts = Parts(settings, "poll", SystemClock(), Metrics(), Readiness(), asyncio.Event())
    assert {poll.name for poll in _upkeep(parts, store)} >= {"money-pos", "money-outlet"}


async def test_a_connector_that_gets_a_token_tells_how_long_it_is_good() -> None:
    metrics = Metrics()
    async with StubServer(token(1, expires_in=3600), web.json_response({})) as server:
        pos = HeartlandConnection(base_url=server.url, client_id="till", client_secret=SecretStr("s"))
        systems = Systems(Settings(connections={"pos": pos}), FakeClock(), metrics)
        await systems.readers["pos"].read("order", "17")
        await systems.close()
    assert metrics.registry.get_sample_value("tillstream_token_expiry_seconds", {"connection": "pos"}) == 3600
