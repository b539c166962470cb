"""Group commit: callers of one process that write at the same time share one statement and one flush to disk."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Generic, TypeVar

from streams.errors import Unavailable

Item = TypeVar("Item")
Result = TypeVar("Result")

AT_MOST = 256
"""Items in one statement; bounds how long it runs."""


class GroupCommit(Generic[Item, Result]):
    """Collects what callers submit while a batch is being written, and writes it as the next batch.

    No timer: a lone caller is written at once. Results and errors are per item; if a batch fails for another reason
    than a store that is away, its items are written one by one, so that a bad one fails alone.

    Args:
        write: writes a batch; answers in its order, an exception as an answer is raised to that caller.
        identity: items of equal identity never share a batch, and keep their order.
    """

    def __init__(
        self,
        write: Callable[[Sequence[Item]], Awaitable[Sequence[Result | Exception]]],
        *,
        identity: Callable[[Item], Hashable] | None = None,
    ) -> None:
        self._write = write
        self._identity = identity
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def submit(self, item: Item) -> Result:
        """Returns when the item is durable. A caller that is cancelled does not take its item back."""
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._writer is None:
            self._writer = asyncio.create_task(self._write_all())
        return await future

    async def close(self) -> None:
        """Wait until everything submitted is written."""
        while self._writer is not None:
            await asyncio.wait([self._writer])

    async def _write_all(self) -> None:
        try:
            while self._waiting:
                await self._write_batch(self._take())
        finally:
            self._writer = None

    def _take(self) -> list[tuple[Item, asyncio.Future[Result]]]:
        taken: list[tuple[Item, asyncio.Future[Result]]] = []
        rest: list[tuple[Item, asyncio.Future[Result]]] = []
        seen: set[Hashable] = set()
        for entry in self._waiting:
            identity = self._identity(entry[0]) if self._identity else id(entry)
            if len(taken) < AT_MOST and identity not in seen:
                taken.append(entry)
            else:
                rest.append(entry)
            seen.add(identity)
        self._waiting = rest
        return taken

    async def _write_batch(self, batch: list[tuple[Item, asyncio.Future[Result]]]) -> None:
        answers: Sequence[Result | Exception]
        try:
            answers = await self._write([item for item, _ in batch])
        except Exception as error:  # noqa: BLE001 - it is the callers', who get it
            if len(batch) > 1 and not isinstance(error, Unavailable):
                for entry in batch:
                    await self._write_batch([entry])
                return
            answers = [error] * len(batch)
        for (_, future), answer in zip(batch, answers, strict=True):
            if future.done():
                continue
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)
