"""What must be true in the model's world: at every request, after every step, and once everything has ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from schemas.canonical import OrderStatus
from schemas.envelope import Envelope
from streams.ports import EffectState, HeldRecord, Outcome, Record
from streams.topics import CANONICAL_SALE
from tests.streams.deliver.model_targets import STATUSES, Made, Request, Turn
from tests.streams.deliver.model_worker import ENTITY, POS, WEB
from tests.streams.deliver.model_world import World, is_left_to_a_person, number_of, turn_of


def at_request(world: World, request: Request) -> Iterator[str]:
    """What is wrong with a mutation that reaches a target now."""
    target = world.outside.pos if request.turn.group == POS else world.outside.web
    for earlier in target.requests:
        if earlier.source == request.source:
            if earlier.ends > request.sent:
                yield f"'{request.source}' is sent again while the target still works on it"
            if earlier.acts:
                yield f"'{request.source}' is sent again after it was done"
    if Outcome.DISCARDED in outcomes(world, request.turn):
        yield f"'{request.source}' is sent by {request.turn}, which was discarded"
    for turn in _unended_before(world, request.turn):
        yield f"'{request.source}' is sent by {request.turn} before {turn} has ended"


def after_a_step(world: World) -> Iterator[str]:
    """What is wrong now."""
    for worker in world.workers:
        yield from worker.problems()
    for target in (world.outside.pos, world.outside.web):
        for source, times in Counter(made.source for made in target.made).items():
            if times > 1:
                yield f"'{source}' is there {times} times"
    yield from _comments_out_of_order(world)
    for turn, record in _relevant(world):
        committed = world.outside.groups[turn.group].committed.get((CANONICAL_SALE, turn.partition), 0)
        if turn.offset < committed and turn not in world.ended and _row(world, turn) is None:
            yield f"{turn} is committed, and nothing came of it: {record.key!r}"


def in_the_end(world: World) -> Iterator[str]:
    """What is wrong once everything has had its time and nothing fails any more."""
    for group, row in world.held():
        if not is_left_to_a_person(row):
            yield f"{turn_of(group, row.record)} is still held: {row.hold.error} {row.hold.message}"
    for turn, _ in _relevant(world):
        if turn not in world.ended and _row(world, turn) is None:
            yield f"nothing came of {turn}"
    orders = {number_of(made): made for made in world.outside.pos.made}
    for number in world.told:
        if all(turn in world.given_up for turn in _turns_of(world, POS, number)):
            continue
        if number not in orders:
            yield f"order {number} is missing"
        else:
            yield from _unconfirmed(world, number, orders[number])


def _unconfirmed(world: World, number: int, made: Made) -> Iterator[str]:
    turns = dict(_turns_of(world, WEB, number))
    if any(turn in world.given_up for turn in turns):
        return
    if world.outside.web.numbers.get(str(number)) != made.native_id:
        yield f"order {number} does not show its number {made.native_id}"
    told = [OrderStatus.model_validate_json(record.value) for record in turns.values()]
    newest = max(told, key=lambda status: status.updated_at, default=None)
    shown = [_status(comment) for comment in world.outside.web.made if comment.of == str(number)]
    if newest is None or newest.status not in shown:
        yield f"order {number} is not confirmed as {newest and newest.status}, it shows {shown}"
    for row in world.outside.store.ledger.rows.values():
        if row.state is not EffectState.DONE and row.key.source.native_id == str(number):
            yield f"{row.key} is {row.state}"


def outcomes(world: World, turn: Turn) -> list[Outcome]:
    return [entry.outcome for _, entry in world.ended.get(turn, ())]


def _comments_out_of_order(world: World) -> Iterator[str]:
    """In the order in which they stand there. What was given up while it was under way may still land."""
    for number in world.told:
        if any(turn in world.given_up for turn in _turns_of(world, WEB, number)):
            continue
        there = [made for made in world.outside.web.made if made.of == str(number)]
        told = [STATUSES.index(_status(made)) for made in sorted(there, key=lambda made: made.at)]
        if told != sorted(told):
            yield f"order {number} tells {[STATUSES[at] for at in told]}"


def _unended_before(world: World, turn: Turn) -> Iterator[Turn]:
    """Earlier events of the same key that must have ended before this one acts."""
    log = world.outside.log.records[CANONICAL_SALE, turn.partition]
    for record in log[: turn.offset]:
        earlier = turn_of(turn.group, record)
        if record.key == log[turn.offset].key and _is_relevant(turn.group, record) and earlier not in world.ended:
            row = _row(world, earlier)
            if row is None or row.hold.blocks:
                yield earlier


def _relevant(world: World) -> Iterator[tuple[Turn, Record]]:
    for log in world.outside.log.records.values():
        for record in log:
            for group in (POS, WEB):
                if _is_relevant(group, record):
                    yield turn_of(group, record), record


def _turns_of(world: World, group: str, number: int) -> dict[Turn, Record]:
    key = f"web:order:{number}".encode()
    return {turn: record for turn, record in _relevant(world) if turn.group == group and record.key == key}


def is_sale(record: Record) -> bool:
    return _is_relevant(POS, record)


def _is_relevant(group: str, record: Record) -> bool:
    return Envelope.from_headers(record.headers).entity == ENTITY[group]


def _row(world: World, turn: Turn) -> HeldRecord | None:
    for group, place in list(world.outside.store.held.rows):
        if (group, place.partition, place.offset) == (turn.group, turn.partition, turn.offset):
            return world.outside.store.held.rows[group, place].held
    return None


def _status(comment: Made) -> str:
    """Of ``Heartland order 17: Open [tillstream pos:order:17 Open]``."""
    return comment.source.rstrip("]").rsplit(" ", 1)[1]
