"""The Magento sandbox, composed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from aiohttp import web

from app.sandbox.catalogue import catalogue
from app.sandbox.database import Database
from app.sandbox.magento import (
    attributes,
    bulk,
    carts,
    creditmemos,
    customer_carts,
    customers,
    directory,
    document_comments,
    gift_card_accounts,
    invoices,
    media,
    orders,
    pickup,
    placing,
    prices,
    product_rows,
    products,
    shipments,
    source_items,
    stock,
    stock_items,
    stocks,
    stores,
    tier_prices,
    transactions,
    variants,
)
from app.sandbox.magento.errors import could_not_save, internal_error
from app.sandbox.magento.oauth import Credentials, OAuthVerifier
from app.sandbox.magento.routing import FrontController
from app.sandbox.magento.shop import Shop, utc_now
from app.sandbox.magento.switches import switch_routes
from app.sandbox.magento.tables import LAGGING_TABLES, SCHEMA
from app.sandbox.server import SandboxHandle, SandboxOptions, forgetting, random_secret, serve
from app.sandbox.striking import fault_middleware, open_panel
from app.sandbox.webhooks import WebhookSender, new_secret

CREDENTIAL_NAMES = ("consumer_key", "consumer_secret", "access_token", "access_token_secret", "bearer_token")
GIFT_CARDS = 50
GIFT_CARD_BALANCE = "1000000.00"
"""Seeded gift cards (``GIFT-001`` ...) outlast any demo."""

ROUTES = (
    *orders.ROUTES,
    *invoices.ROUTES,
    *shipments.ROUTES,
    *creditmemos.ROUTES,
    *transactions.ROUTES,
    *gift_card_accounts.ROUTES,
    *document_comments.ROUTES,
    *pickup.ROUTES,
    *customers.ROUTES,
    *bulk.ROUTES,
    *directory.ROUTES,
    *products.ROUTES,
    *attributes.ROUTES,
    *media.ROUTES,
    *variants.ROUTES,
    *prices.ROUTES,
    *tier_prices.ROUTES,
    *stock_items.ROUTES,
    *source_items.ROUTES,
    *stock.ROUTES,
    *stocks.ROUTES,
    *stores.ROUTES,
    *carts.ROUTES,
    *placing.ROUTES,
    *customer_carts.ROUTES,
)


async def start(
    options: SandboxOptions,
    *,
    denied_resources: frozenset[str] = frozenset(),
    clock: Callable[[], datetime] = utc_now,
) -> SandboxHandle:
    """Start a Magento in this event loop.

    Args:
        options: see there.
        denied_resources: ACL resources that the integration lacks.
        clock: the shop's time; signatures are checked against it too.
    """
    database = Database(options.database, SCHEMA)
    panel = open_panel(database, options.seed)
    sender = WebhookSender(database, panel)
    secret = options.webhook_secret or new_secret()
    with database.transaction() as connection:
        shop = Shop(connection, sender, options.edition, clock, options.size.premises)
        _seed(shop, options)
        if options.webhook_template is not None:
            sender.subscribe(connection, options.webhook_template, secret)
    credentials = make_credentials(options.credentials)
    controller = FrontController(
        database,
        shop,
        ROUTES,
        OAuthVerifier(
            Credentials(**credentials),
            clock=lambda: clock().timestamp(),
        ),
        bearer_token=credentials["bearer_token"],
        denied=denied_resources,
    )
    application = web.Application(
        middlewares=[fault_middleware(panel, controller.name_call, _refuse)], client_max_size=16 * 1024 * 1024
    )
    application.router.add_route("*", "/rest/{path:.*}", controller.answer)
    application.add_routes(switch_routes(database))
    application.cleanup_ctx.append(forgetting(database, LAGGING_TABLES))
    return await serve(
        application,
        options,
        database=database,
        panel=panel,
        sender=sender,
        credentials=credentials,
        webhook_secret=secret if options.webhook_template is not None else "",
    )


def make_credentials(given: Mapping[str, str]) -> dict[str, str]:
    """The integration's secrets: those given, the others at random."""
    return {name: given.get(name) or random_secret() for name in CREDENTIAL_NAMES}


def _seed(shop: Shop, options: SandboxOptions) -> None:
    """Fill an empty shop; one that has goods keeps what it has."""
    if shop.one("SELECT 1 FROM products") is not None:
        return
    stocks.seed_links(shop)
    attributes.seed_options(shop)
    product_rows.seed_products(shop, catalogue(options.seed, options.skus, shop.premises.locations))
    shop.connection.executemany(
        "INSERT INTO gift_cards(code, balance) VALUES (?, ?)",
        [(f"GIFT-{index:03d}", GIFT_CARD_BALANCE) for index in range(1, GIFT_CARDS + 1)],
    )


def _refuse(status: int, operation: str) -> web.Response:
    """The body of a fault: a plain one for 429, else Magento's own; a 400 is opaque."""
    if status == 429:  # noqa: PLR2004 - Too Many Requests
        return web.json_response({"message": "Too Many Requests"}, status=status)
    if status == 400:  # noqa: PLR2004 - Bad Request
        return web.json_response(could_not_save(operation).body(), status=status)
    return web.json_response(internal_error().body(), status=status)
