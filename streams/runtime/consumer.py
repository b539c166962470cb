"""Faust's consumer with its defects mended: what it hands on is committed only when it is done.

Stock faust-streaming 0.15.3 commits past a record that is still being worked on, writes a failed commit down as made,
waits for its streams without a limit, and loses records that were fetched while its flow stood still if their partition
had never been committed. Here a `Watermark` per partition says what may be committed, and three rules hold for records:

1. What is left of a fetch when the consumer seeks is left out: it comes again.
2. After an assignment nothing is handed on, or even taken, before positions are set and the flow has resumed since.
3. Records that were taken and cannot be handed on are never dropped silently: the consumer seeks back.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

import structlog
from aiokafka.errors import IllegalStateError
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from mode import Service

from streams.runtime.reader import Reader, Taken
from streams.runtime.watchdog import Vitals, Watchdog, Zombie
from streams.runtime.watermark import Watermark

if TYPE_CHECKING:
    from streams.runtime.faust_app import FaustApp

log = structlog.get_logger(__name__)

TAKE_SECONDS = 1.0
"""How long one fetch waits for records."""
COMMIT_SECONDS = 10.0
"""How long the last commit before a hand-over may take."""
WATCH_SECONDS = 1.0
"""Time between two looks of the watchdog."""
PLENTY = 50
"""Records in one take that make waiting for more pointless."""
YIELD_EVERY = 50
"""Records handed on before the streams get a chance to work."""


class Gate(Enum):
    """Whether records of our topics may be handed on."""

    CLOSED = auto()
    SOUGHT = auto()
    """Positions are set; the flow has not resumed since."""
    OPEN = auto()


class Consumer(driver.Consumer):  # type: ignore[misc] # faust has no types for mypy
    """Delivers records in order, and commits the watermark of what was acknowledged."""

    app: FaustApp

    def __init__(self, *args: Any, **options: Any) -> None:
        self.watermarks: dict[TP, Watermark] = {}
        self.gate = Gate.CLOSED
        self.halted: set[TP] = set()
        """Partitions of which nothing more is taken in this assignment."""
        self._missed = False
        self.released = True
        """Whether the partitions of the last assignment are being let go, or have been."""
        self._let_go = True
        self._draining: bool | None = None  # until it begins: that is not yet an end
        self._gather_until = 0.0
        self._changed = asyncio.Event()
        super().__init__(*args, **options)

    def _new_consumer_thread(self) -> Reader:
        """What Faust delegates to; it is no thread here."""
        self._reader = Reader(self, loop=self.loop, beacon=self.beacon)
        return self._reader

    # -- what may be committed ------------------------------------------------------------------------------------

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterator[TP]:
        return iter([tp for tp in self.watermarks if topics is None or tp in topics or tp.topic in topics])

    def _new_offset(self, tp: TP) -> int:
        """The offset up to which everything is done. `_should_commit` compares it with what is committed."""
        watermark = self.watermarks[tp]
        self._absorb(tp, watermark)
        return watermark.advance()

    def _absorb(self, tp: TP, watermark: Watermark) -> None:
        """Move acknowledgements into the watermark; Faust's streams write them down in several places."""
        for offset in self._acked.pop(tp, ()):
            watermark.done(offset)
        self._acked_index.pop(tp, None)

    def done_ms(self, tp: TP) -> int | None:
        """Time of the last record below the watermark, None if none was done since the last seek."""
        watermark = self.watermarks.get(tp)
        return None if watermark is None else watermark.done_ms

    async def _commit_offsets(self, offsets: Mapping[TP, int], start_new_transaction: bool = True) -> bool:
        """Commit; what failed is not written down as committed, so it is offered again."""
        before = {tp: self._committed_offset[tp] for tp in offsets}
        committed = False
        try:
            committed = bool(await super()._commit_offsets(offsets, start_new_transaction))
        finally:
            if not committed:
                self._committed_offset.update(before)
        return committed

    def committed(self) -> Mapping[TP, int]:
        """Where each partition of ours would start again."""
        return {tp: self._committed_offset[tp] for tp in self.watermarks}

    # -- handing on -------------------------------------------------------------------------------------------------

    async def _drain_messages(self, fetcher: Any) -> None:
        """Take records and hand them on, until the fetcher stops."""
        self._draining = True
        try:
            while not (self.should_stop or fetcher.should_stop):
                if not self.flow_active:
                    await self.wait(self.can_resume_flow)
                if self._missed and self.gate is Gate.OPEN:  # before anything is taken that comes after what was missed
                    await self._seek_back()
                await self._hand_on(await self._take(), fetcher)
        except (*self.consumer_stopped_errors, asyncio.CancelledError):
            if not self.app.should_stop:
                raise
        finally:
            self._draining = False

    async def _seek_back(self) -> None:
        self._missed = False
        with contextlib.suppress(IllegalStateError):  # partitions have gone: whoever has them starts where we committed
            await self._seek()

    async def _take(self) -> Taken:
        self._changed.clear()
        wanted = self._wanted()
        if wanted:
            await self._gather()
            taken = await self._reader.take(wanted, TAKE_SECONDS)
            self._took(taken)
            return taken
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), TAKE_SECONDS)
        return {}

    async def _gather(self) -> None:
        """Let records that follow others closely come together; aiokafka fetches no more until they are taken."""
        wait = self._gather_until - self.loop.time()
        if wait > 0:
            await asyncio.sleep(wait)

    def _took(self, taken: Taken) -> None:
        if 0 < sum(map(len, taken.values())) < PLENTY:
            self._gather_until = self.loop.time() + self.app.kafka.gather_seconds

    def _wanted(self) -> frozenset[TP]:
        """Partitions to take from. Of ours, none before the gate is open, none that is far ahead of a stuck record,
        and no topic that has enough in hand.

        Nor one that is halted: what came of it would be dropped, and remembered as unfinished.
        """
        is_ours = self.app.topics.acks_enabled_for
        full = {tp.topic for tp in self._buffered_partitions} | self._heavy()
        return frozenset(
            tp
            for tp in self._get_active_partitions() - self.halted
            if not is_ours(tp.topic) or (self.gate is Gate.OPEN and tp.topic not in full and not self._ahead(tp))
        )

    def _heavy(self) -> set[str]:
        """Topics with as many bytes in hand as a worker may have."""
        weights: Counter[str] = Counter()
        for tp, watermark in self.watermarks.items():
            weights[tp.topic] += watermark.bytes_in_flight
        return {topic for topic, weight in weights.items() if weight >= self.app.kafka.bytes_in_hand}

    def _ahead(self, tp: TP) -> bool:
        watermark = self.watermarks.get(tp)
        return watermark is not None and watermark.span >= self.app.kafka.span_records

    async def _hand_on(self, taken: Taken, fetcher: Any) -> None:
        seeks = self._reader.seeks  # none since the taking: this is still the same turn of the event loop
        for number, (tp, record) in enumerate(self.scheduler.iterate(taken)):
            if number % YIELD_EVERY == YIELD_EVERY - 1:
                await asyncio.sleep(0)
            if fetcher.should_stop or seeks != self._reader.seeks:
                return
            if not self.app.topics.acks_enabled_for(tp.topic):
                await self._hand_on_changelog(tp, record)
            elif self.gate is not Gate.OPEN:
                self._missed = True
            elif self.watermarks[tp].deliver(record.offset, record.timestamp, len(record.value or b"")):
                await self.callback(self._to_message(tp, record))

    async def _hand_on_changelog(self, tp: TP, record: Any) -> None:
        """Only while recovery wants it: applied later, it would overwrite newer values."""
        if self.flow_active and tp in self._get_active_partitions():
            await self.wait_first(self.callback(self._to_message(tp, record)), self.suspend_flow.wait())

    async def perform_seek(self) -> None:
        """Set our partitions to where they start. Called by Faust after every assignment."""
        await self._seek()
        self.gate = Gate.SOUGHT

    async def _seek(self) -> None:
        committed = await self._reader.seek_to_start()
        self._acked.clear()
        self._acked_index.clear()
        self.watermarks = {tp: Watermark(offset or 0) for tp, offset in committed.items()}
        # where there is None the next commit writes the start down: if retention ate a first record that is stuck, it
        # would be taken for a start on a log that has lost nothing of ours
        self._committed_offset.update(committed)

    def stop_flow(self) -> None:
        """Hand on nothing more, until positions are set and the flow has resumed."""
        super().stop_flow()
        self.gate = Gate.CLOSED

    def resume_flow(self) -> None:
        """Faust has emptied its queues: what is handed on from now on stays."""
        super().resume_flow()
        if self.gate is Gate.SOUGHT:
            self.gate = Gate.OPEN
        self._changed.set()

    def resume_partitions(self, tps: Any) -> None:
        """Take from these partitions again."""
        super().resume_partitions(tps)
        self._changed.set()

    def on_buffer_drop(self, tp: TP) -> None:
        """The stage has worked off most of what it had in hand."""
        super().on_buffer_drop(tp)
        self._changed.set()

    # -- assignments ----------------------------------------------------------------------------------------------

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """A new assignment replaces the old one whole (aiokafka knows only eager hand-overs)."""
        self.gate = Gate.CLOSED
        self.released = False
        self._let_go = False
        self._buffered_partitions.clear()
        self.halted.clear()
        await super().on_partitions_assigned(assigned, generation_id)

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Let started work finish and commit it, within limits; then forget the partitions."""
        for tp, watermark in self.watermarks.items():
            self._absorb(tp, watermark)
        await super().on_partitions_revoked(revoked)
        for tp in revoked:
            self.watermarks.pop(tp, None)

    async def wait_empty(self) -> None:
        """Called before partitions go, and at the end: let started work finish, then commit. Bounded."""
        if self.crashed:  # what failed may be what a commit needs
            return
        if not self.released:
            self.released = True
            await self.app.release([tp for tp in self.assignment() if self.app.topics.acks_enabled_for(tp.topic)])
            self._let_go = True
        try:
            async with asyncio.timeout(COMMIT_SECONDS):
                await self.maybe_wait_for_commit_to_finish()  # it may have begun before the last acknowledgement
                await self.commit()
        except TimeoutError:
            log.warning("last_commit_failed", group=self.app.group, effect="some events will be processed again")

    def owns(self, tp: TP) -> bool:
        """Whether a partition is ours to write for: from its recovery on, until its started work had time to end.

        Not while the group may have put us out without our knowing, as it does with a worker that was frozen.
        """
        return tp in self.watermarks and not self._let_go and not self.crashed and self._reader.session.stands

    # -- is it alive? -----------------------------------------------------------------------------------------------

    async def verify_all_partitions_active(self) -> None:
        """Faust's detector only logs, and ends the app if it runs early; the watchdog below replaces it."""

    @Service.task  # type: ignore[untyped-decorator]
    async def _watch(self) -> None:
        dog = Watchdog(self.app.kafka.zombie_seconds)
        while not self.should_stop:
            await self.sleep(WATCH_SECONDS)
            vitals = self.vitals()
            finding = dog.judge(vitals, self.loop.time())
            if finding is None or self.should_stop:
                continue
            if not finding.certain and not await self.app.producer.kafka_answers():
                dog.forgive(vitals.pulse, self.loop.time())
                continue
            await self.crash(Zombie(f"the consumer of {self.app.group} {finding.reason}"))

    def vitals(self) -> Vitals:
        """What the watchdog looks at."""
        if not self._reader.connected:
            return Vitals()
        fetching = self.gate is Gate.OPEN and bool(self._wanted())
        return Vitals(
            group_error=self._reader.group_error(),
            ended=tuple(self._ended()),
            expected=not self.app.waits_for_hook and (fetching or self.app.rebalancing),
            pulse=(self.app.rebalancing_count, self._reader.seeks, self._reader.last_fetch()),
        )

    def _ended(self) -> Iterator[str]:
        yield from self._reader.ended()
        if self.gate is Gate.OPEN and self._draining is False:
            yield "handing records on"

    def progress(self) -> Iterator[tuple[TP, int, Watermark]]:
        """Each partition of ours with the end of its log, as of the last fetch, and how far it is done."""
        for tp, end in self._reader.ends().items():
            watermark = self.watermarks.get(tp)
            if watermark is not None:
                self._absorb(tp, watermark)
                watermark.advance()
                yield tp, end, watermark
