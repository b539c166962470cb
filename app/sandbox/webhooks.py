"""Webhooks as a careful sender sends them: signed, retried, in order per resource, and durable.

An event is queued in the same transaction as the change that it tells of and sent after the commit; it leaves the
queue with a 2xx or after its last try, so that a receiver that is down for minutes loses nothing. Signed after the
Standard Webhooks specification: headers ``webhook-id``, ``webhook-timestamp`` and ``webhook-signature``, which is
``v1,`` and the base64 HMAC-SHA256 of ``<id>.<timestamp>.<body>``.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import hmac
import secrets
import sqlite3
import time
from collections import deque
from dataclasses import dataclass

import aiohttp
import orjson

from app.sandbox.database import Database
from app.sandbox.faults import FaultPanel

WEBHOOKS_SCHEMA = """
CREATE TABLE IF NOT EXISTS webhook_subscriptions(
    id INTEGER PRIMARY KEY,
    url TEXT NOT NULL UNIQUE,      -- may hold {entity}
    secret TEXT NOT NULL,
    events TEXT NOT NULL           -- JSON list of event names; ["*"] for all
);
CREATE TABLE IF NOT EXISTS webhook_queue(
    id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used again, so that the sender may remember how far it took over
    event_id TEXT NOT NULL,
    subscription_id INTEGER NOT NULL,
    entity TEXT NOT NULL,
    resource TEXT NOT NULL,
    body BLOB NOT NULL,
    send_at REAL NOT NULL,         -- seconds since the epoch
    ordered INTEGER NOT NULL       -- 0: out of its resource's order
);
CREATE TABLE IF NOT EXISTS webhook_deliveries(
    id INTEGER PRIMARY KEY,
    event_id TEXT NOT NULL,        -- the webhook-id header; twice if duplicated
    resource TEXT NOT NULL,        -- order number, SKU ...
    receipt_id TEXT NOT NULL,      -- receipt_id in the receiver's answer, empty if none
    tries INTEGER NOT NULL,
    at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS webhook_deliveries_by_resource ON webhook_deliveries(resource);
CREATE TABLE IF NOT EXISTS webhook_failures(
    id INTEGER PRIMARY KEY,
    event_id TEXT NOT NULL,
    resource TEXT NOT NULL,
    tries INTEGER NOT NULL,
    given_up INTEGER NOT NULL,     -- 1: the last try; the event is gone
    reason TEXT NOT NULL,
    at REAL NOT NULL
);
"""

MANY_QUEUED = 500


@dataclass(frozen=True, slots=True)
class Retries:
    """How often and how fast an event is tried again: ``first_seconds``, doubled each time up to ``cap_seconds``.

    The default gives up after ten tries and about four minutes.
    """

    tries: int = 10
    first_seconds: float = 0.5
    cap_seconds: float = 60.0
    timeout_seconds: float = 10.0

    def wait(self, tries: int) -> float:
        """Seconds to wait after so many tries."""
        return min(self.cap_seconds, self.first_seconds * 2.0 ** (tries - 1))


@dataclass(frozen=True, slots=True)
class Event:
    """Something to tell.

    Attributes:
        name: what subscriptions choose by: ``order.created``.
        entity: ``order``, ``inventory``: fills ``{entity}`` of the URL, and is what webhook faults match.
        resource: the order number or SKU; events of one resource keep their order.
        body: the full JSON.
        thin_body: with the id alone, sent instead under the thin fault.
    """

    name: str
    entity: str
    resource: str
    body: bytes
    thin_body: bytes


@dataclass(slots=True)
class _Queued:
    row: int
    event_id: str
    url: str
    secret: str
    resource: str
    body: bytes
    send_at: float
    tries: int = 0


_Lane = tuple[str, str, int]
"""URL, resource, and the row of an event out of order (0 for those in order)."""


def sign(secret: str, event_id: str, timestamp: int, body: bytes) -> str:
    """The value of ``webhook-signature``.

    Args:
        secret: ``whsec_`` and the base64 key, or any other text, whose UTF-8 bytes are the key.
        event_id: the ``webhook-id``.
        timestamp: the ``webhook-timestamp``, seconds since the epoch.
        body: as sent.
    """
    prefix, found, encoded = secret.partition("whsec_")
    key = base64.b64decode(encoded) if found and not prefix else secret.encode()
    digest = hmac.new(key, f"{event_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def new_secret() -> str:
    """A random secret in the Standard Webhooks form."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"


class WebhookSender:
    """Sends what is queued. ``start`` it inside the event loop, ``stop`` it before the database closes."""

    def __init__(
        self, database: Database, panel: FaultPanel, *, concurrency: int = 16, retries: Retries | None = None
    ) -> None:
        self._database = database
        self._panel = panel
        self._slots = asyncio.Semaphore(concurrency)
        self._retries = retries or Retries()
        self._lanes: dict[_Lane, deque[_Queued]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._seen = 0
        self._session: aiohttp.ClientSession | None = None
        database.after_commit(self._wake)

    def subscribe(self, connection: sqlite3.Connection, url: str, secret: str, events: tuple[str, ...] = ("*",)) -> int:
        """Register a receiver, or change the one with this URL. Returns the subscription's id."""
        row = connection.execute(
            "INSERT INTO webhook_subscriptions(url, secret, events) VALUES (?, ?, ?)"
            " ON CONFLICT(url) DO UPDATE SET secret = excluded.secret, events = excluded.events RETURNING id",
            (url, secret, orjson.dumps(events).decode()),
        ).fetchone()
        return int(row["id"])

    def enqueue(self, connection: sqlite3.Connection, event: Event) -> None:
        """Queue an event for every subscription that wants it, inside the change's transaction."""
        for subscription in connection.execute("SELECT id, events FROM webhook_subscriptions"):
            wanted = orjson.loads(subscription["events"])
            if "*" in wanted or event.name in wanted:
                self._enqueue_for(connection, int(subscription["id"]), event)

    def _enqueue_for(self, connection: sqlite3.Connection, subscription: int, event: Event) -> None:
        faults = self._panel.strike_webhook(event.entity)
        if faults.lost:
            return
        row = (
            f"msg_{secrets.token_hex(12)}",
            subscription,
            event.entity,
            event.resource,
            event.thin_body if faults.thin else event.body,
            time.time() + faults.delay_ms / 1000,
            0 if faults.delay_ms else 1,
        )
        for _ in range(2 if faults.duplicated else 1):
            connection.execute(
                "INSERT INTO webhook_queue(event_id, subscription_id, entity, resource, body, send_at, ordered)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                row,
            )

    async def start(self) -> None:
        """Begin to send, with what an earlier process left in the queue first."""
        timeout = aiohttp.ClientTimeout(total=self._retries.timeout_seconds)
        self._session = aiohttp.ClientSession(timeout=timeout)
        self._wake()

    async def stop(self) -> None:
        """Stop at once; what is not sent stays in the queue."""
        session, self._session = self._session, None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if session is not None:
            await session.close()

    @property
    def waiting(self) -> int:
        """Events in the queue."""
        return int(self._database.read("SELECT count(*) AS n FROM webhook_queue")[0]["n"])

    def _wake(self) -> None:
        """Take over new rows of the queue; called after every commit."""
        if self._session is None:
            return
        while rows := self._new_rows():
            for row in rows:
                self._seen = int(row["id"])
                self._take(row)
            if len(rows) < MANY_QUEUED:
                return

    def _new_rows(self) -> list[sqlite3.Row]:
        return self._database.read(
            "SELECT q.*, s.url, s.secret FROM webhook_queue q JOIN webhook_subscriptions s ON s.id = q.subscription_id"
            " WHERE q.id > ? ORDER BY q.id LIMIT ?",
            (self._seen, MANY_QUEUED),
        )

    def _take(self, row: sqlite3.Row) -> None:
        queued = _Queued(
            row=int(row["id"]),
            event_id=row["event_id"],
            url=str(row["url"]).replace("{entity}", row["entity"]),
            secret=row["secret"],
            resource=row["resource"],
            body=row["body"],
            send_at=row["send_at"],
        )
        lane = (queued.url, queued.resource, 0 if row["ordered"] else queued.row)
        if lane in self._lanes:
            self._lanes[lane].append(queued)
            return
        self._lanes[lane] = deque([queued])
        task = asyncio.create_task(self._run_lane(lane))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run_lane(self, lane: _Lane) -> None:
        """Send the events of one resource one after the other."""
        queue = self._lanes[lane]
        while queue:
            await self._deliver(queue[0])
            queue.popleft()
        del self._lanes[lane]

    async def _deliver(self, queued: _Queued) -> None:
        """Try until it is taken or given up."""
        await asyncio.sleep(max(0.0, queued.send_at - time.time()))
        while True:
            async with self._slots:
                reason, receipt_id, asked_to_wait = await self._send(queued)
            queued.tries += 1
            if not reason:
                self._finish(queued, receipt_id)
                return
            given_up = queued.tries >= self._retries.tries
            self._record_failure(queued, reason, given_up=given_up)
            if given_up:
                return
            await asyncio.sleep(max(asked_to_wait, self._retries.wait(queued.tries)))

    async def _send(self, queued: _Queued) -> tuple[str, str, float]:
        """One try: why it failed (empty if it did not), the receipt id, and how many seconds Retry-After asks for."""
        session = self._session
        if session is None:
            raise asyncio.CancelledError
        timestamp = int(time.time())
        headers = {
            "Content-Type": "application/json",
            "webhook-id": queued.event_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": sign(queued.secret, queued.event_id, timestamp, queued.body),
        }
        try:
            async with session.post(queued.url, data=queued.body, headers=headers) as response:
                answer = await response.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            return f"{type(error).__name__}: {error}", "", 0.0
        if response.ok:
            return "", _receipt_id(answer), 0.0
        retry_after = response.headers.get("Retry-After", "")
        return f"HTTP {response.status}", "", float(retry_after) if retry_after.isdigit() else 0.0

    def _finish(self, queued: _Queued, receipt_id: str) -> None:
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM webhook_queue WHERE id = ?", (queued.row,))
            connection.execute(
                "INSERT INTO webhook_deliveries(event_id, resource, receipt_id, tries, at) VALUES (?, ?, ?, ?, ?)",
                (queued.event_id, queued.resource, receipt_id, queued.tries, time.time()),
            )

    def _record_failure(self, queued: _Queued, reason: str, *, given_up: bool) -> None:
        with self._database.transaction() as connection:
            if given_up:
                connection.execute("DELETE FROM webhook_queue WHERE id = ?", (queued.row,))
            connection.execute(
                "INSERT INTO webhook_failures(event_id, resource, tries, given_up, reason, at)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (queued.event_id, queued.resource, queued.tries, int(given_up), reason, time.time()),
            )


def _receipt_id(answer: bytes) -> str:
    """The receiver's receipt id, if its answer is a JSON object that has one."""
    with contextlib.suppress(ValueError):
        document = orjson.loads(answer)
        if isinstance(document, dict):
            return str(document.get("receipt_id", ""))
    return ""
