"""Opening every pair of systems that channels join, for a command that reads both, with progress for a person."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn

from app.clock import SystemClock
from app.handlers import engine_of
from app.kafka_clients import publisher_of
from app.reconcile.joint import Joint
from app.reconcile.repair import Repair
from app.settings import Settings
from app.store import Store
from app.systems import Systems
from streams.channels import Channels
from streams.metrics import Metrics


@dataclass(frozen=True, slots=True)
class Both:
    """Each pair of systems, and what a repair needs."""

    joints: Sequence[Joint]
    settings: Settings
    store: Store
    stack: AsyncExitStack

    async def repair(self) -> Repair:
        """Opened only where it is wanted: a comparison needs no Kafka."""
        publisher = publisher_of(self.settings.kafka, "tillstream-reconcile", Metrics())
        self.stack.push_async_callback(publisher.stop)
        return Repair(publisher, self.store.journal, self.store.applied, SystemClock())


@asynccontextmanager
async def opened(settings: Settings, progress: Progress, *, role: str) -> AsyncIterator[Both]:
    """Open them, and close them at the end. ``role`` is what PostgreSQL shows. Raises DocumentError."""
    clock, channels, engine = SystemClock(), Channels(settings.channels.values()), engine_of(settings)
    systems = Systems(settings, clock, Metrics())
    store = Store.open(settings.store.whole_url, role=role, clock=clock, connections=2)
    tasks: dict[str, TaskID] = {}

    def tell(what: str, rows: int) -> None:
        if what not in tasks:
            tasks[what] = progress.add_task(what, total=None)
        advance(progress, tasks[what], rows)

    async with AsyncExitStack() as stack:
        stack.push_async_callback(systems.close)
        stack.push_async_callback(store.close)
        pairs = dict.fromkeys((channel.web, channel.pos) for channel in settings.channels.values())
        joints = [
            Joint(web, pos, systems.webs[web], systems.points_of_sale[pos], channels, engine, store.links, tell)
            for web, pos in pairs
        ]
        yield Both(joints, settings, store, stack)


def progress_bar() -> Progress:
    """On standard error, so that what a command tells can go into a file."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)


def advance(progress: Progress, task: TaskID, done: int) -> None:
    """So many are done."""
    progress.update(task, completed=done)
