"""Every call that the connector makes is a route that Magento has, with the keys and types that it takes."""

from __future__ import annotations

from dataclasses import dataclass

import orjson
import pytest

from app.connections import MagentoConnection
from app.doctor import magento as doctor
from app.doctor.asked import Asked
from app.http import Answer, Request
from app.magento.client import MagentoClient
from app.systems import Web
from schemas.documents.channel import Channel
from streams.engine import load
from streams.errors import TillstreamError
from tests.app.call_sites import methods, sending_from, sites_in, unseen
from tests.app.magento.magento_calls import CALLS, answer
from tests.app.magento.magento_contract import check_request, every_route
from tests.app.magento.magento_stub import stubbed
from tests.app.stub_server import Seen
from tests.twins.clock import FakeClock

PLACES = ("app/magento", "app/doctor/magento.py")
"""All code that asks a Magento for something."""


class Watched(MagentoClient):
    """Keeps where in the code each request comes from."""

    sites: set[tuple[str, int]]

    async def _send(self, request: Request) -> Answer:
        self.sites.add(sending_from())
        return await super()._send(request)


@dataclass
class Told:
    """What left when every method was called once: requests, methods, and the places that sent."""

    seen: list[Seen]
    called: set[str]
    sites: set[tuple[str, int]]


@pytest.fixture
async def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    Watched.sites = set()
    monkeypatch.setattr(doctor, "MagentoClient", Watched)
    async with stubbed(answer=answer, kind=Watched) as (server, client):
        on = Web.through(client, accounts=True)
        for calls in CALLS.values():
            for call in calls:
                try:
                    await call(on)
                except TillstreamError:
                    continue
        settings = MagentoConnection.model_validate({"base_url": server.url, "bearer_token": "token"})
        channel = Channel(name="main", web="web", pos="pos", location="MAIN", sources={"MAIN": "main"})
        flows = tuple(load().flows.values())
        settings = settings.model_copy(update={"gift_cards": "accounts"})
        await doctor.magento("web", settings, Asked({"main": channel}, flows), FakeClock())
        return Told(server.seen, methods(on), Watched.sites)


async def test_every_call_is_a_route_with_the_keys_and_types_that_it_takes_and_no_route_on_file_is_unused(
    told: Told,
) -> None:
    assert {check_request(seen) for seen in told.seen} == every_route()


async def test_no_method_and_no_place_in_the_code_sends_what_was_not_checked(told: Told) -> None:
    assert set(CALLS) == told.called
    assert unseen(sites_in(*PLACES), told.sites) == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/rest/V1/order/42/ship", {"itemz": []}),
        ("POST", "/rest/V1/order/42/ship", {"items": [{"order_item_id": 10, "qtyy": 1}]}),
        ("POST", "/rest/V1/order/42/ship", {"items": [{"order_item_id": "10", "qty": 1}]}),
        ("POST", "/rest/V1/order/42/ship", {"items": [{"order_item_id": 10}]}),
        ("POST", "/rest/V1/order/42/ship", {"notify": 0}),
        ("POST", "/rest/V1/orders/42/ship", {"items": []}),
        ("POST", "/rest/V1/shipment/track", {}),
        ("GET", "/rest/V1/shipments?fields=items", {}),
    ],
)
def test_a_call_that_magento_would_not_take_as_it_is_meant_is_found(method: str, path: str, body: object) -> None:
    with pytest.raises(AssertionError):
        check_request(Seen(method, path, {}, orjson.dumps(body)))
