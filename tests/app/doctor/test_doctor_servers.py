"""The doctor on what PostgreSQL and the brokers say of themselves, and on the webhooks of a point of sale."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from aiokafka.errors import ClusterAuthorizationFailedError, GroupAuthorizationFailedError
from pydantic import SecretStr

from app.clock import SystemClock
from app.commands import connect
from app.connections import HeartlandConnection
from app.doctor.brokers import LONGEST_MINUTES, broker_findings, brokers
from app.doctor.database import Facts, connections_of, fact_findings
from app.doctor.finding import Grade
from app.doctor.parts import gift_card_key
from app.doctor.webhooks import webhooks
from app.sandbox.run import start_heartland
from app.sandbox.server import SandboxOptions
from app.settings import FlowSettings, IngressSettings, KafkaSettings, Settings, StoreSettings
from app.settings.model import GiftCardSettings
from schemas.documents.flow import Mode
from streams import groups

THREE = KafkaSettings()
GOOD = Facts(18, "UTF8", most=200, reserved=3, used=20, ours=10, now=datetime(2026, 11, 1, tzinfo=UTC), zone="UTC")
POS = HeartlandConnection(base_url="http://127.0.0.1:1", client_id="till", client_secret=SecretStr("s"))


def grades(kafka: KafkaSettings, count: int, **config: str) -> list[Grade]:
    named = {name.replace("_", "."): value for name, value in config.items()}
    return [finding.grade for finding in broker_findings(kafka, count, named)]


def test_three_brokers_that_remember_long_enough_are_well() -> None:
    assert grades(THREE, 3, offsets_retention_minutes=str(LONGEST_MINUTES)) == [Grade.OK]
    assert grades(THREE, 3) == [Grade.OK]


def test_fewer_brokers_than_copies_are_wrong() -> None:
    wrong, _ = broker_findings(THREE, 2, {})
    assert (wrong.grade, "2 brokers, fewer than kafka.replication_factor=3" in wrong.message) == (Grade.WRONG, True)


def test_what_costs_events_or_stops_the_door_is_doubtful() -> None:
    assert grades(KafkaSettings(replication_factor=1, min_insync_replicas=1), 1) == [Grade.NOTE, Grade.OK]
    assert grades(KafkaSettings(replication_factor=3, min_insync_replicas=3), 3) == [Grade.NOTE, Grade.OK]
    assert grades(THREE, 3, offsets_retention_minutes="10080") == [Grade.NOTE, Grade.OK]
    assert grades(THREE, 3, auto_create_topics_enable="true") == [Grade.NOTE, Grade.OK]


async def test_a_real_broker_tells_how_long_it_remembers_groups(kafka_bootstrap: str) -> None:
    kafka = KafkaSettings(bootstrap_servers=kafka_bootstrap, replication_factor=1, min_insync_replicas=1)
    found = await brokers(kafka, tuple(groups.consumed({"pos": "heartland"})))
    assert any("offsets.retention.minutes is 7 days, records are kept for 14" in one.message for one in found)
    assert found[-1].grade is Grade.OK


class Guarded:
    """Brokers whose ACLs let us see less than we need."""

    cluster_open = True

    def __init__(self, **_options: object) -> None:
        """Nothing is opened."""

    async def start(self) -> None:
        """It answers."""

    async def close(self) -> None:
        """Nothing is open."""

    async def describe_cluster(self) -> dict[str, list[dict[str, int]]]:
        return {"brokers": [{"node_id": number} for number in (1, 2, 3)]}

    async def describe_configs(self, _resources: object) -> list[object]:
        code = 0 if self.cluster_open else ClusterAuthorizationFailedError.errno
        return [SimpleNamespace(resources=[(code, "", 4, "1", [])])]

    async def find_coordinator(self, group: str) -> int:
        if group == groups.INVENTORY:
            raise GroupAuthorizationFailedError(group)
        return 1

    async def list_consumer_group_offsets(self, _group: str) -> dict[object, object]:
        return {}


async def test_a_group_that_we_may_not_join_is_told_with_the_acl(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.kafka_clients.AIOKafkaAdminClient", Guarded)
    well, refused = await brokers(THREE, (groups.NORMALIZE, groups.INVENTORY))
    assert well.grade is Grade.OK
    assert (refused.grade, refused.message) == (Grade.WRONG, "we may not join the group tillstream.inventory")
    assert refused.mend.startswith("kafka-acls.sh --add")


async def test_groups_are_looked_at_where_the_brokers_may_not_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("app.kafka_clients.AIOKafkaAdminClient", Guarded)
    monkeypatch.setattr(Guarded, "cluster_open", False)
    found, refused = await brokers(THREE, (groups.NORMALIZE, groups.INVENTORY))
    assert (found.grade, "DescribeConfigs on CLUSTER" in found.mend) == (Grade.NOTE, True)
    assert refused.message == "we may not join the group tillstream.inventory"


async def test_brokers_that_are_away_are_told_by_the_check_of_the_topics() -> None:
    assert await brokers(KafkaSettings(bootstrap_servers="127.0.0.1:1"), ()) == []


@pytest.mark.parametrize(
    ("changes", "grade", "told"),
    [
        ({"version": 12}, Grade.NOTE, "PostgreSQL 12 is not tried"),
        ({"encoding": "LATIN1"}, Grade.WRONG, "encoding is LATIN1"),
        ({"zone": "America/Chicago"}, Grade.NOTE, "times in America/Chicago"),
        ({"most": 60}, Grade.WRONG, "room for 47 connections; one worker of each role may open 51"),
        ({"most": 100}, Grade.NOTE, "would need 102"),
    ],
)
def test_what_is_wrong_with_a_database_is_told(changes: dict[str, int | str], grade: Grade, told: str) -> None:
    found = list(fact_findings(replace(GOOD, **changes), 51))  # type: ignore[arg-type]
    assert [one.grade for one in found if told in one.message] == [grade]


def test_a_database_with_room_for_two_of_each_role_is_well() -> None:
    (found,) = fact_findings(GOOD, connections_of(Settings(connections={"pos": POS})))
    assert (found.grade, "41 are needed" in found.message) == (Grade.OK, True)


def test_gift_cards_without_a_key_are_told_while_a_flow_takes_them() -> None:
    (found,) = gift_card_key(Settings())
    assert "openssl rand -hex 32" in found.mend
    off = dict.fromkeys(("gift_card", "gift_card_redemption"), FlowSettings(mode=Mode.OFF))
    assert gift_card_key(Settings(flows=off)) == []
    keyed = GiftCardSettings(fingerprint_key=SecretStr("k" * 32))
    assert gift_card_key(Settings(gift_cards=keyed)) == []


async def test_webhooks_that_are_not_registered_are_told_until_they_are(store_url: str, tmp_path: Path) -> None:
    account = await start_heartland(SandboxOptions(database=tmp_path / "heartland.sqlite", skus=20))
    pos = POS.model_copy(
        update={
            "base_url": account.url,
            "client_id": account.credentials["client_id"],
            "client_secret": SecretStr(account.credentials["client_secret"]),
        }
    )
    settings = Settings(
        store=StoreSettings(url=SecretStr(store_url)),
        connections={"pos": pos},
        ingress=IngressSettings(public_url="https://till.example"),
    )
    (missing,) = await webhooks(settings, SystemClock())
    assert (missing.grade, missing.mend.startswith("tillstream connect pos")) == (Grade.WRONG, True)
    assert await connect.run(settings, None, "a test", dry_run=False) == 0
    (there,) = await webhooks(settings, SystemClock())
    await account.stop()
    assert there.grade is Grade.OK
