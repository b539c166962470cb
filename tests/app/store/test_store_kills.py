"""What was promised is there after kill -9 of the server, or of a worker in the middle of its work."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from app.clock import SystemClock
from app.local.postgres import start_postgres
from app.store import Store, migrate
from schemas.ids import Ref
from streams.errors import Unavailable
from streams.ports import EffectDone, EffectKey, EffectState, JournalEntry, Outcome, Revision
from tests.twins.clock import START


def key(number: int) -> EffectKey:
    return EffectKey("pos", "create_order", Ref("web", "order", str(number)))


async def begin(store: Store, number: int, after_epoch: int = 0) -> None:
    await store.ledger.begin(
        key(number), owner="worker-1", after_epoch=after_epoch, request_hash="h", settle=timedelta(0)
    )


async def finish(store: Store, number: int) -> None:
    source = key(number).source
    made = Ref("pos", "order", str(number))
    await store.ledger.finish(
        EffectDone(key(number), 1, str(number), link=(source, made), applied={source: Revision(START, "c")})
    )


@pytest.mark.postgres
async def test_what_was_answered_survives_a_kill_of_the_server(tmp_path: Path) -> None:
    postgres = start_postgres(tmp_path)
    await migrate(postgres.url)
    store = Store.open(postgres.url, role="test", clock=SystemClock())
    await begin(store, 0)
    durable: list[int] = []

    async def work(number: int) -> None:
        for step in range(number * 1_000_000 + 1, (number + 1) * 1_000_000):
            await begin(store, step)
            await finish(store, step)
            line = JournalEntry(f"r{step}", START, "deliver", Outcome.DELIVERED, subject=str(step))
            await store.journal.write([line])
            durable.append(step)

    workers = [asyncio.create_task(work(number)) for number in range(8)]
    while len(durable) < 300:  # noqa: ASYNC110 - the workers run meanwhile
        await asyncio.sleep(0.01)
    os.kill(postgres.pid, signal.SIGKILL)
    lost = await asyncio.gather(*workers, return_exceptions=True)
    assert {type(error) for error in lost} == {Unavailable}
    with pytest.raises(Unavailable):
        await finish(store, 0)
    await store.close()
    postgres.stop()

    postgres = start_postgres(tmp_path)
    store = Store.open(postgres.url, role="test", clock=SystemClock())
    try:
        row = await store.ledger.get(key(0))
        assert row is not None
        assert (row.state, row.epoch) == (EffectState.PENDING, 1)
        await finish(store, 0)
        await assert_all_or_nothing(store, durable)
        assert len(await store.journal.delivered()) >= len(durable)
    finally:
        await store.close()
        postgres.stop()


async def assert_all_or_nothing(store: Store, durable: list[int]) -> None:
    """Every effect that was answered is done; an effect has its link and its revision if and only if it is done."""
    rows = await store.database.fetch("SELECT source, state FROM ledger")
    done = {row["source"] for row in rows if row["state"] == "done"}
    linked = {row["ref"] for row in await store.database.fetch("SELECT ref FROM links WHERE connection = 'pos'")}
    applied = {row["entity"] for row in await store.database.fetch("SELECT entity FROM applied")}
    assert {str(key(number).source) for number in durable} <= done
    assert done == linked == applied


WORKER = """
import asyncio, sys
from app.clock import SystemClock
from app.store import Store
from tests.app.store.test_store_kills import begin, finish

async def main(url):
    store = Store.open(url, role="worker", clock=SystemClock())
    await begin(store, 0)

    async def work(number):
        for step in range(number * 1_000_000 + 1, (number + 1) * 1_000_000):
            await begin(store, step)
            await finish(store, step)
            print(step, flush=True)

    await asyncio.gather(*(work(number) for number in range(8)))

asyncio.run(main(sys.argv[1]))
"""


async def test_a_worker_that_is_killed_leaves_whole_effects_and_one_pending(store: Store, store_url: str) -> None:
    root = Path(__file__).parents[3]
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WORKER, store_url, cwd=root, stdout=asyncio.subprocess.PIPE
    )
    assert worker.stdout is not None
    durable = [int(await worker.stdout.readline()) for _ in range(300)]
    worker.kill()
    durable += [int(line) for line in (await worker.stdout.read()).split(b"\n")[:-1]]
    await worker.wait()
    await assert_all_or_nothing(store, durable)
    row = await store.ledger.get(key(0))
    assert row is not None
    assert (row.state, row.owner, row.epoch) == (EffectState.PENDING, "worker-1", 1)
    await begin(store, 0, after_epoch=1)
    await finish(store, 0)
