"""All ports on one database."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.store.agreements import SqlAgreements
from app.store.applied import SqlApplied
from app.store.checks import SqlChecks
from app.store.cursors import SqlCursors
from app.store.cutovers import SqlCutovers
from app.store.desk import HeldDesk
from app.store.engine import Database, engine_for
from app.store.guards import SqlGuards
from app.store.held import SqlHeld
from app.store.journal import SqlJournal
from app.store.leases import SqlLeases
from app.store.ledger import SqlLedger
from app.store.links import SqlLinks
from app.store.migrations import head, upgrade
from app.store.oversells import SqlOversells
from app.store.receipts import Receipts
from app.store.registrations import SqlRegistrations
from app.store.stops import SqlStops
from app.store.writes import SqlOpenWrites
from app.store.written_stock import SqlWrittenStock
from streams.errors import Unavailable
from streams.ports import Clock

MIGRATION_SECONDS = 600
"""How long a migration, or waiting for another process's, may take."""


async def migrate(url: str) -> None:
    """Bring the database to this version's tables; several roles may do so at once.

    Raises:
        Unavailable: see `app.store.engine.Database.connection`.
    """
    engine = engine_for(url, role="migrate", connections=1, statement_seconds=MIGRATION_SECONDS)
    database = Database(engine)
    try:
        async with database.connection() as connection:
            await connection.execution_options(isolation_level="READ COMMITTED")
            await connection.run_sync(upgrade)
    finally:
        await database.close()


@dataclass(frozen=True, slots=True)
class Store:
    """One process's way to the durable facts. Make it with `open` or `on`; `close` it at the end."""

    database: Database
    links: SqlLinks
    agreements: SqlAgreements
    applied: SqlApplied
    writes: SqlOpenWrites
    ledger: SqlLedger
    held: SqlHeld
    desk: HeldDesk
    journal: SqlJournal
    cursors: SqlCursors
    cutovers: SqlCutovers
    leases: SqlLeases
    receipts: Receipts
    registrations: SqlRegistrations
    stops: SqlStops
    guards: SqlGuards
    written_stock: SqlWrittenStock
    oversells: SqlOversells
    checks: SqlChecks

    @classmethod
    def open(cls, url: str, *, role: str, clock: Clock, connections: int = 10) -> Store:
        """A store at ``url``; it connects when it is first used.

        Args:
            url: ``postgresql://user:password@host:port/database``.
            role: who connects, for PostgreSQL's list of activities.
            clock: stamps what is held and linked.
            connections: most connections at a time.
        """
        return cls.on(engine_for(url, role=role, connections=connections), clock)

    @classmethod
    def on(cls, engine: AsyncEngine, clock: Clock) -> Store:
        """A store on an engine that `engine_for` made."""
        database = Database(engine)
        return cls(
            database=database,
            links=SqlLinks(database, clock),
            agreements=SqlAgreements(database),
            applied=SqlApplied(database),
            writes=SqlOpenWrites(database),
            ledger=SqlLedger(database, clock),
            held=SqlHeld(database, clock),
            desk=HeldDesk(database, clock),
            journal=SqlJournal(database),
            cursors=SqlCursors(database),
            cutovers=SqlCutovers(database, clock),
            leases=SqlLeases(database, clock),
            receipts=Receipts(database),
            registrations=SqlRegistrations(database, clock),
            stops=SqlStops(database, clock),
            guards=SqlGuards(database, clock),
            written_stock=SqlWrittenStock(database, clock),
            oversells=SqlOversells(database),
            checks=SqlChecks(database),
        )

    async def ping(self) -> None:
        """Return if the database answers and has this version's tables; readiness asks.

        Raises:
            Unavailable: see `app.store.engine.Database.connection`.
        """
        async with self.database.connection() as connection:
            found = (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar()
        if found is None or found < head():
            raise Unavailable(
                f"the store {self.database.name} has the tables of version {found}, this program needs {head()}: "
                "run `tillstream store migrate`, or start a role of this version, which does it too",
                code="store_not_migrated",
            )

    async def close(self) -> None:
        """Write what callers still wait for, and let the connections go."""
        for port in (self.links, self.applied, self.writes, self.ledger, self.journal):
            await port.close()
        await self.database.close()
