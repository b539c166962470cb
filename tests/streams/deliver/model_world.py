"""The model's world: a shop whose orders are told to two workers, and everything that can happen to them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Coroutine, Iterable
from datetime import timedelta
from itertools import count
from typing import Any

from schemas.canonical import OrderStatus, Sale
from schemas.envelope import Envelope, Via
from schemas.ids import Ref
from streams.ports import Failpoint, HeldRecord, HoldReason, JournalEntry, Outgoing, Record
from streams.topics import CANONICAL_SALE
from tests.streams.deliver.bench import CHANNEL, SALE
from tests.streams.deliver.model_process import Process, Time, Trap
from tests.streams.deliver.model_targets import Made, Request, Turn
from tests.streams.deliver.model_worker import Outside, Worker
from tests.twins.clock import START
from tests.twins.kafka import envelope

ORDERS = 4
UNKNOWN_SKU = "B"
SETTLE_ROUNDS, SETTLE_SECONDS = 12, 10.0
FREEZE_SECONDS = 20.0
"""Longer than a session, and than a target may settle."""


class World:
    """Everything there is, and what a test can do to it.

    Args:
        judge: says what is wrong with a mutation that reaches a target; it is kept in ``wrong``.
    """

    def __init__(self, judge: Callable[[World, Request], Iterable[str]]) -> None:
        self.time = Time()
        self.outside = Outside(self.time, self._take, self._ended)
        self.told: dict[int, list[Sale]] = {}
        self.letters: list[Outgoing] = []
        self.ended: dict[Turn, list[tuple[float, JournalEntry]]] = {}
        self.given_up: set[Turn] = set()
        self.workers: list[Worker] = []
        self.wrong: list[str] = []
        self._names, self._receipts = count(1), count(1)
        for target in (self.outside.pos, self.outside.web):
            target.listeners.append(lambda request: self.wrong.extend(judge(self, request)))
        for _ in range(2):
            self.workers.append(self._worker())

    # -- tellings ---------------------------------------------------------------------------------------------------

    def tell(self, number: int, *, unknown_sku: bool = False) -> None:
        """An order is placed, or has changed."""
        known = self.told.setdefault(number, [])
        at = START + timedelta(seconds=int(self.time.seconds))
        if known:
            sale = known[-1]
            shipping = sale.shipping.model_copy(update={"method": f"method {len(known)}"})
            known.append(sale.model_copy(update={"updated_at": at, "shipping": shipping}))
        else:
            line = SALE.lines[0].model_copy(update={"sku": UNKNOWN_SKU if unknown_sku else "A"})
            named = {"ref": f"web:order:{number}", "number": f"{number:09}", "public_id": f"W-{number:09}"}
            known.append(SALE.model_copy(update={**named, "placed_at": at, "updated_at": at, "lines": (line,)}))
        self.tell_again(number, len(known) - 1)

    def tell_again(self, number: int, revision: int, *, via: Via = Via.WEBHOOK, receipt: str = "") -> None:
        """A telling of a revision: late, once more, or both."""
        sale = self.told[number][revision]
        self._append(number, sale.model_dump_json(), receipt, "order", str(number), via)

    def move(self, made: Made) -> None:
        """The point of sale moves an order on, and tells it."""
        self.outside.pos.move(made.native_id)
        self.tell_status(made, self.outside.pos.moves(made.native_id))

    def tell_status(self, made: Made, moves: int, *, via: Via = Via.WEBHOOK, receipt: str = "") -> None:
        """A telling of an order's status, of now or of earlier."""
        number, order = number_of(made), self.outside.pos.order(made, moves=moves)
        status = OrderStatus(
            sale=f"web:order:{number}",
            sale_number=f"{number:09}",
            ref=f"pos:order:{made.native_id}",
            number=order.number,
            status=order.status,
            updated_at=order.updated_at,
        )
        self._append(number, status.model_dump_json(), receipt, "order_status", made.native_id, via)

    def linked(self) -> list[Made]:
        """Orders that both sides know, so that normalise can tell whose they are."""
        links = self.outside.store.links.counterparts
        return [made for made in self.outside.pos.made if (Ref("pos", "order", made.native_id), "web") in links]

    def _append(self, number: int, body: str, receipt: str, entity: str, native_id: str, via: Via) -> None:
        told = envelope(receipt or f"r{next(self._receipts)}", entity=entity, native_id=native_id, via=via)
        key = f"web:order:{number}".encode()
        self.outside.log.append(CANONICAL_SALE, key, body.encode(), told.to_headers(), partition=number % 2)

    def _take(self, record: Outgoing) -> None:
        """What a worker publishes."""
        if record.topic == CANONICAL_SALE:
            number = int(record.key.decode().rsplit(":", 1)[1])
            self.outside.log.append(CANONICAL_SALE, record.key, record.value, record.headers, partition=number % 2)
        elif record.topic.startswith("dead-letter."):
            self.letters.append(record)
        else:
            self._read_again(Envelope.from_headers(record.headers))

    def _read_again(self, hint: Envelope) -> None:
        if hint.connection == "web":
            number = int(hint.native_id)
            self.tell_again(number, len(self.told[number]) - 1, via=hint.via, receipt=hint.receipt_id)
        else:
            (made,) = [made for made in self.outside.pos.made if made.native_id == hint.native_id]
            moves = self.outside.pos.moves(made.native_id)
            self.tell_status(made, moves, via=hint.via, receipt=hint.receipt_id)

    def _ended(self, group: str, entry: JournalEntry) -> None:
        if entry.outcome.ends:
            turn = Turn(group, entry.partition, entry.offset)
            self.ended.setdefault(turn, []).append((self.time.seconds, entry))

    # -- workers ----------------------------------------------------------------------------------------------------

    def _worker(self) -> Worker:
        return Worker(Process(f"worker-{next(self._names)}", self.time, self._elsewhere), self.outside)

    def kill(self, number: int) -> None:
        self.workers[number].process.kill()
        self.restart()

    def trap(self, number: int, point: Failpoint, freeze_seconds: float) -> None:
        """What the worker does when it comes there next."""
        self.workers[number].process.trap = Trap(point, freeze_seconds)

    def stop(self, number: int) -> None:
        """SIGTERM, and a new one once it has ended."""
        self.workers[number].stop()
        self.advance(5.0)
        self.kill(number)

    def restart(self) -> None:
        """A new process in place of each that has died."""
        for number, worker in enumerate(self.workers):
            if worker.process.dead:
                self.workers[number] = self._worker()

    def rebalance(self, group: str) -> None:
        """Its partitions change hands."""
        self.outside.groups[group].turn += 1
        self.outside.groups[group].rebalance()

    def step(self, number: int, iterations: int) -> None:
        """One worker alone goes on a little."""
        self.workers[number].process.step(iterations)

    def advance(self, seconds: float) -> None:
        """Everybody who is not frozen goes on for so long."""
        until = self.time.seconds + seconds
        while True:
            while sum(worker.process.run() for worker in self.workers if worker.process.runs):
                pass  # what one does may concern the others
            left = until - self.time.seconds
            if left <= 0:
                return
            self.time.seconds += min([left, *(worker.process.idle for worker in self.workers if worker.process.runs)])
            self._beat()

    def _beat(self) -> None:
        for group in self.outside.groups.values():
            for worker in self.workers:
                if worker.process.runs:
                    group.heard(worker.process.name)
            group.expire()

    def _elsewhere(self, _frozen: Process, seconds: float) -> None:
        self.advance(seconds)

    # -- the desk of a person ---------------------------------------------------------------------------------------

    def held(self, *, in_review: bool = False) -> list[tuple[str, HeldRecord]]:
        rows = sorted(self.outside.store.held.rows.values(), key=lambda row: row.held.seq)
        return [(row.group, row.held) for row in rows if not in_review or row.held.hold.reason is HoldReason.PERSON]

    def replay(self, group: str, row: HeldRecord) -> None:
        self.outside.store.held.release(group, row.record)

    def edit(self, group: str, row: HeldRecord) -> None:
        """Replay a sale with a SKU that the point of sale knows."""
        sale = Sale.model_validate_json(row.record.value)
        line = sale.lines[0].model_copy(update={"sku": "A"})
        body = sale.model_copy(update={"lines": (line,)}).model_dump_json().encode()
        self.outside.store.held.release(group, row.record, edited=body)

    def discard(self, group: str, row: HeldRecord) -> None:
        self.given_up.add(turn_of(group, row.record))
        self.outside.store.held.give_up(group, row.record, "given up")

    def link(self) -> None:
        """Somebody names the alias of the unknown SKU."""
        one, other = Ref(CHANNEL.web, "sku", UNKNOWN_SKU), Ref(CHANNEL.pos, "sku", "A")
        _at_once(self.outside.store.links.insert(one, other))

    # -- the end ----------------------------------------------------------------------------------------------------

    def heal(self) -> None:
        """Nothing fails any more, and nobody is dead or frozen."""
        self.outside.faults.clear()
        for target in (self.outside.pos, self.outside.web):
            target.fates.clear()
            target.down.clear()
        for worker in self.workers:
            worker.process.frozen, worker.process.trap = False, None
        self.restart()
        self.link()

    def settle(self) -> None:
        """Let everything end: nothing fails any more, and a person replays what is in review."""
        self.heal()
        for _ in range(SETTLE_ROUNDS):
            for group, row in self.held(in_review=True):
                self.replay(group, row)
            self.advance(SETTLE_SECONDS)
            if all(is_left_to_a_person(row) for _, row in self.held()) and self._all_committed():
                return

    def _all_committed(self) -> bool:
        return all(
            group.committed.get(partition, 0) == len(self.outside.log.records[partition])
            for group in self.outside.groups.values()
            for partition in group.partitions
        )

    def close(self) -> None:
        for worker in self.workers:
            worker.process.kill()


def is_left_to_a_person(row: HeldRecord) -> bool:
    """Whether it stays in review until somebody has changed the order by hand."""
    return row.hold.letter is not None and row.hold.letter.code == "changed_after_export"


def number_of(made: Made) -> int:
    return int(made.source.removeprefix(CHANNEL.prefix))


def turn_of(group: str, record: Record) -> Turn:
    return Turn(group, record.partition, record.offset)


def _at_once(work: Coroutine[Any, Any, object]) -> None:
    """Run what waits for nothing."""
    with contextlib.suppress(StopIteration):
        work.send(None)
        raise AssertionError("it waits")
