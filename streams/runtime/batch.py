"""Callers in many lanes share one call: a batch gathers while the one before it is under way."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Generic, TypeVar

from streams.errors import Rejected

Item = TypeVar("Item")
Result = TypeVar("Result")

ENOUGH = 8
"""Items that make waiting for more pointless."""


def rejected(error: Exception) -> bool:
    """Whether a call failed because of what was in it."""
    return isinstance(error, Rejected)


class Batcher(Generic[Item, Result]):
    """Joins single items into batches of at most ``most``, one batch under way at a time.

    A lone caller's item runs at once, unless it may wait for company. Results and errors are per item. A batch that
    failed for what was in it is halved until the items at fault stand alone, so that one bad row costs one row:
    Magento refuses a whole batch of source items without saying which row. A call starts after all its callers have
    come, so that each sees what was done before it came.

    Args:
        call: does the work for a batch; answers in its order, an exception as an answer is raised to that caller.
        most: items in one call.
        splits: whether a batch that failed so is halved; else all its callers get the error.
        identity: items of equal identity never share a batch, and keep their order.
        linger: seconds that an item may wait for company; a batch of `ENOUGH` items waits no longer.
        pace: seconds from the start of one batch to the start of the next, unless that one is full. What comes alone
            goes at once; what comes in crowds goes in few batches.
    """

    def __init__(
        self,
        call: Callable[[Sequence[Item]], Awaitable[Sequence[Result | Exception]]],
        *,
        most: int,
        splits: Callable[[Exception], bool] = rejected,
        identity: Callable[[Item], Hashable] = lambda _item: object(),
        linger: float = 0.0,
        pace: float = 0.0,
    ) -> None:
        self._call = call
        self._most = most
        self._splits = splits
        self._identity = identity
        self._linger = linger
        self._pace = pace
        self._enough = asyncio.Event()
        self._full = asyncio.Event()
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._runner: asyncio.Task[None] | None = None

    async def submit(self, item: Item) -> Result:
        """The item's answer, once its batch has run. A caller that is cancelled does not take its item back."""
        return await self._enqueue(item)

    def post(self, item: Item) -> None:
        """Submit an item whose answer nobody waits for, and whose failure nobody is told of."""
        self._enqueue(item).add_done_callback(lambda future: future.cancelled() or future.exception())

    def _enqueue(self, item: Item) -> asyncio.Future[Result]:
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if len(self._waiting) >= ENOUGH:
            self._enough.set()
        if len(self._waiting) >= self._most:
            self._full.set()
        if self._runner is None:
            self._runner = asyncio.create_task(self._run_all())
        return future

    async def close(self) -> None:
        """Wait until everything submitted has run; nothing lingers from now on."""
        self._linger = self._pace = 0.0
        self._enough.set()
        self._full.set()
        while self._runner is not None:
            await asyncio.wait([self._runner])

    async def _run_all(self) -> None:
        try:
            while self._waiting:
                if self._linger:
                    await self._wait_for_company()
                began = asyncio.get_running_loop().time()
                await self._run(self._take())
                if self._pace:
                    await self._wait_until(began + self._pace)
        finally:
            self._runner = None

    async def _wait_for_company(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._linger):
                await self._enough.wait()

    async def _wait_until(self, moment: float) -> None:
        """Until then on the loop's clock, or until a batch is full."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(moment):
                await self._full.wait()

    def _take(self) -> list[tuple[Item, asyncio.Future[Result]]]:
        taken: list[tuple[Item, asyncio.Future[Result]]] = []
        rest: list[tuple[Item, asyncio.Future[Result]]] = []
        seen: set[Hashable] = set()
        for entry in self._waiting:
            identity = self._identity(entry[0])
            fits = len(taken) < self._most and identity not in seen
            (taken if fits else rest).append(entry)
            seen.add(identity)
        self._waiting = rest
        if len(rest) < ENOUGH:
            self._enough.clear()
        if len(rest) < self._most:
            self._full.clear()
        return taken

    async def _run(self, batch: list[tuple[Item, asyncio.Future[Result]]]) -> None:
        answers: Sequence[Result | Exception]
        try:
            answers = await self._call([item for item, _ in batch])
        except asyncio.CancelledError:
            for _, future in batch:
                future.cancel()
            raise
        except Exception as error:  # noqa: BLE001 - it is the callers', who get it
            if len(batch) > 1 and self._splits(error):
                middle = len(batch) // 2
                await self._run(batch[:middle])
                await self._run(batch[middle:])
                return
            answers = [error] * len(batch)
        for (_, future), answer in zip(batch, answers, strict=True):
            if future.done():
                continue
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)
