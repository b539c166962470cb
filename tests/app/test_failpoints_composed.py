"""The failpoints that a role is run with come to what it is made of."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from aiohttp import web

from app import publisher as published_by
from app import roles
from app.connections import HeartlandConnection, MagentoConnection
from app.parts import Parts
from app.settings import Settings
from app.settings.model import StatusSettings
from streams.ports import Failpoint, Outgoing
from tests.app.heartland.heartland_stub import order, token
from tests.app.stub_server import StubServer
from tests.app.test_publisher import Answering
from tests.twins.failpoints import Reached

MUTATION = [Failpoint.BYTES_SENT, Failpoint.RESPONSE_READ]


def settings(url: str = "http://127.0.0.1:1") -> Settings:
    pos = HeartlandConnection(base_url=url, client_id="till", client_secret="s")
    shop = MagentoConnection(base_url=url, bearer_token="t")
    return Settings(status=StatusSettings(port=0), connections={"pos": pos, "web": shop})


async def change_both(parts: Parts) -> None:
    """A role that changes something in every system."""
    answers = web.json_response(1), token(1), web.json_response(order(), status=201)
    async with (
        StubServer(*answers) as server,
        roles._systems(replace(parts, settings=settings(server.url))) as systems,
    ):
        await systems.webs["web"].client.post("set_it", "order 42", "/V1/orders", {})
        await systems.points_of_sale["pos"].client.change("POST", "set_it", "order 42", "/v1/orders", {})


async def publish_one(parts: Parts) -> None:
    """A role that publishes a record."""
    async with roles._publisher(parts, 5.0) as publisher:
        await publisher.publish([Outgoing("t", b"k", b"{}", [])])


class Willing(Answering):
    """Takes every batch at once."""

    async def send_batch(self, batch: object, _topic: str, *, partition: int) -> asyncio.Future[object]:
        answer = await super().send_batch(batch, _topic, partition=partition)
        answer.set_result(None)
        return answer


def test_the_systems_of_a_role_tell_its_failpoints(monkeypatch: pytest.MonkeyPatch) -> None:
    reached = Reached()
    monkeypatch.setitem(roles._ROLES, "poll", change_both)
    assert roles.run("poll", settings(), None, failpoints=reached) == 0
    assert reached.points == [*MUTATION, *MUTATION]


def test_the_publisher_of_a_role_tells_its_failpoints(monkeypatch: pytest.MonkeyPatch) -> None:
    reached = Reached()
    monkeypatch.setattr(published_by, "AIOKafkaProducer", lambda **_options: Willing())
    monkeypatch.setitem(roles._ROLES, "poll", publish_one)
    assert roles.run("poll", settings(), None, failpoints=reached) == 0
    assert reached.points == [Failpoint.PRODUCE_ACKNOWLEDGED]
