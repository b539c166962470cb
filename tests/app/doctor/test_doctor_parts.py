"""The doctor on Kafka, the store, clocks and flows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from aiohttp import web
from pydantic import SecretStr

from app.clock import SystemClock
from app.connections import MagentoConnection, Webhooks
from app.doctor import parts
from app.doctor.clocks import clock_of
from app.doctor.finding import Grade
from app.doctor.webhooks import secrets_of
from app.kafka_admin import create_topics
from app.settings import FlowSettings, KafkaSettings, Settings, StoreSettings
from schemas.documents.flow import Mode
from streams import topics
from tests.kafka_broker import Topics

NOWHERE = "127.0.0.1:1"


def with_kafka(bootstrap: str) -> Settings:
    return Settings(kafka=KafkaSettings(bootstrap_servers=bootstrap, replication_factor=1, min_insync_replicas=1))


@pytest.fixture
def declared(kafka_topics: Topics, monkeypatch: pytest.MonkeyPatch) -> tuple[topics.Topic, ...]:
    """The declaration, with two topics of this test's own."""
    mine = (topics.Topic(f"{kafka_topics.prefix}.a", 2), topics.Topic(f"{kafka_topics.prefix}.b", 2))
    monkeypatch.setattr("app.doctor.parts.TOPICS", mine)
    return mine


async def test_kafka_with_all_topics_is_well(kafka_bootstrap: str, declared: tuple[topics.Topic, ...]) -> None:
    settings = with_kafka(kafka_bootstrap)
    await create_topics(settings.kafka, declared)
    found = await parts.kafka(settings)
    assert (found[-1].grade, "2 topics are as declared" in found[-1].message) == (Grade.OK, True)
    assert all(finding.grade is not Grade.WRONG for finding in found)


async def test_a_missing_topic_and_one_that_differs_are_told_with_what_to_do(
    kafka_bootstrap: str, declared: tuple[topics.Topic, ...]
) -> None:
    settings = with_kafka(kafka_bootstrap)
    await create_topics(settings.kafka, [replace(declared[0], partitions=1)])
    differs, missing = [finding for finding in await parts.kafka(settings) if finding.grade is Grade.WRONG]
    assert "--partitions 2" in differs.mend
    assert declared[1].name in missing.message
    assert missing.mend == "tillstream topics create"


async def test_a_kafka_that_does_not_answer_is_wrong() -> None:
    (found,) = await parts.kafka(with_kafka(NOWHERE))
    assert found.grade is Grade.WRONG
    assert NOWHERE in found.message


async def test_a_migrated_store_is_well(store_url: str) -> None:
    settings = Settings(store=StoreSettings(url=SecretStr(store_url)))
    found = await parts.store(settings, SystemClock())
    assert found[0].part == "store"
    assert found[-1].part == "clock of store"
    assert found[-1].grade is Grade.OK


async def test_a_store_without_our_tables_is_wrong(postgres_url: str) -> None:
    settings = Settings(store=StoreSettings(url=SecretStr(postgres_url)))
    (found,) = await parts.store(settings, SystemClock())
    assert found.grade is Grade.WRONG
    assert "tables" in found.message


async def test_a_store_that_does_not_answer_is_told_without_its_password() -> None:
    settings = Settings(store=StoreSettings(url=SecretStr(f"postgresql://app:hunter2@{NOWHERE}/till")))
    (found,) = await parts.store(settings, SystemClock())
    assert found.grade is Grade.WRONG
    assert "hunter2" not in found.message


@pytest.fixture
async def late_server() -> AsyncIterator[str]:
    """A server whose clock is 90 seconds behind."""

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(headers={"Date": format_datetime(datetime.now(UTC) - timedelta(seconds=90), usegmt=True)})

    app = web.Application()
    app.router.add_get("/", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    yield f"http://{host}:{port}"
    await runner.cleanup()


async def test_a_clock_that_is_behind_is_told_with_by_how_much(late_server: str) -> None:
    (found,) = await clock_of("web", MagentoConnection(base_url=late_server))
    assert found.grade is Grade.WRONG
    assert "s behind this machine" in found.message


async def test_a_system_that_does_not_answer_has_no_clock() -> None:
    assert await clock_of("web", MagentoConnection(base_url=f"http://{NOWHERE}")) == []


def test_a_connection_without_webhook_secrets_is_told_that_it_only_polls() -> None:
    silent = MagentoConnection(base_url="http://shop")
    (found,) = secrets_of("web", silent)
    assert (found.grade, "polling alone" in found.why) == (Grade.NOTE, True)
    heard = silent.model_copy(update={"webhooks": Webhooks(secrets=(SecretStr("s"),))})
    assert secrets_of("web", heard) == []


def test_a_flow_observes_until_the_settings_say_otherwise() -> None:
    found = {finding.part: finding for finding in parts.flows(Settings(flows={"order": FlowSettings(mode=Mode.LIVE)}))}
    assert found["flow order"].grade is Grade.OK
    assert found["flow stock"].grade is Grade.NOTE


def test_a_flow_that_is_off_says_how_it_is_turned_on() -> None:
    found = {one.part: one for one in parts.flows(Settings(flows={"stock": FlowSettings(mode=Mode.OFF)}))}
    assert found["flow stock"].grade is Grade.OK
    assert "until flows.stock.mode is 'observe' or 'live'" in found["flow stock"].message


def test_a_flow_that_is_not_there_and_a_broken_document_are_wrong(tmp_path: Path) -> None:
    (unknown,) = parts.flows(Settings(flows={"oder": FlowSettings()}))
    assert "oder" in unknown.message
    (tmp_path / "mine.yaml").write_text("kind: nothing\n")
    (broken,) = parts.flows(Settings(flows_directory=tmp_path))
    assert "mine.yaml" in broken.message
