"""``make footprint``: does a shop fit into docker/production's machine? Its memory and processor time, role by role.

Every role runs with the settings of docker/production beside a real Kafka (its heap) and PostgreSQL (its memory); both
sandboxes have 30,000 SKUs in six locations and do not count. First the whole stock is read, as it is every day, then
the shop trades at the rate of 500 orders a day, then at that of its peak hour. What does not run here (Prometheus,
Grafana and so on) counts with its limit. Exit code 1 if a process came past its limit.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import secrets
import shutil
import sys
import tempfile
import time
import tomllib
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import aiohttp
from rich.console import Console
from rich.table import Table

from app.demo import programs
from app.demo.customers import goods_of
from app.demo.opening import open_shop
from app.demo.options import DemoOptions
from app.demo.processes import Processes, Program
from app.demo.programs import POS, WEB, Addresses
from app.demo.rest import Rest
from app.demo.theatre import DemoFailed, until_ready
from app.demo.watch import scrape
from app.demo.web_store import Shopper, WebStore
from app.kafka_admin import create_topics
from app.local import kafka_java
from app.local.ports import free_ports
from app.local.postgres import start_postgres
from app.local.prerequisites import java_command
from app.sandbox.catalogue import catalogue
from app.sandbox.premises import Size
from app.settings import KafkaSettings
from app.store import migrate
from tests.bench.resources import MEGABYTE, Meter
from tests.docker.composed import ONE_AT_A_TIME, ROLES, limits, services

SKUS = 30_000
ORDERS_A_DAY = 500
PEAK_SHARE = 0.2
"""Of a day's orders in its busiest hour."""
MACHINE_MEGABYTES = 4096
READY_SECONDS = 240.0
SETTLED_SECONDS = 20.0
"""The stock counts as read when every SKU had an outcome, nothing lags, and no worker had work for so long."""
LONGEST_SECONDS = 900.0
LIMITS = limits("production")
"""Megabytes."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What runs: its process ids, the status pages of the roles, and a way to buy."""

    pids: Mapping[str, int]
    roles: Mapping[str, str]
    magento: str
    token: str


@asynccontextmanager
async def stage(directory: Path, console: Console) -> AsyncIterator[Stage]:
    """Start everything; end everything on the way out."""
    options = DemoOptions(directory=directory, skus=SKUS)
    heap = re.findall(r"-Xmx(\w+)", services("production")["kafka"]["environment"]["KAFKA_HEAP_OPTS"])[0]
    async with AsyncExitStack() as stack:
        java, maven = java_command(os.environ), shutil.which("mvn")
        if java is None or maven is None:
            raise SystemExit("Java 17 and Maven are needed: `make prerequisites` says how to install them")
        jars = kafka_java.fetch_jars(maven, say=console.print)
        kafka, servers = kafka_java.start_broker(
            java, jars, directory / "kafka", port=None, ready_seconds=60, heap=heap
        )
        stack.callback(kafka.stop)
        postgres = start_postgres(directory / "postgres")
        stack.callback(postgres.stop)
        await migrate(postgres.url)
        await create_topics(KafkaSettings(bootstrap_servers=servers, replication_factor=1, min_insync_replicas=1))
        await open_shop(postgres.url)
        processes = Processes(directory, {**os.environ, "MALLOC_ARENA_MAX": "2"})
        stack.push_async_callback(processes.stop)
        magento, heartland, ingress = (f"http://127.0.0.1:{port}" for port in free_ports(3))
        addresses = Addresses(servers, postgres.url, magento, heartland, ingress)
        opened_by = {system: programs.credentials(system) for system in programs.SYSTEMS}
        signing = {name: secrets.token_hex(24) for name in (WEB, POS)}
        for system, url, name in (("magento", magento, WEB), ("heartland", heartland, POS)):
            made = programs.sandbox_program(
                system, options, url=url, ingress=ingress, opened_by=opened_by[system], signing=signing[name]
            )
            processes.start(replace(made, arguments=(*made.arguments, "--size", Size.LARGE.value)))
        await until_ready(processes, {"magento": magento, "heartland": heartland}, "healthz", READY_SECONDS)
        config = programs.write_settings(directory, settings_text(addresses, opened_by, signing))
        roles = start_roles(processes, programs.role_programs(options, addresses, config))
        await until_ready(processes, roles, "readyz", READY_SECONDS)
        pids = {"kafka": kafka.popen.pid, "postgres": postgres.pid, **{name: processes.pids[name] for name in ROLES}}
        yield Stage(pids, roles, magento, opened_by["magento"]["bearer_token"])


def settings_text(addresses: Addresses, opened_by: Mapping[str, Mapping[str, str]], signing: Mapping[str, str]) -> str:
    """The demo's settings with production's polling, and two websites with three locations each."""
    tree = tomllib.loads(programs.settings_toml(addresses, opened_by, signing))
    tree["polling"] = {"first_poll_rows": 10 * SKUS}
    sources = dict(Size.LARGE.premises.sources)
    first = dict(list(sources.items())[:3])
    main = {**tree["channels"]["main"], "sources": first, "fulfilment": {}}
    outlet = {**main, "store_id": 4, "website_id": 2, "prefix": "X-", "location": "STORE4"}
    outlet["sources"] = {place: source for place, source in sources.items() if place not in first}
    tree["channels"] = {"main": main, "outlet": outlet}
    return programs.toml(tree)


def start_roles(processes: Processes, wanted: list[tuple[Program, int]]) -> dict[str, str]:
    """Start each; the address of its status page by name."""
    for program, _ in wanted:
        processes.start(program)
    return {program.name: f"http://127.0.0.1:{port}" for program, port in wanted}


# -- Phases ------------------------------------------------------------------------------------------------------


async def until_stock_is_read(meter: Meter, roles: Mapping[str, str]) -> None:
    """Until every SKU is through, or the longest time is over."""
    begin = last = time.monotonic()
    done = -1.0
    async with aiohttp.ClientSession() as session:
        while time.monotonic() - last < SETTLED_SECONDS and time.monotonic() - begin < LONGEST_SECONDS:
            await asyncio.sleep(1)
            meter.look()
            told = await scrape(session, roles)
            now = told.total("tillstream_outcomes_total")
            if now != done or now < SKUS or told.total("tillstream_lag_records"):
                done, last = now, time.monotonic()


async def trade(meter: Meter, shop: Stage, orders_an_hour: float, seconds: float) -> int:
    """Place orders at that rate. Returns how many."""
    chance = random.Random(1)
    shelves = [item for item in goods_of(list(catalogue(1, SKUS))) if item.kind == "simple"]
    end, placed = time.monotonic() + seconds, 0
    async with aiohttp.ClientSession() as session:
        guest = Rest(session, shop.magento)
        web = WebStore(guest, guest.with_headers({"Authorization": f"Bearer {shop.token}"}))
        next_order = time.monotonic()
        while time.monotonic() < end:
            if time.monotonic() >= next_order:
                items = [item.cart_item for item in chance.sample(shelves, 3)]
                await web.place(items, Shopper(f"guest{placed}@example.com"), method="checkmo")
                placed += 1
                next_order += 3600 / orders_an_hour
            await asyncio.sleep(1)
            meter.look()
    return placed


def proportional_bytes(pid: int) -> int:
    """Memory of a process and its children, what they share counted once (Linux)."""
    total = 0
    for directory in Path("/proc").iterdir():
        if not directory.name.isdigit():
            continue
        try:
            parent = (directory / "stat").read_text().rpartition(")")[2].split()[1]
            if str(pid) in {directory.name, parent}:
                found = re.search(r"^Pss:\s+(\d+)", (directory / "smaps_rollup").read_text(), re.MULTILINE)
                total += int(found[1]) * 1024 if found else 0
        except OSError:
            continue
    return total


# -- Report ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Phase:
    """What was measured of one phase: peaks in megabytes and cores by process."""

    name: str
    megabytes: Mapping[str, float]
    cores: Mapping[str, float]


def measured(name: str, meter: Meter, shop: Stage) -> Phase:
    """End a phase."""
    meter.stop()
    peak = {process: size / MEGABYTE for process, size in meter.peak.items()}
    peak["postgres"] = proportional_bytes(shop.pids["postgres"]) / MEGABYTE
    return Phase(name, peak, meter.cores())


def report(console: Console, phases: list[Phase]) -> int:
    """Print it. Returns 1 if a process came past its limit."""
    table = Table("process", *(f"{phase.name}: MB, % of a core" for phase in phases), "limit MB", box=None)
    over = []
    for process in phases[0].megabytes:
        peak = max(phase.megabytes[process] for phase in phases)
        if peak > LIMITS[process]:
            over.append(process)
        cells = (f"{phase.megabytes[process]:5.0f}  {phase.cores[process] * 100:5.1f}" for phase in phases)
        table.add_row(process, *cells, str(LIMITS[process]))
    sums = (f"{sum(p.megabytes.values()):5.0f}  {sum(p.cores.values()) * 100:5.1f}" for p in phases)
    table.add_row("together", *sums, str(sum(LIMITS[process] for process in phases[0].megabytes)))
    console.print(table)
    others = {name: limit for name, limit in LIMITS.items() if name not in phases[0].megabytes}
    beside = sum(limit for name, limit in others.items() if name not in ONE_AT_A_TIME)
    highest = max(sum(phase.megabytes.values()) for phase in phases)
    console.print(
        f"not run here, by their limits: {beside} MB; with the {highest:.0f} MB measured {beside + highest:.0f} of "
        f"{MACHINE_MEGABYTES} MB"
    )
    for process in over:
        console.print(f"{process} came past its limit in docker/production/compose.yaml: raise it")
    return int(bool(over))


async def run(seconds: float) -> int:
    """Measure all phases."""
    console = Console(highlight=False, soft_wrap=True)
    with tempfile.TemporaryDirectory() as directory:
        async with stage(Path(directory), console) as shop:
            phases = []
            meter = Meter(shop.pids, families=("postgres",))
            begin = time.monotonic()
            await until_stock_is_read(meter, shop.roles)
            console.print(f"{SKUS:,} SKUs in six locations are read after {time.monotonic() - begin:.0f} s")
            phases.append(measured("stock", meter, shop))
            rates = (("a day", ORDERS_A_DAY / 24), ("peak hour", ORDERS_A_DAY * PEAK_SHARE))
            for name, orders_an_hour in rates:
                meter = Meter(shop.pids, families=("postgres",))
                placed = await trade(meter, shop, orders_an_hour, seconds)
                console.print(f"{name}: {placed} orders in {seconds:.0f} s")
                phases.append(measured(name, meter, shop))
    return report(console, phases)


def main() -> int:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.footprint")
    parser.add_argument("--seconds", type=float, default=180.0, help="how long each rate is held")
    try:
        return asyncio.run(run(parser.parse_args().seconds))
    except DemoFailed as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    sys.exit(main())
