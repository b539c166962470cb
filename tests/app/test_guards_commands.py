"""``tillstream guards``, and what the doctor and a trace say, on a real store."""

from __future__ import annotations

from decimal import Decimal

import pytest
from pydantic import SecretStr

from app.clock import SystemClock
from app.commands import guards
from app.doctor import parts
from app.doctor.finding import Grade
from app.settings import Settings, StoreSettings
from app.store import Store
from app.trace.story import waiting
from schemas.dead_letter import DeadLetter
from streams.ports import GuardKind, Hold, HoldReason, Outcome, Proposed, Standing
from tests.twins.kafka import envelope, record

GROUP = "tillstream.deliver.web"
LETTER = DeadLetter(
    "deliver", "stock", "write_source_items", "web", 1, "", 0, "Guarded", "guard", "too many", "", 1, 0, 0, 0, "t", 0, 0
)
SKUS = ("A", "B", "C")


@pytest.fixture
def settings(store_url: str) -> Settings:
    return Settings(store=StoreSettings(url=SecretStr(store_url)))


@pytest.fixture(autouse=True)
async def number(store: Store) -> int:
    """A hold of three SKUs, two of which have an event in review; and an event that another guard holds."""
    proposed = [Proposed(sku, Decimal(7), Decimal(0), f"r-{sku}") for sku in SKUS]
    await store.guards.judge(GuardKind.STOCK_ZEROED, "web", proposed, 40)
    epoch = (await store.held.claim(GROUP, "t", [0], "test"))[0]
    for sku in ("A", "B", "OTHER"):
        told = record(b"{}", envelope(f"r-{sku}", entity="stock"), key=f"pos:{sku}")
        hold = Hold(
            key=f"pos:{sku}",
            reason=HoldReason.PERSON,
            stage="deliver",
            receipt_id=f"r-{sku}",
            subject=sku,
            target="web",
            blocks=False,
            error="Guarded",
            letter=LETTER,
        )
        await store.held.hold(GROUP, told, hold, epoch=epoch)
    (opened,) = await store.guards.open_holds()
    return opened.number


async def test_what_is_held_is_listed_with_the_commands(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert await guards.show_list(settings) == 0
    told = capsys.readouterr().out
    assert "(stock_zeroed in web)" in told
    assert "3 of 40 SKUs would be set to zero stock in web" in told
    assert "A 7 → 0, B 7 → 0, C 7 → 0" in told
    assert "1 waiting for a person" in told


async def test_every_change_is_shown(settings: Settings, number: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert await guards.show(settings, number) == 0
    told = capsys.readouterr().out
    for sku in SKUS:
        assert f"  {sku} 7 → 0  waits, " in told
    assert await guards.show(settings, number + 999) == 1
    assert f"There is no guard {number + 999}: see `tillstream guards list`" in capsys.readouterr().out


async def test_an_approval_lets_the_events_of_its_list_go_on_and_the_journal_keeps_who_and_why(
    settings: Settings, store: Store, number: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await guards.approve(settings, number, by="ann", reason="the shop closes") == 0
    told = capsys.readouterr().out
    assert f"Guard {number} is approved: 3 SKUs, of which 2 are read again now" in told
    assert "1 SKU without an event in review may pass at their next reading" in told
    for sku in ("A", "B"):
        (line,) = await store.journal.of_receipt(f"r-{sku}")
        assert line.outcome is Outcome.RELEASED
        assert line.message == f"guard {number} approved by ann: the shop closes"
    left = await store.desk.find(reason=HoldReason.PERSON)
    assert [event.held.hold.receipt_id for event in left] == ["r-OTHER"]
    assert {one.standing for one in await store.guards.changes(number)} == {Standing.APPROVED}


async def test_an_approval_that_was_interrupted_goes_on_when_it_is_repeated(
    settings: Settings, store: Store, number: int, capsys: pytest.CaptureFixture[str]
) -> None:
    await store.guards.decide(number, approve=True, by="ann", reason="the shop closes")
    assert await guards.approve(settings, number, by="bob", reason="again") == 0
    assert "was approved by ann" in capsys.readouterr().out
    assert len(await store.desk.find(reason=HoldReason.PERSON)) == 1
    assert await guards.reject(settings, number, by="bob", reason="no") == 1
    assert len(await store.desk.find(reason=HoldReason.PERSON)) == 1


async def test_a_rejection_gives_the_events_of_its_list_up(
    settings: Settings, store: Store, number: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("app.commands.discarding.OWNER_SECONDS", 0.0)
    assert await guards.reject(settings, number, by="ann", reason="wrong file") == 0
    assert f"Guard {number} is rejected: 3 SKUs stay as they are" in capsys.readouterr().out
    given_up = {event.held.hold.receipt_id: event.held.given_up for event in await store.desk.find()}
    reason = f"guard {number} rejected by ann: wrong file"
    assert given_up == {"r-A": reason, "r-B": reason, "r-OTHER": ""}
    assert await guards.approve(settings, number, by="ann", reason="after all") == 1


async def test_the_doctor_and_a_trace_say_what_a_guard_holds_and_how_it_ends(
    settings: Settings, store: Store, number: int
) -> None:
    found = await parts.store(settings, SystemClock())
    (wrong,) = [finding for finding in found if finding.grade is Grade.WRONG]
    assert (wrong.part, "3 of 40 SKUs" in wrong.message) == (f"guard {number}", True)
    assert wrong.mend.startswith(f"tillstream guards approve {number} --reason WHY")
    event, *_ = await store.desk.find(receipt_id="r-A")
    assert waiting(event, {}).mend == "tillstream guards list"
