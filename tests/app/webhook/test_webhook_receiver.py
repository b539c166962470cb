"""What a receiver of webhooks is sent, and what its answers mean."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from app.clock import SystemClock
from app.connections import Http, WebhookConnection, Webhooks
from app.ingress.signature import Verdict, Verifier
from app.webhook.client import WebhookReceiver
from streams.errors import OutcomeUnknown, Rejected, Throttled, TillstreamError

SECRET = SecretStr("a secret of the test")


@dataclass
class Crm:
    """A receiver, with what it got."""

    client: WebhookReceiver
    status: int = 204
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        self.got.append((dict(request.headers), await request.read()))
        return web.Response(status=self.status, text="no room" if self.status >= 400 else None)


@pytest.fixture
async def crm() -> AsyncIterator[Crm]:
    app = web.Application()
    server = TestServer(app)
    holder: list[Crm] = []

    async def answer(request: web.Request) -> web.Response:
        return await holder[0].answer(request)

    app.router.add_post("/hook", answer)
    await server.start_server()
    settings = WebhookConnection(base_url=str(server.make_url("/hook")), secret=SECRET, http=Http(timeout_seconds=5))
    async with WebhookReceiver("crm", settings, SystemClock()) as client:
        holder.append(Crm(client))
        yield holder[0]
    await server.close()


async def test_an_event_is_signed_so_that_our_own_door_would_take_it(crm: Crm) -> None:
    await crm.client.post_event("web:customer:7-abc", "customer ann@example.com", {"email": "ann@example.com"})
    ((headers, body),) = crm.got
    assert body == b'{"email":"ann@example.com"}'
    assert headers["webhook-id"] == "web:customer:7-abc"
    door = Verifier.of(Webhooks(secrets=(SECRET,)))
    lower = {name.lower(): value for name, value in headers.items()}
    assert door.check(lower, body, SystemClock().now().timestamp()) is Verdict.RIGHT
    assert door.check(lower, body + b" ", SystemClock().now().timestamp()) is Verdict.WRONG


@pytest.mark.parametrize(
    ("status", "error"),
    [(400, Rejected), (410, Rejected), (429, Throttled), (500, OutcomeUnknown), (503, OutcomeUnknown)],
)
async def test_a_refusal_says_what_it_proves(crm: Crm, status: int, error: type[TillstreamError]) -> None:
    crm.status = status
    with pytest.raises(error, match="crm: customer ann"):
        await crm.client.post_event("id", "customer ann", {})
