"""Connecting a point of sale: once, repaired when it is broken, and the door takes what it then sends."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest
import structlog

from app.connect.done import Did
from app.connect.heartland import HeartlandDoor
from app.connect.plan import Wanted
from app.connect.watch import WebhookWatch
from app.connections import HeartlandConnection
from app.ingress.handler import senders_of
from app.ingress.registered import registered_secrets
from app.ingress.signature import Verdict
from app.polling.turns import Turns
from app.sandbox.faults import Fault, Rule
from app.sandbox.webhooks import sign
from schemas.heartland import Webhook
from streams.errors import OutcomeUnknown
from streams.metrics import Metrics
from tests.contract.systems import PosSystem
from tests.twins.clock import START, FakeClock
from tests.twins.feeds import MemoryLeases
from tests.twins.registrations import MemoryRegistrations

SOURCES = {("heartland", "order"), ("heartland", "inventory")}
URL = "http://127.0.0.1:9"


class Account:
    """A point of sale that is being connected."""

    def __init__(self, pos: PosSystem) -> None:
        self.pos = pos
        self.registrations = MemoryRegistrations()

    def door(self, url: str = URL) -> HeartlandDoor:
        wanted = Wanted.of(url, "pos", SOURCES)
        return HeartlandDoor("pos", self.pos.settings, self.pos.connector.webhooks, self.registrations, wanted)

    async def connect(self, url: str = URL, *, dry_run: bool = False) -> list[Did]:
        return [done.did for done in await self.door(url).connect(dry_run=dry_run)]

    async def receivers(self) -> list[Webhook]:
        return list(await self.pos.connector.webhooks.webhooks())

    def made(self) -> int:
        """How often a registration was sent."""
        return len(self.pos.faults.mutations("create_webhook"))

    def change(self, statement: str, *values: str) -> None:
        """What somebody does in the account behind our back."""
        handle = self.pos.faults.handle
        assert handle is not None
        with closing(sqlite3.connect(handle.database)) as connection:
            connection.execute(statement, values)
            connection.commit()

    async def trusted(self, secret: str | None = None) -> bool:
        """Whether the door takes what the account sends now, or what is signed with another secret."""
        handle = self.pos.faults.handle
        assert handle is not None
        if secret is None:
            with closing(sqlite3.connect(handle.database)) as connection:
                ((secret,),) = connection.execute("SELECT secret FROM webhook_subscriptions WHERE url LIKE 'http%'")
        assert secret is not None
        connections = {"pos": self.pos.settings}
        senders = senders_of(connections, await registered_secrets(connections, self.registrations))
        seconds = int(START.timestamp())
        headers = {
            "webhook-id": "msg_1",
            "webhook-timestamp": str(seconds),
            "webhook-signature": sign(secret, "msg_1", seconds, b"{}"),
        }
        return senders["pos"].verifier.check(headers, b"{}", float(seconds)) is Verdict.RIGHT


@pytest.fixture
def account(pos: PosSystem) -> Account:
    assert pos.faults.handle is not None or pytest.skip("changes receivers behind our back, as only the sandbox allows")
    return Account(pos)


@pytest.mark.rule("starting.webhooks_faster")
async def test_connecting_registers_one_receiver_that_the_door_trusts_and_again_changes_nothing(
    account: Account,
) -> None:
    assert await account.connect() == [Did.CREATED]
    (receiver,) = await account.receivers()
    assert receiver.url == "http://127.0.0.1:9/webhooks/pos/{entity}"
    assert list(receiver.events) == ["inventory.updated", "order.created", "order.updated"]
    assert await account.trusted()
    for _ in range(3):
        assert await account.connect() == [Did.KEPT]
    assert account.made() == 1
    assert await account.receivers() == [receiver]


async def test_a_dry_run_tells_and_registers_nothing(account: Account) -> None:
    assert await account.connect(dry_run=True) == [Did.CREATED]
    assert await account.receivers() == []
    assert await account.registrations.all() == {}


@pytest.mark.parametrize(
    "harm",
    [
        "DELETE FROM webhook_registrations",
        "UPDATE webhook_registrations SET events = '[]'",
        "UPDATE webhook_registrations SET updated_at = '2030-01-01T00:00:00Z'",
    ],
    ids=["taken away", "told nothing", "registered anew by hand"],
)
async def test_a_receiver_that_was_harmed_is_repaired_and_stays_the_only_one(account: Account, harm: str) -> None:
    await account.connect()
    account.change(harm)
    (did,) = await account.connect()
    assert did in (Did.CREATED, Did.REPLACED)
    assert await account.trusted()
    assert len(await account.receivers()) == 1
    assert await account.connect() == [Did.KEPT]


async def test_what_is_on_its_way_under_the_secret_before_is_taken_too(account: Account) -> None:
    await account.connect()
    handle = account.pos.faults.handle
    assert handle is not None
    with closing(sqlite3.connect(handle.database)) as connection:
        ((before,),) = connection.execute("SELECT secret FROM webhook_subscriptions")
    account.change("UPDATE webhook_registrations SET events = '[]'")
    await account.connect()
    assert await account.trusted(before)
    assert await account.trusted()
    assert not await account.trusted("whsec_AAAA")


async def test_a_registration_whose_answer_was_lost_is_done_again_for_a_secret_that_is_known(account: Account) -> None:
    account.pos.faults.put(Rule(Fault.RESET_AFTER, every=1, operation="create_webhook", limit=1))
    with pytest.raises(OutcomeUnknown):
        await account.connect()
    assert len(await account.receivers()) == 1
    assert await account.connect() == [Did.REPLACED]
    assert await account.trusted()
    assert len(await account.receivers()) == 1


async def test_a_door_that_moved_is_registered_there_and_its_old_address_is_told_nothing_more(account: Account) -> None:
    other = await account.pos.connector.webhooks.create_webhook("https://crm.example/hook", ["order.created"], "crm")
    await account.connect()
    assert await account.connect("http://127.0.0.1:10") == [Did.CREATED, Did.REMOVED]
    urls = {receiver.url for receiver in await account.receivers()}
    assert urls == {other.url, "http://127.0.0.1:10/webhooks/pos/{entity}"}


async def test_a_secret_of_another_client_secret_is_replaced(account: Account) -> None:
    await account.connect()
    renewed = account.pos.settings.model_copy(
        update={
            "client_secret": HeartlandConnection.model_validate(
                {"base_url": "http://x", "client_id": "a", "client_secret": "renewed"}
            ).client_secret
        }
    )
    door = account.door()
    found = await HeartlandDoor("pos", renewed, door.webhooks, door.registrations, door.wanted).connect()
    assert [done.did for done in found] == [Did.REPLACED]


# -- The watch ---------------------------------------------------------------------------------------------------


@pytest.fixture
def watch_of(account: Account) -> Callable[[str], WebhookWatch]:
    clock, metrics = FakeClock(), Metrics()
    leases = MemoryLeases(clock)

    def made(owner: str) -> WebhookWatch:
        turns = Turns(leases.cursors, leases, owner)
        return WebhookWatch(account.door(), turns, clock, metrics, 900.0)

    return made


async def test_the_watch_repairs_what_is_missing_and_says_so_once(
    account: Account, watch_of: Callable[[str], WebhookWatch]
) -> None:
    watch = watch_of("a")
    await watch.once()
    account.change("DELETE FROM webhook_registrations")
    with structlog.testing.capture_logs() as logs:
        for _ in range(3):
            assert await watch.once() == 900
    (told,) = [line for line in logs if line["event"] == "webhook_repaired"]
    assert (told["connection"], told["did"], told["why"]) == (
        "pos",
        "created",
        "there was none (inventory.updated, order.created, order.updated)",
    )
    assert len(await account.receivers()) == 1
    read = watch._metrics.registry.get_sample_value
    labels = {"connection": "pos", "result": "created"}
    assert read("tillstream_webhook_registrations_total", labels) == 2
    assert read("tillstream_webhook_registrations_total", labels | {"result": "kept"}) == 2


async def test_two_pollers_do_not_register_at_the_same_time(
    account: Account, watch_of: Callable[[str], WebhookWatch]
) -> None:
    one, other = watch_of("a"), watch_of("b")
    assert await one._turn.begin()
    await other.once()
    assert account.made() == 0
    await one.close()
    await other.once()
    await one.once()
    assert account.made() == 1
