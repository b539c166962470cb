"""Retries of reads, Retry-After, and what is told about each request."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from aiohttp import web

from app.connections import Http
from app.http import LONGEST_RETRY_AFTER_SECONDS, HttpClient, Request
from streams.errors import OutcomeUnknown, Transient, Unavailable
from tests.app.stub_server import StubServer
from tests.twins.clock import FakeClock

START = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


def read(url: str) -> Request:
    return Request("read", "order 42", "GET", f"{url}/x")


def write(url: str) -> Request:
    return Request("write", "order 42", "POST", f"{url}/x", b"{}")


async def nothing(_request: Request) -> Mapping[str, str]:
    return {}


async def test_a_read_is_tried_again_on_500_and_429_with_jittered_growing_waits() -> None:
    clock = FakeClock(START)
    async with (
        StubServer(web.Response(status=500), web.Response(status=429), web.json_response({})) as server,
        HttpClient("web", Http(), clock, chance=lambda: 0.5) as client,
    ):
        answer = await client.send(read(server.url), nothing)
    assert (answer.status, answer.content) == (200, b"{}")
    assert (clock.now() - START).total_seconds() == pytest.approx(0.05 + 0.1)


async def test_a_short_retry_after_is_waited_out() -> None:
    clock = FakeClock(START)
    throttled = web.Response(status=429, headers={"Retry-After": "3"})
    async with (
        StubServer(throttled, web.json_response({})) as server,
        HttpClient("web", Http(), clock, chance=lambda: 0.0) as client,
    ):
        assert (await client.send(read(server.url), nothing)).good
    assert (clock.now() - START).total_seconds() == 3


async def test_a_long_retry_after_is_left_to_the_caller() -> None:
    clock = FakeClock(START)
    async with (
        StubServer(web.Response(status=429, headers={"Retry-After": "60"})) as server,
        HttpClient("web", Http(), clock, chance=lambda: 0.0) as client,
    ):
        answer = await client.send(read(server.url), nothing)
    assert (answer.status, answer.retry_after) == (429, 60.0)
    assert clock.now() == START


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("Tue, 24 Nov 2026 08:01:30 GMT", 90.0),
        ("Tue, 24 Nov 2026 07:00:00 GMT", 0.0),
        ("999999", LONGEST_RETRY_AFTER_SECONDS),
        ("soon", None),
    ],
)
async def test_retry_after_comes_as_a_date_or_as_seconds_and_is_capped(header: str, seconds: float | None) -> None:
    async with (
        StubServer(web.Response(status=429, headers={"Retry-After": header})) as server,
        HttpClient("web", Http(), FakeClock(START), chance=lambda: 0.0) as client,
    ):
        assert (await client.send(write(server.url), nothing)).retry_after == seconds


async def test_a_read_gives_back_the_last_answer_after_the_configured_tries() -> None:
    async with (
        StubServer(*[web.Response(status=502) for _ in range(9)]) as server,
        HttpClient("web", Http(read_retries=3), FakeClock(START), chance=lambda: 0.0) as client,
    ):
        assert (await client.send(read(server.url), nothing)).status == 502
    assert len(server.seen) == 4


@pytest.mark.parametrize("status", [200, 302, 400, 429, 500, 503])
async def test_a_mutation_is_sent_once_whatever_is_answered(status: int) -> None:
    answers = [web.Response(status=status, headers={"Location": "/y", "Retry-After": "0"}) for _ in range(3)]
    async with (
        StubServer(*answers) as server,
        HttpClient("web", Http(read_retries=3), FakeClock(START), chance=lambda: 0.0) as client,
    ):
        assert (await client.send(write(server.url), nothing)).status == status
    assert len(server.seen) == 1


async def test_every_try_is_authorised_anew() -> None:
    tries: list[str] = []

    async def authorise(_request: Request) -> Mapping[str, str]:
        tries.append("sign")
        return {"Authorization": f"try {len(tries)}"}

    async with (
        StubServer(web.Response(status=500), web.json_response({})) as server,
        HttpClient("web", Http(), FakeClock(START), chance=lambda: 0.0) as client,
    ):
        await client.send(read(server.url), authorise)
    assert [seen.headers["Authorization"] for seen in server.seen] == ["try 1", "try 2"]


async def test_every_request_is_told_with_its_status_or_none() -> None:
    told: list[tuple[str, int | None]] = []

    def observe(operation: str, status: int | None, seconds: float) -> None:
        assert seconds >= 0
        told.append((operation, status))

    async with (
        StubServer(web.Response(status=500), web.json_response({})) as server,
        HttpClient("web", Http(), FakeClock(START), chance=lambda: 0.0, observe=observe) as client,
    ):
        await client.send(read(server.url), nothing)
    async with HttpClient("web", Http(read_retries=0), FakeClock(START), chance=lambda: 0.0, observe=observe) as gone:
        with pytest.raises(Exception, match="no connection"):
            await gone.send(read(server.url), nothing)
    assert told == [("read", 500), ("read", 200), ("read", None)]


async def test_an_url_leaves_byte_for_byte_and_json_is_asked_for() -> None:
    async with (
        StubServer(web.json_response({})) as server,
        HttpClient("web", Http(), FakeClock(START), chance=lambda: 0.0) as client,
    ):
        await client.send(Request("read", "SKU", "GET", f"{server.url}/P%2FA%20B%3D?a%5B0%5D=%2B%2C%20"), nothing)
    assert server.seen[0].raw_path == "/P%2FA%20B%3D?a%5B0%5D=%2B%2C%20"
    assert server.seen[0].headers["Accept"] == "application/json"


class Pulse:
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.paused = False

    def sent(self) -> None:
        self.told.append("sent")

    def answered(self) -> None:
        self.told.append("answered")

    def failed(self, reason: str, subject: str, *, down: bool) -> None:
        assert reason.startswith("web: ")
        assert subject == "order 42"
        self.told.append("down" if down else "failed")

    def throttled(self, retry_after: float | None) -> None:
        self.told.append(f"throttled {retry_after}")


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (200, ["answered"]),
        (302, ["down"]),
        (400, ["answered"]),
        (401, []),
        (403, []),
        (404, ["answered"]),
        (408, ["down"]),
        (429, ["throttled 7.0"]),
        (500, ["failed"]),
        (502, ["down"]),
        (503, ["down"]),
    ],
)
async def test_the_pulse_hears_what_each_answer_says_about_the_system(status: int, told: list[str]) -> None:
    pulse = Pulse()
    async with (
        StubServer(web.json_response({}, status=status, headers={"Retry-After": "7"})) as server,
        HttpClient("web", Http(), FakeClock(START), chance=lambda: 0.0, pulse=pulse) as client,
    ):
        await client.send(write(server.url), nothing)
    assert pulse.told == ["sent", *told]


@pytest.mark.parametrize("status", [200, 404])
async def test_a_page_instead_of_json_is_no_sign_of_health(status: int) -> None:
    pulse = Pulse()
    page = web.Response(text="<h1>Under construction</h1>", content_type="text/html", status=status)
    async with (
        StubServer(page) as server,
        HttpClient("web", Http(), FakeClock(START), chance=lambda: 0.0, pulse=pulse) as client,
    ):
        await client.send(read(server.url), nothing)
    assert pulse.told == ["sent", "down"]


async def test_the_pulse_hears_of_every_try_and_that_nobody_is_there() -> None:
    pulse = Pulse()
    async with HttpClient("web", Http(read_retries=2), FakeClock(START), chance=lambda: 0.0, pulse=pulse) as client:
        with pytest.raises(Unavailable):
            await client.send(read("http://127.0.0.1:9"), nothing)
    assert pulse.told == ["sent", "down"] * 3


async def test_a_read_is_not_tried_again_while_the_system_is_left_alone() -> None:
    pulse = Pulse()
    pulse.paused = True
    async with (
        StubServer(*[web.json_response({}, status=503) for _ in range(3)]) as server,
        HttpClient("web", Http(), FakeClock(START), chance=lambda: 0.0, pulse=pulse) as client,
    ):
        assert (await client.send(read(server.url), nothing)).status == 503
        with pytest.raises(Unavailable):
            await client.send(read("http://127.0.0.1:9"), nothing)
    assert pulse.told == ["sent", "down"] * 2


async def test_a_time_out_is_told_and_a_closed_client_is_not() -> None:
    pulse = Pulse()
    hanging = asyncio.Event()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await hanging.wait()
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    client = HttpClient("web", Http(timeout_seconds=0.1), FakeClock(START), chance=lambda: 0.0, pulse=pulse)
    with pytest.raises(OutcomeUnknown):
        await client.send(write(url), nothing)
    await client.close()
    with pytest.raises(Unavailable):
        await client.send(write(url), nothing)
    hanging.set()
    server.close()
    assert pulse.told == ["sent", "down"]


async def test_a_full_pool_is_our_own_trouble() -> None:
    pulse = Pulse()
    hanging = asyncio.Event()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await hanging.wait()
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    limits = Http(timeout_seconds=0.3, connections=1)
    async with HttpClient("web", limits, FakeClock(START), chance=lambda: 0.0, pulse=pulse) as client:
        first = asyncio.create_task(client.send(write(url), nothing))
        await asyncio.sleep(0.1)
        shorter = Request("write", "order 42", "POST", f"{url}/x", b"{}", began=client.begin() - 0.2)
        with pytest.raises(Transient, match="all 1 connections were taken") as caught:
            await client.send(shorter, nothing)
        assert caught.value.code == "pool"
        with pytest.raises(OutcomeUnknown):
            await first
    hanging.set()
    server.close()
    assert pulse.told == ["sent", "sent", "down"]
