"""The life of an order: whatever happens to it, and however it is told, the point of sale has what the table says.

An order of the web store goes through any of its states while it is told late, twice, or out of order. A model of the
table says after each telling what the point of sale has, and whether a person was asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from schemas.canonical import Sale
from schemas.canonical.sale import Address, ExportDecision
from streams.errors import Rejected
from streams.sale.export import sale_export
from tests.streams.deliver.bench import CHANNEL, SALE, Bench
from tests.twins.clock import START

MOVES: Mapping[str, Mapping[str, str]] = {
    "pay": {"new": "processing", "pending_payment": "processing", "payment_review": "processing"},
    "review": {"new": "payment_review", "pending_payment": "payment_review"},
    "hold": {"new": "holded", "processing": "holded"},
    "release": {"holded": "processing"},
    "cancel": {
        "new": "canceled",
        "pending_payment": "canceled",
        "processing": "canceled",
        "payment_review": "canceled",
    },
    "complete": {"processing": "complete"},
    "refund": {"complete": "closed"},
    "edit": {"new": "canceled", "pending_payment": "canceled", "processing": "canceled"},
}
"""What Magento does to an order's state; anything else it refuses."""

OFFLINE, CARD = "checkmo", "stripe_payments"


@dataclass(frozen=True)
class Order:
    """The web order as it is at one time; ``version`` is the second in which it became so, ``edits`` how often an order
    was edited to make it."""

    state: str
    method: str
    street: str = "1 First St"
    pieces: int = 2
    version: int = 0
    edits: int = 0

    def number(self, edits: int) -> str:
        """As Magento numbers what editing makes."""
        return f"000000042-{edits}" if edits else "000000042"

    def after(self, what: str) -> Order:
        """What a person or a payment did to it."""
        if what == "readdress":
            changed = replace(self, street=f"{self.version + 2} Next St")
        elif what == "reline":
            changed = replace(self, pieces=self.pieces + 1)
        elif self.state in MOVES[what]:
            changed = replace(self, state=MOVES[what][self.state])
        else:
            return self
        return replace(changed, version=self.version + 1)

    def successor(self) -> Order:
        """What an edit of it makes."""
        return Order("new", self.method, self.street, self.pieces, self.version + 1, self.edits + 1)

    def told(self) -> Sale:
        """It as normalise tells it."""
        decision = sale_export(
            {"channel": CHANNEL.model_dump(mode="json")}, {"state": self.state, "payment": {"method": self.method}}
        )
        line = SALE.lines[0].model_copy(update={"quantity": Decimal(self.pieces)})
        goods, more = 10 * Decimal(self.pieces), 10 * Decimal(self.pieces - 2)
        total = SALE.totals.total + more
        totals = SALE.totals.model_copy(update={"lines": goods, "total": total, "due": total})
        return SALE.model_copy(
            update={
                "ref": f"web:order:{42 + self.edits}",
                "number": self.number(self.edits),
                "public_id": f"W-{self.number(self.edits)}",
                "predecessor": self.number(self.edits - 1) if self.edits else "",
                "state": self.state,
                "export": ExportDecision.model_validate({"reason": "", **decision}),
                "lines": (line,),
                "totals": totals,
                "shipping_address": Address(lines=(self.street,), city="Austin", country="US"),
                "updated_at": START + timedelta(seconds=self.version),
            }
        )


@dataclass
class Table:
    """The lifecycle table of retail.md."""

    created: Order | None = None
    cancelled: bool = False
    street: str = ""
    newest: int = -1
    """The newest version that counted."""
    reviews: int = 0
    passed_by: Order | None = field(default=None)
    replaces: Table | None = None

    def tell(self, order: Order) -> None:
        if self.created is None:
            self._before(order)
        elif order.version > self.newest:
            self._after(order, self.created)

    def _before(self, order: Order) -> None:
        if self.passed_by is not None and order.version < self.passed_by.version:
            return
        if order.state in ("processing", "complete") or (order.state == "new" and order.method == OFFLINE):
            self.created, self.street, self.newest = order, order.street, order.version
            if self.replaces is not None and self.replaces.created is not None:
                self.replaces.cancelled = True
        else:
            self.passed_by = order

    def _after(self, order: Order, created: Order) -> None:
        if order.state == "canceled":
            self.cancelled, self.newest = True, order.version
        elif order.state == "closed":
            self.newest = order.version
        elif order.state in ("holded", "payment_review") or order.pieces != created.pieces:
            self.reviews += 1
        else:
            self.street, self.newest = order.street, order.version


WHAT = st.sampled_from([*MOVES, "readdress", "reline"])
TELLS = st.tuples(st.integers(0, 2), st.integers(0, 9))
STEPS = st.lists(st.one_of(WHAT, TELLS), max_size=14)
"""Something happens to the newest order, or one is told: the one so many edits ago, as it was so many changes ago."""


@pytest.mark.rule("orders.states")
@pytest.mark.rule("orders.offline_in_new")
@pytest.mark.rule("orders.hold")
@pytest.mark.rule("orders.address_change")
@pytest.mark.rule("orders.cancel")
@pytest.mark.rule("orders.changed_line_to_review")
@pytest.mark.rule("orders.edit")
@pytest.mark.rule("orders.failed_payment_recorded")
@pytest.mark.rule("orders.anything_else_to_review")
@settings(max_examples=150, deadline=None)
@given(first=st.sampled_from(["new", "pending_payment"]), method=st.sampled_from([OFFLINE, CARD]), steps=STEPS)
def test_the_table_holds_for_any_sequence_of_events(
    first: str, method: str, steps: list[str | tuple[int, int]]
) -> None:
    asyncio.run(_live(Order(first, method), steps))


async def _live(order: Order, steps: list[str | tuple[int, int]]) -> None:
    pos, tables, histories = Bench("pos"), [Table()], [[order]]
    for number, step in enumerate([(0, 0), *steps, (0, 0)]):
        if isinstance(step, str):
            now = histories[-1][-1]
            histories[-1].append(now.after(step))
            if step == "edit" and histories[-1][-1] != now:
                histories.append([now.successor()])
                tables.append(Table(replaces=tables[-1]))
        else:
            edits, changes = step
            which = max(len(histories) - 1 - edits, 0)
            told = histories[which][max(len(histories[which]) - 1 - changes, 0)]
            before = tables[which].reviews
            tables[which].tell(told)
            await _tell(pos, told, f"r{number}", to_a_person=tables[which].reviews > before)
            for each, table in enumerate(tables):
                _compare(pos, order.number(each), table)
    created = [table for table in tables if table.created is not None]
    cancelled, reviewed = any(table.cancelled for table in tables), any(table.reviews for table in tables)
    event(f"orders {len(tables)}, created {len(created)}, cancelled {cancelled}, reviewed {reviewed}")


async def _tell(pos: Bench, order: Order, receipt: str, *, to_a_person: bool) -> None:
    """One telling; a person is asked exactly where the table says so, with both order numbers."""
    if not to_a_person:
        await pos.deliver(order.told(), "order", receipt)
        return
    with pytest.raises(Rejected, match=r"000000042.*W-000000042") as asked:
        await pos.deliver(order.told(), "order", receipt)
    assert asked.value.code == "changed_after_export"


def _compare(pos: Bench, number: str, table: Table) -> None:
    seen = [order for order in pos.book.orders if order.public_id == f"W-{number}"]
    assert [order.status for order in seen] == (
        [] if table.created is None else ["Cancelled" if table.cancelled else "Open"]
    )
    if table.created is None:
        return
    (made,) = (draft for draft in pos.book.documents if draft.public_id == f"W-{number}")
    lines, address = made.document["LineItems"], made.document["ShippingAddress"]
    assert isinstance(lines, list)
    assert isinstance(address, dict)
    assert lines[0]["Quantity"] == table.created.pieces
    now = pos.book.addresses.get(seen[0].order_id, {"ShippingAddress": address})["ShippingAddress"]
    assert isinstance(now, dict)
    assert table.street in now.values()
