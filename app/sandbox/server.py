"""Serving a sandbox: its options, its address, and the handle by which tests and the demo hold it."""

from __future__ import annotations

import asyncio
import secrets
import string
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import orjson
from aiohttp import web

from app.sandbox.database import Database
from app.sandbox.faults import FaultPanel
from app.sandbox.lag import LONGEST_LAG_SECONDS, forget_past
from app.sandbox.premises import Size
from app.sandbox.striking import panel_routes
from app.sandbox.webhooks import WebhookSender

ALPHABET = string.ascii_lowercase + string.digits
SECRET_LENGTH = 32
LONGEST_LINE = 8190
"""Bytes of a request's first line, path and query in it, that web servers usually take."""


@dataclass(frozen=True, slots=True)
class SandboxOptions:
    """What a sandbox is started with.

    Attributes:
        database: path of the SQLite file; made, seeded and kept if it exists already.
        host, port: where to listen; port 0 takes a free one.
        skus: sellable SKUs in the catalogue.
        seed: of the catalogue and of the faults' phases.
        size: how many locations, websites and stocks; the same for both sandboxes of a shop, and at every start on
            one file.
        edition: of the Magento sandbox; only ``commerce`` has gift cards.
        webhook_url: where events go; ``{entity}`` in it is replaced, and added at the end if it is not there. None
            sends no webhooks.
        webhook_secret: signs them; made at random if None.
        credentials: the client's credentials by name, each system's own; what is missing is made at random.
        credentials_file: written with the address and all secrets (readable by the owner only), for the demo and
            for clients in other processes.
    """

    database: Path
    host: str = "127.0.0.1"
    port: int = 0
    skus: int = 2_000
    seed: int = 1
    size: Size = Size.SMALL
    edition: Literal["open-source", "commerce"] = "commerce"
    webhook_url: str | None = None
    webhook_secret: str | None = None
    credentials: Mapping[str, str] = field(default_factory=dict)
    credentials_file: Path | None = None

    @property
    def webhook_template(self) -> str | None:
        """The webhook URL with its ``{entity}``."""
        if self.webhook_url is None or "{entity}" in self.webhook_url:
            return self.webhook_url
        return f"{self.webhook_url.rstrip('/')}/{{entity}}"


@dataclass(frozen=True, slots=True)
class SandboxHandle:
    """A running sandbox.

    Attributes:
        url: base address, without a slash at the end.
        database: the SQLite file, for the auditor.
        credentials: what a client needs, by name.
        webhook_secret: signs the webhooks; empty if none are sent.
        panel: the fault panel, for tests in the same process.
        sender: the webhook sender, for tests in the same process.
    """

    url: str
    database: Path
    credentials: Mapping[str, str]
    webhook_secret: str
    panel: FaultPanel
    sender: WebhookSender
    stop: Callable[[], Awaitable[None]]


def random_secret() -> str:
    """32 random characters, the length of Magento's keys and tokens."""
    return "".join(secrets.choice(ALPHABET) for _ in range(SECRET_LENGTH))


async def serve(
    application: web.Application,
    options: SandboxOptions,
    *,
    database: Database,
    panel: FaultPanel,
    sender: WebhookSender,
    credentials: Mapping[str, str],
    webhook_secret: str,
    longest_line: int = LONGEST_LINE,
) -> SandboxHandle:
    """Add the panel and ``/healthz`` to the application and listen. Stopping closes the database too."""
    application.add_routes([*panel_routes(panel), web.get("/healthz", _health)])
    runner = web.AppRunner(
        application, access_log=None, handle_signals=False, shutdown_timeout=1.0, max_line_size=longest_line
    )
    await runner.setup()
    site = web.TCPSite(runner, options.host, options.port)
    await site.start()
    await sender.start()
    address = runner.addresses[0]
    url = f"http://{address[0]}:{address[1]}"

    async def stop() -> None:
        await runner.cleanup()
        await sender.stop()
        database.close()

    if options.credentials_file is not None:
        _write_credentials(options.credentials_file, url, credentials, webhook_secret)
    return SandboxHandle(url, options.database, credentials, webhook_secret, panel, sender, stop)


def forgetting(database: Database, tables: Sequence[str]) -> Callable[[web.Application], AsyncIterator[None]]:
    """For an application's ``cleanup_ctx``: drop the tables' replaced rows from time to time."""

    async def forget() -> None:
        while True:
            await asyncio.sleep(LONGEST_LAG_SECONDS)
            with database.transaction() as connection:
                for table in tables:
                    forget_past(connection, table)

    async def context(_application: web.Application) -> AsyncIterator[None]:
        task = asyncio.create_task(forget())
        yield
        task.cancel()

    return context


async def _health(_request: web.Request) -> web.Response:
    return web.Response(text='{"status": "ok"}', content_type="application/json")


def _write_credentials(path: Path, url: str, credentials: Mapping[str, str], webhook_secret: str) -> None:
    document = {"url": url, **credentials, "webhook_secret": webhook_secret}
    path.touch(mode=0o600, exist_ok=True)
    path.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2))
