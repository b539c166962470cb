"""The demo's members: customers with an account, whom the till knows as well. Both sides change what they know of one.

A member is changed only when the till has found the profile, as nobody can correct what is not there. And each has one
side that tells where the member lives, since both write the whole list of addresses, over whatever came meanwhile.
"""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace

from app.demo.accounts import Accounts
from app.demo.deeds import ChangedCustomer, CustomerField, DeedsFile, OpenedAccount, Side
from app.demo.till import Document, Till
from app.demo.web_store import AT_HOME, Shopper

REGULARS = 20
"""Customers whom the till knows before they open an account."""
REGULAR_SHARE = 0.25
"""Of new accounts, as long as there are any."""
KNOWN_AFTER = 10.0
"""Seconds until a regular may open an account: a list that lags must show the profile by then, or another is made."""
FIRST_NAMES = ("Ada", "Ben", "Cleo", "Dan", "Eve", "Finn", "Gwen", "Hal", "Ida", "Jon")
LAST_NAMES = ("Archer", "Baker", "Carter", "Draper", "Fisher", "Glover", "Harper", "Mason", "Porter", "Weaver")
STREETS = ("Birch", "Cedar", "Elder", "Hazel", "Linden", "Maple", "Rowan", "Willow")
PHONE = "512-555-0100"


@dataclass(slots=True)
class Member:
    """One of them, as the account should be.

    Attributes:
        told_by: who tells where the member lives.
        account: id in the web store.
        profile: id in the point of sale, once the till has found it.
        moved: the street of a second address; empty if there is none.
        married, misspelt: whether the name has changed, and the till has got it wrong. Each happens once: a name that
            goes back and forth more often is held for a person.
    """

    email: str
    first_name: str
    last_name: str
    street: str
    told_by: Side
    account: str = ""
    profile: str = ""
    moved: str = ""
    married: bool = False
    misspelt: bool = False

    @property
    def shopper(self) -> Shopper:
        """The member at the checkout."""
        return Shopper(self.email, self.account, {**AT_HOME, **_home(self, self.street)})


class Members:
    """They open accounts, move, and take other names; the till moves some of them, and misspells others."""

    def __init__(self, accounts: Accounts, till: Till, deeds: DeedsFile, chance: random.Random) -> None:
        self._accounts = accounts
        self._till = till
        self._deeds = deeds
        self._chance = chance
        self._regulars: deque[Member] = deque()
        self._fresh: deque[Member] = deque()
        self._known: deque[Member] = deque()
        self._known_from = 0.0

    async def enter_regulars(self) -> None:
        """The till knows some customers already. Whoever never opens an account gets none."""
        for _ in range(REGULARS):
            member = self._somebody()
            await self._till.enter_profile(member.email, member.first_name, member.last_name, PHONE)
            self._regulars.append(member)
        self._known_from = time.monotonic() + KNOWN_AFTER

    async def join(self) -> None:
        """Somebody opens an account; now and then one whom the till knows."""
        seen = bool(self._regulars) and time.monotonic() >= self._known_from
        known = seen and self._chance.random() < REGULAR_SHARE
        member = self._regulars.popleft() if known else self._somebody()
        home = _home(member, member.street)
        member.account = await self._accounts.open(member.email, member.first_name, member.last_name, home)
        self._deeds.write(
            OpenedAccount(member.account, member.email, member.first_name, member.last_name, member.street)
        )
        self._fresh.append(member)

    @asynccontextmanager
    async def shopping(self) -> AsyncIterator[Shopper | None]:
        """A member who buys something, perhaps before the till knows of the account; None if there is nobody."""
        at_hand = [members for members in (self._fresh, self._known) if members]
        if not at_hand:
            yield None
            return
        members = self._chance.choice(at_hand)
        member = members.popleft()
        try:
            yield member.shopper
        finally:
            members.append(member)

    async def change(self) -> bool:
        """The till looks for a new member; then something of one whom it knows changes. False if it knows nobody."""
        await self._look_for_one()
        if not self._known:
            return False
        member = self._known.popleft()
        try:
            await self._change(member)
        finally:
            self._known.append(member)
        return True

    async def _look_for_one(self) -> None:
        """A profile that has an address is one that the account is linked to: the till enters none by itself."""
        if not self._fresh:
            return
        member = self._fresh.popleft()
        try:
            found = await self._till.profiles_of(member.email)
        except BaseException:
            self._fresh.append(member)
            raise
        if len(found) == 1 and found[0]["Addresses"]:
            member.profile = str(found[0]["CustomerID"])
            self._known.append(member)
        else:
            self._fresh.append(member)

    # -- Changes -------------------------------------------------------------------------------------------------

    async def _change(self, member: Member) -> None:
        acts = [self._new_email, self._move, self._move]
        if not member.married:
            acts.append(self._marry)
        if not member.misspelt:
            acts.append(self._misspell)
        await self._chance.choice(acts)(member)

    async def _marry(self, member: Member) -> None:
        member.married = True
        name = self._another(member.last_name, LAST_NAMES)
        with self._noted(member, Side.WEB, CustomerField.LAST_NAME, name):
            await self._accounts.change(member.account, lastname=name)
        member.last_name = name

    async def _new_email(self, member: Member) -> None:
        email = self._new_address()
        with self._noted(member, Side.WEB, CustomerField.EMAIL, email):
            await self._accounts.change(member.account, email=email)
        member.email = email

    async def _misspell(self, member: Member) -> None:
        """The till writes a name that it does not own: it is taken back."""
        member.misspelt = True
        wrong = f"{member.last_name}e"
        with self._noted(member, Side.TILL, CustomerField.LAST_NAME, wrong):
            await self._till.change_profile(member.profile, LastName=wrong)

    async def _move(self, member: Member) -> None:
        """A second address, or none again."""
        street = "" if member.moved else self._street(member.street)
        what = CustomerField.STREET if street else CustomerField.STREET_GONE
        with self._noted(member, member.told_by, what, street or member.moved):
            if member.told_by is Side.WEB:
                await self._move_in_web(member, street)
            else:
                await self._move_at_till(member, street)
        member.moved = street

    async def _move_in_web(self, member: Member, street: str) -> None:
        kept = [one for one in await self._accounts.addresses(member.account) if one["street"] != [member.moved]]
        new = [_home(member, street)] if street else []
        await self._accounts.change(member.account, addresses=[*kept, *new])

    async def _move_at_till(self, member: Member, street: str) -> None:
        profile = await self._till.profile(member.profile)
        kept = [one for one in profile["Addresses"] if one.get("Line1") != member.moved]
        new = [_at_till(street)] if street else []
        await self._till.change_profile(member.profile, Addresses=[*kept, *new])

    @contextmanager
    def _noted(self, member: Member, by: Side, what: CustomerField, value: str) -> Iterator[None]:
        """Write a change down, as one that may have been done if it was broken off."""
        deed = ChangedCustomer(member.account, by, what, value)
        try:
            yield
        except BaseException:
            self._deeds.write(replace(deed, sure=False))
            raise
        self._deeds.write(deed)

    # -- People --------------------------------------------------------------------------------------------------

    def _somebody(self) -> Member:
        chance = self._chance
        return Member(
            self._new_address(),
            chance.choice(FIRST_NAMES),
            chance.choice(LAST_NAMES),
            self._street(""),
            chance.choice((Side.WEB, Side.TILL)),
        )

    def _new_address(self) -> str:
        return f"member{self._chance.randrange(10**9):09d}@example.com"

    def _another(self, than: str, names: tuple[str, ...]) -> str:
        return self._chance.choice([name for name in names if name != than])

    def _street(self, other_than: str) -> str:
        """A street as a directory writes it, so that it is the same on both sides."""
        while True:
            street = f"{self._chance.randrange(1, 900)} {self._chance.choice(STREETS)} Street"
            if street != other_than:
                return street


def _home(member: Member, street: str) -> Document:
    """An address of an account, where the region goes by its id."""
    place = {name: AT_HOME[name] for name in ("city", "region_id", "postcode", "country_id", "telephone")}
    return {"firstname": member.first_name, "lastname": member.last_name, "street": [street], **place}


def _at_till(street: str) -> Document:
    """An address in the point of sale's words."""
    return {"Line1": street, "City": "Austin", "State": "TX", "PostalCode": "78701", "Country": "US"}
