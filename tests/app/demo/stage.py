"""Both sandboxes in this process, and the demo's people at work in them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp

from app.demo import programs
from app.demo.accounts import Accounts
from app.demo.audit.books import Books
from app.demo.back_office import BackOffice
from app.demo.deeds import DeedsFile
from app.demo.options import DemoOptions
from app.demo.rest import Rest
from app.demo.shop import Shop
from app.demo.staff import Premises, open_shop
from app.demo.till import Till
from app.demo.web_store import WebOrder, WebStore
from app.sandbox.server import SandboxHandle
from tests.contract.systems import SKUS, PosSystem, WebSystem, heartland_sandbox, magento_sandbox


@dataclass(frozen=True)
class Stage:
    """A shop in both sandboxes.

    Attributes:
        web, pos: the sandboxes, and connectors to them.
        store: where customers buy.
        accounts: of customers.
        office: Magento's back office.
        till: of the point of sale.
    """

    web: WebSystem
    pos: PosSystem
    premises: Premises
    store: WebStore
    accounts: Accounts
    office: BackOffice
    till: Till
    deeds: DeedsFile
    shop: Shop

    @property
    def books(self) -> Books:
        """Where an auditor looks."""
        magento, heartland = handle_of(self.web), handle_of(self.pos)
        return replace(programs.books_of(Path()), magento=magento.database, heartland=heartland.database)

    async def enter(self, order: WebOrder) -> str:
        """The order is in the point of sale, paid in cash; its id there."""
        lines = [
            {"SKU": sku, "Quantity": float(quantity), "Price": float(price)} for sku, quantity, price in order.lines
        ]
        total = sum((quantity * price for _, quantity, price in order.lines), Decimal(0))
        draft = self.pos.draft(
            ExternalID=programs.PREFIX + order.number,
            LineItems=lines,
            TotalAmount=total,
            Tenders=[{"Type": "Cash", "Amount": total}],
            BalanceDue=Decimal(0),
        )
        return (await self.pos.orders.create_order(draft)).order_id


def handle_of(system: WebSystem | PosSystem) -> SandboxHandle:
    """The sandbox that it is."""
    assert system.faults.handle is not None
    return system.faults.handle


@asynccontextmanager
async def open_stage(directory: Path) -> AsyncIterator[Stage]:
    """Open the shop; nobody trades yet, and nothing carries news from one system to the other."""
    async with (
        magento_sandbox(directory) as web,
        heartland_sandbox(directory) as pos,
        aiohttp.ClientSession() as session,
    ):
        magento, heartland = handle_of(web), handle_of(pos)
        credentials = {"magento": magento.credentials, "heartland": heartland.credentials}
        premises = Premises(session, magento.url, heartland.url, credentials, _nobody)
        deeds = DeedsFile(directory / "shop.jsonl")
        guest = Rest(session, magento.url)
        office = guest.with_headers({"Authorization": f"Bearer {magento.credentials['bearer_token']}"})
        shop = open_shop(premises, DemoOptions(directory, skus=SKUS), deeds, seed=1)
        yield Stage(
            web=web,
            pos=pos,
            premises=premises,
            store=WebStore(guest, office),
            accounts=Accounts(guest, office),
            office=BackOffice(office),
            till=premises.till(),
            deeds=deeds,
            shop=shop,
        )


async def _nobody(_entity: str, _body: Mapping[str, Any]) -> str:
    """Nobody is at the door."""
    return "r0"
