"""A whole shop in real processes (the demo's cast). Its roles are replaced and stopped while it trades, its store is
saved and put back by the programs that an operator uses, and its topics are lost."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import aiohttp
import asyncpg
from aiokafka.admin import AIOKafkaAdminClient
from rich.console import Console
from sqlalchemy import make_url

from app.demo import programs
from app.demo.audit.findings import Entity
from app.demo.audit.run import audit
from app.demo.balance import StoreView
from app.demo.door import Door
from app.demo.drain import UnderWay, under_way, until_quiet
from app.demo.options import DemoOptions
from app.demo.processes import Program
from app.demo.programs import WEB
from app.demo.shop import Shop
from app.demo.staff import Premises, open_shop
from app.demo.theatre import Theatre, theatre
from app.demo.watch import scrape, unready
from app.kafka_admin import create_topics
from app.local.postgres import programs_directory
from app.settings import KafkaSettings, Settings
from app.settings.load import load_settings
from streams.ports import HoldReason
from streams.topics import TOPICS
from tests.waiting import eventually

DRAIN_SECONDS = 240.0
TRADE = {"orders_per_second": 2.0, "changes_per_second": 1.0}


@dataclass
class DayTwo:
    """The shop, and what an operator does to it.

    Attributes:
        urls: status servers of the roles that run, by name.
        mistakes: whether the shop still has to make its mistakes.
    """

    options: DemoOptions
    theatre: Theatre
    session: aiohttp.ClientSession
    shop: Shop
    urls: dict[str, str]
    mistakes: bool = True

    # -- the shop ------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def trading(self) -> AsyncIterator[None]:
        """The shop trades until the block ends."""
        stop = asyncio.Event()
        trade = asyncio.create_task(self.shop.trade(stop, **TRADE, mistakes=self.mistakes))
        self.mistakes = False
        try:
            yield
        finally:
            stop.set()
            await trade

    async def traded(self, orders: int) -> None:
        """Wait until so many more orders were placed."""
        wanted = self.shop.tally.orders + orders
        await eventually(lambda: self.shop.tally.orders >= wanted)

    async def settled(self, *, forgetful: bool = False) -> None:
        """Wait until nothing is under way, then let the auditor compare both systems with what the shop did.

        Args:
            forgetful: the store is older than the shop. It does not know how all receipts ended, nor what both sides
                had agreed on: what a customer has changed since may come back, and who is linked to whom may be for a
                person to say, with the orders that need it. What is not there must wait for somebody then.
        """
        books, deadline = programs.books_of(self.options.directory), time.monotonic() + DRAIN_SECONDS
        async with StoreView.open(self.theatre.addresses.postgres) as view:

            async def look() -> UnderWay:
                found = await under_way(books, view, self.kafka)
                # what belongs to an order that waits for a person waits with it, for a link
                return replace(found, parked=await view.parked({HoldReason.TIME})) if forgetful else found

            async for left in until_quiet(look, 1.0):
                assert time.monotonic() < deadline, f"after {DRAIN_SECONDS:g} s still {left}"
            review = await view.review()
            balance = await view.balance(self.kafka, programs.WAY)
        found = audit(books, programs.deeds_of(self.options.directory).read())
        waits = [f"{item.subject}: {item.message}" for item in review]
        told = "\n".join([*map(str, found.entities.items()), *waits, str(balance.equations)])
        apart = [one for one in found.entities[Entity.CUSTOMERS].findings if one.verdict == "different"]
        asked = {item.subject for item in review}
        known = [one for one in found.findings if one in apart or (one.verdict != "doubled" and one.subject in asked)]
        assert found.findings == (known if forgetful else []), told
        assert balance.holds or forgetful, told

    # -- roles ---------------------------------------------------------------------------------------------------

    async def start(self, runs: Iterable[Program]) -> None:
        """Start these roles and wait until they are ready."""
        for program in runs:
            self.theatre.processes.start(program)
            self.urls[program.name] = f"http://127.0.0.1:{program.environment['TILLSTREAM_STATUS__PORT']}"

        async def ready() -> bool:
            return not await unready(self.session, self.urls, "readyz")

        await eventually(ready, seconds=120)

    async def end(self, *names: str) -> None:
        """Stop roles as a deployment does: by SIGTERM, and all of them at once."""
        await asyncio.gather(*(self.theatre.processes.end(name) for name in names))
        for name in names:
            del self.urls[name]

    def programs(self, suffix: str = "", module: str = "app.cli") -> list[Program]:
        """Every role once, under a name of its own, of the version that ``module`` is."""
        config = self.options.directory / "tillstream.toml"
        made = programs.role_programs(self.options, self.theatre.addresses, config)
        return [replace(program, name=f"{program.name}{suffix}", module=module) for program, _ in made]

    async def halted(self, role: str) -> float:
        """How many partitions of a role wait for a newer version."""
        return (await scrape(self.session, {role: self.urls[role]})).total("tillstream_partition_state")

    # -- what an operator uses -----------------------------------------------------------------------------------

    @property
    def kafka(self) -> KafkaSettings:
        servers = self.theatre.addresses.kafka
        return KafkaSettings(bootstrap_servers=servers, replication_factor=1, min_insync_replicas=1)

    @property
    def settings(self) -> Settings:
        return load_settings({"TILLSTREAM_CONFIG": str(self.options.directory / "tillstream.toml")})

    async def effects(self) -> Counter[str]:
        """How many create-once effects the ledger knows to be done, by operation."""
        connection = await asyncpg.connect(self.theatre.addresses.postgres)
        rows = await connection.fetch("SELECT operation, count(*) AS n FROM ledger WHERE state = 'done' GROUP BY 1")
        await connection.close()
        return Counter({row["operation"]: row["n"] for row in rows})

    async def did_more(self, than: Counter[str], *operations: str) -> None:
        """Wait until each of these was done again."""

        async def all_of_them() -> bool:
            now = await self.effects()
            return all(now[operation] > than[operation] for operation in operations)

        await eventually(all_of_them)

    async def save_store(self) -> Path:
        """The nightly backup."""
        file = self.options.directory / "tillstream.dump"
        await _postgres("pg_dump", "--format=custom", f"--file={file}", self.theatre.addresses.postgres)
        return file

    async def restore_store(self, file: Path) -> None:
        """A new database of that backup in place of the one that there is."""
        url = make_url(self.theatre.addresses.postgres)
        elsewhere = url.set(database="postgres").render_as_string(hide_password=False)
        name = str(url.database)
        await _postgres("dropdb", f"--maintenance-db={elsewhere}", "--force", name)
        await _postgres("createdb", f"--maintenance-db={elsewhere}", name)
        await _postgres("pg_restore", f"--dbname={self.theatre.addresses.postgres}", "--exit-on-error", str(file))

    async def lose_topics(self) -> None:
        """Every topic and every group's offsets go, as with the brokers' disks; then the topics are made anew."""
        names = [topic.name for topic in TOPICS]
        admin = AIOKafkaAdminClient(bootstrap_servers=self.kafka.bootstrap_servers)
        await admin.start()
        await admin.delete_topics(names)
        await admin.delete_topics(["__consumer_offsets"])

        async def gone() -> bool:
            return not {*names, "__consumer_offsets"} & set(await admin.list_topics())

        await eventually(gone)
        await admin.close()
        await create_topics(self.kafka)


async def _postgres(program: str, *arguments: str) -> None:
    command = [str(programs_directory() / program), *arguments]
    ended = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr


@asynccontextmanager
async def day_two(directory: Path) -> AsyncIterator[DayTwo]:
    """A shop that is ready to trade."""
    options = DemoOptions(directory=directory, skus=130)
    async with AsyncExitStack() as stack:
        running = await stack.enter_async_context(theatre(options, Console(quiet=True)))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        addresses = running.addresses
        door = Door(session, f"{addresses.ingress}/webhooks/{WEB}", running.secrets[WEB])
        premises = Premises(session, addresses.magento, addresses.heartland, running.credentials, door.send)
        shop = open_shop(premises, options, programs.deeds_of(directory), seed=1)
        yield DayTwo(options, running, session, shop, dict(running.roles))
