"""A client of the Heartland sandbox for its tests. Every answer is checked against the contract on the way."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import aiohttp
import orjson
import yaml
from jsonschema import Draft202012Validator, FormatChecker

from app.sandbox.heartland.account import utc_now
from app.sandbox.heartland.server import start
from app.sandbox.server import SandboxHandle, SandboxOptions
from app.sandbox.webhooks import Retries

CONTRACT = Path("schemas/heartland/openapi.yaml").read_bytes()
DOCUMENT: dict[str, Any] = yaml.safe_load(CONTRACT)
VALIDATORS: dict[str, Draft202012Validator] = {}

SKU, OTHER_SKU = "SKU-00002", "SKU-00007"

Json = dict[str, Any]
Level = tuple[Decimal | int, Decimal | int, Decimal | int]
"""On hand, committed, available; a test writes whole ones plainly."""


@dataclass(slots=True)
class SetClock:
    """The account's time, moved by the test."""

    now: datetime = datetime(2026, 8, 31, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer."""

    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def details(self) -> dict[str, str]:
        """Of a refusal."""
        details: dict[str, str] = self.body["details"]
        return details


class Account:
    """Calls the sandbox as a client does."""

    def __init__(self, handle: SandboxHandle, session: aiohttp.ClientSession) -> None:
        self.handle = handle
        self.session = session
        self.token = ""

    async def sign_in(self, **form: str) -> Answer:
        """Ask for a token and use it from now on."""
        fields = {"grant_type": "client_credentials", **self.handle.credentials, **form}
        async with self.session.post(f"{self.handle.url}/oauth/token", data=fields) as response:
            answer = Answer(response.status, response.headers, orjson.loads(await response.read()))
        check("post", "/oauth/token", answer)
        self.token = answer.body.get("access_token", self.token)
        return answer

    async def call(self, method: str, path: str, body: object = None, query: Any = ()) -> Answer:
        """Ask anything; the answer keeps to the contract."""
        url = f"{self.handle.url}{path}?{urlencode(query, quote_via=quote)}".rstrip("?")
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        async with self.session.request(method, url, json=body, headers=headers) as response:
            content = await response.read()
            answer = Answer(response.status, response.headers, orjson.loads(content) if content else None)
        check(method.lower(), path, answer)
        return answer

    async def get(self, path: str, *pairs: tuple[str, Any], **query: Any) -> Any:
        """The body of a GET that must succeed."""
        answer = await self.call("GET", path, query=[*pairs, *query.items()])
        assert answer.status == 200, answer
        return answer.body

    async def post(self, path: str, body: object) -> Any:
        """The body of a POST that must create something."""
        answer = await self.call("POST", path, body)
        assert answer.status == 201, answer
        assert answer.headers["Location"].startswith(path)
        return answer.body

    async def put(self, path: str, body: object) -> Any:
        """The body of a PUT that must succeed."""
        answer = await self.call("PUT", path, body)
        assert answer.status == 200, answer
        return answer.body

    async def refused(self, method: str, path: str, body: object) -> dict[str, str]:
        """The details of a call that must be refused as wrong."""
        answer = await self.call(method, path, body)
        assert answer.status == 400, answer
        return answer.details

    async def level(self, sku: str = SKU, location: str = "MAIN") -> Level:
        """On hand, committed, available."""
        page = await self.get("/v1/inventory", sku=sku, location_id=location)
        (row,) = page["results"]
        on_hand, committed, available = (Decimal(str(row[name])) for name in ("OnHand", "Committed", "Available"))
        return on_hand, committed, available


def order(*lines: Json, **fields: Any) -> Json:
    """The body of an order whose lines are all that is charged; nothing is paid unless ``fields`` says so."""
    chosen = lines or ({"SKU": SKU, "Quantity": 2, "Price": 10},)
    total = sum(line["Price"] * line["Quantity"] for line in chosen)
    return {
        "OrderDate": "2026-08-31T10:00:00+02:00",
        "TotalAmount": total,
        "Currency": "USD",
        "LocationID": "MAIN",
        "LineItems": list(chosen),
        "BalanceDue": total,
        **fields,
    }


@asynccontextmanager
async def open_account(
    directory: Path, *, clock: Callable[[], datetime] = utc_now, retries: Retries | None = None, **options: Any
) -> AsyncIterator[Account]:
    """A running sandbox and a client that is signed in."""
    settings = SandboxOptions(database=directory / "heartland.sqlite", skus=20, **options)
    handle = await start(settings, clock=clock, retries=retries)
    try:
        async with aiohttp.ClientSession() as session:
            account = Account(handle, session)
            await account.sign_in()
            yield account
    finally:
        await handle.stop()


def check(method: str, path: str, answer: Answer) -> None:
    """Hold an answer to the contract: its status is documented, its body has the documented shape."""
    template = _template(method, path)
    if template is None:
        assert answer.status in (404, 405), f"{path} is not in the contract, but answered {answer.status}"
        return
    responses = DOCUMENT["paths"][template][method]["responses"]
    assert str(answer.status) in responses, f"{method} {template} answered {answer.status}: {answer.body}"
    response = responses[str(answer.status)]
    if "$ref" in response:
        response = DOCUMENT["components"]["responses"][response["$ref"].rpartition("/")[2]]
    content = response.get("content")
    if content is None:
        assert answer.body is None
        return
    validate(answer.body, content["application/json"]["schema"])


def validate(value: object, schema: Json) -> None:
    """Raise if a value does not have the shape of one of the document's schemas."""
    key = orjson.dumps(schema).decode()
    if key not in VALIDATORS:
        whole = {**schema, "components": DOCUMENT["components"]}
        VALIDATORS[key] = Draft202012Validator(whole, format_checker=FormatChecker())
    VALIDATORS[key].validate(value)


def _template(method: str, path: str) -> str | None:
    parts = path.split("/")
    fits = [
        template
        for template, item in DOCUMENT["paths"].items()
        if method in item
        and len(template.split("/")) == len(parts)
        and all(t.startswith("{") or t == p for t, p in zip(template.split("/"), parts, strict=True))
    ]
    return min(fits, key=lambda template: template.count("{"), default=None)
