"""Held events as a worker writes them that has just taken their partition over."""

from __future__ import annotations

from streams.ports import Held, Hold, Record


async def hold(held: Held, group: str, record: Record, hold: Hold) -> None:
    """Claim the record's partition and hold it."""
    await held.hold(group, record, hold, epoch=await _epoch(held, group, record))


async def queue(held: Held, group: str, record: Record, hold: Hold) -> None:
    """Claim the record's partition and queue it."""
    await held.queue(group, record, hold, epoch=await _epoch(held, group, record))


async def remove(held: Held, group: str, record: Record) -> bool:
    """Claim the record's partition and remove it."""
    return await held.remove(group, record, epoch=await _epoch(held, group, record))


async def _epoch(held: Held, group: str, record: Record) -> int:
    return (await held.claim(group, record.topic, [record.partition], "test"))[record.partition]
