"""The bookings of a gateway's payouts: card money becomes money in the bank, less the gateway's fee."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time
from zoneinfo import ZoneInfo

from streams.accounting.booking import Booking, Movement, Role, against
from streams.reconcile.payouts import Payout


def payout_bookings(payouts: Sequence[Payout], location: str, zone: ZoneInfo) -> tuple[Booking, ...]:
    """One booking for each line of the gateway's file, on the day of its payout at that location."""
    return tuple(
        Booking(
            f"payout {payout.reference}",
            datetime.combine(payout.day, time(12), zone),
            location,
            payout.currency,
            against(Role.CARD, [Movement(Role.BANK, payout.net), Movement(Role.GATEWAY_FEES, payout.fee)]),
        )
        for payout in payouts
    )
