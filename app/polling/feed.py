"""What a feed is: a list of another system, sorted by when its rows changed, read page by page."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from app import exact_json

DIGEST_BYTES = 12


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a list.

    Attributes:
        updated_at: when the source says it changed; None if it does not say, or not readably.
        document: the row as it was parsed.
        body: its JSON, as it goes to Kafka.
        digest: of the body; equal digests are the same news.
    """

    updated_at: datetime | None
    document: Mapping[str, object]
    body: bytes
    digest: bytes

    @classmethod
    def of(cls, document: Mapping[str, object], updated_at: datetime | None) -> Row:
        """A row from its parsed form, amounts as they were written."""
        body = exact_json.dumps(document)
        return cls(updated_at, document, body, hashlib.blake2b(body, digest_size=DIGEST_BYTES).digest())


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list.

    Attributes:
        more: whether the source says that there are rows behind it.
        total: rows of the whole list as the source counts them; None if it does not.
    """

    rows: Sequence[Row]
    more: bool
    total: int | None = None


class Feed(Protocol):
    """One list of one connection."""

    @property
    def name(self) -> str:
        """Key of its cursor, and label of its metrics: ``web.order``."""
        ...

    @property
    def connection(self) -> str:
        """Connection that is read."""
        ...

    @property
    def system(self) -> str:
        """System of the connection."""
        ...

    @property
    def entity(self) -> str:
        """Entity of its rows; with the system it names their raw topic."""
        ...

    async def page(self, since: datetime, number: int) -> Page:
        """Rows that changed at ``since`` or later, oldest change first.

        Args:
            since: inclusive; the source may cut it to whole seconds.
            number: of the page, from 1.

        Raises:
            TillstreamError: as the connector's reads do.
        """
        ...
