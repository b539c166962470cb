"""What the poller tells of certificates and secrets."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog
from pydantic import SecretStr

from app.connections import HeartlandConnection, MagentoConnection
from app.settings import Settings
from app.upkeep.certificates import Address, CertificateUnread
from app.upkeep.expiry_watch import AGAIN_SECONDS, EVERY_SECONDS, ExpiryWatch, secrets_of
from streams.metrics import Metrics
from tests.twins.clock import START, FakeClock

WEB, POS, LOGIN = Address("web", "shop", 443), Address("pos", "pos", 443), Address("pos", "login", 443)
DAY = timedelta(days=1)


class World:
    """Certificates that end at some time; an address without one shows none."""

    def __init__(self, ends: Mapping[Address, datetime], secrets: Mapping[str, datetime] | None = None) -> None:
        self.ends = dict(ends)
        self.metrics, self.clock = Metrics(), FakeClock()
        self.watch = ExpiryWatch([WEB, POS, LOGIN], secrets or {}, self.clock, self.metrics, self._look)

    async def _look(self, address: Address) -> datetime:
        if address not in self.ends:
            raise CertificateUnread(f"{address.host}:{address.port} shows no certificate: no route")
        return self.ends[address]

    def left(self, connection: str, what: str = "certificate") -> timedelta | None:
        seconds = self.metrics.registry.get_sample_value(
            f"tillstream_{what}_expiry_seconds", {"connection": connection}
        )
        return None if seconds is None else timedelta(seconds=seconds)


async def test_of_several_certificates_of_a_connection_the_first_to_end_is_told() -> None:
    world = World({WEB: START + 30 * DAY, POS: START + 90 * DAY, LOGIN: START + 2 * DAY})
    assert await world.watch.once() == EVERY_SECONDS
    assert (world.left("web"), world.left("pos")) == (30 * DAY, 2 * DAY)


async def test_an_address_that_is_away_keeps_what_was_seen_there_and_is_looked_at_soon() -> None:
    world = World({WEB: START + 30 * DAY, POS: START + 90 * DAY, LOGIN: START + 90 * DAY})
    await world.watch.once()
    world.clock.move(DAY.total_seconds())
    world.ends = {POS: START + 180 * DAY, LOGIN: START + 180 * DAY}
    with structlog.testing.capture_logs() as logs:
        assert await world.watch.once() == AGAIN_SECONDS
    assert (world.left("web"), world.left("pos")) == (29 * DAY, 179 * DAY)
    assert [(line["event"], line["connection"]) for line in logs] == [("certificate_unread", "web")]
    await world.watch.close()


async def test_of_an_address_that_never_showed_one_nothing_is_told() -> None:
    world = World({})
    await world.watch.once()
    assert world.left("web") is None


async def test_secrets_are_told_as_the_settings_say_and_below_zero_when_they_have_ended() -> None:
    world = World({}, {"web": START - DAY})
    await world.watch.once()
    assert world.left("web", "secret") == -DAY
    assert world.left("pos", "secret") is None


def test_a_connection_says_when_its_secrets_end_or_nothing() -> None:
    web = MagentoConnection(base_url="https://shop", bearer_token=SecretStr("t"), secrets_expire=START)
    pos = HeartlandConnection(base_url="https://pos", client_id="till", client_secret=SecretStr("s"))
    assert secrets_of(Settings(connections={"web": web, "pos": pos})) == {"web": START}
