"""Who may call the Heartland sandbox, and what it answers to what is no request of its own."""

from __future__ import annotations

import io
from pathlib import Path

import aiohttp
import pytest

from app.sandbox.faults import Fault, Rule
from app.sandbox.heartland.contract import the_contract
from app.sandbox.heartland.controller import GET_CONTRACT, HANDLERS, ISSUE_TOKEN
from tests.app.sandbox.heartland.account import CONTRACT, SKU, Account, SetClock, open_account, order


async def test_a_token_ends_when_it_said_it_would(account: Account, clock: SetClock) -> None:
    seconds = (await account.sign_in()).body["expires_in"]
    clock.advance(seconds - 1)
    assert (await account.call("GET", "/v1/orders")).status == 200
    clock.advance(1)
    answer = await account.call("GET", "/v1/orders")
    assert (answer.status, answer.body["error"]) == (401, "unauthorized")
    assert "expired" in answer.body["message"]
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    await account.sign_in()
    assert (await account.call("GET", "/v1/orders")).status == 200


async def test_a_new_token_leaves_the_older_one_good(account: Account) -> None:
    older = account.token
    await account.sign_in()
    account.token = older
    assert (await account.call("GET", "/v1/orders")).status == 200


async def test_a_missing_or_wrong_token_is_refused_before_anything_is_done(account: Account) -> None:
    for token in ("", "x"):
        account.token = token
        assert (await account.call("POST", "/v1/orders", order())).status == 401
    await account.sign_in()
    assert (await account.get("/v1/orders"))["total"] == 0


async def test_a_token_for_reading_does_not_write(account: Account) -> None:
    await account.sign_in(scope="read")
    answer = await account.call("POST", "/v1/orders", order())
    assert (answer.status, answer.body["error"]) == (403, "forbidden")
    assert (await account.call("GET", "/v1/orders")).status == 200
    lookup = await account.call("POST", "/v1/gift-cards/lookup", {"Number": "GIFT-0001"})
    assert lookup.status == 404


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "wrong"}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"scope": "admin"}, 400, "invalid_scope"),
        ({"audience": "x"}, 400, "invalid_request"),
    ],
)
async def test_a_wrong_token_request_is_refused(
    account: Account, form: dict[str, str], status: int, error: str
) -> None:
    answer = await account.sign_in(**form)
    assert (answer.status, answer.body["error"]) == (status, error)


async def test_client_credentials_may_come_as_http_basic_but_not_twice(account: Account) -> None:
    basic = {"Authorization": aiohttp.encode_basic_auth(*account.handle.credentials.values())}
    form = {"grant_type": "client_credentials"}
    url = f"{account.handle.url}/oauth/token"
    async with account.session.post(url, data=form, headers=basic) as response:
        assert response.status == 200
        assert response.headers["Cache-Control"] == "no-store"
    async with account.session.post(url, data=form | dict(account.handle.credentials), headers=basic) as response:
        assert (response.status, (await response.json())["error"]) == (400, "invalid_request")
    async with account.session.post(url, json=form) as response:
        assert response.status == 400


async def test_the_contract_is_served_to_anyone(account: Account) -> None:
    async with account.session.get(f"{account.handle.url}/v1/openapi.yaml") as response:
        assert response.status == 200
        assert await response.read() == CONTRACT


def test_every_operation_of_the_contract_has_its_handler_and_no_other() -> None:
    assert set(the_contract().operations) == {*HANDLERS, ISSUE_TOKEN, GET_CONTRACT}


async def test_what_is_no_route_is_said_so(account: Account) -> None:
    unknown = await account.call("GET", "/v1/tickets")
    assert (unknown.status, unknown.body["error"]) == (404, "not_found")
    wrong = await account.call("DELETE", "/v1/orders")
    assert (wrong.status, wrong.body["error"], wrong.headers["Allow"]) == (405, "method_not_allowed", "GET, POST")


async def test_a_body_that_is_no_json_object_is_refused(account: Account) -> None:
    headers = {"Authorization": f"Bearer {account.token}", "Content-Type": "application/json"}
    for content in (b"", b"{", b"[]", b"null", b'"x"', b'{"a": NaN}', b"\xff", io.BytesIO(b"x" * 2_000_000)):
        async with account.session.post(f"{account.handle.url}/v1/orders", data=content, headers=headers) as response:
            assert (response.status, (await response.json())["error"]) == (400, "invalid_request"), content
    headers["Content-Type"] = "text/plain"
    async with account.session.post(f"{account.handle.url}/v1/orders", data=b"{}", headers=headers) as response:
        assert response.status == 400


async def test_faults_speak_the_contracts_words_and_do_nothing(account: Account) -> None:
    account.handle.panel.replace([Rule(Fault.THROTTLE, every=1, limit=1, retry_after=2, operation="create_order")])
    answer = await account.call("POST", "/v1/orders", order())
    assert (answer.status, answer.body["error"], answer.headers["Retry-After"]) == (429, "rate_limited", "2")
    account.handle.panel.replace([Rule(Fault.ERROR_BEFORE, every=1, limit=1)])
    answer = await account.call("POST", "/v1/orders", order())
    assert (answer.status, answer.body["error"]) == (500, "internal_error")
    assert (await account.get("/v1/orders"))["total"] == 0


async def test_a_restart_keeps_everything_and_goes_on_in_time(tmp_path: Path, clock: SetClock) -> None:
    async with open_account(tmp_path, clock=clock) as account:
        first = await account.post("/v1/orders", order())
    clock.advance(-3600)
    async with open_account(tmp_path, clock=clock) as account:
        second = await account.post("/v1/orders", order())
        assert (await account.get("/v1/products"))["total"] == 20 + 1  # and the one that is sold in store only
        assert await account.level(SKU) == (222, 4, 218)
    assert int(second["OrderID"]) == int(first["OrderID"]) + 1
    assert second["UpdatedAt"] > first["UpdatedAt"]
