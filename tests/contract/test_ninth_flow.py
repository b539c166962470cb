"""A flow of the shop's own: the files that the README shows, to a receiver over HTTP."""

from __future__ import annotations

import re
from pathlib import Path

from aiohttp import web as aiohttp_web
from pydantic import SecretStr

from app.clock import SystemClock
from app.connections import WebhookConnection
from app.webhook.client import WebhookReceiver
from tests.app.stub_server import Seen, StubServer
from tests.contract.customers import in_web, shopper
from tests.contract.pipe import Pipe
from tests.contract.systems import PosSystem, WebSystem

README = Path(__file__).parents[2] / "README.md"


def files_of_the_readme(directory: Path) -> Path:
    """The YAML files that the README shows, each under the name in its first line."""
    blocks = re.findall(r"```yaml\n# (\S+)\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert [name for name, _ in blocks] == ["customer_to_crm.yaml", "crm.customer.out.yaml"]
    directory.mkdir()
    for name, text in blocks:
        (directory / name).write_text(text, encoding="utf-8")
    return directory


async def test_customers_go_to_any_receiver_by_two_yaml_files(
    web: WebSystem, pos: PosSystem, tmp_path: Path, email: str
) -> None:
    def taken(_seen: Seen) -> aiohttp_web.Response:
        return aiohttp_web.Response(status=204)

    async with StubServer(answer=taken) as crm:
        settings = WebhookConnection(base_url=crm.url, secret=SecretStr("a secret of the test"))
        async with WebhookReceiver("crm", settings, SystemClock()) as receiver:
            pipe = Pipe(web, pos, files_of_the_readme(tmp_path / "flows"), receivers={"crm": receiver})
            account = await shopper(pipe, email)
            for _ in range(2):
                await pipe.changed("web", "customer", account)
            await in_web(pipe, account, email=email, firstname="Anne", lastname="Webb", website_id=1)
            await pipe.changed("web", "customer", account)
    assert pipe.failed == []
    assert [event.body for event in crm.seen] == [
        {"email": email, "name": f"{first} Webb", "city": "Austin", "source_system": "tillstream"}
        for first in ("Ann", "Anne")
    ]
    first, second = (event.headers["webhook-id"] for event in crm.seen)
    assert first != second
