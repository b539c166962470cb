"""From an HTTP request to a handler and back, with everything that the API refuses on the way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

import orjson
from aiohttp import web

from app.sandbox import faults
from app.sandbox.database import Database
from app.sandbox.heartland import customers, gift_cards, inventory, orders, payments, products, receivers, reports
from app.sandbox.heartland.account import Account, Call, Created
from app.sandbox.heartland.contract import Contract, Match, Operation
from app.sandbox.heartland.errors import ApiError, bad_request
from app.sandbox.heartland.tokens import TokenError, Tokens
from app.sandbox.heartland.values import dump
from app.sandbox.mutations import log_mutation
from app.sandbox.striking import list_lag

Handler = Callable[[Account, Call], Any]

MODULES = (orders, payments, customers, products, inventory, reports, receivers, gift_cards)
HANDLERS: Mapping[str, Handler] = {handler.__name__: handler for module in MODULES for handler in module.HANDLERS}

ISSUE_TOKEN, GET_CONTRACT = "issue_token", "get_contract"
OK, CREATED, NO_CONTENT = 200, 201, 204


class Controller:
    """Answers every request by the contract: route, token, query, body, handler, mutation log."""

    def __init__(self, contract: Contract, database: Database, account: Account, tokens: Tokens) -> None:
        self._contract = contract
        self._database = database
        self._account = account
        self._tokens = tokens

    def name_call(self, request: web.Request) -> faults.Call | None:
        """What the fault panel calls the request; nothing strikes the document itself."""
        try:
            operation = self._contract.match(request.method, _path(request)).operation
        except ApiError:
            return None
        return None if operation.name == GET_CONTRACT else faults.Call(operation.name, lists=operation.lists)

    async def answer(self, request: web.Request) -> web.Response:
        """Answer one request."""
        try:
            return await self._answer(request)
        except ApiError as error:
            return json_answer(error.body(), error.status, error.headers)
        except TokenError as error:
            headers = {"WWW-Authenticate": "Basic"} if error.status == 401 else {}  # noqa: PLR2004 - Unauthorized
            return json_answer(error.body(), error.status, headers)

    async def _answer(self, request: web.Request) -> web.Response:
        match = self._contract.match(request.method, _path(request))
        operation = match.operation
        if operation.name == GET_CONTRACT:
            return web.Response(body=self._contract.source, content_type="application/yaml", charset="utf-8")
        content = await _content(request)
        authorization = request.headers.get("Authorization", "")
        if operation.name == ISSUE_TOKEN:
            return self._issue_token(request, operation, content, authorization)
        self._tokens.check(authorization, "write" if operation.changes else "read")
        operation.read_path(match.params)
        call = Call(match.params, operation.read_query(_pairs(request)), lag=list_lag(request))
        if operation.changes:
            return self._change(request, match, call, content)
        call.body = operation.read_body(_json(request, content)) if operation.body else {}
        return _success(HANDLERS[operation.name](self._account, call))

    def _issue_token(
        self, request: web.Request, operation: Operation, content: bytes, authorization: str
    ) -> web.Response:
        assert operation.body is not None  # noqa: S101 - the document gives it a form
        token = self._tokens.issue(request.headers.get("Content-Type", ""), authorization, content, operation.body)
        return json_answer(token, OK, {"Cache-Control": "no-store"})

    def _change(self, request: web.Request, match: Match, call: Call, content: bytes) -> web.Response:
        """Run a changing handler in one transaction with its line in the mutation log."""
        operation = match.operation
        log = partial(log_mutation, method=request.method, path=request.path, operation=operation.name, body=content)
        call.resource_key = next(iter(match.params.values()), "")
        try:
            body = _json(request, content) if operation.body else {}
            if isinstance(body, dict) and not match.params:
                call.resource_key = str(body.get("ExternalID") or body.get("SKU") or "")
            call.body = operation.read_body(body)
            call.now = self._account.tick()
            with self._database.transaction() as connection:
                response = _success(HANDLERS[operation.name](self._account, call))
                log(connection, resource_key=call.resource_key, status=response.status)
        except ApiError as error:
            with self._database.transaction() as connection:
                log(connection, resource_key=call.resource_key, status=error.status)
            raise
        return response


def json_answer(document: object, status: int, headers: Mapping[str, str] | None = None) -> web.Response:
    """A JSON answer."""
    return web.Response(body=dump(document), status=status, headers=headers, content_type="application/json")


def _success(result: Any) -> web.Response:
    if result is None:
        return web.Response(status=NO_CONTENT)
    if isinstance(result, Created):
        return json_answer(result.document, CREATED, {"Location": result.location})
    return json_answer(result, OK)


def _path(request: web.Request) -> str:
    return request.raw_path.partition("?")[0]


async def _content(request: web.Request) -> bytes:
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise bad_request("The body is too large") from None


def _pairs(request: web.Request) -> list[tuple[str, str]]:
    raw_query = request.raw_path.partition("?")[2]
    try:
        return parse_qsl(raw_query, keep_blank_values=True, errors="strict")
    except ValueError:
        raise bad_request("The query is not UTF-8") from None


def _json(request: web.Request, content: bytes) -> Any:
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise bad_request("The body must be application/json")
    try:
        return orjson.loads(content)
    except ValueError:
        raise bad_request("The body is not JSON") from None
