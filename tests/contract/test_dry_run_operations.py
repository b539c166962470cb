"""A dry run sends nothing that changes anything, whichever operation it comes to, and tells what it would send."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from functools import partial

import pytest
from aiohttp import web as aio
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from app.clock import SystemClock
from app.connections import Http, MagentoConnection, WebhookConnection
from app.dry_run import _ReadOnly, _Stop
from app.settings import Settings
from streams.deliver.operations import OPERATIONS, Operation
from streams.errors import TillstreamError
from streams.metrics import Metrics
from tests.app.magento.magento_calls import CALLS as WEB_CALLS
from tests.app.magento.magento_calls import answer
from tests.app.stub_server import Seen, StubServer
from tests.contract.systems import PosSystem
from tests.contract.test_heartland_calls import CALLS as POS_CALLS
from tests.contract.test_heartland_calls import Shop

READS = ("-information", "/oauth/token")
"""POSTs that change nothing: a price read by SKU, a token."""
UNAVAILABLE = {"set_gift_card_balance"}
"""What this edition of Magento has no route for: it is refused before anything is sent."""


@dataclass
class Everything:
    """All three kinds of systems.

    Attributes:
        systems: as a dry run has them.
        calls: what it would do.
        shop: one of everything in the point of sale.
        web_seen, posted: what the web store and a receiver of webhooks were sent.
        made: changes of the point of sale that made the shop.
    """

    systems: _ReadOnly
    calls: list[str]
    shop: Shop
    web_seen: list[Seen]
    posted: list[bytes]
    made: int = 0

    def changes(self) -> list[object]:
        """Every mutation that any of the systems was sent."""
        web = [seen for seen in self.web_seen if seen.method != "GET" and not seen.raw_path.endswith(READS)]
        return [*web, *self.pos_mutations(), *self.posted]

    def pos_mutations(self) -> list[int]:
        """Those of the point of sale, since it has one of everything."""
        names = [operation for _, operations in POS_CALLS.values() for operation in operations]
        return [status for name in dict.fromkeys(names) for status in self.shop.pos.faults.mutations(name)][self.made :]

    def ways(self, operation: Operation) -> list[Callable[[], Awaitable[object]]]:
        """Every method of a connector that does the operation, ready to be called."""
        web, pos = self.systems.webs["web"], self.systems.points_of_sale["pos"]
        receiver = self.systems.receivers["crm"].client
        found: list[Callable[[], Awaitable[object]]] = []
        for name, calls in WEB_CALLS.items():
            if name.endswith(f".{operation.name}"):
                found += [partial(call, web) for call in calls]
        for name, (call, _) in POS_CALLS.items():
            if name.endswith(f".{operation.name}"):
                found.append(partial(call, pos, self.shop))
        if operation.name == "post_event":
            found.append(partial(receiver.post_event, "e-1", "order 42", {"order": 42}))
        return found


@pytest.fixture
async def everything(pos: PosSystem) -> AsyncIterator[Everything]:
    posted: list[bytes] = []

    async def took(request: aio.Request) -> aio.Response:
        posted.append(await request.read())
        return aio.Response()

    application = aio.Application()
    application.router.add_post("/", took)
    shop = Shop(pos)
    await shop.prepare()
    calls: list[str] = []
    async with StubServer(answer=answer) as magento, TestServer(application) as crm:
        settings = Settings(
            connections={
                "web": MagentoConnection(
                    base_url=magento.url, bearer_token=SecretStr("token"), http=Http(read_retries=0)
                ),
                "pos": pos.settings,
                "crm": WebhookConnection(base_url=str(crm.make_url("/"))),
            }
        )
        systems = _ReadOnly(settings, SystemClock(), Metrics(), calls)
        world = Everything(systems, calls, shop, magento.seen, posted)
        world.made = len(world.pos_mutations())
        yield world
        await systems.close()


async def test_no_operation_sends_a_change_and_each_is_told(everything: Everything) -> None:
    untold = []
    for operation in OPERATIONS.values():
        ways = everything.ways(operation)
        assert ways, f"no test calls {operation.name}: add it to the table of its connector's calls"
        for way in ways:
            everything.calls.clear()
            with contextlib.suppress(_Stop, TillstreamError):
                await way()
            if not any(told.startswith(operation.name) for told in everything.calls):
                untold.append(operation.name)
    assert everything.changes() == []
    assert set(untold) == UNAVAILABLE
