"""The database as the ports see it: one pool, one round trip per statement, and the project's own errors."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import QueuePool

from app.store_address import StoreAddress
from streams.errors import Rejected, TillstreamError, Transient, Unavailable

Row = Mapping[str, Any]
Fetch = Callable[..., Awaitable[Sequence[Row]]]
"""Runs one statement with ``$1 …`` for values."""

CONNECT_SECONDS = 5.0
STATEMENT_SECONDS = 10.0
"""After this the server gives a statement up. The slowest of the pipeline takes some milliseconds."""
POOL_SECONDS = 10.0
"""How long a caller waits for a connection while all are in use."""


def engine_for(
    url: str, *, role: str, connections: int = 10, statement_seconds: float = STATEMENT_SECONDS
) -> AsyncEngine:
    """An engine with this project's time-outs.

    Args:
        url: ``postgresql://user:password@host:port/database``, with libpq's parameters for TLS.
        role: who connects, as PostgreSQL's ``application_name``.
        connections: most connections at a time.
        statement_seconds: after this the server gives a statement up.

    Raises:
        StoreAddressError: the URL cannot be used; the settings were checked for it.
    """
    address = StoreAddress.parse(url)
    milliseconds = str(int(statement_seconds * 1000))
    return create_async_engine(
        address.url,
        isolation_level="AUTOCOMMIT",  # every port call is one statement, which is a transaction by itself
        pool_size=connections,
        max_overflow=0,
        connect_args=address.connect_args()
        | {
            "timeout": CONNECT_SECONDS,
            "command_timeout": statement_seconds + 5,  # for a server that has stopped answering
            "server_settings": {
                "application_name": f"tillstream-{role}",
                "statement_timeout": milliseconds,
                "idle_in_transaction_session_timeout": milliseconds,
                "jit": "off",  # compiling a statement takes longer than running one of ours
            },
        },
    )


@dataclass(frozen=True, slots=True)
class _Lease:
    """A connection out of the engine's pool, and the driver's own connection below it."""

    connection: AsyncConnection
    driver: Any

    @property
    def usable(self) -> bool:
        """False if nobody knows what it would answer next."""
        return not (self.driver.is_closed() or self.driver.is_in_transaction())


class Database:
    """Runs statements on an engine's connections.

    Statements of the pipeline go straight to the driver, which prepares each once per connection, and connections stay
    out of SQLAlchemy's pool while they are in order: that is 130 µs of CPU a statement instead of 260 (measured). Who
    waits for a connection gets it in turn: the pool's own queue let some of 64 callers wait 100 ms and more.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        pool = engine.pool
        self._turns = asyncio.Semaphore(pool.size() if isinstance(pool, QueuePool) else 1)
        self._idle: list[_Lease] = []
        self._closed = False
        self.name = engine.url.render_as_string(hide_password=True).partition("://")[2]
        """User, host and database, for messages."""

    async def close(self) -> None:
        """Let all connections go; those in use are closed when they come back."""
        self._closed = True
        while self._idle:
            await self._idle.pop().connection.close()
        await self.engine.dispose()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[AsyncConnection]:
        """A connection in autocommit, for what SQLAlchemy runs. Errors inside become the project's own.

        Raises:
            Unavailable: the database cannot be reached, or went away.
            Transient: it gave the statement up and changed nothing.
            Rejected: it does not take the values.
        """
        async with self._lease() as lease:
            yield lease.connection
            await lease.connection.rollback()

    @asynccontextmanager
    async def _lease(self) -> AsyncIterator[_Lease]:
        """One connection, for one caller at a time; it is kept for the next unless it may be broken."""
        await self._turn()
        lease: _Lease | None = None
        try:
            lease = await self._connected()
            yield lease
        except BaseException as error:
            if lease is not None and not (isinstance(error, asyncpg.PostgresError) and lease.usable):
                await lease.connection.invalidate()
                await lease.connection.close()
                lease = None
            if isinstance(error, _ERRORS):
                raise self._translated(error) from error
            raise
        finally:
            if lease is not None and self._closed:
                await lease.connection.close()
            elif lease is not None:
                self._idle.append(lease)
            self._turns.release()

    async def _connected(self) -> _Lease:
        """The connection that was used last, or a new one if the server has closed all that lay idle."""
        while self._idle:
            lease = self._idle.pop()
            if lease.usable:
                return lease
            await lease.connection.invalidate()
            await lease.connection.close()
        connection = await self.engine.connect()
        return _Lease(connection, (await connection.get_raw_connection()).driver_connection)

    async def _turn(self) -> None:
        if not self._turns.locked():
            await self._turns.acquire()  # at once
            return
        try:
            async with asyncio.timeout(POOL_SECONDS):
                await self._turns.acquire()
        except TimeoutError:
            raise Transient(
                f"all connections to the store {self.name} have been in use for {POOL_SECONDS:.0f} s: raise "
                "TILLSTREAM_STORE__CONNECTIONS, or look for slow statements",
                code="store_busy",
            ) from None

    async def fetch(self, statement: str, *values: object) -> Sequence[Row]:
        """Run one statement with ``$1 …`` for values; it commits by itself. Raises like `connection`."""
        async with self._lease() as lease:
            rows: Sequence[Row] = await lease.driver.fetch(statement, *values)
            return rows

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Fetch]:
        """Several statements that commit together at the end; each sees what was committed before it."""
        async with self._lease() as lease, lease.driver.transaction():
            yield lease.driver.fetch

    async def fetch_after_locking(self, lock: str, ref: str, statement: str, *values: object) -> Sequence[Row]:
        """Run ``lock`` with ``ref``, then the statement, which sees what the lock waited for, in one transaction."""
        async with self._lease() as lease, lease.driver.transaction():
            await lease.driver.execute(lock, ref)
            rows: Sequence[Row] = await lease.driver.fetch(statement, *values)
            return rows

    def _translated(self, error: Exception) -> TillstreamError:
        cause = _cause(error)
        said = str(cause) or type(cause).__name__
        if isinstance(cause, asyncpg.InvalidAuthorizationSpecificationError | asyncpg.InsufficientPrivilegeError):
            return Unavailable(
                f"the store {self.name} refuses us ({said}): check user, password and rights in TILLSTREAM_STORE__URL",
                code="store_refuses",
            )
        if isinstance(
            cause, asyncpg.UndefinedTableError | asyncpg.UndefinedColumnError | asyncpg.UndefinedFunctionError
        ):
            return Unavailable(
                f"the store {self.name} has not this version's tables ({said}): run `tillstream store migrate`",
                code="store_not_migrated",
            )
        if isinstance(cause, _GIVEN_UP):
            return Transient(
                f"the store {self.name} gave the statement up and changed nothing: {said}", code="store_busy"
            )
        if isinstance(cause, _REFUSED_VALUES):
            return Rejected(f"the store {self.name} does not take these values: {said}", code="store_refused_values")
        if isinstance(cause, ssl.SSLError):
            return Unavailable(
                f"the store {self.name} cannot prove who it is, or does not take us ({said}): check sslmode in "
                "TILLSTREAM_STORE__URL and the authorities in TILLSTREAM_STORE__CA_FILE",
                code="store_not_trusted",
            )
        return Unavailable(
            f"the store {self.name} does not answer ({said}): see that PostgreSQL runs and that TILLSTREAM_STORE__URL "
            "names it; work goes on by itself when it is back",
            code="store_unavailable",
        )


_ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, SQLAlchemyError, OSError, TimeoutError)
_GIVEN_UP = (asyncpg.QueryCanceledError, asyncpg.TransactionRollbackError, asyncpg.LockNotAvailableError)
_REFUSED_VALUES = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError, asyncpg.ProgramLimitExceededError)


def _cause(error: Exception) -> BaseException:
    """The driver's own error; SQLAlchemy wraps it twice."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        return error.orig.__cause__ or error.orig
    return error
