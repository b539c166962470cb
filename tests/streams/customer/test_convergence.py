"""A customer that is edited on both sides converges by the ownership rules and never loops.

Edits on either side at any time; their events late, twice, out of order; clocks of whole seconds; an edit between our
reading and our writing; a worker that dies before or after a write. In the end both sides tell the same, the owners'
last word counts, nobody's address is lost, and nothing more is written.
"""

from __future__ import annotations

from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from streams.customer.agreement import SIDES, Agreement, landed, settle
from streams.customer.echo import Projection, Side, Telling, Value, members
from streams.customer.flips import Restlessness
from streams.customer.ownership import Owner, Ownership
from tests.streams.customer.fields import at, consent, value
from tests.streams.customer.two_systems import System, Systems, as_sent, short_phone

OWNS = Ownership()
PATIENT = Restlessness(flips=10**9, window=timedelta(days=1))
"""What goes back and forth is another test's: here every edit is a person's."""
ROUNDS = 12
"""Turns until one event has had all its consequences. Far more than any needs; a loop needs more."""

TEXTS = st.sampled_from(["", "Webb", "WEBB", "Reed", "1234", "12", "99"])
FIELDS = st.sampled_from(["last_name", "phone", "loyalty_points"])
SAID = st.sampled_from([True, False, None])
DIES = st.sampled_from(["", "", "", "before", "after"])
START: Projection = {
    "last_name": value("Webb"),
    "phone": value("12"),
    "loyalty_points": value("0"),
    "addresses": frozenset[Value](),
    "consent.email": Value(None, None),
}


class TwoSystems(RuleBasedStateMachine):
    """A web store, a point of sale, and a worker that settles what either tells."""

    def __init__(self) -> None:
        super().__init__()
        self.systems: Systems = {Side.WEB: System(START, as_sent), Side.POS: System(START, short_phone)}
        self.clock = 0
        self.addresses = 0
        self.removed: set[Value] = set()
        self.last = {"last_name": value("Webb"), "loyalty_points": value("0")}
        """The owners' last word."""
        self.agreement = Agreement()
        self.work({side: self.systems[side].read() for side in SIDES})

    @rule()
    def a_second_passes(self) -> None:
        self.clock += 1

    @rule(side=st.sampled_from(Side), name=FIELDS, text=TEXTS)
    def somebody_edits(self, side: Side, name: str, text: str) -> None:
        self.systems[side].edit(name, value(text), self.clock)
        if OWNS.fields[name].owner is Owner(side):
            self.last[name] = self.systems[side].fields[name]  # type: ignore[assignment]

    @rule(side=st.sampled_from(Side))
    def somebody_adds_an_address(self, side: Side) -> None:
        self.addresses += 1
        stored = members(self.systems[side].fields["addresses"])
        self.systems[side].edit("addresses", stored | {value(f"{self.addresses} Oak St")}, self.clock)

    @rule(side=st.sampled_from(Side), data=st.data())
    def somebody_removes_an_address(self, side: Side, data: st.DataObject) -> None:
        stored = members(self.systems[side].fields["addresses"])
        if stored:
            one = data.draw(st.sampled_from(sorted(stored, key=str)))
            self.removed.add(one)
            self.systems[side].edit("addresses", stored - {one}, self.clock)

    @rule(side=st.sampled_from(Side), given=SAID)
    def the_customer_says_whether_to_be_contacted(self, side: Side, given: bool | None) -> None:
        self.systems[side].edit("consent.email", consent(given, side, self.clock), self.clock)

    @precondition(lambda self: any(system.events for system in self.systems.values()))
    @rule(data=st.data(), again=st.booleans(), dies=DIES, meanwhile=st.booleans())
    def an_event_comes(self, data: st.DataObject, again: bool, dies: str, meanwhile: bool) -> None:
        side = data.draw(st.sampled_from([side for side in Side if self.systems[side].events]))
        events = self.systems[side].events
        place = data.draw(st.integers(0, len(events) - 1))
        telling = events[place] if again else events.pop(place)
        self.work({side: telling}, dies, self._edit(data) if meanwhile else None)

    @rule(side=st.sampled_from(Side))
    def a_poll_reads(self, side: Side) -> None:
        self.work({side: self.systems[side].read()})

    def teardown(self) -> None:
        """Everything that is under way arrives, the newest first; then both are polled."""
        for side in SIDES:
            while self.systems[side].events:
                self.work({side: self.systems[side].events.pop()})
        for side in SIDES:
            self.work({side: self.systems[side].read()})
        self._agree()
        before = [system.writes for system in self.systems.values()]
        for side in SIDES:
            self.work({side: self.systems[side].read()})
            for event in self.systems[side].events:
                self.work({side: event})
        assert [system.writes for system in self.systems.values()] == before, "it wrote although both agree"

    def work(
        self, tellings: dict[Side, Telling], dies: str = "", meanwhile: tuple[Side, str, str] | None = None
    ) -> None:
        """Settle, keep, write, and settle the answers, until nothing follows."""
        for _ in range(ROUNDS):
            made = settle(OWNS, self.agreement, tellings, now=at(self.clock), restlessness=PATIENT)
            assert not made.review
            self.agreement = made.agreement
            if dies == "before":
                return
            if meanwhile:
                self.somebody_edits(*meanwhile)
                self.somebody_adds_an_address(meanwhile[0])
                meanwhile = None
            tellings = {side: self.systems[side].read() for side in made.read_again}
            for side, changes in made.writes.items():
                answer = self.systems[side].write(changes, self.clock)
                if dies == "after":
                    return
                self.agreement = landed(self.agreement, side, answer)
                tellings[side] = answer
            if not tellings:
                return
        raise AssertionError(f"it still writes after {ROUNDS} turns: {made.writes}")

    def _edit(self, data: st.DataObject) -> tuple[Side, str, str]:
        return data.draw(st.tuples(st.sampled_from(Side), FIELDS, TEXTS))

    def _agree(self) -> None:
        web, pos = self.systems[Side.WEB].fields, self.systems[Side.POS].fields
        assert web["last_name"] == pos["last_name"] == self.last["last_name"]
        assert web["loyalty_points"] == pos["loyalty_points"] == self.last["loyalty_points"]
        assert pos["phone"] == short_phone("phone", web["phone"])
        assert web["addresses"] == pos["addresses"]
        every = {value(f"{n} Oak St") for n in range(1, self.addresses + 1)}
        assert every - self.removed <= members(web["addresses"]) <= every
        wanted = self.agreement.wanted("consent.email")
        opted_in = [side for side in Side if self.systems[side].fields["consent.email"] == Value(True, None)]
        assert not (opted_in and wanted == Value(False, None)), "one side mails whom the other must not"
        assert wanted == Value(True, None) or Side.WEB not in opted_in, "the store's flag subscribed to the newsletter"


TwoSystems.TestCase.settings = settings(stateful_step_count=40)
TestTwoSystems = TwoSystems.TestCase
