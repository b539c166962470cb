"""From an HTTP request to a handler and back, with everything Magento's REST front controller refuses on the way."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, unquote

import orjson
from aiohttp import web

from app.sandbox import faults
from app.sandbox.database import Database
from app.sandbox.magento.errors import CRASHED, CrashError, RestError, unauthorised
from app.sandbox.magento.fields import trim_answer
from app.sandbox.magento.oauth import OAuthVerifier, Signed
from app.sandbox.magento.shop import Call, Json, Shop
from app.sandbox.magento.switches import Switch, is_on
from app.sandbox.mutations import log_mutation
from app.sandbox.striking import list_lag

Handler = Callable[[Shop, Call], Any]

ANONYMOUS = "anonymous"
COMMERCE = "commerce"
JSON_TYPES = ("*/*", "application/*", "application/json")
PATH = re.compile(r"^/rest(?:/([A-Za-z_]\w*))?/V1(/.*)$")
CAPPED_PAGE = 50
"""Rows of a page, while `Switch.PAGES_CAPPED` is on."""
METHODS = ("GET", "POST", "PUT", "DELETE")


@dataclass(frozen=True, slots=True)
class Route:
    """One route.

    Attributes:
        method, template: as in Magento's route list, ``/V1/orders/:id``.
        resource: ACL resource that the caller needs, or ``anonymous``.
        handler: answers it; its name is the operation's.
        lists: a list read.
        edition: ``commerce`` if Open Source does not have it.
    """

    method: str
    template: str
    resource: str
    handler: Handler
    lists: bool = False
    edition: str = ""

    @property
    def operation(self) -> str:
        """Name of the operation: the handler's."""
        return self.handler.__name__


@dataclass(frozen=True, slots=True)
class Match:
    """A route found for a path, with its parameters."""

    route: Route
    params: dict[str, str]


class Router:
    """Finds routes by method and undecoded path; segments are decoded one by one, so that %2F stays in a SKU."""

    def __init__(self, routes: Sequence[Route], edition: str) -> None:
        self._routes: dict[tuple[str, int], list[tuple[tuple[str, ...], Route]]] = {}
        for route in routes:
            if route.edition in ("", edition):
                parts = _parts(route.template.removeprefix("/V1"))
                self._routes.setdefault((route.method, len(parts)), []).append((parts, route))
        for candidates in self._routes.values():
            candidates.sort(key=lambda candidate: sum(part.startswith(":") for part in candidate[0]))

    def match(self, method: str, raw_path: str) -> Match | None:
        """The route of a request path ``/rest/<store>/V1/...``, the most literal one first."""
        found = PATH.match(raw_path)
        if found is None:
            return None
        parts = _parts(found[2])
        for template, route in self._routes.get((method, len(parts)), []):
            params = _bind(template, parts)
            if params is not None:
                return Match(route, params)
        return None


def _parts(path: str) -> tuple[str, ...]:
    return tuple(path.strip("/").split("/"))


def _bind(template: tuple[str, ...], parts: tuple[str, ...]) -> dict[str, str] | None:
    params: dict[str, str] = {}
    for expected, part in zip(template, parts, strict=True):
        if expected.startswith(":"):
            params[expected[1:]] = unquote(part)
        elif expected != part:
            return None
    return params


class FrontController:
    """Answers every REST request: store code, route, Accept, rights, body, handler, mutation log, trimming."""

    def __init__(
        self,
        database: Database,
        shop: Shop,
        routes: Sequence[Route],
        verifier: OAuthVerifier,
        *,
        bearer_token: str,
        denied: frozenset[str] = frozenset(),
    ) -> None:
        self._database = database
        self._shop = shop
        self._router = Router(routes, shop.edition)
        self._verifier = verifier
        self._bearer = f"Bearer {bearer_token}"
        self._denied = denied

    def name_call(self, request: web.Request) -> faults.Call | None:
        """What the fault panel calls the request."""
        match = self._router.match(request.method, request.raw_path.partition("?")[0])
        return faults.Call(match.route.operation, lists=match.route.lists) if match else None

    async def answer(self, request: web.Request) -> web.Response:
        """Answer one request."""
        content = await request.read()
        try:
            return self._answer(request, content)
        except RestError as error:
            return _json(error.body(), error.status)
        except CrashError:
            return web.Response(text=CRASHED, status=500)

    def _answer(self, request: web.Request, content: bytes) -> web.Response:
        raw_path, _, raw_query = request.raw_path.partition("?")
        if not _accepts_json(request.headers.get("Accept", "")):
            return web.Response(text="<html><body>Error</body></html>", status=500, content_type="text/html")
        if request.method not in METHODS:
            raise RestError(405, f"The {request.method} HTTP method is not supported.")
        store = self._read_store(raw_path)
        match = self._router.match(request.method, raw_path)
        if match is None:
            raise RestError(404, "Request does not match any route.")
        self._authorise(request, match.route, raw_path, raw_query)
        query = parse_qsl(raw_query, keep_blank_values=True)
        self._check_page(query)
        may = partial(self._may, request)
        call = Call(params=match.params, store=store, query=query, lag=list_lag(request), may=may)
        if request.method == "GET":
            result = match.route.handler(self._shop, call)
        else:
            result = self._change(request, match.route, call, content)
        fields = dict(query).get("fields")
        return _json(trim_answer(result, fields) if fields else result, 200)

    def _check_page(self, query: Sequence[tuple[str, str]]) -> None:
        """Where input is limited, a page has a largest size."""
        size = dict(query).get("searchCriteria[pageSize]", "")
        if size.isdigit() and int(size) > CAPPED_PAGE and is_on(self._shop.connection, Switch.PAGES_CAPPED):
            raise RestError(400, "Maximum SearchCriteria pageSize is %max", {"max": CAPPED_PAGE})

    def _read_store(self, raw_path: str) -> str:
        """The path's store code; empty if it has none."""
        found = PATH.match(raw_path)
        code = (found[1] if found else None) or ""
        if code not in ("", "all", *self._shop.premises.store_ids):
            raise RestError(400, "Specified request cannot be processed.")
        return code

    def _authorise(self, request: web.Request, route: Route, raw_path: str, raw_query: str) -> None:
        header = request.headers.get("Authorization", "")
        if header.startswith("OAuth "):
            base_url = f"{request.scheme}://{request.headers.get('Host', '')}"
            self._verifier.verify(header, Signed(request.method, base_url, raw_path, raw_query))
        if route.resource == ANONYMOUS:
            return
        if not self._may(request, route.resource):
            raise unauthorised(route.resource)

    def _may(self, request: web.Request, resource: str) -> bool:
        header = request.headers.get("Authorization", "")
        known = header.startswith("OAuth ") or header == self._bearer
        return known and resource not in self._denied

    def _change(self, request: web.Request, route: Route, call: Call, content: bytes) -> Any:
        """Run a changing handler in one transaction with its line in the mutation log."""
        log = partial(log_mutation, method=request.method, path=request.path, operation=route.operation, body=content)
        try:
            call.body = _read_body(request, content)
            with self._database.transaction() as connection:
                result = route.handler(self._shop, call)
                log(connection, resource_key=call.resource_key, status=200)
        except (RestError, CrashError) as error:
            status = error.status if isinstance(error, RestError) else 500
            with self._database.transaction() as connection:
                log(connection, resource_key=call.resource_key, status=status)
            raise
        if call.refusal is not None:
            raise call.refusal
        return result


def _accepts_json(accept: str) -> bool:
    kinds = [part.partition(";")[0].strip() for part in accept.split(",")]
    return not accept or any(kind in JSON_TYPES for kind in kinds)


def _read_body(request: web.Request, content: bytes) -> Json:
    if not content:
        return {}
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip()
    if not kind:
        raise RestError(400, "Content-Type header is empty.")
    if kind != "application/json":
        raise RestError(400, f"Server cannot understand Content-Type HTTP header media type {kind}")
    try:
        body = orjson.loads(content)
    except ValueError:
        raise RestError(400, "Decoding error.") from None
    if not isinstance(body, dict):
        raise RestError(400, "Decoding error.")
    return body


def _json(body: Any, status: int) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json", charset="utf-8")
