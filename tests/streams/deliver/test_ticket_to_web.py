"""What becomes of a sale in store in the web store, by the planner alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest

from schemas.canonical import Ticket
from schemas.documents import Channel, Mode
from schemas.envelope import Via
from schemas.ids import Ref
from streams.channels import Channels
from streams.customer.links import linked_name, merged_names
from streams.deliver.desk import Desk
from streams.deliver.effect import Effects, Settling
from streams.deliver.entity import EntityDelivery
from streams.deliver.ticket_to_web import WebTicketPlanner
from streams.engine import Engine, load
from streams.errors import Rejected
from streams.ports import JournalEntry, Outcome, SeenAccount, TicketDraft, WebCustomers
from streams.runtime.work import Arrival, Work
from tests.twins.clock import START, FakeClock
from tests.twins.cutovers import Launched
from tests.twins.kafka import MemoryPublisher, envelope, record
from tests.twins.store import MemoryStore
from tests.twins.tickets import TicketBook

D = Decimal
GOLDEN = Path("tests/data/golden/ticket/v1")
ENGINES = {mode: Engine(load(modes={"ticket": mode})) for mode in Mode}
PROFILE = Ref("pos", "customer", "C-9")


def ticket(name: str = "sold_for_cash", **changes: Any) -> Ticket:
    found = Ticket.model_validate_json((GOLDEN / f"{name}.json").read_bytes())
    return found.model_copy(update={"channel": "main"} | changes)


@dataclass
class Accounts:
    """The web store's accounts; only reading is needed."""

    known: dict[str, SeenAccount] = field(default_factory=dict)

    async def account(self, account_id: str) -> SeenAccount | None:
        return self.known.get(account_id)


def account(website: int = 1) -> SeenAccount:
    return SeenAccount("7", "ann@example.com", website, 1, "Ann", "Webb", None, (), START)


class Counter:
    """Delivers tickets to a web store in memory."""

    def __init__(self, mode: Mode = Mode.LIVE) -> None:
        clock, self.book, self.accounts = FakeClock(), TicketBook(), Accounts()
        self.store = MemoryStore(clock)
        engine = ENGINES[mode]
        self.desk = Desk(
            target="web",
            flows=engine.catalog.flows,
            channels=Channels([Channel(name="main", web="web", pos="pos", location="MAIN")]),
            mapper=engine,
            links=self.store.links,
            applied=self.store.applied,
            effects=Effects(self.store.ledger, clock, owner="a", settling=Settling(timeout=5, longest_execution=20)),
            publisher=MemoryPublisher(),
            launches=Launched(),
            clock=clock,
        )
        self._delivery = EntityDelivery(
            self.desk, WebTicketPlanner(self.desk, self.book, cast("WebCustomers", self.accounts))
        )

    async def tell(self, told: Ticket, *, via: Via = Via.WEBHOOK) -> JournalEntry:
        headers = envelope("r1", entity="ticket", via=via, target="web")
        arrival = Arrival(record(told.model_dump_json().encode(), headers), headers)
        work = Work("deliver", [arrival])
        work.flow = "ticket"
        return await self._delivery.deliver(work, arrival)

    @property
    def document(self) -> dict[str, Any]:
        (found,) = self.book.documents.values()
        return dict(found)


async def test_a_ticket_is_recorded_once_and_later_tellings_of_it_change_nothing() -> None:
    counter, sold = Counter(), ticket()
    assert (await counter.tell(sold)).outcome is Outcome.DELIVERED
    later = sold.model_copy(update={"updated_at": sold.updated_at + timedelta(hours=1), "customer": "C-1"})
    assert (await counter.tell(later)).outcome is Outcome.UNCHANGED
    assert (await counter.tell(sold)).outcome in {Outcome.UNCHANGED, Outcome.SUPERSEDED}
    assert list(counter.book.documents) == [sold.ref]


async def test_a_flow_that_only_observes_records_nothing() -> None:
    counter = Counter(Mode.OBSERVE)
    entry = await counter.tell(ticket())
    assert entry.outcome is Outcome.FILTERED
    assert "would record ticket 501 over 24.36 USD as an order of a guest" in entry.message
    assert counter.book.documents == {}


@pytest.mark.parametrize("name", ["exchange", "returned_without_a_receipt", "voided"])
async def test_what_is_no_sale_is_for_a_person(name: str) -> None:
    counter = Counter()
    with pytest.raises(Rejected, match="no sale") as caught:
        await counter.tell(ticket(name))
    assert (caught.value.code, counter.book.documents) == ("no_sale", {})


async def test_a_ticket_that_is_another_than_was_recorded_is_for_a_person() -> None:
    counter, sold = Counter(), ticket()
    await counter.tell(sold)
    (line,) = sold.lines
    changed = sold.model_copy(
        update={
            "updated_at": sold.updated_at + timedelta(hours=1),
            "lines": (line.model_copy(update={"unit_price": D(13)}),),
            "totals": sold.totals.model_copy(update={"lines": D(26), "total": D("25.36"), "due": D(1)}),
        }
    )
    with pytest.raises(Rejected, match=r"ticket 501 of pos was changed .* over 25\.36 USD now"):
        await counter.tell(changed)
    assert counter.document["grand_total"] == 24.36


async def test_an_order_that_claims_to_be_the_ticket_over_another_amount_is_a_collision() -> None:
    counter, sold = Counter(), ticket()
    other = {"increment_id": "POS-1", "base_grand_total": D(9), "base_currency_code": "USD"}
    await counter.book.record_ticket(TicketDraft(sold.ref, sold.number, other))
    with pytest.raises(Rejected, match=r"order POS-1 .* over 9 USD where the ticket is over 24\.36 USD") as caught:
        await counter.tell(sold)
    assert caught.value.code == "collision"


@pytest.mark.parametrize(("website", "expected"), [(1, 7), (2, None)])
async def test_the_buyer_is_the_account_on_the_website_that_shows_the_ticket(
    website: int, expected: int | None
) -> None:
    counter = Counter()
    counter.accounts.known["7"] = account(website)
    await counter.store.links.insert(Ref("web", "customer", "7"), linked_name(PROFILE, "1"))
    await counter.tell(ticket(customer="C-9"))
    assert counter.document.get("customer_id") == expected


async def test_a_profile_that_is_the_same_person_as_a_linked_one_buys_on_its_account() -> None:
    counter = Counter()
    counter.accounts.known["7"] = account()
    await counter.store.links.insert(*merged_names(Ref("web", "customer", "7"), PROFILE))
    await counter.tell(ticket(customer="C-9"))
    assert counter.document["customer_id"] == 7


async def test_an_account_that_is_gone_makes_its_buyer_a_guest() -> None:
    counter = Counter()
    await counter.store.links.insert(Ref("web", "customer", "7"), linked_name(PROFILE, "1"))
    await counter.tell(ticket(customer="C-9"))
    assert counter.document["customer_is_guest"] == 1
