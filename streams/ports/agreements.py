"""What the two records of a linked customer agree on, kept between what either side tells."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from schemas.ids import Ref
from streams.customer.agreement import Agreement


@dataclass(frozen=True, slots=True)
class KeptAgreement:
    """An agreement as it was kept last.

    Attributes:
        version: how often it was kept; 0 if it never was.
    """

    agreement: Agreement = field(default_factory=Agreement)
    version: int = 0


class Agreements(Protocol):
    """One agreement for each account that is linked to a profile. Two workers settle it: one for each side's writes."""

    async def get(self, account: Ref) -> KeptAgreement:
        """What was kept last; an empty one of version 0 if nothing was."""
        ...

    async def keep(self, account: Ref, agreement: Agreement, *, after: int) -> KeptAgreement:
        """Keep it; durable on return, before the first byte of a write leaves.

        Args:
            account: the web store's account.
            agreement: as it was settled.
            after: the version that it was settled from.

        Raises:
            Fenced: another worker has kept one since: settle anew from that.
        """
        ...
