"""What a person does about events in review, on a real store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from pydantic import SecretStr

from app.clock import SystemClock
from app.commands import dead_letters
from app.commands.dead_letters import Replay
from app.connections import Budget, HeartlandConnection, MagentoConnection
from app.settings import Settings, StoreSettings
from app.store import Store
from schemas.envelope import Envelope
from streams.errors import Rejected
from streams.ports import HeldRecord, Hold, HoldReason, JournalEntry, Outcome, Record
from streams.runtime.holding import HeldQueue
from streams.runtime.stage import Stage, Surroundings
from streams.runtime.work import Work
from tests.contract.test_held_contract import LETTER
from tests.twins import claims
from tests.twins.kafka import Counting, MemoryPublisher
from tests.twins.lanes import in_lane
from tests.waiting import eventually

GROUP, TOPIC = "deliver-pos", "canonical.sale"
RAW = b'{"entity_id": 42, "increment_id": "000000042", "store_id": 1}'


@pytest.fixture
def settings(store_url: str) -> Settings:
    connections = {
        "web": MagentoConnection(base_url="http://127.0.0.1:1", bearer_token=SecretStr("t")),
        "pos": HeartlandConnection(base_url="http://127.0.0.1:1", client_id="c", client_secret=SecretStr("s")),
    }
    return Settings(store=StoreSettings(url=SecretStr(store_url)), connections=connections)


def waits(receipt_id: str) -> Hold:
    return Hold(
        "web:order:42",
        HoldReason.PERSON,
        "deliver",
        receipt_id,
        subject="000000042",
        flow="order",
        step="create_order",
        target="pos",
        attempts=2,
        error="Rejected",
        message="order 000000042: [total] differs",
        letter=LETTER,
    )


async def hold(store: Store, *receipt_ids: str, changed: Hold | None = None) -> None:
    """Hold one event of each receipt for a person, one behind the other."""
    for offset, receipt_id in enumerate(receipt_ids):
        envelope = Envelope(receipt_id, "web", "magento", "order", "42", 1_000)
        record = Record("raw.magento.order", 0, offset, b"web:order:42", RAW, tuple(envelope.to_headers()), 0)
        await claims.hold(store.held, GROUP, record, changed or waits(receipt_id))


async def left(store: Store) -> dict[str, HeldRecord]:
    return {event.held.hold.receipt_id: event.held for event in await store.desk.find()}


async def test_the_list_tells_who_waits_where_and_why(
    store: Store, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    await hold(store, "r1", "r2")
    assert await dead_letters.show_list(settings, {"subject": "000000042", "limit": 2}) == 0
    told = capsys.readouterr().out
    assert "r1 (000000042)  deliver order create_order pos  Rejected total  since 20" in told
    assert "2 tries, 0 replays\n  order 000000042: [total] differs" in told
    assert "2 events, or more: see --limit in review" in told
    assert await dead_letters.show_list(settings, {"target": "web", "limit": 2}) == 0
    assert capsys.readouterr().out.startswith("0 events in review")


async def test_show_tells_everything_and_what_to_do_next(
    store: Store, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    await hold(store, "r1")
    assert await dead_letters.show(settings, "r1") == 0
    told = capsys.readouterr().out
    for line in (
        "error:     Rejected, code total",
        "versions:  flow order 3, mapping heartland.order.out 7",
        "app/heartland/orders.py:create_order",
        "where:     raw.magento.order 0@0, held for deliver-pos, key web:order:42",
        "later events of its key wait",
        "last:      2023-11-14 22:14:20 UTC",
        "mend:      tillstream replay r1",
        "tillstream discard r1 --reason 'WHY'",
        "connection: web",
        '"increment_id": "000000042"',
        "Traceback",
    ):
        assert line in told
    assert await dead_letters.show(settings, "r9") == 1
    assert "Nothing is held under receipt r9" in capsys.readouterr().out


async def test_what_is_replayed_is_due_and_the_journal_says_who_and_why(
    store: Store, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    await hold(store, "r1", "r2")
    how = Replay("ann", reason="price mended")
    assert await dead_letters.replay(settings, {"receipt_id": "r1"}, replace(how, dry_run=True)) == 0
    assert "would replay r1 (000000042): order 000000042" in capsys.readouterr().out
    assert (await left(store))["r1"].hold.reason is HoldReason.PERSON
    assert await dead_letters.replay(settings, {"receipt_id": "r1"}, how) == 0
    assert "r1 (000000042) tries again: see `tillstream trace r1`" in capsys.readouterr().out
    held = await left(store)
    assert (held["r1"].hold.reason, held["r1"].replays) == (HoldReason.TIME, 1)
    assert held["r2"].hold.reason is HoldReason.PERSON
    (line,) = await store.journal.of_receipt("r1")
    assert (line.outcome, line.message) == (Outcome.RELEASED, "replayed by ann: price mended")
    assert await dead_letters.replay(settings, {"receipt_id": "r1"}, how) == 1, "it is not in review any more"
    assert "Nothing in review fits" in capsys.readouterr().out


async def test_a_rate_spreads_a_replay(store: Store, settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    await hold(store, "r1", "r2", "r3")
    assert await dead_letters.replay(settings, {"stage": "deliver"}, Replay("ann", per_second=0.5)) == 0
    dues = [held.hold.due_at for held in (await left(store)).values()]
    assert dues[0] is not None
    assert dues[2] == dues[0] + timedelta(seconds=4)
    assert "0.5 a second: the last one in 4 s" in capsys.readouterr().out


async def test_a_replay_leaves_new_orders_their_part_of_the_targets_budget(
    store: Store, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    budget = Budget(requests_per_second=10, replay_share=0.1)
    pos = settings.connections["pos"].model_copy(update={"budget": budget})
    settings = settings.model_copy(update={"connections": {**settings.connections, "pos": pos}})
    await hold(store, "r1", "r2", "r3")
    assert await dead_letters.replay(settings, {"stage": "deliver"}, Replay("ann")) == 0
    assert "1 a second: the last one in 2 s" in capsys.readouterr().out


async def test_what_failed_after_each_replay_is_in_quarantine_until_it_is_forced(
    store: Store, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(settings.worker.replay_limit):
        await hold(store, "r1")
        assert await dead_letters.replay(settings, {"receipt_id": "r1"}, Replay("ann")) == 0
    await hold(store, "r1")
    capsys.readouterr()
    assert await dead_letters.replay_receipt(settings, "r1", by="ann") == 1
    assert "r1 (000000042) is in quarantine after 5 replays" in capsys.readouterr().out
    await dead_letters.show_list(settings, {})
    assert "5 replays, in quarantine" in capsys.readouterr().out
    await dead_letters.show(settings, "r1")
    assert "dead-letters replay --receipt r1 --force" in capsys.readouterr().out
    assert await dead_letters.replay(settings, {"receipt_id": "r1"}, Replay("ann", force=True)) == 0
    assert (await left(store))["r1"].replays == 6


async def test_an_edited_body_is_kept_beside_the_original(
    store: Store, settings: Settings, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    await hold(store, "r1", "r2")
    file = tmp_path / "body.json"
    file.write_bytes(RAW.replace(b"}", b', "grand_total": 3}'))
    edit = Replay("ann", edit=file)
    with pytest.raises(Rejected, match="is for one event, and 2 fit"):
        await dead_letters.replay(settings, {"stage": "deliver"}, edit)
    with pytest.raises(Rejected, match="cannot be read: No such file"):
        await dead_letters.replay(settings, {"receipt_id": "r1"}, replace(edit, edit=tmp_path / "none"))
    assert await dead_letters.replay(settings, {"receipt_id": "r1"}, edit) == 0
    row = (await left(store))["r1"]
    assert (row.record.value, row.edited, row.edited_by) == (RAW, file.read_bytes(), "ann")
    (line,) = await store.journal.of_receipt("r1")
    assert line.message == "replayed by ann with an edited body"
    await hold(store, "r1")
    await dead_letters.show(settings, "r1")
    told = capsys.readouterr().out
    assert "body as edited by ann:" in told
    assert '"grand_total": 3' in told


async def test_an_edit_that_makes_another_order_of_it_is_refused(
    store: Store, settings: Settings, tmp_path: Path
) -> None:
    await hold(store, "r1")
    file = tmp_path / "body.json"
    file.write_bytes(RAW.replace(b"42,", b"43,"))
    with pytest.raises(Rejected, match="must not change 'entity_id'"):
        await dead_letters.replay(settings, {"receipt_id": "r1"}, Replay("ann", edit=file))
    assert (await left(store))["r1"].edited is None


class Handler:
    """Delivers what it is given, once it may."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.may = asyncio.Event()

    async def handle(self, work: Work) -> Sequence[JournalEntry]:
        self.begun.set()
        await self.may.wait()
        return [work.entry(arrival, Outcome.DELIVERED, SystemClock().now()) for arrival in work.arrivals]

    def blocks(self, work: Work) -> bool:
        return True


@asynccontextmanager
async def owner(store: Store) -> AsyncIterator[Handler]:
    """A worker that owns what is held, and lets it go on."""
    handler, clock = Handler(), SystemClock()
    queue = HeldQueue(store.held, group=GROUP, owner="test", clock=clock, interval=0.02)
    stage = Stage("deliver", handler, Surroundings(queue, store.journal, MemoryPublisher(), clock, Counting()))
    await queue.assigned([("raw.magento.order", 0), (TOPIC, 0)])

    draining = asyncio.create_task(queue.drain(in_lane, stage.process_held))
    yield handler
    draining.cancel()
    await asyncio.wait([draining])


async def test_what_is_discarded_is_gone_for_good_and_the_journal_keeps_who_and_why(
    store: Store, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    await hold(store, "r1", "r2")
    async with owner(store):
        assert await dead_letters.discard(settings, {"receipt_id": "r1"}, by="ann", reason="a [test] order") == 0
    told = capsys.readouterr().out
    assert "r1 (000000042) is discarded, what queued behind it goes on" in told
    assert "an event of its own, and may still be delivered: see `tillstream trace r1`" in told
    (line,) = await store.journal.of_receipt("r1")
    assert (line.outcome, line.message) == (Outcome.DISCARDED, "given up by ann: a [test] order")
    assert list(await left(store)) == ["r2"]
    assert await dead_letters.discard(settings, {"receipt_id": "r1"}, by="ann", reason="again") == 1


async def test_a_discard_without_a_worker_waits_for_one_and_says_so(
    store: Store, settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.commands.discarding.OWNER_SECONDS", 0.1)
    monkeypatch.setattr("app.commands.discarding.LOOK_SECONDS", 0.02)
    await hold(store, "r1")
    assert await dead_letters.discard_receipt(settings, "r1", by="ann", reason="a test") == 0
    told = capsys.readouterr().out
    assert "r1 (000000042) is given up, but no worker of deliver-pos has come to it within 0.1 s" in told
    assert "it is discarded as soon as one does" in told
    assert [row.given_up for row in (await left(store)).values()] == ["given up by ann: a test"]
    assert await dead_letters.discard_receipt(settings, "r1", by="bob", reason="again") == 0
    async with owner(store):
        await eventually(partial(_is_gone, store, "r1"))
    (line,) = await store.journal.of_receipt("r1")
    assert line.message == "given up by ann: a test"


async def _is_gone(store: Store, receipt_id: str) -> bool:
    return receipt_id not in await left(store)


async def _is_given_up(store: Store, receipt_id: str) -> bool:
    return bool((await left(store))[receipt_id].given_up)


async def test_a_discard_that_comes_too_late_says_that_the_event_was_delivered(
    store: Store, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    await hold(store, "r1")
    async with owner(store) as handler:
        assert await dead_letters.replay_receipt(settings, "r1", by="ann") == 0
        await handler.begun.wait()
        discarding = asyncio.create_task(dead_letters.discard_receipt(settings, "r1", by="bob", reason="a test"))
        await eventually(partial(_is_given_up, store, "r1"))
        handler.may.set()
        assert await discarding == 1
    assert "r1 (000000042) was just delivered, before it could be given up" in capsys.readouterr().out
    assert [line.outcome for line in await store.journal.of_receipt("r1")] == [Outcome.RELEASED, Outcome.DELIVERED]


async def test_the_short_forms_take_whatever_is_held_under_the_receipt_and_nothing_else(
    store: Store, settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    later = SystemClock().now() + timedelta(hours=1)
    parked = replace(waits("r1"), reason=HoldReason.TIME, due_at=later, letter=None)
    await hold(store, "r1", changed=parked)
    await claims.hold(store.held, GROUP, Record(TOPIC, 0, 9, b"k", b"{}", (), 0), waits("r1.c"))
    assert await dead_letters.replay_receipt(settings, "r1", by="ann") == 0
    held = await left(store)
    assert held["r1"].hold.due_at is not None
    assert held["r1"].hold.due_at < later
    assert held["r1.c"].hold.reason is HoldReason.PERSON
    assert await dead_letters.replay_receipt(settings, "r1", by="ann") == 0
    assert "r1 (000000042) was due already" in capsys.readouterr().out
    monkeypatch.setattr("app.commands.discarding.OWNER_SECONDS", 0.0)
    assert await dead_letters.discard_receipt(settings, "r1", by="ann", reason="gone") == 0
    assert [name for name, row in (await left(store)).items() if row.given_up] == ["r1"]
    assert await dead_letters.replay_receipt(settings, "r9", by="ann") == 1
    assert await dead_letters.discard_receipt(settings, "r9", by="ann", reason="why") == 1
    assert "Nothing is held under receipt r9" in capsys.readouterr().out
