"""What every handler works with: the account behind the API, and the call that it answers."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from app.sandbox.heartland.tables import COLUMNS
from app.sandbox.heartland.values import Json, dump, write_moment
from app.sandbox.premises import Size
from app.sandbox.webhooks import Event, WebhookSender

CURRENCY = "USD"

MICROSECOND = timedelta(microseconds=1)


def utc_now() -> datetime:
    """The time."""
    return datetime.now(UTC)


@dataclass(slots=True)
class Call:
    """One request to an operation.

    Attributes:
        params: path parameters, decoded.
        query: as the contract reads them, defaults filled in.
        body: likewise.
        lag: seconds by which a list lags (fault panel).
        now: `UpdatedAt` of everything that the call changes.
        resource_key: what the mutation log calls the thing that the call changes.
    """

    params: dict[str, str]
    query: Json = field(default_factory=dict)
    body: Json = field(default_factory=dict)
    lag: float = 0.0
    now: str = ""
    resource_key: str = ""


@dataclass(frozen=True, slots=True)
class Created:
    """An answer with status 201 and a Location."""

    document: object
    location: str


class Account:
    """The account. Handlers run one at a time; those that change anything inside a transaction."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        sender: WebhookSender,
        clock: Callable[[], datetime],
        locations: tuple[str, ...] = Size.SMALL.premises.locations,
    ) -> None:
        self.connection = connection
        self.sender = sender
        self.locations = locations
        self._clock = clock
        self._last = datetime.min.replace(tzinfo=UTC)

    def resume(self) -> None:
        """Go on after the last moment that is on record, even if the clock was set back meanwhile."""
        for table in COLUMNS:
            row = self.one(f"SELECT max(updated_at) AS last FROM {table}")  # noqa: S608 - names are ours
            if row is not None and row["last"]:
                self._last = max(self._last, datetime.fromisoformat(row["last"]))

    def tick(self) -> str:
        """A moment that no other call gets, never before an earlier one."""
        self._last = max(self._clock(), self._last + MICROSECOND)
        return write_moment(self._last)

    def one(self, sql: str, *values: object) -> sqlite3.Row | None:
        """The first row, or None."""
        row: sqlite3.Row | None = self.connection.execute(sql, values).fetchone()
        return row

    def next_id(self, table: str, column: str, first: int) -> int:
        """The next id of a table whose rows are never deleted."""
        row = self.one(f"SELECT max({column}) AS last FROM {table}")  # noqa: S608 - names are ours
        return max(first, (row["last"] or 0) + 1) if row is not None else first

    def tell(self, call: Call, name: str, resource: str, data: object, hint: Mapping[str, str]) -> None:
        """Queue a webhook event.

        Args:
            call: that caused it.
            name: ``order.created``; its first word is what fills ``{entity}`` of the receiver's URL.
            resource: events of one resource keep their order.
            data: the resource.
            hint: its id alone, sent instead under the thin fault.
        """
        envelope = {"event": name, "id": f"evt_{secrets.token_hex(12)}", "created_at": call.now}
        self.sender.enqueue(
            self.connection,
            Event(
                name=name,
                entity=name.partition(".")[0],
                resource=resource,
                body=dump(envelope | {"data": data}),
                thin_body=dump(envelope | {"data": hint}),
            ),
        )
