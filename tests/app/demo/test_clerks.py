"""How the demo's clerks pack."""

from __future__ import annotations

import asyncio
import random

from app.demo.clerks import Clerks
from app.demo.lives import Fate, Life, Lives
from app.demo.programs import LOCATION, PREFIX
from app.demo.web_store import Shopper
from app.sandbox.faults import Fault, Rule
from tests.app.demo.stage import Stage


def clerks(stage: Stage, lives: Lives) -> Clerks:
    return Clerks(
        stage.till,
        stage.deeds,
        lives,
        random.Random(1),
        shelves=[],
        locations=[LOCATION],
        packs=[LOCATION],
        prefix=PREFIX,
        names={},
        virtual=(),
    )


async def test_no_two_clerks_pack_one_order(stage: Stage) -> None:
    item = {"sku": stage.web.sku, "qty": 1}
    order = await stage.store.place([item], Shopper("ann@example.com"), method="checkmo")
    order_id = await stage.enter(order)
    lives = Lives()
    lives.begin(Life(order.order_id, order.number, Fate.PARCELS))
    team = clerks(stage, lives)
    assert sorted(await asyncio.gather(team.pack(), team.pack())) == [0, 1]
    assert len((await stage.till.read(order_id))["Shipments"]) == 1
    assert await team.pack() == 1
    stage.pos.faults.put(Rule(Fault.LIST_LAG, every=1, seconds=5.0))
    assert await team.pack() == 0
    assert stage.deeds.read().parcels == [(order.number, f"1Z{order.number}1"), (order.number, "")]
