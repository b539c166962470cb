"""Held events as a worker writes them that has just taken their partition over."""

from __future__ import annotations

from app.store import Store
from streams.ports import Held, Hold, Record
from tests.postgres_server import Ports
from tests.twins.store import MemoryStore


async def hold(held: Held, group: str, record: Record, hold: Hold) -> None:
    """Claim the record's partition and hold it."""
    await held.hold(group, record, hold, epoch=await _epoch(held, group, record))


async def queue(held: Held, group: str, record: Record, hold: Hold) -> None:
    """Claim the record's partition and queue it."""
    await held.queue(group, record, hold, epoch=await _epoch(held, group, record))


async def remove(held: Held, group: str, record: Record) -> bool:
    """Claim the record's partition and remove it."""
    return await held.remove(group, record, epoch=await _epoch(held, group, record))


async def give_up(store: Ports, group: str, record: Record, message: str) -> None:
    """What a person does at the desk; no claim is needed for it."""
    if isinstance(store, MemoryStore):
        store.held.give_up(group, record, message)
        return
    assert isinstance(store, Store)
    place = record.topic, record.partition, record.offset
    found = [
        event
        for event in await store.desk.find()
        if event.group == group
        and (event.held.record.topic, event.held.record.partition, event.held.record.offset) == place
    ]
    await store.desk.discard(found, message=message)


async def _epoch(held: Held, group: str, record: Record) -> int:
    return (await held.claim(group, record.topic, [record.partition], "test"))[record.partition]
