"""``tillstream dead-letters list|show|replay|discard``, and the short forms ``replay`` and ``discard``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import orjson

from app import edits
from app.commands.discarding import give_up
from app.commands.store import say, utc, with_store
from app.connections import replay_rate
from app.settings import Settings
from app.store import Edit, HeldEvent, Store, Wanted
from app.trace.story import waiting
from schemas.dead_letter import DeadLetter
from streams.engine.load import load
from streams.errors import Rejected
from streams.ports import HoldReason


@dataclass(frozen=True, slots=True)
class Replay:
    """How to replay.

    Attributes:
        by: who does it.
        reason: why; may be empty.
        dry_run: only tell what would be replayed, and what that would write.
        per_second: how many go on each second; if not given, what their target's budget leaves to replays, and all at
            once where it has none.
        force: also what was replayed too often.
        edit: file with the body that takes the place of the one event's own.
    """

    by: str
    reason: str = ""
    dry_run: bool = False
    per_second: float | None = None
    force: bool = False
    edit: Path | None = None


async def show_list(settings: Settings, wanted: Wanted) -> int:
    """List what is in review. Returns 0."""

    async def work(store: Store) -> int:
        found = await _in_review(store, wanted)
        for event in found:
            _tell_one(event, settings.worker.replay_limit)
        say(f"{_counted(found, wanted)} in review; `tillstream dead-letters show RECEIPT` tells all about one")
        return 0

    return await with_store(settings, work)


async def show(settings: Settings, receipt_id: str) -> int:
    """Tell everything about a receipt's events in review, and what to do next. Returns 1 if there is none."""

    async def work(store: Store) -> int:
        found = await _in_review(store, {"receipt_id": receipt_id})
        if not found:
            return _none(receipt_id)
        for event in found:
            _tell_all(event, settings)
        return 0

    return await with_store(settings, work)


async def replay(settings: Settings, wanted: Wanted, how: Replay) -> int:
    """Let events in review try again. Returns 1 if nothing fits, or something was replayed too often.

    Raises:
        Rejected: an edit that does not name exactly one event, cannot be read, or makes it another event.
    """

    async def work(store: Store) -> int:
        found = await _in_review(store, wanted)
        return await _replay(store, settings, found, how) if found else _nothing_fits()

    return await with_store(settings, work)


async def discard(settings: Settings, wanted: Wanted, *, by: str, reason: str) -> int:
    """Give events in review up. Returns 1 if nothing fits, or one ended before it could be given up."""

    async def work(store: Store) -> int:
        found = await _in_review(store, wanted)
        return await _discard(store, found, by, reason) if found else _nothing_fits()

    return await with_store(settings, work)


async def replay_receipt(settings: Settings, receipt_id: str, *, by: str) -> int:
    """Let whatever is held under a receipt try again now. Returns 1 if nothing is."""

    async def work(store: Store) -> int:
        found = await _of_receipt(store, receipt_id)
        return await _replay(store, settings, found, Replay(by)) if found else _none(receipt_id)

    return await with_store(settings, work)


async def discard_receipt(settings: Settings, receipt_id: str, *, by: str, reason: str) -> int:
    """Give whatever is held under a receipt up. Returns as `discard`."""

    async def work(store: Store) -> int:
        found = await _of_receipt(store, receipt_id)
        return await _discard(store, found, by, reason) if found else _none(receipt_id)

    return await with_store(settings, work)


async def _in_review(store: Store, wanted: Wanted) -> Sequence[HeldEvent]:
    in_review: Wanted = {**wanted, "reason": HoldReason.PERSON}
    return await store.desk.find(**in_review)


async def _of_receipt(store: Store, receipt_id: str) -> list[HeldEvent]:
    found = await store.desk.find(receipt_id=receipt_id)
    return [event for event in found if event.held.hold.receipt_id == receipt_id]


async def _replay(store: Store, settings: Settings, found: Sequence[HeldEvent], how: Replay) -> int:
    limit = settings.worker.replay_limit
    edit = _edit(settings, found, how) if how.edit else None
    stays = [] if how.force else [event for event in found if _is_quarantined(event, limit)]
    goes = [event for event in found if event not in stays]
    if how.dry_run:
        await _tell_dry(store, settings, goes, edit)
    elif goes:
        per_second = how.per_second or _replay_rate(settings, goes)
        message = f"replayed by {how.by}" + (" with an edited body" if edit else "")
        freed = await store.desk.release(
            goes,
            message=f"{message}: {how.reason}" if how.reason else message,
            per_second=per_second,
            most_replays=None if how.force else limit,
            edit=edit,
        )
        freed_seqs = {event.held.seq for event in freed}
        for event in goes:
            did = "tries again" if event.held.seq in freed_seqs else "was due already, or has just ended"
            say(f"{_name(event)} {did}: see `tillstream trace {event.held.hold.receipt_id}`")
        if per_second and len(freed) > 1:
            say(f"{per_second:g} a second: the last one in {(len(goes) - 1) / per_second:.0f} s")
    for event in stays:
        say(
            f"{_name(event)} is in quarantine after {_times(event.held.replays, 'replay')}: {event.held.hold.message} "
            f"-- mend that first, then `tillstream dead-letters replay --receipt {event.held.hold.receipt_id} --force`"
        )
    return int(bool(stays))


def _replay_rate(settings: Settings, events: Sequence[HeldEvent]) -> float | None:
    """How many replays a second leave new events their part of every target's budget; None if no target has one."""
    targets = {event.held.hold.target for event in events}
    return replay_rate(connection.budget for name, connection in settings.connections.items() if name in targets)


async def _tell_dry(store: Store, settings: Settings, events: Sequence[HeldEvent], edit: Edit | None) -> None:
    from app.dry_run import DryRun  # noqa: PLC0415 - it brings in the whole pipeline, which only this needs

    dry = DryRun(settings, store)
    try:
        for event in events:
            say(f"would replay {_name(event)}: {event.held.hold.message}")
            for line in await dry.tell(event, edit.body if edit else None):
                say(f"  {line}")
    finally:
        await dry.close()


def _edit(settings: Settings, found: Sequence[HeldEvent], how: Replay) -> Edit | None:
    if how.edit is None:
        return None
    if len(found) != 1:
        raise Rejected(f"--edit is for one event, and {len(found)} fit: name it with --receipt", code="edit")
    try:
        body = how.edit.read_bytes()
    except OSError as error:
        raise Rejected(f"{how.edit} cannot be read: {error.strerror}", code="edit") from error
    edits.check(found[0].held.record, body, load(settings.flows_directory))
    return Edit(body, how.by)


async def _discard(store: Store, found: Sequence[HeldEvent], by: str, reason: str) -> int:
    endings = await give_up(store, found, message=f"given up by {by}: {reason}")
    for event, ending in zip(found, endings, strict=True):
        say(f"{_name(event)} {ending.told}: see `tillstream trace {event.held.hold.receipt_id}`")
    return int(not all(ending.given_up for ending in endings))


def _is_quarantined(event: HeldEvent, limit: int) -> bool:
    return event.held.hold.reason is HoldReason.PERSON and event.held.replays >= limit


def _tell_one(event: HeldEvent, limit: int) -> None:
    hold = event.held.hold
    way = " ".join(part for part in (hold.stage, hold.flow, hold.step, hold.target) if part)
    code = f" {hold.letter.code}" if hold.letter and hold.letter.code != hold.error else ""
    counted = f"{_times(hold.attempts, 'try', 'tries')}, {_times(event.held.replays, 'replay')}"
    quarantine = ", in quarantine" if _is_quarantined(event, limit) else ""
    say(f"{_name(event)}  {way}  {hold.error}{code}  since {utc(event.held.held_at)}, {counted}{quarantine}")
    say(f"  {hold.message}")


def _tell_all(event: HeldEvent, settings: Settings) -> None:
    held, hold = event.held, event.held.hold
    letter, record = hold.letter, held.record
    told = waiting(event, settings.systems)
    say(_name(event))
    rows = {
        "what": hold.message,
        "error": f"{hold.error}, code {letter.code}" if letter else hold.error,
        "stage": " ".join(part for part in (hold.stage, hold.flow, hold.step, hold.target) if part),
        "versions": _versions(letter),
        "code": " → ".join(told.modules),
        "where": f"{record.topic} {record.partition}@{record.offset}, held for {event.group}, key {hold.key}",
        "behind it": "later events of its key wait" if hold.blocks else "later events of its key go on",
        "first": utc(held.held_at),
        "last": utc(datetime.fromtimestamp(letter.last_ms / 1000, UTC)) if letter else "",
        "tried": f"{_times(hold.attempts, 'time')}, {_times(held.replays, 'replay')}",
        "mend": _mend(event, told.mend, settings.worker.replay_limit),
        "or edit": f"tillstream dead-letters replay --receipt {hold.receipt_id} --edit FILE",
        "or": f"{told.give_up}  to give it up for good",
    }
    for name, value in rows.items():
        if value:
            say(f"  {name + ':':<10} {value}")
    _tell_block("headers", "\n".join(f"{name}: {value.decode('utf-8', 'replace')}" for name, value in record.headers))
    _tell_block("body", _readable(record.value))
    if held.edited is not None:
        _tell_block(f"body as edited by {held.edited_by}", _readable(held.edited))
    _tell_block("stack", letter.stack if letter else "")


def _mend(event: HeldEvent, mend: str, limit: int) -> str:
    if not _is_quarantined(event, limit):
        return mend
    forced = f"tillstream dead-letters replay --receipt {event.held.hold.receipt_id} --force"
    return f"in quarantine, it failed after every replay: mend the cause, then {forced}"


def _tell_block(name: str, text: str) -> None:
    if text:
        say(f"  {name}:")
        say("".join(f"    {line}\n" for line in text.splitlines()).rstrip("\n"))


def _versions(letter: DeadLetter | None) -> str:
    if letter is None or not letter.flow_version:
        return ""
    mapping = f", mapping {letter.mapping} {letter.mapping_version}" if letter.mapping else ""
    return f"flow {letter.flow} {letter.flow_version}{mapping}"


def _readable(body: bytes) -> str:
    """A body for a person: JSON in lines, anything else as text."""
    try:
        return orjson.dumps(orjson.loads(body), option=orjson.OPT_INDENT_2).decode()
    except orjson.JSONDecodeError:
        return body.decode("utf-8", "backslashreplace")


def _name(event: HeldEvent) -> str:
    hold = event.held.hold
    return f"{hold.receipt_id} ({hold.subject})" if hold.subject else hold.receipt_id


def _counted(found: Sequence[HeldEvent], wanted: Mapping[str, object]) -> str:
    more = ", or more: see --limit" if len(found) == wanted.get("limit") else ""
    return _times(len(found), "event") + more


def _times(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def _nothing_fits() -> int:
    say("Nothing in review fits: see `tillstream dead-letters list`")
    return 1


def _none(receipt_id: str) -> int:
    say(f"Nothing is held under receipt {receipt_id}: see `tillstream trace {receipt_id}`")
    return 1
