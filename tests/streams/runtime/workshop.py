"""Lanes whose work ends when a test says so."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from streams.ports import Record
from streams.runtime.lanes import Lanes

TIMEOUT = 5.0


def record(key: str, offset: int, *, partition: int = 0) -> Record:
    return Record("t", partition, offset, key.encode(), b"", (), 0)


async def turn() -> None:
    """Let everything that can go on go on."""
    for _ in range(20):
        await asyncio.sleep(0)


class Workshop:
    """A handler whose work ends when the test says so, and what it saw."""

    def __init__(self, *, width: int = 4, capacity: int = 100, coalesce: bool = False, max_batch: int = 100) -> None:
        self.calls: list[list[int]] = []
        self.done: list[int] = []
        self.failures: list[BaseException] = []
        self.at_work = 0
        self.most_at_work = 0
        self.gates: dict[int, asyncio.Future[None]] = {}
        self.closed: set[int] = set()
        self.lanes = Lanes(
            self.handle,
            width=width,
            capacity=capacity,
            coalesce=coalesce,
            max_batch=max_batch,
            on_failure=self.failures.append,
        )

    def hold(self, *offsets: int) -> None:
        """Work on these offsets waits for `release`."""
        self.closed.update(offsets)

    def release(self, offset: int, error: BaseException | None = None) -> None:
        self.closed.discard(offset)
        gate = self.gates[offset]
        if error is None:
            gate.set_result(None)
        else:
            gate.set_exception(error)

    async def handle(self, records: Sequence[Record]) -> None:
        self.calls.append([one.offset for one in records])
        self.at_work += 1
        self.most_at_work = max(self.most_at_work, self.at_work)
        try:
            for one in records:
                if one.offset in self.closed:
                    self.gates[one.offset] = asyncio.get_running_loop().create_future()
                    await self.gates[one.offset]
        finally:
            self.at_work -= 1

    def ack(self, offset: int) -> Callable[[], Awaitable[None]]:
        async def done() -> None:
            self.done.append(offset)

        return done

    async def submit(self, key: str, *offsets: int, partition: int = 0) -> None:
        for offset in offsets:
            await self.lanes.submit(record(key, offset, partition=partition), key.encode(), self.ack(offset))
