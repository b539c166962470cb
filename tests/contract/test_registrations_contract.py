"""The contract of `app.store.registrations.Registrations`."""

from __future__ import annotations

from dataclasses import replace

from app.store.registrations import Registration
from tests.postgres_server import Ports

ONE = Registration("7", "https://door.example/webhooks/pos/{entity}", "2026-11-24T12:00:00Z", (b"one",), complete=True)


async def test_what_was_never_registered_is_not_known(any_store: Ports) -> None:
    assert await any_store.registrations.all() == {}


async def test_a_registration_that_was_begun_is_known_to_be_open(any_store: Ports) -> None:
    await any_store.registrations.begin("pos")
    assert await any_store.registrations.all() == {"pos": Registration("", "", "", (), complete=False)}


async def test_a_registration_is_kept_by_its_connection(any_store: Ports) -> None:
    for connection in ("pos", "pos2"):
        await any_store.registrations.begin(connection)
    await any_store.registrations.keep("pos", ONE)
    found = await any_store.registrations.all()
    assert found["pos"] == ONE
    assert not found["pos2"].complete


async def test_the_secret_before_the_last_stays_and_older_ones_go(any_store: Ports) -> None:
    for secret in (b"one", b"two", b"three"):
        await any_store.registrations.begin("pos")
        await any_store.registrations.keep("pos", replace(ONE, sealed=(secret,)))
    assert (await any_store.registrations.all())["pos"].sealed == (b"three", b"two")


async def test_while_another_is_under_way_the_secrets_so_far_stay_known(any_store: Ports) -> None:
    await any_store.registrations.begin("pos")
    await any_store.registrations.keep("pos", ONE)
    await any_store.registrations.begin("pos")
    assert await any_store.registrations.all() == {"pos": replace(ONE, complete=False)}
