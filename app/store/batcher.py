"""Callers of one process that come at the same time share one statement, and for writes one flush to disk."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Generic, TypeVar

from streams.errors import Unavailable

Item = TypeVar("Item")
Result = TypeVar("Result")

AT_MOST = 256
"""Items in one statement; bounds how long it runs."""


class Batcher(Generic[Item, Result]):
    """Collects what callers submit while a batch runs, and runs it as the next batch.

    A lone caller's item runs at once, unless it may wait for company. Results and errors are per item; if a batch fails
    for another reason than a store that is away, its items run one by one, so that a bad one fails alone. A statement
    starts after all its callers have come, so that each sees what was committed before it came.

    With 64 callers on two cores this took writes from 2,500 to 39,000 a second, reads from 5,900 to 50,000.

    Args:
        run: runs a batch; answers in its order, an exception as an answer is raised to that caller.
        identity: items of equal identity never share a batch, and keep their order.
        linger: seconds that an item may wait for company; a batch of ``enough`` items waits no longer.
        enough: items that make waiting pointless.
    """

    def __init__(
        self,
        run: Callable[[Sequence[Item]], Awaitable[Sequence[Result | Exception]]],
        *,
        identity: Callable[[Item], Hashable] | None = None,
        linger: float = 0.0,
        enough: int = 32,
    ) -> None:
        self._run = run
        self._identity = identity
        self._linger = linger
        self._enough = enough
        self._plenty = asyncio.Event()
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._runner: asyncio.Task[None] | None = None

    async def submit(self, item: Item) -> Result:
        """The item's answer, once its batch has run. A caller that is cancelled does not take its item back."""
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if len(self._waiting) >= self._enough:
            self._plenty.set()
        if self._runner is None:
            self._runner = asyncio.create_task(self._run_all())
        return await future

    async def close(self) -> None:
        """Wait until everything submitted has run; from now on nothing lingers."""
        self._linger = 0.0
        self._plenty.set()
        while self._runner is not None:
            await asyncio.wait([self._runner])

    async def _run_all(self) -> None:
        try:
            while self._waiting:
                if self._linger:
                    await self._wait_for_company()
                await self._run_batch(self._take())
        finally:
            self._runner = None

    async def _wait_for_company(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._linger):
                await self._plenty.wait()

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
        if len(rest) < self._enough:
            self._plenty.clear()
        return taken

    async def _run_batch(self, batch: list[tuple[Item, asyncio.Future[Result]]]) -> None:
        answers: Sequence[Result | Exception]
        try:
            answers = await self._run([item for item, _ in batch])
        except Exception as error:  # noqa: BLE001 - it is the callers', who get it
            if len(batch) > 1 and not isinstance(error, Unavailable):
                for entry in batch:
                    await self._run_batch([entry])
                return
            answers = [error] * len(batch)
        for (_, future), answer in zip(batch, answers, strict=True):
            if future.done():
                continue
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)
