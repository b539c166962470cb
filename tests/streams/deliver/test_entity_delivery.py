"""What every delivery of a set-state does, whatever entity it is about."""

from __future__ import annotations

import pytest

from streams.deliver.entity import EntityDelivery
from streams.deliver.order_status import OrderStatusPlanner
from streams.ports import HeldRecord, Hold, HoldReason, Outcome
from streams.runtime.work import Arrival, Work
from tests.streams.deliver.bench import STATUS, Bench
from tests.twins.clock import START
from tests.twins.kafka import envelope, record


@pytest.mark.parametrize(("edited", "outcome"), [(False, Outcome.SUPERSEDED), (True, Outcome.DELIVERED)])
async def test_what_a_person_lets_go_on_is_read_again_unless_they_have_edited_it(
    edited: bool, outcome: Outcome
) -> None:
    web = Bench("web")
    delivery = EntityDelivery(web.desk, OrderStatusPlanner(web.desk, web.notes), rereads=True)
    body, headers = STATUS.model_dump_json().encode(), envelope("r1", entity="order_status")
    told = record(body, headers)
    hold = Hold("k", HoldReason.PERSON, "deliver", "r1")
    row = HeldRecord(1, hold, told, START, replays=1, edited=body if edited else None)
    arrival = Arrival(told, headers, 0, row)
    work = Work("deliver", [arrival])
    work.flow = "order_status"
    entry = await delivery.deliver(work, arrival)
    assert entry.outcome is outcome
    assert bool(web.notes.comments) is edited
    assert bool(web.publisher.on("raw.heartland.order")) is not edited
