"""The demo's whole trade on both sandboxes, carried through the pipe without Kafka, to the auditor's balance."""

from __future__ import annotations

import asyncio

import pytest

from app.demo import shop
from app.demo.audit.findings import Entity
from app.demo.audit.run import audit
from tests.app.demo.carrier import Carrier
from tests.app.demo.stage import Stage

MOST_ROUNDS, SECONDS = 12, 0.5
PACES = ("PACKING", "INVOICING", "CANCELING", "WEB_PACKING", "NUMBERING", "REFUNDING", "CATALOGUE", "JOINING", "MOVING")
AUDITED = [entity for entity in Entity if entity is not Entity.STOCK]


@pytest.mark.slow
async def test_what_the_shop_does_is_the_same_on_both_sides(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    for pace in PACES:
        monkeypatch.setattr(shop, pace, 15 * getattr(shop, pace))
    carrier = Carrier(stage)
    for number in range(MOST_ROUNDS):
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(SECONDS, stop.set)
        await stage.shop.trade(stop, orders_per_second=15, changes_per_second=2, mistakes=number == 0)
        await carrier.carry()
        if all(did(stage).values()):
            break
    await carrier.carry(products=True)
    assert stage.shop.tally.problems == []
    assert [error.code for error in carrier.pipe.failed] == ["unknown_sku"]
    result = audit(stage.books, stage.deeds.read())
    assert [finding for entity in AUDITED for finding in result.entities[entity].findings] == []
    assert all(did(stage).values()), did(stage)


def did(stage: Stage) -> dict[Entity, int]:
    """What the shop has done so far."""
    result = audit(stage.books, stage.deeds.read())
    return {entity: result.entities[entity].did for entity in AUDITED}
