"""Tokens: one for all calls, renewed in time, by one request, and replaced when they are refused."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from urllib.parse import parse_qs

import pytest
from aiohttp import web

from app.heartland.oauth import MARGIN_SECONDS, HeldToken
from app.heartland.orders import HeartlandOrders
from app.heartland.reader import HeartlandReader
from app.http import SEND_SECONDS, Request
from streams.errors import AuthFailed, Throttled, Transient, Unavailable
from tests.app.heartland.heartland_contract import check_request
from tests.app.heartland.heartland_stub import Stubbed, order, refusal, stubbed, token
from tests.app.stub_server import Seen
from tests.twins.clock import START

UNAUTHORISED = ("unauthorized", "The token is wrong")


def good(_seen: Seen) -> web.Response:
    return web.json_response(order())


async def read(stub: Stubbed) -> bytes | None:
    return await HeartlandReader(stub.client).read("order", "17")


async def change(stub: Stubbed) -> None:
    await HeartlandOrders(stub.client).fulfil_order("17")


async def test_a_token_is_asked_for_once_and_shown_on_every_call() -> None:
    async with stubbed(answer=good) as stub:
        for _ in range(3):
            await read(stub)
    assert len(stub.token_requests) == 1
    assert {seen.headers["Authorization"] for seen in stub.calls} == {"Bearer t1"}


async def test_client_credentials_travel_in_a_form() -> None:
    async with stubbed(answer=good) as stub:
        await read(stub)
    assert check_request(stub.token_requests[0]) == "issue_token"
    assert parse_qs(stub.token_requests[0].content.decode()) == {
        "grant_type": ["client_credentials"],
        "client_id": ["client"],
        "client_secret": ["word"],
    }


async def test_many_callers_share_one_request_for_a_token() -> None:
    async with stubbed(answer=good) as stub:
        await asyncio.gather(*(read(stub) for _ in range(10)))
    assert len(stub.token_requests) == 1


async def test_a_caller_that_goes_away_does_not_take_the_token_of_the_others_with_it() -> None:
    async with stubbed(answer=good) as stub:
        first = asyncio.create_task(read(stub))
        second = asyncio.create_task(read(stub))
        await asyncio.sleep(0)
        first.cancel()
        assert await second is not None
    assert len(stub.token_requests) == 1


async def test_a_mutation_that_waited_too_long_for_its_token_is_not_sent_and_the_next_one_has_it() -> None:
    passed = 0.0

    def slow(number: int) -> web.Response:
        nonlocal passed
        passed += SEND_SECONDS
        return token(number)

    async with stubbed(answer=good, tokens=slow, monotonic=lambda: passed) as stub:
        with pytest.raises(Transient, match="pos: fulfil_order for order 17 was not sent") as caught:
            await change(stub)
        assert (caught.value.code, stub.calls) == ("late", [])
        await change(stub)
    assert [seen.method for seen in stub.calls] == ["PUT"]
    assert len(stub.token_requests) == 1


async def test_a_token_is_renewed_before_it_expires() -> None:
    async with stubbed(answer=good, tokens=lambda number: token(number, expires_in=3600)) as stub:
        await read(stub)
        stub.clock.move(3600 - MARGIN_SECONDS - 1)
        await read(stub)
        stub.clock.move(2)
        await read(stub)
    assert [seen.headers["Authorization"] for seen in stub.calls] == ["Bearer t1", "Bearer t1", "Bearer t2"]


async def test_the_end_of_each_token_is_told_and_a_failed_renewal_tells_none() -> None:
    def tokens(number: int) -> web.Response:
        return token(number) if number < 3 else web.Response(status=503)

    async with stubbed(answer=good, tokens=tokens) as stub:
        await read(stub)
        for seconds in (3550, 3550):
            stub.clock.move(seconds)
            await read(stub)
    assert stub.token_ends == [START + timedelta(seconds=3600), START + timedelta(seconds=3550 + 3600)]


async def test_a_short_lived_token_is_still_used() -> None:
    async with stubbed(answer=good, tokens=lambda number: token(number, expires_in=10)) as stub:
        await read(stub)
        stub.clock.move(8)
        await read(stub)
        stub.clock.move(1)
        await read(stub)
    assert len(stub.token_requests) == 2


async def test_a_failed_renewal_matters_only_when_the_token_has_expired() -> None:
    def tokens(number: int) -> web.Response:
        return token(number) if number == 1 else web.Response(status=503)

    async with stubbed(answer=good, tokens=tokens) as stub:
        await read(stub)
        stub.clock.move(3590)
        assert await read(stub) is not None
        stub.clock.move(11)
        with pytest.raises(Unavailable, match="pos: token for client client"):
            await read(stub)


@pytest.mark.parametrize("status", [400, 401])
async def test_refused_credentials_stop_everything_and_say_why(status: int) -> None:
    body = {"error": "invalid_client", "error_description": "unknown client"}
    async with stubbed(tokens=lambda _: web.json_response(body, status=status)) as stub:
        with pytest.raises(AuthFailed, match=r"refused as invalid_client: unknown client\. Check client_id") as caught:
            await read(stub)
    assert "word" not in str(caught.value)
    assert stub.calls == []


async def test_a_refusal_in_other_words_is_told_as_it_stands() -> None:
    page = web.Response(status=401, text="<h1>Go away</h1>", content_type="text/html")
    async with stubbed(tokens=lambda _: page) as stub:
        with pytest.raises(AuthFailed, match="the answer is 401 'Go away'"):
            await read(stub)


async def test_closing_ends_a_request_for_a_token_that_is_under_way() -> None:
    async with stubbed(answer=good) as stub:
        waiting = asyncio.create_task(read(stub))
        await asyncio.sleep(0)
        await stub.client.close()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    assert stub.calls == []


def test_neither_token_nor_secret_is_in_what_is_printed() -> None:
    request = Request("token", "client", "POST", "https://x", b"client_secret=word")
    assert "word" not in repr(request)
    assert "t1" not in repr(HeldToken("t1", START, START))


async def test_a_throttled_token_request_waits_as_told() -> None:
    limited = web.json_response({}, status=429, headers={"Retry-After": "9"})
    async with stubbed(tokens=lambda _: limited) as stub:
        with pytest.raises(Throttled) as caught:
            await read(stub)
    assert caught.value.retry_after == 9


async def test_an_answer_without_a_token_is_a_wrong_address() -> None:
    async with stubbed(tokens=lambda _: web.json_response({"hello": 1})) as stub:
        with pytest.raises(Unavailable, match="no access_token"):
            await read(stub)


async def test_a_read_whose_token_was_refused_goes_again_with_a_new_one() -> None:
    answers = [web.json_response(order()), refusal(401, *UNAUTHORISED), web.json_response(order())]
    async with stubbed(*answers) as stub:
        await read(stub)
        assert await read(stub) is not None
    assert [seen.headers["Authorization"] for seen in stub.calls] == ["Bearer t1", "Bearer t1", "Bearer t2"]


async def test_a_mutation_whose_token_was_refused_was_not_done_and_is_not_repeated_here() -> None:
    answers = [web.json_response(order()), refusal(401, *UNAUTHORISED), web.json_response(order())]
    async with stubbed(*answers) as stub:
        await read(stub)
        with pytest.raises(Transient, match="was not done, the token had expired"):
            await change(stub)
        assert [seen.method for seen in stub.calls] == ["GET", "PUT"]
        await change(stub)
    assert stub.calls[-1].headers["Authorization"] == "Bearer t2"


async def test_a_token_that_never_worked_is_a_matter_for_a_person() -> None:
    async with stubbed(answer=lambda _: refusal(401, *UNAUTHORISED)) as stub:
        with pytest.raises(AuthFailed, match="just issued is refused"):
            await change(stub)
        with pytest.raises(AuthFailed, match="just issued is refused"):
            await read(stub)


async def test_after_a_refused_token_the_next_try_asks_for_another() -> None:
    async with stubbed(refusal(401, *UNAUTHORISED), web.json_response(order())) as stub:
        with pytest.raises(AuthFailed):
            await change(stub)
        await change(stub)
    assert [seen.headers["Authorization"] for seen in stub.calls] == ["Bearer t1", "Bearer t2"]


async def test_a_read_that_is_refused_with_the_new_token_too_is_a_matter_for_a_person() -> None:
    answers = [web.json_response(order()), refusal(401, *UNAUTHORISED), refusal(401, *UNAUTHORISED)]
    async with stubbed(*answers) as stub:
        await read(stub)
        with pytest.raises(AuthFailed):
            await read(stub)
    assert len(stub.token_requests) == 2


async def test_many_refused_calls_replace_the_token_once() -> None:
    def stale(seen: Seen) -> web.Response:
        first = seen.headers["Authorization"] == "Bearer t1" and len(stub.calls) > 1
        return refusal(401, *UNAUTHORISED) if first else web.json_response(order())

    async with stubbed(answer=stale) as stub:
        await read(stub)
        await asyncio.gather(*(read(stub) for _ in range(8)))
    assert len(stub.token_requests) == 2
