"""The door learns the secrets of registered webhooks while it is open, and keeps them while the store is away."""

from __future__ import annotations

import asyncio

from pydantic import SecretStr

from app.connect.seal import Seal
from app.connections import Connection, HeartlandConnection, Webhooks
from app.ingress.handler import Limits, WebhookHandler, senders_of
from app.ingress.registered import EVERY_SECONDS, Secrets, SecretsFollower, registered_secrets
from app.store.registrations import Registration
from streams.errors import Unavailable
from streams.metrics import Metrics
from tests.app.polling.polling_fakes import FakeKafka
from tests.twins.clock import FakeClock
from tests.twins.registrations import MemoryRegistrations

CLIENT_SECRET = SecretStr("client secret")
POS = HeartlandConnection(base_url="http://pos", client_id="c", client_secret=CLIENT_SECRET)
CONNECTIONS: dict[str, Connection] = {"pos": POS}


class Door:
    """A door that follows what is registered, and a clock that ends the following after some rounds."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.handler = WebhookHandler(
            senders_of(CONNECTIONS), FakeKafka(), self.clock, Metrics(), Limits(), lambda size: b"\0" * size
        )
        self.registrations = MemoryRegistrations()
        self.away = False
        self.follower = SecretsFollower(self.handler, CONNECTIONS, self.read, self.clock)

    async def read(self) -> Secrets:
        if self.away:
            raise Unavailable("the store is away")
        return await registered_secrets(CONNECTIONS, self.registrations)

    async def register(self, secret: str, under: SecretStr = CLIENT_SECRET) -> None:
        await self.registrations.begin("pos")
        sealed = Seal(under).close(secret)
        await self.registrations.keep("pos", Registration("7", "http://door", "v", (sealed,), complete=True))

    @property
    def keys(self) -> tuple[bytes, ...]:
        verifier = self.handler._senders["pos"].verifier
        return verifier.keys if verifier.has_secret else ()


async def test_a_secret_that_is_registered_while_the_door_is_open_is_known_soon() -> None:
    door = Door()
    await door.follower.first()
    assert door.handler.unsigned() == ["pos"]
    await door.register("one")
    following = asyncio.create_task(door.follower.run())
    for _ in range(5):
        await asyncio.sleep(0)
    following.cancel()
    await asyncio.wait([following])
    assert door.clock.slept[0] == EVERY_SECONDS
    assert door.keys == (b"one",)
    assert door.handler.unsigned() == []


async def test_the_secrets_stay_while_the_store_is_away() -> None:
    door = Door()
    await door.register("one")
    await door.register("two")
    await door.follower.once()
    door.away = True
    await door.follower.once()
    assert door.keys == (b"two", b"one")


async def test_a_secret_that_cannot_be_opened_is_none() -> None:
    door = Door()
    await door.register("one", under=SecretStr("another client secret"))
    await door.follower.once()
    assert door.keys == ()


async def test_the_settings_secrets_count_beside_those_that_are_registered() -> None:
    connections = {"pos": POS.model_copy(update={"webhooks": Webhooks(secrets=(SecretStr("mine"),))})}
    assert senders_of(connections, {"pos": (SecretStr("theirs"),)})["pos"].verifier.keys == (b"mine", b"theirs")
