"""Journals: the bookings of a business day and location, by account."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter

from schemas.documents import AccountMap
from streams.accounting.booking import ZERO, Booking, Movement, Role
from streams.business_date import business_date
from streams.engine.errors import DocumentError
from streams.engine.load import read_yaml, validated


@dataclass(frozen=True, slots=True)
class Posting:
    """One line. ``amount`` is a debit above zero, a credit below, never zero."""

    account: str
    amount: Decimal
    memo: str


@dataclass(frozen=True, slots=True)
class Journal:
    """One entry of the books: a day, a location, a currency. Debits equal credits.

    Attributes:
        number: the same each time that the day is exported, so that a program can refuse it twice.
        posted_on: the business date, or the first open day if that one is closed.
        narration: what it is.
    """

    number: str
    business_day: date
    posted_on: date
    location: str
    currency: str
    narration: str
    postings: tuple[Posting, ...]

    def __post_init__(self) -> None:
        """Raises ValueError unless debits equal credits."""
        left = sum((posting.amount for posting in self.postings), ZERO)
        if left:
            raise ValueError(f"{self.narration}: debits and credits are {left} {self.currency} apart")


def read_account_map(file: str, content: str) -> AccountMap:
    """An account map from YAML.

    Raises:
        DocumentError: with the key that is wrong or missing; ``file`` is for the message.
    """
    values = read_yaml(file, content)
    found = validated(TypeAdapter(AccountMap), file, values)
    roles = frozenset(Role)
    for location, accounts in found.locations.items():
        for name in accounts:
            if name not in roles:
                known = ", ".join(sorted(roles))
                raise DocumentError(file, f"locations.{location}.{name}", f"there is no such account: one of {known}")
    return found


def journals(
    bookings: Iterable[Booking],
    accounts: AccountMap,
    zones: Mapping[str, ZoneInfo],
    day: date,
    location: str | None = None,
) -> tuple[Journal, ...]:
    """The journals of a business day, one for each location and currency that moved money then.

    Args:
        zones: time zone of each location.
        location: that one alone.
    """
    groups: dict[tuple[str, str], list[Booking]] = {}
    for booking in bookings:
        if location in (None, booking.location) and business_date(booking.at, zones[booking.location]) == day:
            groups.setdefault((booking.location, booking.currency), []).append(booking)
    made = (
        _journal(number, day, place, currency, found, accounts)
        for number, ((place, currency), found) in enumerate(sorted(groups.items(), key=lambda item: item[0]), start=1)
    )
    return tuple(journal for journal in made if journal.postings)


def post_date(day: date, closed_until: date | None) -> date:
    """The day, or if it is closed the first that is open."""
    return day if closed_until is None or day > closed_until else closed_until + timedelta(days=1)


def _journal(
    number: int, day: date, location: str, currency: str, bookings: list[Booking], accounts: AccountMap
) -> Journal:
    posted_on = post_date(day, accounts.closed_until)
    late = posted_on != day
    sums: dict[tuple[str, str], Decimal] = {}
    for movement in (movement for booking in bookings for movement in booking.movements):
        key = (_account(accounts, location, movement), _memo(movement))
        sums[key] = sums.get(key, ZERO) + movement.amount
    narration = f"Sales of {day} at {location} ({currency})"
    return Journal(
        number=f"{day:%y%m%d}-{number:02}{'L' if late else ''}",
        business_day=day,
        posted_on=posted_on,
        location=location,
        currency=currency,
        narration=f"{narration}, posted late" if late else narration,
        postings=tuple(Posting(account, amount, memo) for (account, memo), amount in sorted(sums.items()) if amount),
    )


def _account(accounts: AccountMap, location: str, movement: Movement) -> str:
    if movement.code in accounts.taxes:
        return accounts.taxes[movement.code]
    own = accounts.locations.get(location, {})
    account: str = own.get(movement.role, getattr(accounts.accounts, movement.role))
    return account


def _memo(movement: Movement) -> str:
    name = movement.role.replace("_", " ").capitalize()
    return f"{name} {movement.code}".strip()
