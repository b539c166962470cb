"""Agreements in memory, as their JSON, so that what cannot be kept shows here too."""

from __future__ import annotations

from schemas.ids import Ref
from streams.customer.agreement import Agreement
from streams.customer.storage import from_json, to_json
from streams.ports import Fenced
from streams.ports.agreements import KeptAgreement


class MemoryAgreements:
    """Implements `streams.ports.agreements.Agreements`."""

    def __init__(self) -> None:
        self.kept: dict[Ref, tuple[bytes, int]] = {}

    async def get(self, account: Ref) -> KeptAgreement:
        if account not in self.kept:
            return KeptAgreement()
        content, version = self.kept[account]
        return KeptAgreement(from_json(content), version)

    async def keep(self, account: Ref, agreement: Agreement, *, after: int) -> KeptAgreement:
        if self.kept.get(account, (b"", 0))[1] != after:
            raise Fenced(f"what {account} and its profile agree on has moved on from version {after}")
        self.kept[account] = to_json(agreement), after + 1
        return KeptAgreement(agreement, after + 1)
