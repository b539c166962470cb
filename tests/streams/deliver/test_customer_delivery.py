"""Two workers that keep a customer of two systems alike: whatever is edited where, whoever fails, in any order.

Edits on either side; their events late, twice, out of order; clocks of whole seconds in the web store; writes that fail
before they are done, or are done without an answer. In the end both systems tell the same, the owner's last word
counts, no address is lost but by who removed it, and nothing more is written.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any, cast

import orjson
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from schemas.documents import Mode
from schemas.ids import Ref
from streams.customer.agreement import Agreement
from streams.customer.echo import Value
from streams.ports import Outcome
from streams.ports.agreements import KeptAgreement
from tests.streams.deliver.customer_books import street, typed
from tests.streams.deliver.customer_world import ACCOUNT, CATALOG, FIRST, PROFILE, World, joined, streets
from tests.twins.agreements import MemoryAgreements


class TwoSystems(RuleBasedStateMachine):
    """Edits, events and failures in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.world = self.loop.run_until_complete(joined())
        self.streets = 1
        self.removed: set[str] = set()
        self.added = {FIRST}
        self.last_name = "Webb"

    @rule(name=st.sampled_from(["Webb", "Reed", "Cole"]), side=st.sampled_from(["web", "pos"]))
    def somebody_changes_the_name(self, name: str, side: str) -> None:
        if side == "web":
            self.last_name = name
            self.world.account.edit({"lastname": name})
        else:
            self.world.profile.edit({"LastName": name})
        self.world.tell(side)

    @rule(side=st.sampled_from(["web", "pos"]))
    def somebody_adds_an_address(self, side: str) -> None:
        self.streets += 1
        line = f"{self.streets} Oak St"
        self.added.add(line)
        if side == "web":
            self.world.account.edit({"addresses": [*self.world.account.document["addresses"], street(line)]})
        else:
            self.world.profile.edit({"Addresses": [*self.world.profile.document["Addresses"], typed(line)]})
        self.world.tell(side)

    @rule(side=st.sampled_from(["web", "pos"]), data=st.data())
    def somebody_removes_an_address(self, side: str, data: st.DataObject) -> None:
        web = side == "web"
        document: dict[str, Any] = self.world.account.document if web else self.world.profile.document
        stored = document["addresses" if web else "Addresses"]
        # the last one stays in the web store, which knows no default that nothing takes the place of
        loose = [one for one in stored if FIRST not in (one.get("Line1"), *one.get("street", ()))]
        if loose:
            gone = data.draw(st.sampled_from(loose))
            left = [address for address in stored if address is not gone]
            self.removed.add(gone["street"][0] if web else gone["Line1"])
            if web:
                self.world.account.edit({"addresses": left})
            else:
                self.world.profile.edit({"Addresses": left})
            self.world.tell(side)

    @rule()
    def a_second_passes(self) -> None:
        self.world.account.second += 1
        self.world.profile.second += 1

    @precondition(lambda self: self.world.waiting)
    @rule(data=st.data(), trouble=st.sampled_from(["", "", "before", "after"]), twice=st.booleans())
    def an_event_arrives(self, data: st.DataObject, trouble: str, twice: bool) -> None:
        number = data.draw(st.integers(0, len(self.world.waiting) - 1))
        if twice:
            self.world.waiting.append(self.world.waiting[number])
        self.loop.run_until_complete(self.world.deliver(number, trouble))

    def teardown(self) -> None:
        world = self.world
        try:
            self.loop.run_until_complete(world.settled())
            for side in ("web", "pos"):
                world.tell(side)
            writes = world.account.writes + world.profile.writes
            self.loop.run_until_complete(world.settled())
        finally:
            self.loop.close()
        web, pos = world.customer("web"), world.customer("pos")
        assert (web.last_name, pos.last_name) == (self.last_name, self.last_name)
        assert streets(web) == streets(pos)
        assert self.added - self.removed <= streets(web) <= self.added
        assert len(web.addresses) == len(pos.addresses) == len(streets(web))
        assert world.account.writes + world.profile.writes == writes


TwoSystems.TestCase.settings = settings(max_examples=40, stateful_step_count=15, deadline=None)
TestTwoSystems = TwoSystems.TestCase


# -- One thing at a time ---------------------------------------------------------------------------------------------


async def test_what_both_have_is_written_by_nobody() -> None:
    world = await joined()
    before = world.account.writes + world.profile.writes
    world.tell("web")
    world.tell("pos")
    await world.settled()
    assert [entry.outcome for entry in world.told[-2:]] == [Outcome.UNCHANGED, Outcome.UNCHANGED]
    assert world.account.writes + world.profile.writes == before


class Overtaken(MemoryAgreements):
    """Another worker keeps an agreement right before ours, once."""

    def __init__(self, kept: MemoryAgreements) -> None:
        super().__init__()
        self.kept = kept.kept
        self.faster = True

    async def keep(self, account: Ref, agreement: Agreement, *, after: int) -> KeptAgreement:
        if self.faster:
            self.faster = False
            await super().keep(account, (await self.get(account)).agreement, after=after)
        return await super().keep(account, agreement, after=after)


async def test_who_was_overtaken_writes_nothing_and_settles_anew() -> None:
    world = await joined()
    world.deliveries["pos"]._agreements = Overtaken(world.store.agreements)
    world.account.second += 1
    world.account.edit({"lastname": "Reed"})
    world.tell("web")
    writes = world.profile.writes
    await world.deliver()
    assert world.profile.writes == writes
    assert len(world.waiting) == 1, "it comes again"
    await world.settled()
    assert world.customer("pos").last_name == "Reed"


class Freezing(MemoryAgreements):
    """The worker stops for longer than a write may wait, right after it opened one, once."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.kept, self._clock, self._freezes = world.store.agreements.kept, world.clock, True

    async def keep(self, account: Ref, agreement: Agreement, *, after: int) -> KeptAgreement:
        kept = await super().keep(account, agreement, after=after)
        if self._freezes:
            self._freezes = False
            self._clock.move(2)
        return kept


async def test_a_worker_that_stopped_after_it_opened_a_write_does_not_send_it_and_settles_anew() -> None:
    world = await joined()
    world.deliveries["pos"]._agreements = Freezing(world)
    world.account.second += 1
    world.account.edit({"lastname": "Reed"})
    world.tell("web")
    writes = world.profile.writes
    await world.deliver()
    assert world.profile.writes == writes
    (key,) = world.store.agreements.kept
    assert (await world.store.agreements.get(key)).agreement.pos.open == {}, "what was not sent cannot arrive"
    await world.settled()
    assert (world.customer("pos").last_name, world.profile.writes) == ("Reed", writes + 1)


async def test_what_is_written_is_kept_before_it_leaves() -> None:
    world = await joined()
    world.account.second += 1
    world.account.edit({"lastname": "Reed"})
    world.tell("web")
    await world.deliver(trouble="before")
    (key,) = world.store.agreements.kept
    agreement = (await world.store.agreements.get(key)).agreement
    assert agreement.pos.pending == {"last_name"}
    assert agreement.pos.intended["last_name"] == Value("Reed", "Reed")


@pytest.mark.parametrize("trouble", ["before", "after"])
async def test_a_write_that_nobody_saw_land_is_looked_at_and_sent_again_only_if_it_has_not(trouble: str) -> None:
    world = await joined()
    world.account.second += 1
    world.account.edit({"lastname": "Reed"})
    world.tell("web")
    writes = world.profile.writes
    await world.deliver(trouble=trouble)
    await world.settled()
    assert world.customer("pos").last_name == "Reed"
    assert world.profile.writes == writes + (2 if trouble == "before" else 1)


async def test_an_older_telling_takes_nothing_back() -> None:
    world = await joined()
    world.account.second += 1
    world.account.edit({"lastname": "Reed"})
    world.tell("web")
    world.account.second += 1
    world.account.edit({"lastname": "Cole"})
    world.tell("web")
    await world.deliver(1)
    await world.deliver(0)
    assert world.told[-1].outcome is Outcome.SUPERSEDED
    await world.settled()
    assert world.customer("pos").last_name == "Cole"


async def test_a_flow_that_observes_tells_what_it_would_do_and_does_nothing() -> None:
    world = World()
    for name, delivery in world.deliveries.items():
        flows = {flow: document.model_copy(update={"mode": Mode.OBSERVE}) for flow, document in CATALOG.flows.items()}
        cast(Any, delivery)._desk = replace(world.desks[name], flows=flows)
    world.tell("web")
    await world.deliver()
    assert world.told[-1].message.startswith("observe: would link web:customer:1 to pos:customer:7, as")
    assert (world.profile.writes, await world.store.links.find([ACCOUNT], "pos")) == (0, {})
    await world.store.links.insert(ACCOUNT, PROFILE._replace(type="customer@1"))
    world.tell("web")
    await world.deliver()
    assert world.told[-1].message.startswith("observe: would change addresses of pos:customer:7")
    assert world.profile.writes == 0
    assert world.store.agreements.kept == {}


async def test_the_event_that_lets_a_side_be_put_right_says_so_and_causes_no_other() -> None:
    world = await joined()
    world.profile.edit({"LastName": "Cole"})
    world.tell("pos")
    await world.deliver()
    ((target, envelope, body),) = world.waiting
    assert (target, envelope.kind, world.told[-1].children) == ("pos", "confirmation", ("c",))
    assert orjson.loads(body)["ref"] == str(PROFILE)
    await world.deliver()
    assert world.customer("pos").last_name == "Webb"
