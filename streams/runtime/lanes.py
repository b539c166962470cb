"""Lanes: one queue per key, so that a key's records stay in order while other keys go on beside it.

Nothing here knows Kafka or Faust. A lane exists while it has something to do; at most ``width`` of them work at a time.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field

from streams.ports import Partition, Record

Handle = Callable[[Sequence[Record]], Awaitable[None]]
Done = Callable[[], Awaitable[None]]
Work = Callable[[], Awaitable[None]]
Joins = Callable[[Record, Record], bool]
"""Whether a record may be handed over together with the one of its key before it."""


def always(_earlier: Record, _later: Record) -> bool:
    """All records of a key may be handed over together."""
    return True


class NotDone(Exception):
    """Raised by ``handle`` for records that it gives up unfinished, because whoever gave them will give them again.

    They are never ``done``, and nothing is wrong.
    """


class LanesBroken(RuntimeError):
    """A handler failed unexpectedly; nothing more is started, and the process must end."""


@dataclass(eq=False, slots=True)
class _Entry:
    """A record that waits for its turn, or is in it."""

    record: Record
    done: Done


@dataclass(eq=False, slots=True)
class _Turn:
    """Work that asked for a turn of its own."""

    work: Work
    finished: asyncio.Future[None]


@dataclass(eq=False, slots=True)
class _Lane:
    key: bytes
    queue: deque[_Entry | _Turn] = field(default_factory=deque)


@dataclass(eq=False, slots=True)
class _Waiter:
    """A submit that waits for room."""

    record: Record
    granted: asyncio.Future[bool]


class Lanes:
    """Runs ``handle`` over submitted records, in order per key.

    Any exception out of ``handle`` or ``done`` but NotDone is fatal: nothing further is started, ``on_failure`` is
    called once with it, ``failure`` keeps it, and every later ``submit`` raises LanesBroken. The failed records are
    never ``done``.

    Args:
        handle: processes records of one key, oldest first; returns when their fate is durable.
        width: lanes that work at the same time.
        capacity: records pending over all lanes; ``submit`` waits above it, so memory stays bounded.
        coalesce: hand over queued records of a key at once (up to ``max_batch``) instead of one by one.
        joins: which ones, if not all.
        max_batch: most records in one call.
        on_failure: told of the first failure, from the event loop.
    """

    def __init__(
        self,
        handle: Handle,
        *,
        width: int,
        capacity: int,
        coalesce: bool = False,
        joins: Joins = always,
        max_batch: int = 100,
        on_failure: Callable[[BaseException], None] | None = None,
    ) -> None:
        self._handle = handle
        self._width = width
        self._capacity = capacity
        self._most = max_batch if coalesce else 1
        self._joins = joins
        self._on_failure = on_failure
        self._lanes: dict[bytes, _Lane] = {}
        self._ready: deque[_Lane] = deque()
        self._workers: set[asyncio.Task[None]] = set()
        self._pending: set[_Entry] = set()
        self._waiters: deque[_Waiter] = deque()
        self._at_work = 0
        self._granted = 0  # waiters that have been given room and are about to take it
        self._closed = False
        self._idle = asyncio.Event()
        self._idle.set()
        self.failure: BaseException | None = None

    # -- numbers for metrics ------------------------------------------------------------------------------------

    @property
    def pending(self) -> int:
        """Records submitted and not done."""
        return len(self._pending)

    @property
    def working(self) -> int:
        """Lanes at work."""
        return self._at_work

    @property
    def waiting(self) -> int:
        """Submits that wait for room: 0, or the lanes are full."""
        return len(self._waiters)

    # -- in ---------------------------------------------------------------------------------------------------

    async def submit(self, record: Record, key: bytes, done: Done) -> None:
        """Queue a record; returns when it is queued, not when it is done. Waits while the lanes are full.

        ``done`` is called after ``handle`` returned for the record. A record whose partition is dropped while this
        waits for room is not queued.

        Raises:
            LanesBroken: a handler has failed.
        """
        self._check()
        if not self._has_room() and not await self._room(record):
            return
        entry = _Entry(record, done)
        self._pending.add(entry)
        self._enqueue(key, entry)

    async def run_in_lane(self, key: bytes, work: Work) -> None:
        """Run ``work`` as an exclusive turn on a key's lane, after what is queued there; returns when it has run.

        Does not count towards ``capacity``. An exception out of ``work`` is raised here and harms nobody else.
        """
        self._check()
        turn = _Turn(work, asyncio.get_running_loop().create_future())
        self._enqueue(key, turn)
        await turn.finished

    def _has_room(self) -> bool:
        return len(self._pending) + self._granted < self._capacity

    async def _room(self, record: Record) -> bool:
        """Wait for room; False if the record's partition was dropped meanwhile."""
        waiter = _Waiter(record, asyncio.get_running_loop().create_future())
        self._waiters.append(waiter)
        try:
            granted = await waiter.granted
        except asyncio.CancelledError:
            if waiter in self._waiters:
                self._waiters.remove(waiter)
            elif waiter.granted.done() and not waiter.granted.cancelled() and waiter.granted.result():
                self._granted -= 1
                self._grant()  # the room that this one was given goes to the next
            raise
        self._granted -= granted
        self._check()
        return granted

    def _grant(self) -> None:
        """Let those go on for whom there is room now, in the order in which they came."""
        while self._waiters and self._has_room():
            waiter = self._waiters.popleft()
            if not waiter.granted.done():
                waiter.granted.set_result(True)
                self._granted += 1

    def _enqueue(self, key: bytes, entry: _Entry | _Turn) -> None:
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = _Lane(key)
            self._ready.append(lane)
        lane.queue.append(entry)
        self._idle.clear()
        if self._ready and self._at_work < self._width:
            self._start_worker()

    # -- at work --------------------------------------------------------------------------------------------------

    def _start_worker(self) -> None:
        worker = asyncio.create_task(self._work())
        self._workers.add(worker)
        worker.add_done_callback(self._workers.discard)
        self._at_work += 1

    async def _work(self) -> None:
        """Take turns on ready lanes until none is left. A lane that has more goes behind the others."""
        try:
            while self._ready and self.failure is None:
                lane = self._ready.popleft()
                await self._take_turn(lane)
                if lane.queue:
                    self._ready.append(lane)
                else:
                    del self._lanes[lane.key]
        finally:
            self._at_work -= 1  # here, not when the task is done: what is queued in between must find a worker
            if not self._lanes and not self._at_work:
                self._idle.set()

    async def _take_turn(self, lane: _Lane) -> None:
        if not lane.queue:  # everything in it was dropped
            return
        first = lane.queue.popleft()
        if isinstance(first, _Turn):
            await _run(first)
            return
        entries = [first]
        while len(entries) < self._most and (following := self._joining(lane, entries[-1])) is not None:
            entries.append(following)
        try:
            await self._handle([entry.record for entry in entries])
            for entry in entries:
                await entry.done()
        except NotDone:
            pass
        except BaseException as error:  # whatever it is, it is fatal and told to the owner
            if not self._closed:
                self._fail(error)
            if not isinstance(error, Exception):
                raise
        finally:
            for entry in entries:
                self._pending.remove(entry)
            self._grant()

    def _joining(self, lane: _Lane, before: _Entry) -> _Entry | None:
        """The lane's next record, if it may go together with the one before it."""
        if not lane.queue or not isinstance(following := lane.queue[0], _Entry):
            return None
        if not self._joins(before.record, following.record):
            return None
        lane.queue.popleft()
        return following

    def _fail(self, error: BaseException) -> None:
        if self.failure is not None:
            return
        self.failure = error
        for waiter in self._waiters:
            if not waiter.granted.done():
                waiter.granted.set_result(False)
        self._waiters.clear()
        for lane in self._lanes.values():
            for turn in [entry for entry in lane.queue if isinstance(entry, _Turn)]:
                lane.queue.remove(turn)
                if not turn.finished.done():
                    turn.finished.set_exception(self._broken())
        if self._on_failure is not None:
            self._on_failure(error)

    def _check(self) -> None:
        if self.failure is not None:
            raise self._broken() from self.failure

    def _broken(self) -> LanesBroken:
        return LanesBroken(f"a handler failed, nothing more is taken: {self.failure!r}")

    # -- out ------------------------------------------------------------------------------------------------------

    def drop_unstarted(self, partitions: Collection[Partition]) -> None:
        """Drop queued records of these partitions; their ``done`` is never called. Started ones finish."""
        gone = frozenset(partitions)
        for lane in self._lanes.values():
            kept: deque[_Entry | _Turn] = deque()
            for entry in lane.queue:
                if isinstance(entry, _Entry) and entry.record.topic_partition in gone:
                    self._pending.remove(entry)
                else:
                    kept.append(entry)
            lane.queue = kept
        for waiter in [waiter for waiter in self._waiters if waiter.record.topic_partition in gone]:
            self._waiters.remove(waiter)
            if not waiter.granted.done():
                waiter.granted.set_result(False)
        self._grant()

    async def drain(self, timeout: float) -> bool:
        """Wait until nothing is queued or at work, at most ``timeout`` seconds. True if so."""
        try:
            async with asyncio.timeout(timeout):
                await self._idle.wait()
        except TimeoutError:
            return False
        return True

    async def close(self) -> None:
        """Cancel what is still at work, for a process that ends. Nothing that is cancelled is ``done``."""
        self._closed = True
        workers = list(self._workers)
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)


async def _run(turn: _Turn) -> None:
    if turn.finished.done():  # whoever asked for it has gone
        return
    try:
        await turn.work()
    except Exception as error:  # noqa: BLE001 - it belongs to whoever asked for the turn
        if not turn.finished.done():
            turn.finished.set_exception(error)
    else:
        if not turn.finished.done():
            turn.finished.set_result(None)
