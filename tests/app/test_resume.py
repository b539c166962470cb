"""``tillstream resume``, and what the doctor says, on a real store."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import SecretStr

from app.clock import SystemClock
from app.commands import resume
from app.doctor import parts
from app.doctor.finding import Grade
from app.settings import Settings, StoreSettings
from app.store import Store
from streams.ports import FlowStop
from tests.twins.clock import START

REASON = "200 of the last 200 events failed, 200 of them alike ('no_channel'), such as 000000042: no channel"
POS = FlowStop("tillstream.deliver.pos", "order", "pos", START, REASON)
NORMALIZE = replace(POS, group="tillstream.normalize", target="")


@pytest.fixture
def settings(store_url: str) -> Settings:
    return Settings(store=StoreSettings(url=SecretStr(store_url)))


@pytest.fixture(autouse=True)
async def stopped(store: Store) -> None:
    for stop in (POS, NORMALIZE):
        await store.stops.stop(stop)


async def test_what_is_stopped_is_listed_with_why_and_the_command(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await resume.show(settings) == 0
    told = capsys.readouterr().out
    assert REASON in told
    assert "tillstream resume order --target pos" in told
    assert "2 stopped" in told


async def test_a_resume_keeps_who_did_it_and_why(
    settings: Settings, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await resume.resume(settings, "order", "pos", by="ann", reason="channel added") == 0
    assert "dead-letters replay --flow order --target pos" in capsys.readouterr().out
    assert await store.stops.current() == [NORMALIZE]
    (row,) = await store.database.fetch("SELECT resumed_by, resume_reason FROM stops WHERE resumed_at IS NOT NULL")
    assert (row["resumed_by"], row["resume_reason"]) == ("ann", "channel added")


async def test_without_a_target_a_flow_goes_on_in_every_stage(settings: Settings, store: Store) -> None:
    assert await resume.resume(settings, "order", None, by="ann", reason="") == 0
    assert await store.stops.current() == []


async def test_a_flow_that_is_not_stopped_is_told_with_those_that_are(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await resume.resume(settings, "stock", None, by="ann", reason="") == 1
    assert "No flow 'stock' is stopped (stopped: order)" in capsys.readouterr().out


async def test_the_doctor_says_what_is_stopped(settings: Settings) -> None:
    found = await parts.store(settings, SystemClock())
    wrong = [finding for finding in found if finding.grade is Grade.WRONG]
    assert [finding.message for finding in wrong] == [f"is stopped: {REASON}"] * 2
    assert wrong[0].mend.endswith("tillstream resume order --target pos")
