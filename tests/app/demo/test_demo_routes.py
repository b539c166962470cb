"""Each route that the connectors write to has faults in the demo."""

from __future__ import annotations

from typing import Any

from app.demo import faults
from app.magento.client import MagentoClient
from app.sandbox.heartland.contract import Contract
from app.sandbox.magento.routing import Router
from app.sandbox.magento.server import ROUTES
from app.systems import Web
from streams.errors import TillstreamError
from tests.app.magento.magento_calls import CALLS, answer
from tests.app.magento.magento_stub import stubbed
from tests.contract.test_heartland_calls import CALLS as HEARTLAND_CALLS


class Writing(MagentoClient):
    """Keeps what it writes to."""

    written: set[tuple[str, str]]

    async def _change(self, method: Any, operation: str, subject: str, path: str, *more: Any) -> bytes:
        self.written.add((method, path))
        return await super()._change(method, operation, subject, path, *more)


async def test_each_route_of_the_web_store_that_we_write_to_has_faults() -> None:
    Writing.written = set()
    async with stubbed(answer=answer, kind=Writing) as (_, client):
        connector = Web.through(client, accounts=True)
        for calls in CALLS.values():
            for call in calls:
                try:
                    await call(connector)
                except TillstreamError:
                    continue
    router = Router(ROUTES, "commerce")
    matches = [router.match(method, f"/rest{path}") for method, path in Writing.written]
    assert {match.route.operation if match else "" for match in matches} == set(faults.ROUTES["magento"])


def test_each_route_of_the_point_of_sale_that_we_write_to_has_faults() -> None:
    changes = {name for name, operation in Contract().operations.items() if operation.changes}
    called = {name for _, names in HEARTLAND_CALLS.values() for name in names}
    assert called & changes == set(faults.ROUTES["heartland"])
