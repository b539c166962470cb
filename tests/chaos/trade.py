"""What the shop does while it is struck: the demo's trade at a modest pace, and goods that only ever come in."""

from __future__ import annotations

import asyncio
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import aiohttp

from app.demo import programs
from app.demo.databases import read_only
from app.demo.deeds import DeedsFile
from app.demo.door import Door
from app.demo.options import DemoOptions
from app.demo.programs import LOCATION, WEB
from app.demo.rest import RestError
from app.demo.staff import Premises, open_shop
from app.sandbox.catalogue import catalogue
from tests.chaos.world import World

COUNTERS = 3
"""Goods of which the shop only receives: a quantity in the web store that falls is an old one."""
RECEIVED_EVERY = 0.5
"""Seconds between two goods received, of all counters together."""


def counters(options: DemoOptions) -> list[str]:
    """The SKUs of which the shop only receives."""
    goods = catalogue(options.seed, options.skus)
    return [item.sku for item in goods if item.kind == "simple"][-COUNTERS:]


class Trade:
    """The shop of one run."""

    def __init__(self, world: World, options: DemoOptions, deeds: DeedsFile, *, seed: int) -> None:
        self._world = world
        self._options = options
        cast = world.cast
        door = Door(world.session, f"{cast.url('ingress')}/webhooks/{WEB}", cast.signing[WEB])
        addresses = cast.url("magento"), cast.url("heartland")
        premises = Premises(world.session, *addresses, cast.credentials, door.send)
        self._till = premises.till()
        self._counters = counters(options)
        self.shop = open_shop(premises, options, deeds, seed=seed, without=self._counters)

    async def run(self, stop: asyncio.Event, *, mistakes: bool) -> None:
        """Trade until ``stop``."""
        await asyncio.gather(
            self.shop.trade(
                stop,
                orders_per_second=self._options.orders_per_second,
                changes_per_second=self._options.changes_per_second,
                mistakes=mistakes,
            ),
            self._receive(stop),
        )

    async def _receive(self, stop: asyncio.Event) -> None:
        """Goods come in, one unit at a time."""
        books = programs.books_of(self._world.directory)
        on_hand = {sku: _on_hand(books.heartland, sku) for sku in self._counters}
        while not stop.is_set():
            for sku in self._counters:
                on_hand[sku] += 1
                try:
                    await self._till.count(sku, LOCATION, on_hand[sku])
                except (RestError, aiohttp.ClientError, TimeoutError) as error:
                    self.shop.tally.problems.append(str(error))
                await asyncio.sleep(RECEIVED_EVERY)


def _on_hand(path: Path, sku: str) -> int:
    with closing(read_only(path)) as connection:
        sql = "SELECT on_hand FROM inventory WHERE sku = ? AND location_id = ?"
        return int(Decimal(connection.execute(sql, (sku, LOCATION)).fetchone()[0]))
