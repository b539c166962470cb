"""``tillstream launch`` and ``observe``, on a real store."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from app.clock import SystemClock
from app.commands import launch, observe
from app.connections import HeartlandConnection, MagentoConnection
from app.doctor import parts
from app.doctor.finding import Grade
from app.settings import Settings, StoreSettings
from app.settings.model import FlowSettings
from app.store import Store
from schemas.documents import Channel, Mode
from streams.launch.observed import Observed, told
from streams.ports import JournalEntry, Outcome, Way

WEB = MagentoConnection(base_url="http://127.0.0.1:1", bearer_token=SecretStr("t"))
POS = HeartlandConnection(base_url="http://127.0.0.1:1", client_id="a", client_secret=SecretStr("b"))
STOCK, ORDER = Way("stock", "pos", "web"), Way("order", "web", "pos")
SINCE = datetime(2026, 11, 1, tzinfo=UTC)


def yes(_question: str) -> bool:
    return True


def no(_question: str) -> bool:
    return False


def wanted(flow: str, since: datetime | None = None, connection: str | None = None) -> launch.Wanted:
    return launch.Wanted(flow, since, connection, "ann")


@pytest.fixture
def settings(store_url: str) -> Settings:
    return Settings(
        store=StoreSettings(url=SecretStr(store_url)),
        connections={"web": WEB, "pos": POS},
        channels={"main": Channel(name="main", web="web", pos="pos", prefix="W-", location="MAIN")},
        flows={flow: FlowSettings(mode=Mode.LIVE) for flow in ("order", "stock", "shipment")},
    )


async def observes(
    store: Store, flow: str, what: str, *, mails: bool = False, step: str = "create_order", target: str = "pos"
) -> None:
    entry = JournalEntry(
        f"r-{what}",
        datetime.now(UTC),
        "deliver",
        Outcome.FILTERED,
        flow=flow,
        step=step,
        target=target,
        subject=what,
        aggregate=f"web:order:{what}",
        message=told(Observed(f"create order {what}", mails), flow),
    )
    await store.journal.write([entry])


@pytest.mark.rule("starting.launch_per_flow")
async def test_a_launch_shows_what_it_will_do_asks_and_sets_the_cutover(
    settings: Settings, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    await observes(store, "stock", "A", step="write_source_items")
    assert await launch.launch(settings, wanted("stock"), no) == 1
    assert await store.cutovers.current() == []
    assert await launch.launch(settings, wanted("stock"), yes) == 0
    shown = capsys.readouterr().out
    assert "in pos, it would create 0, update 1, skip 0, would e-mail 0 people" in shown
    assert "stock from pos to web will write what happens from " in shown
    assert "It calls write_source_items" in shown
    (cutover,) = await store.cutovers.current()
    assert (cutover.way, cutover.launched_by) == (STOCK, "ann")
    assert datetime.now(UTC) - cutover.at < timedelta(minutes=5)


@pytest.mark.rule("starting.load_order")
async def test_what_comes_before_is_launched_first(
    settings: Settings, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await launch.launch(settings, wanted("order"), yes) == 1
    assert "'stock from pos to web' comes before it, and is not launched: tillstream launch stock" in (
        capsys.readouterr().out
    )
    assert await store.cutovers.current() == []
    assert await launch.launch(settings, wanted("stock"), yes) == 0
    assert await launch.launch(settings, wanted("order", SINCE), yes) == 0
    assert [(one.way, one.at) for one in await store.cutovers.current() if one.way == ORDER] == [(ORDER, SINCE)]
    shown = capsys.readouterr().out
    assert "tillstream backfill order --since 2026-11-01T00:00" in shown


@pytest.mark.rule("starting.gated_by_report")
async def test_a_step_opens_by_the_report_of_the_one_before(
    settings: Settings, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    await observes(store, "stock", "A", step="write_source_items", target="web")
    assert await launch.launch(settings, wanted("order"), yes) == 0
    assert await launch.launch(settings, wanted("stock"), yes) == 0
    assert "stock from pos to web will write" in capsys.readouterr().out


@pytest.mark.rule("starting.gated_by_report")
async def test_a_person_who_knows_better_launches_it_anyway_and_says_why(
    settings: Settings, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await launch.launch(settings, wanted("order"), yes) == 1
    assert "or, if you know better: --anyway 'why'" in capsys.readouterr().out
    assert await launch.launch(settings, replace(wanted("order"), anyway="stock is counted by hand"), yes) == 0
    assert "Although 'stock from pos to web' comes before it, and is not launched" in capsys.readouterr().out
    (cutover,) = await store.cutovers.current()
    assert (cutover.way, cutover.launched_by) == (ORDER, "ann (stock is counted by hand)")


async def test_a_flow_that_the_settings_let_observe_is_refused(
    settings: Settings, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await launch.launch(settings, wanted("product"), yes) == 1
    assert "set flows.product.mode = 'live'" in capsys.readouterr().out
    assert await launch.launch(settings, wanted("prodct"), yes) == 1
    assert "There is no flow 'prodct' (known: " in capsys.readouterr().out
    assert await store.cutovers.current() == []


async def test_launched_again_without_a_time_its_cutover_stays(
    settings: Settings, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    await store.cutovers.launch(STOCK, SINCE, by="bob")
    assert await launch.launch(settings, wanted("stock"), yes) == 0
    assert "writes what happens since 2026-11-01 00:00:00 UTC, launched by bob" in capsys.readouterr().out
    assert [one.at for one in await store.cutovers.current()] == [SINCE]


async def test_undone_it_observes_again(settings: Settings, store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    await store.cutovers.launch(STOCK, SINCE, by="bob")
    assert await launch.undo(settings, wanted("stock", connection="other")) == 1
    assert await launch.undo(settings, wanted("stock")) == 0
    assert await launch.undo(settings, wanted("stock")) == 1
    assert "'stock' is not launched, it only observes" in capsys.readouterr().out
    assert await store.cutovers.current() == []


async def test_what_is_launched_is_listed_with_what_the_others_wait_for(
    settings: Settings, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    await store.cutovers.launch(STOCK, SINCE, by="bob")
    assert await launch.show(settings) == 0
    shown = capsys.readouterr().out
    assert "stock from pos to web: writes what happens since 2026-11-01" in shown
    assert "order from web to pos: only observes: tillstream launch order" in shown
    assert "ticket from" not in shown, "it is off"
    assert "shipment from pos to web: only observes, and waits: 'order from web to pos' comes before it" in shown


async def test_the_doctor_says_which_flows_wait_for_their_launch(settings: Settings, store: Store) -> None:
    await store.cutovers.launch(STOCK, SINCE, by="bob")
    notes = [one for one in await parts.store(settings, SystemClock()) if one.grade is Grade.NOTE]
    assert [(one.part, one.message) for one in notes] == [
        ("flow order", "order from web to pos: not launched, it only observes"),
        ("flow shipment", "shipment from pos to web: not launched, it only observes"),
    ]
    assert notes[0].mend == "see `tillstream observe order`, then: tillstream launch order"


@pytest.mark.rule("guards.dry_run_counts_mail")
async def test_the_report_counts_what_was_observed_and_whom_it_would_mail(
    settings: Settings, store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await observes(store, "order", "W-1")
    await observes(store, "order", "=W-2", mails=True)
    await observes(store, "stock", "A", step="write_source_items")
    await store.cutovers.launch(STOCK, SINCE, by="bob")
    since = datetime.now(UTC) - timedelta(days=7)
    assert await observe.observe(settings, observe.Wanted(None, since, tmp_path / "csv", compare=False)) == 0
    shown = capsys.readouterr().out
    assert "order to pos: would create 2, update 0, skip 0, would e-mail 1 person" in shown
    assert "All of them would e-mail 1 person" in shown
    assert "stock to" not in shown, "it is launched, and does not only observe"
    with (tmp_path / "csv" / "observed.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["would"], row["e-mails"], row["subject"]) for row in rows] == [
        ("create", "False", "W-1"),
        ("create", "True", "'=W-2"),
    ]
