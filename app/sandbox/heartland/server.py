"""The Heartland sandbox, composed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from aiohttp import web

from app.sandbox.catalogue import POS_ONLY, catalogue, sellable
from app.sandbox.database import Database
from app.sandbox.faults import Fault
from app.sandbox.heartland.account import Account, utc_now
from app.sandbox.heartland.back_office import back_office_route
from app.sandbox.heartland.contract import the_contract
from app.sandbox.heartland.controller import Controller, json_answer
from app.sandbox.heartland.customers import seed_web_guest
from app.sandbox.heartland.errors import fault
from app.sandbox.heartland.products import seed_products
from app.sandbox.heartland.receivers import register
from app.sandbox.heartland.tables import COLUMNS, SCHEMA
from app.sandbox.heartland.tokens import SCOPES, Tokens
from app.sandbox.server import SandboxHandle, SandboxOptions, forgetting, random_secret, serve
from app.sandbox.striking import fault_middleware, open_panel
from app.sandbox.webhooks import Retries, WebhookSender, new_secret

TOKEN_SECONDS = 300
LARGEST_BODY = 1024 * 1024
LONGEST_LINE = 128 * 1024
"""A hundred SKUs of 64 characters, percent-encoded, fit into a query."""

ANYTHING = r"[\s\S]*"
"""A newline too: the contract says what is no route, not aiohttp."""

TOLD_FROM_THE_START = ["order.created", "order.updated", "inventory.updated"]
"""What the receiver named at the start is told; others choose their events at POST /v1/webhooks."""


async def start(
    options: SandboxOptions,
    *,
    token_seconds: int = TOKEN_SECONDS,
    scopes: frozenset[str] = frozenset(SCOPES),
    clock: Callable[[], datetime] = utc_now,
    retries: Retries | None = None,
) -> SandboxHandle:
    """Start a Heartland account in this event loop.

    Args:
        options: see there; its credentials are ``client_id`` and ``client_secret``.
        token_seconds: how long an access token is good.
        scopes: what the client may do.
        clock: the account's time; tokens end by it.
        retries: how often and how fast webhooks are sent again.
    """
    contract = the_contract()
    database = Database(options.database, SCHEMA)
    panel = open_panel(database, options.seed, lacks=frozenset({Fault.OPAQUE}))
    sender = WebhookSender(database, panel, retries=retries)
    secret = options.webhook_secret or new_secret()
    with database.transaction() as connection:
        account = Account(connection, sender, clock, options.size.premises.locations)
        account.resume()
        _seed(account, options)
        if options.webhook_template is not None:
            wanted = {"URL": options.webhook_template, "Events": TOLD_FROM_THE_START}
            register(account, wanted, secret, account.tick())
    credentials = {name: options.credentials.get(name) or random_secret() for name in ("client_id", "client_secret")}
    tokens = Tokens(**credentials, seconds=token_seconds, scopes=scopes, clock=lambda: clock().timestamp())
    controller = Controller(contract, database, account, tokens)
    application = web.Application(
        middlewares=[fault_middleware(panel, controller.name_call, _refuse)], client_max_size=LARGEST_BODY
    )
    for first in ("v1", "oauth"):
        application.router.add_route("*", f"/{first}/{{path:{ANYTHING}}}", controller.answer)
    application.add_routes([back_office_route(database, account)])
    application.cleanup_ctx.append(forgetting(database, tuple(COLUMNS)))
    return await serve(
        application,
        options,
        database=database,
        panel=panel,
        sender=sender,
        credentials=credentials,
        webhook_secret=secret if options.webhook_template is not None else "",
        longest_line=LONGEST_LINE,
    )


def _seed(account: Account, options: SandboxOptions) -> None:
    """Fill an empty account; one that has goods keeps what it has."""
    if account.one("SELECT 1 FROM products") is not None:
        return
    goods = catalogue(options.seed, options.skus, account.locations)
    seed_products(account, [*sellable(goods), POS_ONLY])
    seed_web_guest(account)


def _refuse(status: int, _operation: str) -> web.Response:
    return json_answer(fault(status).body(), status)
