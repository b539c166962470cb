"""A web store and a point of sale that keep one customer, and the workers that keep the two alike."""

from __future__ import annotations

import pytest

from schemas.canonical import Customer
from schemas.documents import Channel, Mode
from schemas.envelope import Envelope, Via
from schemas.ids import Ref
from streams.channels import Channels
from streams.deliver.customer import CustomerDelivery
from streams.deliver.customer_reading import SIDES, Reader
from streams.deliver.customer_to_pos import PosBook, PosNewcomers
from streams.deliver.customer_to_web import WebBook, WebNewcomers
from streams.deliver.desk import Desk
from streams.deliver.effect import Effects, Settling
from streams.engine import Engine, load
from streams.errors import OutcomeUnknown, Transient
from streams.ports import JournalEntry, Record
from streams.runtime.work import Arrival, Work
from tests.streams.deliver.customer_books import Account, Profile, street, typed
from tests.twins.clock import FakeClock
from tests.twins.cutovers import Launched
from tests.twins.kafka import MemoryPublisher
from tests.twins.store import MemoryStore

CATALOG = load(modes=dict.fromkeys(load().flows, Mode.LIVE))
CHANNEL = Channel(name="main", web="web", pos="pos", location="MAIN")
SYSTEMS = {"web": "magento", "pos": "heartland"}
FLOWS = {"pos": "customer_to_pos", "web": "customer_to_web"}
NATIVE = {"web": "1", "pos": "7"}
ACCOUNT, PROFILE = Ref("web", "customer", "1"), Ref("pos", "customer", "7")
HOUR = 3600
SETTLING = Settling(timeout=5, longest_execution=14)
FIRST = "1 Oak St"


class World:
    """A web store, a point of sale, and the workers of both targets."""

    def __init__(self) -> None:
        self.account, self.profile = Account(), Profile()
        self.clock = FakeClock()
        self.store = MemoryStore(self.clock)
        self.publisher = MemoryPublisher()
        self.desks = {name: self._desk(name) for name in SYSTEMS}
        pos, web = PosBook(self.desks["pos"], self.profile), WebBook(self.desks["web"], self.account)
        profiles = PosNewcomers(self.desks["pos"], self.profile, pos)
        accounts = WebNewcomers(self.desks["web"], self.account, web)
        agreements = self.store.agreements
        self.deliveries = {
            "pos": CustomerDelivery(self.desks["pos"], pos, profiles, agreements, settling=SETTLING),
            "web": CustomerDelivery(self.desks["web"], web, accounts, agreements, settling=SETTLING),
        }
        self.readers = {name: Reader(self.desks[name], name, SIDES[system]) for name, system in SYSTEMS.items()}
        self.waiting: list[tuple[str, Envelope, bytes]] = []
        self.told: list[JournalEntry] = []

    def _desk(self, target: str) -> Desk:
        effects = Effects(self.store.ledger, self.clock, owner=target, settling=SETTLING)
        return Desk(
            target=target,
            flows=CATALOG.flows,
            channels=Channels([CHANNEL]),
            mapper=Engine(CATALOG),
            links=self.store.links,
            applied=self.store.applied,
            effects=effects,
            publisher=self.publisher,
            clock=self.clock,
            launches=Launched(),
        )

    def customer(self, side: str) -> Customer:
        """As that side tells it now."""
        document = self.account.document if side == "web" else self.profile.document
        return self.readers[side].customer(NATIVE[side], document)

    def tell(self, side: str, via: Via = Via.POLL, known: str = "") -> None:
        """An event: that side's customer as it is now, on its way to the other side's worker."""
        receipt = f"r{len(self.told)}"
        envelope = Envelope(receipt, side, SYSTEMS[side], "customer", NATIVE[side], 1_000, via=via, known=known)
        target = "pos" if side == "web" else "web"
        self.waiting.append((target, envelope, self.customer(side).model_dump_json().encode()))

    async def deliver(self, number: int = 0, trouble: str = "", *, after: float = 2 * HOUR) -> None:
        """Deliver one of the waiting events; what follows from it waits too. One that failed comes again.

        Args:
            after: seconds since the last. Usually so long that nothing is a back and forth: every edit is a person's.
        """
        target, envelope, body = self.waiting.pop(number)
        self.clock.move(after)
        system = self.profile if target == "pos" else self.account
        system.trouble.next = trouble
        writes = system.writes
        record = Record("canonical.customer", 0, 0, b"k", body, tuple(envelope.to_headers()), 0)
        arrival = Arrival(record, envelope)
        work = Work("deliver", [arrival], flow=FLOWS[target], target=target)
        try:
            self.told.append(await self.deliveries[target].deliver(work, arrival))
        except (Transient, OutcomeUnknown):
            self.waiting.append((target, envelope, body))
        system.trouble.next = ""
        if system.writes > writes:
            self.tell(target)
        while self.publisher.records:
            out = self.publisher.records.pop(0)
            caused = Envelope.from_headers(out.headers)
            if out.topic.startswith("raw."):
                self.tell(caused.connection, Via.READ_AGAIN, caused.known)
            else:
                self.waiting.append((caused.target, caused, out.value))

    async def settled(self) -> None:
        """Deliver all, and what follows, which must come to an end."""
        for _ in range(60 + 8 * len(self.waiting)):
            if not self.waiting:
                return
            await self.deliver()
        pytest.fail(f"no end: {[entry.message for entry in self.told[-6:]]}")


def streets(customer: Customer) -> set[str]:
    return {address.lines[0] for address in customer.addresses}


async def joined() -> World:
    world = World()
    world.tell("web")
    world.tell("pos")
    await world.settled()
    return world


def web_has(world: World, *numbers: int) -> None:
    """Somebody edits the account so that those are its addresses, and its event waits."""
    known = {address["street"][0]: address for address in world.account.document["addresses"]}
    lines = [f"{number} Oak St" for number in numbers]
    world.account.edit({"addresses": [known.get(line) or street(line) for line in lines]})
    world.tell("web")


def till_has(world: World, *numbers: int) -> None:
    """The same of the profile."""
    world.profile.edit({"Addresses": [typed(f"{number} Oak St") for number in numbers]})
    world.tell("pos")
