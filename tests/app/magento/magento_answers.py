"""A Magento that is told what it has: answers by method and path, and what was asked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from app.systems import Web
from tests.app.magento.magento_contract import check_request
from tests.app.magento.magento_stub import stubbed
from tests.app.stub_server import Seen

Answers = Mapping[str, Any]
"""By ``GET /V1/orders/42``: the JSON, a response, or a list of them, of which the last one stays."""
OPAQUE = "Could not save {}, see error log for details"


def refusal(message: str, status: int = 400) -> web.Response:
    return web.json_response({"message": message}, status=status)


def rows(*items: object) -> dict[str, object]:
    return {"items": list(items), "total_count": len(items)}


class Asked:
    """What was asked, each held to Magento's routes."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []

    @property
    def sent(self) -> list[tuple[str, Any]]:
        """Mutations with their bodies; a POST that only reads is none."""
        mutations = (one for one in self.seen if one.method != "GET" and "-information" not in one.raw_path)
        return [(_called(one), one.body) for one in mutations]


def _called(seen: Seen) -> str:
    return f"{seen.method} {seen.raw_path.partition('?')[0].removeprefix('/rest')}"


@asynccontextmanager
async def magento(answers: Answers, *, legacy: bool = False) -> AsyncIterator[tuple[Web, Asked]]:
    asked, left = Asked(), {name: list(one) if isinstance(one, list) else [one] for name, one in answers.items()}

    def answer(seen: Seen) -> web.Response:
        check_request(seen)
        asked.seen.append(seen)
        name = _called(seen).replace(" /all/", " /")
        found = left.get(name, [refusal(f"the test has no answer to {name}", 404)])
        one = found.pop(0) if len(found) > 1 else found[0]
        return web.json_response(one) if not isinstance(one, web.Response) else _copied(one)

    async with stubbed(answer=answer) as (_, client):
        yield Web.through(client, legacy=legacy), asked


def _copied(response: web.Response) -> web.Response:
    return web.Response(body=response.body, status=response.status, content_type="application/json")
