"""What linked customers' two records agree on, in SQL: some kilobytes for each account."""

from __future__ import annotations

from app.store.engine import Database
from app.store.links import stored_ref
from schemas.ids import Ref
from streams.customer.agreement import Agreement
from streams.customer.storage import from_json, to_json
from streams.ports import Fenced
from streams.ports.agreements import KeptAgreement

_GET = "SELECT version, content FROM agreements WHERE account = $1"
_FIRST = (
    "INSERT INTO agreements (account, version, content) VALUES ($1, 1, $2) ON CONFLICT DO NOTHING RETURNING version"
)
_NEXT = """
UPDATE agreements SET version = version + 1, content = $2 WHERE account = $1 AND version = $3 RETURNING version
"""


class SqlAgreements:
    """Implements `streams.ports.agreements.Agreements`. Raises like `app.store.engine.Database.connection`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, account: Ref) -> KeptAgreement:
        """What was kept last; an empty one of version 0 if nothing was."""
        rows = await self._database.fetch(_GET, stored_ref(account))
        return KeptAgreement(from_json(rows[0]["content"].encode()), rows[0]["version"]) if rows else KeptAgreement()

    async def keep(self, account: Ref, agreement: Agreement, *, after: int) -> KeptAgreement:
        """Keep it; durable on return. Raises Fenced if it is not of version ``after`` any more."""
        values = stored_ref(account), to_json(agreement).decode()
        if after:
            rows = await self._database.fetch(_NEXT, *values, after)
        else:
            rows = await self._database.fetch(_FIRST, *values)
        if not rows:
            raise Fenced(f"what {account} and its profile agree on has moved on from version {after}")
        return KeptAgreement(agreement, rows[0]["version"])
